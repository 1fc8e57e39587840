"""Find the hosts that the arguments of a call name: those of its web addresses and of its mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["hosts_of"]

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,30}:[/\\]{2}"  # a scheme; browsers and some libraries take a backslash for a slash
    r"|(?:https?|wss?|ftp):[/\\\t\r\n]{0,8}"  # and, of these, any number of slashes; they drop tabs and ends of line
    r"|(?<![:/\\\w])[/\\]{2}(?=[^/\\\s]{1,253}\.))"  # none: that of the page where it stands
    r"(?:[^/\\?#@\s]{0,256}@)?"  # a user: what stands before it is no host
    r"(\[[0-9a-f:.]{2,45}\]|[^/\\?#:@\s]{1,253})", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s<>,;]{1,64}@(\[[^\]\s]{0,64}\]?|[^@\s<>,;:()\"'/\\?#]{1,253})")
"""What follows the @ is a host in whatever letters: one that is not known must not pass for none."""


def hosts_of(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """Return the hosts in *arguments*, lower-case, each once, in order; nested values are looked into, too."""
    return tuple(dict.fromkeys(host for text in _texts(arguments) for host in _hosts(text)))


def _hosts(text: str) -> Iterator[str]:
    for pattern in (_URL, _MAIL):
        for found in pattern.finditer(text):
            yield found[1].lower().rstrip(".")


def _texts(value: object) -> Iterator[str]:
    pending: list[object] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            pending += [*reversed(list(item.values()))]
        elif isinstance(item, list | tuple):
            pending += [*reversed(item)]
