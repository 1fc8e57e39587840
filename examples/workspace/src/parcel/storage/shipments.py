"""Read the table of shipments, row by row, without letting one bad row stop the rest."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parcel.errors import StoreError, UnknownShipment, UsageError
from parcel.models import Shipment, parse_day


@dataclass(frozen=True)
class Import:
    """What a table held: the shipments, and for each bad row its number and the reason."""

    shipments: tuple[Shipment, ...]
    rejected: tuple[tuple[int, str], ...]


def read_shipments(path: Path) -> Import:
    """Read a table of shipments; a bad row is rejected with its number and its reason."""
    shipments: list[Shipment] = []
    rejected: list[tuple[int, str]] = []
    for number, row in _rows(path):
        try:
            shipments.append(_shipment(row))
        except (UsageError, KeyError, ValueError, TypeError) as error:
            rejected.append((number, str(error)))
    return Import(tuple(shipments), tuple(rejected))


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(enumerate(csv.DictReader(file), start=2))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"cannot read shipments from {path}: {error}") from error


def _shipment(row: dict[str, str]) -> Shipment:
    return Shipment(
        shipment_id=row["shipment_id"],
        carrier=row["carrier"],
        service=row["service"],
        origin=row["origin"],
        destination=row["destination"],
        weight_g=int(row["weight_g"]),
        price_eur=float(row["price_eur"]),
        shipped_on=parse_day(row["shipped_on"]),
        due_on=parse_day(row["due_on"]),
        delivered_on=parse_day(row["delivered_on"]) if row["delivered_on"] else None,
    )


def find_shipment(shipments: Iterable[Shipment], shipment_id: str) -> Shipment:
    """Return the shipment with this number, or raise UnknownShipment."""
    for shipment in shipments:
        if shipment.shipment_id == shipment_id:
            return shipment
    raise UnknownShipment(f"no shipment has the number {shipment_id!r}", "numbers look like NP-00042")
