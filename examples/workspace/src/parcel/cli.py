"""The command line: one function for each command, one place that turns an error into a status."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from parcel import __version__
from parcel.carriers import carrier_for
from parcel.carriers.http import fetch_json
from parcel.errors import ParcelError
from parcel.models import parse_day
from parcel.pricing import cheapest, read_rates, zone
from parcel.reports import by_carrier, late_shipments
from parcel.settings import Settings, load_settings
from parcel.storage import find_shipment, read_events, read_shipments, write_events
from parcel.tracking import current_status, days_late, timeline


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(Path(options.settings))
        return int(options.command(options, settings))
    except ParcelError as error:
        return _report(error, options.debug)


def _report(error: ParcelError, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    print(f"error: {error}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parcel", description="Track shipments of several carriers.")
    parser.add_argument("--version", action="version", version=f"parcel {__version__}")
    parser.add_argument("--settings", default="parcel.toml", help="the settings file (default: parcel.toml)")
    parser.add_argument("--debug", action="store_true", help="print a traceback with an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    track = commands.add_parser("track", help="show what happened to a shipment")
    track.add_argument("shipment_id")
    track.set_defaults(command=_track)
    late = commands.add_parser("late", help="list late shipments and each carrier's record")
    late.add_argument("--on", default="", help="the day to judge by (default: today)")
    late.set_defaults(command=_late)
    refresh = commands.add_parser("refresh", help="fetch new events of a shipment from its carrier")
    refresh.add_argument("shipment_id")
    refresh.set_defaults(command=_refresh)
    quote = commands.add_parser("quote", help="price a shipment")
    quote.add_argument("origin")
    quote.add_argument("destination")
    quote.add_argument("weight_g", type=int)
    quote.set_defaults(command=_quote)
    return parser


def _track(options: argparse.Namespace, settings: Settings) -> int:
    data = Path(settings.data)
    shipment = find_shipment(read_shipments(data / "shipments.csv").shipments, options.shipment_id)
    events = read_events(data / "events.json")
    print(f"{shipment.shipment_id}: {current_status(shipment, events).value}, due {shipment.due_on}")
    for event in timeline(shipment, events):
        print(f"  {event.at:%Y-%m-%d %H:%M}  {event.status.value:<17}{event.depot}  {event.note}".rstrip())
    return 0


def _late(options: argparse.Namespace, settings: Settings) -> int:
    today = parse_day(options.on) if options.on else date.today()
    found = read_shipments(Path(settings.data) / "shipments.csv")
    for shipment in late_shipments(found.shipments, today):
        print(f"{shipment.shipment_id}  {days_late(shipment, today)} days  {shipment.carrier}")
    for record in by_carrier(found.shipments, today):
        print(f"{record.carrier}: {record.on_time:.0%} of {record.shipments} on time, worst {record.worst_days} days")
    for number, reason in found.rejected:
        print(f"row {number} was rejected: {reason}", file=sys.stderr)
    return 0


def _refresh(options: argparse.Namespace, settings: Settings) -> int:
    data = Path(settings.data)
    shipment = find_shipment(read_shipments(data / "shipments.csv").shipments, options.shipment_id)
    carrier = carrier_for(shipment.carrier, settings)
    url = carrier.url(shipment.shipment_id)
    answer = fetch_json(url, timeout_seconds=settings.timeout_seconds, attempts=settings.attempts)
    known = read_events(data / "events.json")
    new = [event for event in carrier.events(shipment.shipment_id, answer) if event not in known]
    write_events(data / "events.json", [*known, *new])
    print(f"{len(new)} new events")
    return 0


def _quote(options: argparse.Namespace, settings: Settings) -> int:
    rates = read_rates(Path(settings.data) / "rates.csv")
    rate = cheapest(rates, weight_g=options.weight_g, zone=zone(options.origin, options.destination))
    print(f"{rate.total_eur:.2f} EUR with {rate.carrier}, {rate.service}, up to {rate.max_weight_g} g")
    return 0
