"""The nouns: a shipment, what happened to it, and the states it can be in."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from parcel.errors import UsageError


class Status(Enum):
    """Where a shipment stands, in the order in which it normally gets there."""

    ANNOUNCED = "announced"
    COLLECTED = "collected"
    IN_TRANSIT = "in transit"
    HELD = "held"
    OUT_FOR_DELIVERY = "out for delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"

    @property
    def final(self) -> bool:
        """Say whether nothing can follow this state."""
        return self in (Status.DELIVERED, Status.RETURNED)


@dataclass(frozen=True)
class Event:
    """One thing that a carrier reported about a shipment."""

    shipment_id: str
    at: datetime
    status: Status
    depot: str = ""
    note: str = ""


@dataclass(frozen=True)
class Shipment:
    """One consignment as the sender announced it."""

    shipment_id: str
    carrier: str
    service: str
    origin: str
    destination: str
    weight_g: int
    price_eur: float
    shipped_on: date
    due_on: date
    delivered_on: date | None = None

    def __post_init__(self) -> None:
        if self.weight_g <= 0:
            raise UsageError(f"shipment {self.shipment_id} weighs {self.weight_g} g", "a weight is a positive number")
        if self.due_on < self.shipped_on:
            raise UsageError(f"shipment {self.shipment_id} is due before it is shipped")


def parse_day(text: str) -> date:
    """Read a day in ISO form, such as 2025-03-31."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is not a day", "write it as 2025-03-31") from None


def parse_status(text: str) -> Status:
    """Read a state by its name, whatever its case and spacing."""
    wanted = " ".join(text.replace("_", " ").lower().split())
    for status in Status:
        if status.value == wanted:
            return status
    raise UsageError(f"{text!r} is not a state", "one of: " + ", ".join(status.value for status in Status))
