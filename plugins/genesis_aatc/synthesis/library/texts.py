"""Take texts apart: parts, matches, places."""

from __future__ import annotations

import re


def _part(text: str, mark: str, number: int) -> str:
    """Return the part of *text* with this number between the marks, without the blanks around it."""
    parts = text.split(mark)
    if len(parts) < 2 or not -len(parts) <= number < len(parts):
        raise ValueError(f"no part {number} between {mark!r} in {text!r}")
    return parts[number].strip()


def _word(text: str, number: int) -> str:
    """Return the word of *text* with this number; blanks stand between words."""
    words = text.split()
    if not -len(words) <= number < len(words):
        raise ValueError(f"no word {number} in {text!r}")
    return words[number]


def _match(text: str, pattern: str, number: int) -> str:
    """Return the match of *pattern* in *text* with this number."""
    found = [match.group() for match in re.finditer(pattern, text)]
    if not -len(found) <= number < len(found):
        raise ValueError(f"no match {number} of {pattern!r} in {text!r}")
    return found[number]


def _between(text: str, left: str, right: str) -> str:
    """Return what stands between the first *left* and the next *right*."""
    _, found, rest = text.partition(left)
    inner, ended, _ = rest.partition(right)
    if not found or not ended:
        raise ValueError(f"nothing between {left!r} and {right!r} in {text!r}")
    return inner


def _place(text: str, left: str, right: str, number: int) -> int:
    """Return the place in *text* with this number where *left* ends and *right* begins; an empty pattern fits all."""
    ends = {match.end() for match in re.finditer(left, text)} if left else set(range(len(text) + 1))
    starts = {match.start() for match in re.finditer(right, text)} if right else set(range(len(text) + 1))
    places = sorted(ends & starts)
    if not -len(places) <= number < len(places):
        raise ValueError(f"no place {number} between {left!r} and {right!r} in {text!r}")
    return places[number]


def _index(text: str, number: int) -> int:
    """Return the place *number* characters from the start of *text*, or from its end when negative."""
    place = number if number >= 0 else len(text) + 1 + number
    if not 0 <= place <= len(text):
        raise ValueError(f"{text!r} is shorter than {number} characters")
    return place


def _cut(text: str, start: int, end: int) -> str:
    """Return what stands between two places of *text*."""
    if start >= end:
        raise ValueError(f"nothing to take from {text!r}")
    return text[start:end]


def _only(text: str, pattern: str) -> str:
    """Return all that matches *pattern*, joined."""
    kept = "".join(re.findall(pattern, text))
    if not kept:
        raise ValueError(f"nothing of {pattern!r} in {text!r}")
    return kept


def _head(text: str, length: int) -> str:
    """Return the first *length* characters of *text*, which must have them."""
    if len(text) < length:
        raise ValueError(f"{text!r} is shorter than {length} characters")
    return text[:length]


def _last(text: str, length: int) -> str:
    """Return the last *length* characters of *text*, which must have them."""
    if len(text) < length:
        raise ValueError(f"{text!r} is shorter than {length} characters")
    return text[-length:]


def _looks(text: str, pattern: str) -> bool:
    """Tell whether *pattern* is found in *text*."""
    return re.search(pattern, text) is not None


def _tidy(text: str) -> str:
    """Return *text* with one blank between words and none around them."""
    return " ".join(text.split())


def _first_upper(text: str) -> str:
    """Return *text* with its first letter in upper case and the rest in lower case."""
    return text[:1].upper() + text[1:].lower()


def _title(text: str) -> str:
    """Return *text* with the first letter of each word in upper case and the others in lower case."""
    return re.sub(r"[^\W\d_]+", lambda found: found.group()[:1].upper() + found.group()[1:].lower(), text)


def _pieces(text: str, pattern: str) -> list[str]:
    """Return every match of *pattern* in *text*, of which there must be one."""
    found = re.findall(pattern, text)
    if not found:
        raise ValueError(f"nothing of {pattern!r} in {text!r}")
    return list(found)


def _parts(text: str, mark: str) -> list[str]:
    """Return what stands between the marks in *text*, without the blanks around."""
    return [part.strip() for part in text.split(mark)]
