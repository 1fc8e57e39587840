import unittest
from urllib.error import URLError

from parcel.carriers import carrier_for
from parcel.carriers.http import fetch_json
from parcel.errors import CarrierError, CarrierUnavailable, UnknownCarrier
from parcel.models import Status
from parcel.settings import Settings

NORDPOST = {"events": [{"time": "2025-03-03T09:12:00", "code": "COL", "depot": "AMS"}]}
SWIFTLINE = {"scans": [{"date": "2025-03-03", "clock": "09:12", "state": "Held", "remark": "customs"}]}


class AdapterTest(unittest.TestCase):
    def test_nordpost_events_are_read(self) -> None:
        (event,) = carrier_for("Nordpost", Settings()).events("NP-00001", NORDPOST)
        self.assertEqual((event.status, event.depot, event.at.minute), (Status.COLLECTED, "AMS", 12))

    def test_swiftline_events_are_read(self) -> None:
        (event,) = carrier_for("swiftline", Settings()).events("SL-00001", SWIFTLINE)
        self.assertEqual((event.status, event.note), (Status.HELD, "customs"))

    def test_a_new_nordpost_state_counts_as_in_transit_and_a_new_swiftline_state_is_refused(self) -> None:
        record = {**NORDPOST["events"][0], "code": "XYZ"}
        (event,) = carrier_for("nordpost", Settings()).events("NP-00001", {"events": [record]})
        self.assertIs(event.status, Status.IN_TRANSIT)
        scan = {**SWIFTLINE["scans"][0], "state": "vanished"}
        with self.assertRaises(CarrierError):
            carrier_for("swiftline", Settings()).events("SL-00001", {"scans": [scan]})

    def test_an_answer_that_is_not_a_feed_is_refused(self) -> None:
        for name in ("nordpost", "swiftline"):
            for answer in (None, [], {}, {"events": 3, "scans": "x"}, {"events": [{}], "scans": [{}]}):
                with self.assertRaises(CarrierError):
                    carrier_for(name, Settings()).events("X-1", answer)

    def test_an_unknown_carrier_is_named_with_those_that_are_known(self) -> None:
        with self.assertRaises(UnknownCarrier) as caught:
            carrier_for("pigeon", Settings())
        self.assertIn("nordpost", caught.exception.hint)


class Feed:
    """A feed that answers with what it is given, one item a request."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.pauses: list[float] = []

    def fetch(self, url: str, timeout_seconds: float) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def json(self) -> object:
        return fetch_json("https://carrier.example/1", fetch=self.fetch, pause=self.pauses.append)


class FetchTest(unittest.TestCase):
    def test_a_silent_carrier_is_asked_again_with_growing_pauses(self) -> None:
        feed = Feed(URLError("no route"), TimeoutError(), b'{"events": []}')
        self.assertEqual(feed.json(), {"events": []})
        self.assertEqual(feed.pauses, [1.0, 2.0])

    def test_after_three_attempts_the_carrier_is_unavailable(self) -> None:
        feed = Feed(*(URLError("no route") for _ in range(4)))
        with self.assertRaises(CarrierUnavailable):
            feed.json()
        self.assertEqual(len(feed.answers), 1)

    def test_an_answer_that_is_not_json_is_not_asked_for_again(self) -> None:
        feed = Feed(b"<html>", b"{}")
        with self.assertRaises(CarrierError):
            feed.json()
        self.assertEqual(feed.pauses, [])
