"""Count delays, by shipment and by carrier."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from parcel.models import Shipment
from parcel.tracking import days_late, is_late


@dataclass(frozen=True)
class CarrierRecord:
    """How one carrier did."""

    carrier: str
    shipments: int
    late: int
    worst_days: int

    @property
    def on_time(self) -> float:
        """Return the share of shipments that were not late."""
        return 1 - self.late / self.shipments


def late_shipments(shipments: Iterable[Shipment], today: date) -> tuple[Shipment, ...]:
    """Return the late shipments, the latest first."""
    late = [shipment for shipment in shipments if is_late(shipment, today)]
    return tuple(sorted(late, key=lambda shipment: (-days_late(shipment, today), shipment.shipment_id)))


def by_carrier(shipments: Iterable[Shipment], today: date) -> tuple[CarrierRecord, ...]:
    """Return one record for each carrier, in alphabetical order."""
    groups: dict[str, list[int]] = {}
    for shipment in shipments:
        groups.setdefault(shipment.carrier, []).append(days_late(shipment, today))
    return tuple(
        CarrierRecord(carrier, len(days), sum(1 for each in days if each), max(days))
        for carrier, days in sorted(groups.items())
    )
