import contextlib
import io
import os
import unittest
from datetime import date
from pathlib import Path

from parcel.cli import main
from parcel.errors import NoRate
from parcel.pricing import cheapest, read_rates, zone
from parcel.reports import by_carrier, late_shipments
from parcel.storage import read_shipments

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return main(arguments), out.getvalue(), err.getvalue()
    finally:
        os.chdir(before)


class CommandTest(unittest.TestCase):
    def test_track_prints_state_and_history(self) -> None:
        number = read_shipments(DATA / "shipments.csv").shipments[100].shipment_id
        status, out, _ = run("track", number)
        self.assertEqual(status, 0)
        self.assertIn(f"{number}: delivered", out)
        self.assertIn("collected", out)

    def test_late_prints_the_longest_delay_first_and_each_carrier(self) -> None:
        status, out, err = run("late", "--on", "2025-06-30")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("nordpost: ", out)
        days = [int(line.split()[1]) for line in out.splitlines() if " days  " in line]
        self.assertEqual(days, sorted(days, reverse=True))

    def test_quote_names_the_cheapest_tariff(self) -> None:
        self.assertRegex(run("quote", "NL", "DE", "1800")[1], r"^\d+\.\d\d EUR with nordpost, standard, up to 2000 g$")

    def test_an_error_is_two_lines_and_a_status(self) -> None:
        status, out, err = run("track", "NP-99999")
        self.assertEqual((status, out), (3, ""))
        self.assertEqual([line.split(":")[0] for line in err.splitlines()], ["error", "hint"])
        self.assertEqual(run("late", "--on", "yesterday")[0], 2)
        self.assertEqual(run("quote", "NL", "DE", "90000")[0], 3)

    def test_a_traceback_appears_only_when_asked_for(self) -> None:
        self.assertNotIn("Traceback", run("track", "NP-99999")[2])
        self.assertIn("Traceback", run("--debug", "track", "NP-99999")[2])


class TablesTest(unittest.TestCase):
    def test_every_row_of_the_tables_is_read(self) -> None:
        found = read_shipments(DATA / "shipments.csv")
        self.assertEqual((len(found.shipments), found.rejected), (200, ()))
        self.assertEqual(len(read_rates(DATA / "rates.csv")), 60)

    def test_the_price_of_a_shipment_is_that_of_its_tariff(self) -> None:
        rates = read_rates(DATA / "rates.csv")
        for each in read_shipments(DATA / "shipments.csv").shipments:
            own = [rate for rate in rates if rate.carrier == each.carrier]
            where = zone(each.origin, each.destination)
            rate = cheapest(own, weight_g=each.weight_g, zone=where, service=each.service)
            self.assertAlmostEqual(rate.total_eur, each.price_eur, places=2)

    def test_zones_are_the_same_in_both_directions(self) -> None:
        self.assertEqual([zone("NL", "NL"), zone("NL", "DE"), zone("DE", "NL"), zone("FR", "NL")], [0, 1, 1, 2])

    def test_nothing_takes_too_heavy_a_shipment(self) -> None:
        with self.assertRaises(NoRate):
            cheapest(read_rates(DATA / "rates.csv"), weight_g=9000, zone=1)

    def test_the_carriers_records_add_up(self) -> None:
        shipments = read_shipments(DATA / "shipments.csv").shipments
        today = date(2025, 6, 30)
        records = by_carrier(shipments, today)
        self.assertEqual(sum(record.shipments for record in records), 200)
        self.assertEqual(sum(record.late for record in records), len(late_shipments(shipments, today)))
