"""Make the tables of ``examples/workspace/data`` from one seed: run it again and nothing changes.

python examples/make_workspace_data.py [FOLDER]
"""

from __future__ import annotations

import csv
import json
import random
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

SEED = 20250630
LAST_DAY = date(2025, 6, 30)
EVENTS_SINCE = date(2025, 4, 1)
CARRIERS = {"nordpost": "NP", "swiftline": "SL"}
BASE_PRICE_EUR = {
    ("nordpost", "standard"): 4.1,
    ("nordpost", "express"): 7.9,
    ("swiftline", "standard"): 4.6,
    ("swiftline", "express"): 7.2,
}
BRACKETS_G = (1000, 2000, 3000, 5000, 8000)
DEPOTS = (
    ("AMS", "Amsterdam", "NL", 18, 3200),
    ("RTM", "Rotterdam", "NL", 24, 4100),
    ("EIN", "Eindhoven", "NL", 11, 2400),
    ("BRU", "Brussels", "BE", 20, 3600),
    ("ANR", "Antwerp", "BE", 22, 3900),
    ("LGG", "Liege", "BE", 16, 2900),
    ("CGN", "Cologne", "DE", 21, 3700),
    ("HAM", "Hamburg", "DE", 26, 4600),
    ("FRA", "Frankfurt", "DE", 28, 4800),
    ("LIL", "Lille", "FR", 13, 2600),
    ("PAR", "Paris", "FR", 27, 4700),
    ("LYS", "Lyon", "FR", 15, 2800),
)
NOTES = ("", "", "", "sorted by machine", "handed to a local driver", "left with a neighbour", "signed for")
ZONES = {frozenset(pair): 1 for pair in (("NL", "BE"), ("NL", "DE"), ("BE", "FR"), ("DE", "FR"))}

Row = dict[str, object]


def main(folder: Path) -> None:
    """Write the four tables."""
    chance = random.Random(SEED)
    rates = make_rates()
    shipments = make_shipments(chance, rates)
    write_csv(folder / "rates.csv", [{key: in_export(value) for key, value in row.items()} for row in rates], ";")
    write_csv(folder / "shipments.csv", shipments)
    write_csv(folder / "depots.csv", make_depots(chance))
    write_records(folder / "events.json", make_events(chance, shipments))


def make_rates() -> list[Row]:
    """Return a price for every carrier, service, zone and bracket of weight."""
    return [
        {
            "carrier": carrier,
            "service": service,
            "zone": zone,
            "max_weight_g": bracket,
            "price_eur": round(base * (1 + 0.3 * zone) + 0.0006 * bracket * (1 + 0.2 * zone), 2),
            "fuel_surcharge_pct": round(4.5 + 1.5 * zone + (0.8 if carrier == "swiftline" else 0.0), 1),
            "valid_from": "2025-01-01",
        }
        for (carrier, service), base in BASE_PRICE_EUR.items()
        for zone in (0, 1, 2)
        for bracket in BRACKETS_G
    ]


def make_shipments(chance: random.Random, rates: list[Row], count: int = 200) -> list[Row]:
    """Return shipments of the first half of a year, most on time, the newest still under way."""
    days = sorted(chance.randrange(181) for _ in range(count))
    return [
        one_shipment(chance, rates, number, date(2025, 1, 1) + timedelta(days=day))
        for number, day in enumerate(days, 1)
    ]


def one_shipment(chance: random.Random, rates: list[Row], number: int, shipped: date) -> Row:
    """Return one row: a weight in the everyday range, its price from the tariff, a delay now and then."""
    carrier = chance.choice(tuple(CARRIERS))
    service = chance.choices(("standard", "express"), (3, 1))[0]
    origin, destination = (chance.choice(("NL", "BE", "DE", "FR")) for _ in range(2))
    weight = round(chance.triangular(200, 7600, 2400))
    due = shipped + timedelta(days=2 if service == "express" else 4)
    delivered = due + timedelta(days=chance.choices((-1, 0, 1, 2), (35, 45, 13, 7))[0])
    return {
        "shipment_id": f"{CARRIERS[carrier]}-{number:05d}",
        "carrier": carrier,
        "service": service,
        "origin": origin,
        "destination": destination,
        "weight_g": weight,
        "price_eur": price(rates, carrier, service, zone(origin, destination), weight),
        "shipped_on": shipped,
        "due_on": due,
        "delivered_on": delivered if delivered <= LAST_DAY else "",
    }


def zone(origin: str, destination: str) -> int:
    """Return 0 at home, 1 for neighbours, 2 for the rest."""
    return 0 if origin == destination else ZONES.get(frozenset((origin, destination)), 2)


def price(rates: list[Row], carrier: str, service: str, where: int, weight: int) -> float:
    """Return the tariff price, surcharge included."""
    row = next(
        row
        for row in rates
        if (row["carrier"], row["service"], row["zone"]) == (carrier, service, where)
        and float(str(row["max_weight_g"])) >= weight
    )
    return round(float(str(row["price_eur"])) * (1 + float(str(row["fuel_surcharge_pct"])) / 100), 2)


def make_events(chance: random.Random, shipments: list[Row]) -> list[Row]:
    """Return what the carriers reported since April, shipment by shipment."""
    return [event for row in shipments if str(row["shipped_on"]) >= str(EVENTS_SINCE) for event in scans(chance, row)]


def scans(chance: random.Random, row: Row) -> list[Row]:
    """Return the scans of one shipment, from collection to delivery or to the last day."""
    start = datetime.combine(date.fromisoformat(str(row["shipped_on"])), datetime.min.time())
    end = date.fromisoformat(str(row["delivered_on"] or LAST_DAY))
    days = (end - start.date()).days
    states = [("collected", 0), ("in transit", min(1, days)), ("out for delivery", days), ("delivered", days)]
    wanted = states if row["delivered_on"] else states[:2]
    return [
        {
            "shipment_id": row["shipment_id"],
            "at": (start + timedelta(days=day, hours=8 + 3 * step, minutes=chance.randrange(60))).isoformat(),
            "status": state,
            "depot": chance.choice(DEPOTS)[0],
            "note": chance.choice(NOTES[:5]) if state != "delivered" else chance.choice(NOTES[5:]),
        }
        for step, (state, day) in enumerate(wanted)
    ]


def make_depots(chance: random.Random) -> list[Row]:
    """Return the depots with the year in which each was opened."""
    return [
        {
            "code": code,
            "city": city,
            "country": country,
            "docks": docks,
            "area_m2": area,
            "opened": chance.randrange(1998, 2021),
        }
        for code, city, country, docks, area in DEPOTS
    ]


def in_export(value: object) -> object:
    """Write decimals as the finance export does, with a comma."""
    return f"{value:.2f}".replace(".", ",") if isinstance(value, float) else value


def write_csv(path: Path, rows: list[Row], separator: str = ",") -> None:
    """Write a table with Unix line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_records(path: Path, rows: list[Row]) -> None:
    """Write a JSON list with one record a line."""
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "workspace" / "data")
