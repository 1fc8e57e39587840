"""stdout and stderr as they are: closed, piped, dumb, not UTF-8. What is written to a closed one is dropped."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

__all__ = [
    "Unwritable", "clean", "coloured", "exact", "finish", "glyph", "note", "one_line", "out", "paint", "prepare",
    "quiet_stdout", "terminal", "width",
]



class Unwritable(Exception):
    """Standard output took no more: a full disk, a device that failed."""


_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
_UNSEEN = frozenset({
    0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
    *range(0xE0100, 0xE01F0),
})
"""Letters and marks that Python counts as printable and that show as nothing, or as a blank."""
_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}


def prepare() -> None:
    """Make both streams writable whatever they are: what their encoding can't say is written as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the descriptor was closed before we began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # for all our life
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", line_buffering=name == "stderr" or stream.isatty())


def out(text: str = "", *, end: str = "\n") -> None:
    """Write to stdout: the result, and nothing else."""
    _write(sys.stdout, text + end)


def note(text: str = "", *, end: str = "\n") -> None:
    """Write to stderr: progress, warnings, hints."""
    _write(sys.stderr, text + end)


def finish() -> None:
    """Flush both streams, so that the interpreter finds nothing to complain of when it ends."""
    _write(sys.stdout, "", flush=True)
    _write(sys.stderr, "", flush=True)


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Send what others print to stderr: stdout is for the result alone."""
    kept, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = kept


def _write(stream: TextIO, text: str, *, flush: bool = False) -> None:
    try:
        stream.write(text)
        if flush or text:
            stream.flush()
    except BrokenPipeError:
        _mute(stream)
    except OSError as error:
        _mute(stream)  # what could not be written stays in the buffer, and would fail again at the end
        if stream is sys.stdout:
            raise Unwritable(error.strerror or str(error)) from None
    except ValueError:  # closed by somebody else in this process
        pass


def _mute(stream: TextIO) -> None:
    """Point a stream whose reader has gone at nothing: the work goes on, and its exit code stays what it is."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)


def terminal(stream: TextIO | None = None) -> bool:
    """Return whether *stream* (default: stderr) is a terminal that can move its cursor."""
    stream = stream or sys.stderr
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def coloured(stream: TextIO | None = None) -> bool:
    """Return whether colour is wanted: on a terminal, or as ``NO_COLOR`` and ``FORCE_COLOR`` say; the first wins."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal(stream or sys.stdout)


def paint(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """Return *text* in the given styles where colour is wanted, else as it is."""
    if not text or not coloured(stream):
        return text
    return f"\x1b[{';'.join(str(_CODES[s]) for s in styles)}m{text}\x1b[0m"


def glyph(wanted: str, plain: str, stream: TextIO | None = None) -> str:
    """Return *wanted* when the stream can say it, else *plain*."""
    try:
        wanted.encode((stream or sys.stderr).encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return wanted


def width(stream: TextIO | None = None) -> int:
    """Return the columns of the terminal, or 0 when there is none: then nothing is cut."""
    if not terminal(stream or sys.stdout):
        return 0
    import shutil

    return shutil.get_terminal_size().columns


def clean(text: str) -> str:
    """Return *text* without what would steer a terminal or reorder its letters; line breaks and tabs stay."""
    import re

    return re.sub(_CONTROL, lambda m: f"\\u{ord(m[0]):04x}" if ord(m[0]) > 255 else f"\\x{ord(m[0]):02x}",
                  text.replace("\r\n", "\n"))


def exact(text: str) -> str:
    """Return *text* on one line with an escape for all that is not seen, and nothing left out: what a person approves.

    Blanks stay as many as they are; what looks like one, or like nothing, does not pass for it.
    """
    return "".join(c if c.isprintable() and ord(c) not in _UNSEEN else _escape(c) for c in text)


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def one_line(text: str, limit: int = 0) -> str:
    """Return *text* cleaned, on one line, cut to *limit* characters (0: not cut)."""
    flat = " ".join(clean(text).split())
    return flat if not limit or len(flat) <= limit else flat[: max(1, limit - 1)] + glyph("…", "~", sys.stdout)
