import tempfile
import unittest
from datetime import datetime
from pathlib import Path

from parcel.errors import SettingsError, StoreError, UnknownShipment
from parcel.models import Event, Status
from parcel.settings import Settings, load_settings
from parcel.storage import find_shipment, read_events, read_shipments, write_events

HEADER = "shipment_id,carrier,service,origin,destination,weight_g,price_eur,shipped_on,due_on,delivered_on\n"
GOOD = "NP-00001,nordpost,standard,NL,DE,1800,7.50,2025-03-03,2025-03-07,\n"


class StorageTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_bad_row_is_rejected_with_its_number_and_the_rest_is_read(self) -> None:
        bad = GOOD.replace("1800", "heavy")
        found = read_shipments(self.file("shipments.csv", HEADER + GOOD + bad + "short,row\n" + GOOD))
        self.assertEqual(len(found.shipments), 2)
        self.assertEqual([number for number, _ in found.rejected], [3, 4])

    def test_a_missing_table_is_named(self) -> None:
        with self.assertRaisesRegex(StoreError, "nothing.csv"):
            read_shipments(self.folder / "nothing.csv")

    def test_an_unknown_number_is_named(self) -> None:
        with self.assertRaisesRegex(UnknownShipment, "NP-7"):
            find_shipment([], "NP-7")

    def test_events_come_back_as_they_were_written(self) -> None:
        events = (Event("NP-00001", datetime(2025, 3, 3, 9), Status.HELD, "AMS", "customs"),)
        path = self.folder / "events.json"
        write_events(path, events)
        self.assertEqual(read_events(path), events)
        self.assertEqual([each.name for each in self.folder.iterdir()], ["events.json"])

    def test_a_damaged_record_refuses_the_file(self) -> None:
        for text in ("[", "{}x", "[1]", '[{"shipment_id": "NP-1", "at": "noon", "status": "held"}]'):
            with self.assertRaises(StoreError):
                read_events(self.file("events.json", text))

    def test_a_failed_write_keeps_the_old_file(self) -> None:
        path = self.file("events.json", "[]")
        (self.folder / "events.part").mkdir()
        with self.assertRaises(StoreError):
            write_events(path, [])
        self.assertEqual(path.read_text(encoding="utf-8"), "[]")


class SettingsTest(StorageTest):
    def test_settings_are_optional(self) -> None:
        self.assertEqual(load_settings(self.folder / "parcel.toml"), Settings())

    def test_a_whole_number_will_do_for_seconds(self) -> None:
        self.assertEqual(load_settings(self.file("parcel.toml", "timeout_seconds = 3")).timeout_seconds, 3.0)

    def test_unknown_keys_wrong_types_and_broken_files_are_refused(self) -> None:
        for text in ("atempts = 3", 'attempts = "3"', "attempts = true", "attempts ="):
            with self.assertRaises(SettingsError):
                load_settings(self.file("parcel.toml", text))
