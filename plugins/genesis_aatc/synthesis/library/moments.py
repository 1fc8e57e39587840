"""Read dates and times as people write them, and round them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GAP = r"[-/. ,]{1,3}"
_NAME = r"(?P<name>[A-Za-z]{3,9})"
_YEAR = r"(?P<year>[0-9]{4}|'?[0-9]{2})"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[., ]{1,2})?"
_DATES = (
    rf"(?P<year>[0-9]{{4}}){_GAP}(?P<month>[0-9]{{1,2}}){_GAP}(?P<day>[0-9]{{1,2}})",
    rf"(?P<first>[0-9]{{1,2}}){_GAP}(?P<second>[0-9]{{1,2}}){_GAP}{_YEAR}",
    rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_GAP}{_NAME}{_GAP}{_YEAR}",
    rf"{_NAME}{_GAP}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_GAP}{_YEAR}",
    rf"(?P<year>[0-9]{{4}}){_GAP}{_NAME}{_GAP}(?P<day>[0-9]{{1,2}})",
    r"(?P<month>0?[1-9]|1[0-2])(?P<day>[0-2][0-9]|3[01])(?P<year>[0-9]{4})",
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    r"(?P<year>[0-9]{4})[-/](?P<month>0[1-9]|1[0-2])",
    r"(?P<year>[0-9]{4})[- ](?P<nth>[0-9]{1,3})",
    rf"(?P<weekday>[A-Za-z]{{3,9}}) #?(?P<turn>[1-5])(?:st|nd|rd|th)? (?:of |in )?{_NAME} {_YEAR}",
    rf"{_NAME} {_YEAR} (?P<weekday>[A-Za-z]{{3,9}}) #?(?P<turn>[1-5])",
    r"(?P<weekday>[A-Za-z]{3,9}) (?:week|wk) (?P<week>[0-9]{1,2}) (?:of|in) (?P<year>[0-9]{4})",
    rf"{_NAME}{_GAP}(?P<year>[0-9]{{4}})",
)
_TIME = (
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,6})?)?"
    r" ?(?P<half>[ap]\.?m\.?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def _month(name: str) -> int:
    """Return the number of the month that is called *name*, in full or by its first three letters."""
    for number, month in enumerate(_MONTHS, start=1):
        if name.lower() in {month.lower(), month[:3].lower()} or name.lower() == "sept" and number == 9:
            return number
    raise ValueError(f"{name!r} is not a month")


def _year(text: str) -> int:
    """Return the year of two or four digits; two digits mean 1970 to 2069."""
    digits = text.lstrip("'")
    number = int(digits) + (0 if len(digits) == 4 else 2000 if int(digits) < 70 else 1900)
    if not 1 < number < 9999:
        raise ValueError(f"no dates in the year {number}")
    return number


def _day_of(found: dict[str, str], day_first: bool) -> datetime:
    """Return the day that the named parts of a date say."""
    year = _year(found["year"])
    if "nth" in found:
        if not 1 <= int(found["nth"]) <= 366:
            raise ValueError(f"there is no day {found['nth']} in a year")
        return datetime(year, 1, 1) + timedelta(days=int(found["nth"]) - 1)
    if "weekday" in found:
        return _weekday_of(found, year)
    if "name" in found:
        return datetime(year, _month(found["name"]), int(found.get("day", "1")))
    if "month" in found:
        return datetime(year, int(found["month"]), int(found.get("day", "1")))
    first, second = int(found["first"]), int(found["second"])
    month, day = (second, first) if day_first and second <= 12 or first > 12 else (first, second)
    return datetime(year, month, day)


def _weekday_of(found: dict[str, str], year: int) -> datetime:
    """Return the day that is a certain weekday of a month, or of a week of the year (weeks as in ISO 8601)."""
    wanted = [day for day, name in enumerate(_DAYS) if found["weekday"].lower() in {name.lower(), name[:3].lower()}]
    if not wanted:
        raise ValueError(f"{found['weekday']!r} is not a weekday")
    if "week" in found:
        return datetime.strptime(f"{year:04} {int(found['week'])} {wanted[0] + 1}", "%G %V %u")
    first = datetime(year, _month(found["name"]), 1)
    day = 1 + (wanted[0] - first.weekday()) % 7 + 7 * (int(found["turn"]) - 1)
    return datetime(year, first.month, day)


def _time_of(text: str) -> timedelta:
    """Return how long after midnight the time of day is that *text* writes."""
    found = re.fullmatch(_TIME, text.strip(), re.IGNORECASE)
    if not found or not (found["minute"] or found["half"]):
        raise ValueError(f"{text!r} is not a time of day")
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{text!r} is not a time of day")
    if found["half"] and hour <= 12:
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _moment(text: str, day_first: bool) -> datetime:
    """Read the date that *text* writes, with a time of day after it or without; *day_first* reads 3/4 as 3 April.

    A month without a day is its first day.
    """
    if len(text) > 60:
        raise ValueError("too long a text for a date")
    for pattern in _DATES:
        found = re.match(rf"\s*{_WEEKDAY}{pattern}(?![0-9])", text, re.IGNORECASE)
        if found:
            named = {name: value for name, value in found.groupdict().items() if value is not None}
            rest = text[found.end() :].strip(" ,T")
            return _day_of(named, day_first) + (_time_of(rest) if rest else timedelta())
    raise ValueError(f"{text!r} is not a date")


def _clock(text: str) -> datetime:
    """Read the time of day that *text* writes; the day is of no meaning."""
    if len(text) > 60:
        raise ValueError("too long a text for a time of day")
    return datetime(2000, 1, 2) + _time_of(text)


def _slot(moment: datetime, minutes: int, first: int) -> datetime:
    """Return when the time slot of so many minutes begins that holds *moment*; one begins *first* after midnight."""
    midnight = datetime(moment.year, moment.month, moment.day)
    passed = (moment - midnight) // timedelta(minutes=1)
    return midnight + timedelta(minutes=(passed - first) // minutes * minutes + first)


def _nearest(moment: datetime, minutes: int) -> datetime:
    """Round the time of *moment* to the nearest multiple of so many minutes, halves up."""
    midnight = datetime(moment.year, moment.month, moment.day)
    passed = (moment - midnight) // timedelta(seconds=30)
    return midnight + timedelta(minutes=(passed + minutes) // (2 * minutes) * minutes)


def _upward(moment: datetime, minutes: int) -> datetime:
    """Round the time of *moment* up to a multiple of so many minutes."""
    midnight = datetime(moment.year, moment.month, moment.day)
    passed = -((midnight - moment) // timedelta(minutes=1))
    return midnight + timedelta(minutes=-(-passed // minutes) * minutes)


def _later(moment: datetime, minutes: int) -> datetime:
    """Return the moment so many minutes later."""
    return moment + timedelta(minutes=minutes)


def _days(start: datetime, end: datetime) -> int:
    """Return how many days *end* is after *start*."""
    return (end - start).days


def _age(born: datetime, today: datetime) -> int:
    """Return how many full years have passed from *born* to *today*."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _minutes(start: datetime, end: datetime) -> int:
    """Return how many full minutes *end* is after *start*."""
    return (end - start) // timedelta(minutes=1)
