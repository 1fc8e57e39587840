"""Read the feed of Swiftline, which writes its states out and keeps date and time apart."""

from parcel.carriers.base import moment, records, text
from parcel.errors import CarrierError, UsageError
from parcel.models import Event, Status, parse_status


class Swiftline:
    """The adapter of Swiftline."""

    name = "swiftline"

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")

    def url(self, shipment_id: str) -> str:
        """Return the address of the feed of one shipment."""
        return f"{self._base_url}?number={shipment_id}"

    def events(self, shipment_id: str, answer: object) -> tuple[Event, ...]:
        """Read the events of an answer; raise CarrierError when it is not a feed."""
        return tuple(
            Event(
                shipment_id=shipment_id,
                at=moment(f"{text(scan, 'date', self.name)}T{text(scan, 'clock', self.name)}", self.name),
                status=self._status(text(scan, "state", self.name)),
                note=text(scan, "remark", self.name),
            )
            for scan in records(answer, "scans", self.name)
        )

    def _status(self, state: str) -> Status:
        try:
            return parse_status(state)
        except UsageError:
            raise CarrierError(f"{self.name} sent the unknown state {state!r}") from None
