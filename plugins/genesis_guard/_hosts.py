"""Find what the arguments of a call name: the hosts of web and mail addresses, and whatever else is written there.

Programs do not agree on where an address' host ends: some drop tabs and ends of line, some take a backslash for a
slash, some take blanks into what stands before the @. So a text is read in each of these ways, and whatever one of them
would reach counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

__all__ = ["folded", "hosts_of", "parts_of"]

_SCHEME = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}:[/\\]{2,8}"  # a scheme; browsers and some libraries take a backslash for a slash
    r"|(?:https?|wss?|ftp):[/\\]{0,8}"  # and, of these, any number of slashes
    r"|(?<![:/\\\w])[/\\]{2}(?=[^/\\\s]{1,253}\.)", re.IGNORECASE)  # none: that of the page where it stands
_STOP = re.compile(r"[/\\?#\s]")
_FURTHER = (re.compile(r"[/\\?#]"), re.compile(r"[/?#\s]"), re.compile(r"[/?#]"))
"""Where an authority ends to those who stop at less: what stands behind an @ in it is where they go."""
_NAME = re.compile(r"\[[^\]]{0,64}\]?|[^:\s/\\]*")
_DROPPED = re.compile(r"[\t\r\n]")
"""What address parsers take out of a web address before they look at it."""
_MAIL = re.compile(
    r"(?:(?<=[^@\s<>,;])@\s*(?=\S)|(?<=[<>,;])@|(?<=[^@\s] )@(?=[^@\s<>,;:()\"'/\\?#.]{1,253}\.))"
    r"((?:\[[^\]\s]{0,64}\]?|[^@\s<>,;:()\"'/\\?#]*)(?:\s+\.[^@\s<>,;:()\"'/\\?#]+)*)(\()?")
"""What follows the @ is a host in whatever letters: one that is not known must not pass for none. Blanks before a dot,
and comments in brackets, are left out by those who read mail addresses by the old rules."""
_COMMENT = re.compile(r"\([^()]*\)")
_ONLY_MAIL = re.compile(r"\s*[^@\s/\\]+\s*@([^@,;<>/\\?#:()]+)\Z")
_BETWEEN_WORDS, _BETWEEN_NAMES = re.compile(r"[\s<>,;\"'()]+"), re.compile(r"[^\w.@+%~!$&*^`{|}-]+")
_PLAIN = re.compile(r"[\w.-]+|\[[0-9a-fA-F:.]{2,45}\]")
_TRAILING = ".,;!\"'>)}*"
"""Ends a sentence, a quotation or a bracket in which an address stands: no host ends so."""
UNREADABLE = "unreadable/"
"""Begins what stands for a host that cannot be read for sure: no glob of a host has a slash."""


def hosts_of(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """Return the hosts in *arguments*, lower-case, each once, in order; nested values are looked into, too."""
    return tuple(dict.fromkeys(host for text in _texts(arguments) if isinstance(text, str) for host in _hosts(text)))


def parts_of(value: object) -> Iterator[str]:
    """Yield, in small letters, what a JSON value says at whatever depth: each text, and the words and names in it."""
    for item in _texts(value):
        text = folded(item if isinstance(item, str) else str(item))
        names = (name.strip(".") for name in _BETWEEN_NAMES.split(text))
        yield from dict.fromkeys((text, *_BETWEEN_WORDS.split(text), *names))


def folded(text: str) -> str:
    """Return *text* as it is compared where the way of writing must not matter."""
    return unicodedata.normalize("NFKC", text).casefold()


def _texts(value: object) -> Iterator[object]:
    """Yield every text and number in a JSON value, in order: names of fields as well, they may be what is said."""
    pending: list[object] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            pending += [part for pair in reversed(list(item.items())) for part in reversed(pair)]
        elif isinstance(item, list | tuple):
            pending += [*reversed(item)]
        elif item is not None:
            yield item


def _hosts(text: str) -> Iterator[str]:
    for read in dict.fromkeys((text, _DROPPED.sub("", text))):
        for name in (*_behind(read, _STOP, bare=True), *(n for stop in _FURTHER for n in _behind(read, stop))):
            yield from _forms(name)
    for found in _MAIL.finditer(text):
        name = "".join(found[1].split())
        if name or found[2]:
            yield from _forms(name + (found[2] or ""))
    if (only := _ONLY_MAIL.match(_COMMENT.sub("", text))) is not None:
        yield from _forms("".join(only[1].split()))  # blanks are left out of a text that is one address


def _behind(text: str, stop: re.Pattern[str], *, bare: bool = False) -> Iterator[str]:
    """Yield what stands behind the last @ of each authority; when *bare*, also the names of those without one."""
    end = at = told = -1
    for found in _SCHEME.finditer(text):
        start = found.end()
        if start > end:  # several may begin before one end: each stretch is looked at once
            stopped = stop.search(text, start)
            end = len(text) if stopped is None else stopped.start()
            at = text.rfind("@", start, end)
        if at >= start and told != at:
            told = at
            yield _name(text, at + 1, end)
        elif at < start and bare:
            yield _name(text, start, end)


def _name(text: str, start: int, end: int) -> str:
    found = _NAME.match(text, start, end)
    return "" if found is None else found[0]


def _forms(name: str) -> Iterator[str]:
    """Yield a host as it is written and as others may read it, and a mark when nobody can say for sure."""
    written = name.lower().rstrip(_TRAILING)
    read = unicodedata.normalize("NFKC", unquote(written)).replace("\u3002", ".").lower().rstrip(_TRAILING)
    for host in dict.fromkeys((written, read)):
        if host:
            yield host
        if host and _PLAIN.fullmatch(host) is None:
            yield UNREADABLE + host
