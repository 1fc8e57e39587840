"""What a text looks like: counts and shares that are read in one pass each, with the standard library alone.

``shape`` gives the same names in the same order for every text; the learned part of the package is fitted to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Text", "read", "shape", "terms"]

_OPTION = re.compile(r"^[A-J][.)][ \t]?(.*)$", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z']+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TERM = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r"[.!?](?:\s|\Z)")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_CENTS = re.compile(r"\$\d+\.\d")
_FRACTION = re.compile(r"\b\d+/\d+\b")
_ALL_OF = re.compile(r"\b(?:all|none|both|neither) of (?:the |these|them)", re.IGNORECASE)
_CLASSES: Mapping[str, frozenset[str]] = {
    "number_words": frozenset(
        "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred half twice "
        "double triple third quarter dozen".split()
    ),
    "negations": frozenset("not except never least incorrect false no".split()),
    "links": frozenset("if when more less than times total remaining left rest after before then".split()),
    "rates": frozenset("each every per daily weekly monthly hourly".split()),
    "comparisons": frozenset("more less fewer than twice half times double triple third older younger".split()),
    "persons": frozenset("he she his her they i my".split()),
    "portions": frozenset("percent percentage ratio average rate speed".split()),
}
_SYMBOLS = frozenset("=+-*^<>|()[]{}\\")
MAX_CHARS = 20_000
"""How much of a text is read."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in parts: what is asked, and the answers that are offered, if any."""

    whole: str
    asked: str
    options: tuple[str, ...]

    @property
    def offers_answers(self) -> bool:
        """Return whether it asks to pick one of several lettered answers."""
        return len(self.options) >= 2


def read(text: str) -> Text:
    """Return *text* in its parts; lines that begin with a letter and a dot or bracket are answers to pick from."""
    text = text[:MAX_CHARS]
    found = list(_OPTION.finditer(text))
    return Text(text, text[: found[0].start()] if len(found) >= 2 else text, tuple(m.group(1) for m in found))


def terms(text: str) -> frozenset[str]:
    """Return the words and marks that stand in *text*, in lower case."""
    return frozenset(_TERM.findall(text[:MAX_CHARS].lower()))


def shape(text: Text) -> dict[str, float]:
    """Return the features of *text* by name, always the same names in the same order."""
    words, asked = _WORD.findall(text.whole), _WORD.findall(text.asked)
    return {
        **_sizes(text, words, asked), **_answers(text.options), **_numbers(text, asked), **_marks(text),
        **_wording(words, asked),
    }  # fmt: skip


def _sizes(text: Text, words: Sequence[str], asked: Sequence[str]) -> dict[str, float]:
    count = max(1, len(words))
    return {
        "chars": math.log1p(len(text.whole)), "asked_chars": math.log1p(len(text.asked)),
        "words": len(words), "asked_words": len(asked),
        "word_length": sum(map(len, words)) / count, "long_words": sum(len(w) > 8 for w in words) / count,
        "sentences": len(_SENTENCE.findall(text.asked)), "lines": text.whole.count("\n"),
        "distinct": len({w.lower() for w in words}) / count,
    }  # fmt: skip


def _answers(options: Sequence[str]) -> dict[str, float]:
    lengths = [math.log1p(len(o)) for o in options] or [0.0]
    bare = [o.strip(" $%.") for o in options]
    return {
        "options": len(options), "option_mean": sum(lengths) / len(lengths), "option_longest": max(lengths),
        "option_shortest": min(lengths), "option_spread": max(lengths) - min(lengths),
        "option_numbers": sum(bool(_NUMBER.fullmatch(o)) for o in bare),
        "option_digits": sum(bool(_NUMBER.search(o)) for o in options),
        "option_words": sum(" " not in o.strip() for o in options),
    }  # fmt: skip


def _numbers(text: Text, asked: Sequence[str]) -> dict[str, float]:
    found = _NUMBER.findall(text.asked)
    sizes = [len(n.split(".")[0].replace(",", "")) for n in found]
    return {
        "numbers": len(found), "number_share": len(found) / max(1, len(asked)), "distinct_numbers": len(set(found)),
        "longest_number": max(sizes, default=0), "decimals": sum("." in n for n in found),
        "years": len(_YEAR.findall(text.whole)), "cents": len(_CENTS.findall(text.whole)),
        "fractions": len(_FRACTION.findall(text.asked)),
    }  # fmt: skip


def _marks(text: Text) -> dict[str, float]:
    whole, size = text.whole, max(1, len(text.whole))
    return {
        "dollars": whole.count("$"), "percents": whole.count("%"), "slashes": whole.count("/"),
        "commas": text.asked.count(","), "questions": text.asked.count("?"), "brackets": whole.count("("),
        "quotes": whole.count('"') + whole.count("'"), "blank": float("__" in whole),
        "numbered": float("Statement 1" in whole or "Scenario 1" in whole), "backslash": float("\\" in whole),
        "upper": sum(map(str.isupper, whole)) / size, "symbols": sum(c in _SYMBOLS for c in whole) / size,
        "foreign": sum(not c.isascii() for c in whole) / size,
        "ends_asking": float(text.asked.rstrip().endswith("?")), "all_of": float(bool(_ALL_OF.search(whole))),
    }  # fmt: skip


def _wording(words: Sequence[str], asked: Sequence[str]) -> dict[str, float]:
    lower = [w.lower() for w in asked]
    found: dict[str, float] = {name: sum(w in known for w in lower) for name, known in _CLASSES.items()}
    names = sum(w[0].isupper() for w in asked[1:]) / max(1, len(asked))
    return {**found, "names": names, "following": float("following" in {w.lower() for w in words})}
