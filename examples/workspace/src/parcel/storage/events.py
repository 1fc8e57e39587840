"""Keep the events in one JSON file, written whole or not at all."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from parcel.errors import StoreError, UsageError
from parcel.models import Event, parse_status


def read_events(path: Path) -> tuple[Event, ...]:
    """Read every event of a file; one bad record refuses the file, because it was written by us."""
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_event(record) for record in records)
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise StoreError(f"cannot read events from {path}: {error}", "restore the file from its backup") from error


def _event(record: Mapping[str, str]) -> Event:
    return Event(
        shipment_id=record["shipment_id"],
        at=datetime.fromisoformat(record["at"]),
        status=parse_status(record["status"]),
        depot=record.get("depot", ""),
        note=record.get("note", ""),
    )


def write_events(path: Path, events: Iterable[Event]) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    beside = path.with_suffix(".part")
    lines = ",\n".join(json.dumps(_record(event)) for event in events)
    try:
        beside.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write events to {path}: {error}") from error


def _record(event: Event) -> dict[str, str]:
    return {
        "shipment_id": event.shipment_id,
        "at": event.at.isoformat(),
        "status": event.status.value,
        "depot": event.depot,
        "note": event.note,
    }
