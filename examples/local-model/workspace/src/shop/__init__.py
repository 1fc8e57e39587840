"""A small shop: what was ordered, and what it costs."""
