"""What every carrier adapter offers, and the reading of fields that all of them share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from parcel.errors import CarrierError
from parcel.models import Event


class Carrier(Protocol):
    """An adapter: it knows a carrier's address and reads its answers, and does no input or output itself."""

    name: str

    def url(self, shipment_id: str) -> str:
        """Return the address of the feed of one shipment."""
        ...

    def events(self, shipment_id: str, answer: object) -> tuple[Event, ...]:
        """Read the events of an answer; raise CarrierError when it is not a feed."""
        ...


def records(answer: object, key: str, carrier: str) -> list[Mapping[str, object]]:
    """Return the list of records below a key of an answer."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise CarrierError(f"{carrier} answered without a list of {key}")
    return found


def text(record: Mapping[str, object], key: str, carrier: str) -> str:
    """Return a field that must be there and must be text."""
    value = record.get(key)
    if not isinstance(value, str):
        raise CarrierError(f"{carrier} sent a record without {key}")
    return value


def moment(value: str, carrier: str) -> datetime:
    """Read a time in ISO form."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise CarrierError(f"{carrier} sent {value!r} as a time") from None
