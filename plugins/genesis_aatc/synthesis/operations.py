"""The table of operations: each with the function that runs it and the Python that says the same."""

from __future__ import annotations

from typing import Any

from .collected import COLLECTED
from .expressions import Op
from .library import moments, numbers, texts

__all__ = ["OPS"]



def _text_ops() -> dict[str, Op]:
    """Return the operations on texts."""
    return {
        "part": Op(texts._part, "_part({0}, {1}, {2})", "part"),
        "word": Op(texts._word, "_word({0}, {1})", "word"),
        "match": Op(texts._match, "_match({0}, {1}, {2})", "found"),
        "between": Op(texts._between, "_between({0}, {1}, {2})", "inner"),
        "place": Op(texts._place, "_place({0}, {1}, {2}, {3})", "place"),
        "index": Op(texts._index, "_index({0}, {1})", "place"),
        "cut": Op(texts._cut, "_cut({0}, {1}, {2})", "cut"),
        "only": Op(texts._only, "_only({0}, {1})", "kept"),
        "head": Op(texts._head, "_head({0}, {1})", "head"),
        "last": Op(texts._last, "_last({0}, {1})", "tail"),
        "trim": Op(lambda text, start, end: texts._cut(text, start, end).strip(), "_cut({0}, {1}, {2}).strip()", "cut"),
        "looks": Op(texts._looks, "_looks({0}, {1})", "looks"),
        "tidy": Op(texts._tidy, "_tidy({0})", "tidy"),
        "capitalise": Op(texts._first_upper, "_first_upper({0})", "text"),
        "title": Op(texts._title, "_title({0})", "text"),
        "pieces": Op(texts._pieces, "_pieces({0}, {1})", "pieces"),
        "parts": Op(texts._parts, "_parts({0}, {1})", "parts"),
        "words": Op(lambda text: text.split(), "{0}.split()", "words"),
        "lower": Op(lambda text: text.lower(), "{0}.lower()", "text"),
        "upper": Op(lambda text: text.upper(), "{0}.upper()", "text"),
        "strip": Op(lambda text: text.strip(), "{0}.strip()", "text"),
        "replace": Op(lambda text, old, new: text.replace(old, new), "{0}.replace({1}, {2})", "text"),
        "backwards": Op(lambda words: words[::-1], "{0}[::-1]", "words"),
        "tail": Op(lambda words: words[1:], "{0}[1:]", "words"),
        "front": Op(lambda words: words[:-1], "{0}[:-1]", "words"),
        "sorted": Op(sorted, "sorted({0})", "ordered"),
        "lower each": Op(lambda words: [word.lower() for word in words], "[word.lower() for word in {0}]", "words"),
        "upper each": Op(lambda words: [word.upper() for word in words], "[word.upper() for word in {0}]", "words"),
        "capitalise each": Op(lambda words: [texts._first_upper(word) for word in words],
                              "[_first_upper(word) for word in {0}]", "words"),
        "initials each": Op(lambda words: [word[:1] for word in words], "[word[:1] for word in {0}]", "initials"),
        "size": Op(len, "len({0})", "length"),
        "joined": Op(lambda words, mark: mark.join(words), "{1}.join({0})", "text"),
        "equals": Op(lambda left, right: left == right, "{0} == {1}", "same"),
        "begins": Op(lambda text, start: text.startswith(start), "{0}.startswith({1})", "begins"),
        "ends": Op(lambda text, end: text.endswith(end), "{0}.endswith({1})", "ends"),
        "holds": Op(lambda text, part: part in text, "{1} in {0}", "holds"),
        "empty": Op(lambda text: not text, "not {0}", "empty"),
    }


def _number_ops() -> dict[str, Op]:
    """Return the operations on numbers."""
    return {
        "number": Op(numbers._number, "_number({0})", "number"),
        "exact": Op(numbers._exact, "_exact({0})", "number"),
        "round": Op(numbers._round, "_round({0}, unit={1}, way={2})", "rounded"),
        "bin": Op(numbers._bin, "_bin({0}, unit={1}, first={2})", "first"),
        "plus": Op(lambda value, more: value + more, "{0} + {1}", "last"),
        "scale": Op(lambda value, power: value.scaleb(power), "{0}.scaleb({1})", "scaled"),
        "write": Op(numbers._write, "_write({0}, least={1}, most={2}, width={3}, comma={4})", "shown"),
        "aligned": Op(numbers._aligned, "_aligned({0}, width={1}, least={2}, most={3})", "shown"),
        "lakh": Op(numbers._lakh, "_lakh({0})", "shown"),
        "plain": Op(lambda value: f"{value:f}", 'f"{{{0}:f}}"', "shown"),
        "ordinal": Op(lambda value: numbers._ordinal(int(value)), "_ordinal(int({0}))", "ordinal"),
        "str": Op(str, "str({0})", "shown"),
        "below": Op(lambda value, bound: value < bound, "{0} < {1}", "below"),
        "above": Op(lambda value, bound: value > bound, "{0} > {1}", "above"),
    }


