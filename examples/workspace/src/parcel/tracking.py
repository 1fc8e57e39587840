"""Answer the two questions every customer asks: where is it, and is it late?"""

from collections.abc import Iterable
from datetime import date

from parcel.models import Event, Shipment, Status


def timeline(shipment: Shipment, events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events of one shipment from the oldest to the newest, each once."""
    own = {event for event in events if event.shipment_id == shipment.shipment_id}
    return tuple(sorted(own, key=lambda event: (event.at, event.status.value)))


def current_status(shipment: Shipment, events: Iterable[Event]) -> Status:
    """Return the newest state; a final state stays, whatever is reported after it."""
    status = Status.ANNOUNCED
    for event in timeline(shipment, events):
        if not status.final:
            status = event.status
    return status


def days_late(shipment: Shipment, today: date) -> int:
    """Count the days past the due day, up to delivery or up to today."""
    until = shipment.delivered_on or today
    return max(0, (until - shipment.due_on).days)


def is_late(shipment: Shipment, today: date) -> bool:
    """Say whether a shipment arrived, or is still on its way, after its due day."""
    return days_late(shipment, today) > 0
