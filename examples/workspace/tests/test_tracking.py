import unittest
from datetime import date, datetime

from parcel import Event, Shipment, Status, current_status, is_late, timeline
from parcel.errors import UsageError
from parcel.models import parse_day, parse_status


def shipment(**changes: object) -> Shipment:
    values = {
        "shipment_id": "NP-00001",
        "carrier": "nordpost",
        "service": "standard",
        "origin": "NL",
        "destination": "DE",
        "weight_g": 1800,
        "price_eur": 7.5,
        "shipped_on": date(2025, 3, 3),
        "due_on": date(2025, 3, 7),
    }
    return Shipment(**{**values, **changes})


def event(day: int, status: Status, shipment_id: str = "NP-00001") -> Event:
    return Event(shipment_id, datetime(2025, 3, day, 9), status)


class TrackingTest(unittest.TestCase):
    def test_a_timeline_is_sorted_and_holds_each_event_of_the_shipment_once(self) -> None:
        first, second = event(3, Status.COLLECTED), event(4, Status.IN_TRANSIT)
        other = event(3, Status.DELIVERED, "SL-00009")
        self.assertEqual(timeline(shipment(), [second, other, first, second]), (first, second))

    def test_a_shipment_without_events_is_announced(self) -> None:
        self.assertIs(current_status(shipment(), []), Status.ANNOUNCED)

    def test_a_final_state_stays(self) -> None:
        events = [event(5, Status.DELIVERED), event(6, Status.IN_TRANSIT)]
        self.assertIs(current_status(shipment(), events), Status.DELIVERED)

    def test_late_means_after_the_due_day(self) -> None:
        self.assertFalse(is_late(shipment(), date(2025, 3, 7)))
        self.assertTrue(is_late(shipment(), date(2025, 3, 8)))
        self.assertFalse(is_late(shipment(delivered_on=date(2025, 3, 7)), date(2025, 4, 1)))

    def test_a_shipment_must_weigh_something_and_be_due_after_it_is_shipped(self) -> None:
        with self.assertRaises(UsageError):
            shipment(weight_g=0)
        with self.assertRaises(UsageError):
            shipment(due_on=date(2025, 3, 2))

    def test_a_state_is_read_whatever_its_case_and_spacing(self) -> None:
        self.assertIs(parse_status(" Out_for  DELIVERY"), Status.OUT_FOR_DELIVERY)
        with self.assertRaises(UsageError):
            parse_status("lost")

    def test_a_day_is_read_in_iso_form_only(self) -> None:
        self.assertEqual(parse_day(" 2025-03-31 "), date(2025, 3, 31))
        with self.assertRaises(UsageError):
            parse_day("31/3/2025")
