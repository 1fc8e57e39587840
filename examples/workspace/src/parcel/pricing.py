"""Price a shipment by the tariff table of its carrier."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parcel.errors import NoRate, StoreError

_ZONES = {("NL", "BE"): 1, ("NL", "DE"): 1, ("BE", "FR"): 1, ("DE", "FR"): 1, ("BE", "DE"): 2, ("FR", "NL"): 2}


@dataclass(frozen=True)
class Rate:
    """What a carrier charges up to a weight, for one service and one zone."""

    carrier: str
    service: str
    zone: int
    max_weight_g: int
    price_eur: float
    fuel_surcharge_pct: float

    @property
    def total_eur(self) -> float:
        """Return the price with its fuel surcharge, in whole cents."""
        return round(self.price_eur * (1 + self.fuel_surcharge_pct / 100), 2)


def zone(origin: str, destination: str) -> int:
    """Return 0 at home, 1 for neighbours, 2 for the rest; both directions cost the same."""
    if origin == destination:
        return 0
    return _ZONES.get((origin, destination)) or _ZONES.get((destination, origin)) or 2


def read_rates(path: Path) -> tuple[Rate, ...]:
    """Read the tariff export: semicolons between fields, a comma in decimals."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(_rate(row) for row in csv.DictReader(file, delimiter=";"))
    except (OSError, KeyError, ValueError) as error:
        raise StoreError(f"cannot read tariffs from {path}: {error}", "export the table again") from error


def _rate(row: dict[str, str]) -> Rate:
    return Rate(
        carrier=row["carrier"],
        service=row["service"],
        zone=int(row["zone"]),
        max_weight_g=int(row["max_weight_g"]),
        price_eur=_decimal(row["price_eur"]),
        fuel_surcharge_pct=_decimal(row["fuel_surcharge_pct"]),
    )


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def cheapest(rates: Iterable[Rate], *, weight_g: int, zone: int, service: str = "") -> Rate:
    """Return the cheapest rate that takes the weight; of equals the first in the table."""
    fitting = [rate for rate in rates if rate.zone == zone and rate.max_weight_g >= weight_g]
    if service:
        fitting = [rate for rate in fitting if rate.service == service]
    if not fitting:
        raise NoRate(f"no tariff takes {weight_g} g in zone {zone}", "split the shipment into lighter ones")
    return min(fitting, key=lambda rate: rate.total_eur)
