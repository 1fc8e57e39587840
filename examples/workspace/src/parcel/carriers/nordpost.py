"""Read the feed of Nordpost, which names its states in capitals and its depots by code."""

from parcel.carriers.base import moment, records, text
from parcel.models import Event, Status

_STATES = {
    "ANN": Status.ANNOUNCED,
    "COL": Status.COLLECTED,
    "TRN": Status.IN_TRANSIT,
    "HLD": Status.HELD,
    "OUT": Status.OUT_FOR_DELIVERY,
    "DLV": Status.DELIVERED,
    "RTN": Status.RETURNED,
}


class Nordpost:
    """The adapter of Nordpost."""

    name = "nordpost"

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")

    def url(self, shipment_id: str) -> str:
        """Return the address of the feed of one shipment."""
        return f"{self._base_url}/shipments/{shipment_id}/events"

    def events(self, shipment_id: str, answer: object) -> tuple[Event, ...]:
        """Read the events of an answer; a state that Nordpost adds later counts as in transit."""
        return tuple(
            Event(
                shipment_id=shipment_id,
                at=moment(text(record, "time", self.name), self.name),
                status=_STATES.get(text(record, "code", self.name), Status.IN_TRANSIT),
                depot=text(record, "depot", self.name),
            )
            for record in records(answer, "events", self.name)
        )
