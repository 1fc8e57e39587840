"""Read the files that a tool was given: bytes, text, lines, and a sentence for each that can't be read."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 16_000_000  # a source file above this is generated or data; reading it would only cost memory

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMED = 5  # files that a note names before it says "and 7 more"


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it stands."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not read, and why."""

    file: str
    why: str
    line: str = ""
    """Where it is at fault, when that is known."""
    short: str = ""
    """Why, without what differs from one version of Python to the next."""

    @property
    def reason(self) -> str:
        """Why, in words that two runs share."""
        return self.short or self.why


def read(path: Path) -> Source | Unread:
    """Return the bytes of a file, or why they can't be had."""
    file = path.as_posix()
    try:
        if path.stat().st_size > MAX_BYTES:
            return Unread(file, f"larger than {MAX_BYTES // 1_000_000} MB")
        return Source(file, path.read_bytes())
    except OSError as error:
        return Unread(file, (error.strerror or type(error).__name__).lower())


def read_all(paths: Iterable[Path]) -> tuple[list[Source], list[Unread]]:
    """Return what can be read of some files, and what can't."""
    found = [read(path) for path in paths]
    return [f for f in found if isinstance(f, Source)], [f for f in found if isinstance(f, Unread)]


def encoding(data: bytes) -> str | None:
    """Return the encoding that a byte order mark names, "utf-8" without one, or None for a binary file."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    return marked or (None if b"\0" in data[:8192] else "utf-8")


def text_of(data: bytes) -> str | None:
    """Return the text of a file, undecodable bytes replaced, or None for a binary file."""
    name = encoding(data)
    return None if name is None else data.decode(name, errors="replace")


def is_exact(data: bytes) -> bool:
    """Tell whether a text file decodes without a loss."""
    try:
        data.decode(encoding(data) or "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def count_lines(data: bytes) -> int:
    """Count lines, the last one also when no newline ends it."""
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def count_text_lines(text: str) -> int:
    """Count the lines of a text in the same way."""
    return text.count("\n") + (bool(text) and not text.endswith("\n"))


def unread_note(unread: Iterable[Unread], what: str = "not read") -> list[str]:
    """Return one note for each reason why files were not read."""
    reasons: dict[str, list[str]] = {}
    for item in unread:
        reasons.setdefault(item.why, []).append(item.file)
    return [f"{what} ({why}): {some(files)}" for why, files in reasons.items()]


def some(names: list[str]) -> str:
    """Name the first few of many."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