def _moment_ops() -> dict[str, Op]:
    """Return the operations on dates and times."""
    read = {
        "moment": Op(moments._moment, "_moment({0}, day_first={1})", "moment"),
        "clock": Op(moments._clock, "_clock({0})", "moment"),
        "slot": Op(moments._slot, "_slot({0}, minutes={1}, first={2})", "start"),
        "nearest": Op(moments._nearest, "_nearest({0}, minutes={1})", "moment"),
        "upward": Op(moments._upward, "_upward({0}, minutes={1})", "moment"),
        "later": Op(moments._later, "_later({0}, minutes={1})", "end"),
    }
    return read | {f"show {name}": Op(run, code, name.replace(" ", "_")) for name, (run, code) in _SHOWN.items()}



_MONTH, _DAY = moments._MONTHS, moments._DAYS
_SHOWN: dict[str, tuple[Any, str]] = {
    "year": (lambda m: f"{m.year:04}", 'f"{{{0}.year:04}}"'),
    "short year": (lambda m: f"{m.year % 100:02}", 'f"{{{0}.year % 100:02}}"'),
    "month": (lambda m: f"{m.month}", "str({0}.month)"),
    "month two": (lambda m: f"{m.month:02}", 'f"{{{0}.month:02}}"'),
    "month name": (lambda m: _MONTH[m.month - 1], "_MONTHS[{0}.month - 1]"),
    "month short": (lambda m: _MONTH[m.month - 1][:3], "_MONTHS[{0}.month - 1][:3]"),
    "day": (lambda m: f"{m.day}", "str({0}.day)"),
    "day two": (lambda m: f"{m.day:02}", 'f"{{{0}.day:02}}"'),
    "day ordinal": (lambda m: numbers._ordinal(m.day), "_ordinal({0}.day)"),
    "weekday": (lambda m: _DAY[m.weekday()], "_DAYS[{0}.weekday()]"),
    "weekday short": (lambda m: _DAY[m.weekday()][:3], "_DAYS[{0}.weekday()][:3]"),
    "quarter": (lambda m: f"{(m.month + 2) // 3}", "str(({0}.month + 2) // 3)"),
    "week": (lambda m: f"{m.isocalendar()[1]}", "str({0}.isocalendar()[1])"),
    "week two": (lambda m: f"{m.isocalendar()[1]:02}", 'f"{{{0}.isocalendar()[1]:02}}"'),
    "week of month": (lambda m: f"{(m.day + 6) // 7}", "str(({0}.day + 6) // 7)"),
    "day of year": (lambda m: f"{m.timetuple()[7]}", "str({0}.timetuple()[7])"),
    "day of year three": (lambda m: f"{m.timetuple()[7]:03}", 'f"{{{0}.timetuple()[7]:03}}"'),
    "hour": (lambda m: f"{m.hour}", "str({0}.hour)"),
    "hour two": (lambda m: f"{m.hour:02}", 'f"{{{0}.hour:02}}"'),
    "hour of twelve": (lambda m: f"{(m.hour + 11) % 12 + 1}", "str(({0}.hour + 11) % 12 + 1)"),
    "hour of twelve two": (lambda m: f"{(m.hour + 11) % 12 + 1:02}", 'f"{{({0}.hour + 11) % 12 + 1:02}}"'),
    "minute": (lambda m: f"{m.minute:02}", 'f"{{{0}.minute:02}}"'),
    "second": (lambda m: f"{m.second:02}", 'f"{{{0}.second:02}}"'),
    "minute of day": (lambda m: f"{m.hour * 60 + m.minute}", "str({0}.hour * 60 + {0}.minute)"),
    "half": (lambda m: "AM" if m.hour < 12 else "PM", '("AM" if {0}.hour < 12 else "PM")'),
    "half low": (lambda m: "am" if m.hour < 12 else "pm", '("am" if {0}.hour < 12 else "pm")'),
}

OPS: dict[str, Op] = COLLECTED | _text_ops() | _number_ops() | _moment_ops()
