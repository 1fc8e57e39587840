"""Find the adapter of a carrier by its name."""

from parcel.carriers.base import Carrier
from parcel.carriers.nordpost import Nordpost
from parcel.carriers.swiftline import Swiftline
from parcel.errors import UnknownCarrier
from parcel.settings import Settings

__all__ = ["Carrier", "carrier_for", "carriers"]


def carriers(settings: Settings) -> tuple[Carrier, ...]:
    """Return every adapter, in the order in which they are listed to users."""
    return (Nordpost(settings.nordpost_url), Swiftline(settings.swiftline_url))


def carrier_for(name: str, settings: Settings) -> Carrier:
    """Return the adapter with this name, whatever its case."""
    known = carriers(settings)
    for carrier in known:
        if carrier.name == name.lower():
            return carrier
    raise UnknownCarrier(f"no carrier is called {name!r}", "known: " + ", ".join(each.name for each in known))
