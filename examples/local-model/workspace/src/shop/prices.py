"""What things cost."""

PRICES = {"apple": 0.4, "bread": 2.6, "cheese": 5.2}


def price(item: str) -> float:
    """Return the price of one *item*."""
    return PRICES[item]
