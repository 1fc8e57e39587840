"""What a program is granted beyond nothing."""

from __future__ import annotations

__all__ = ["NUMERIC"]

NUMERIC = ("numpy", "pandas", "dateutil", "pytz", "tzdata", "six")
"""Packages that the command shows to a program when they are installed."""
