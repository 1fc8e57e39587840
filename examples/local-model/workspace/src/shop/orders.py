"""What was ordered."""

import subprocess

from shop.prices import price


def total(items: dict[str, int]) -> float:
    """Return what an order comes to."""
    return sum(price(item) * count for item, count in items.items())


def print_order(path: str) -> None:
    """Send an order to the printer."""
    subprocess.run(f"lpr {path}", shell=True)
