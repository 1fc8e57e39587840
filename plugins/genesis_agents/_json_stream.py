"""Read JSON values one at a time from a text stream, so that a large array never stands in memory whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

from ._tables import Broken

Values = Iterator[tuple[int, object]]

CHUNK = 1 << 18
MAX_VALUE = 1 << 24  # characters of one value
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
# Numbers stay text: the reader of a cell decides what it is, and no literal is too long for an int.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)


def read_lines(stream: TextIO) -> Values:
    """Yield the value of every line that is not blank; a line that is no JSON comes as None."""
    number = 0
    while line := stream.readline(MAX_VALUE):
        number += 1
        if line.strip(" \t\r\n\ufeff"):
            yield number, _decode_line(line)


def _decode_line(line: str) -> object:
    try:
        return _DECODER.decode(line.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def read_values(stream: TextIO) -> Values:
    """Yield the elements of a top-level array, or each top-level value, with the line that it starts on."""
    window = _Window(stream)
    inside = window.peek() == "["
    if inside:
        window.skip()
    while (mark := window.peek()) not in ("", "]"):
        if inside and mark == ",":
            window.skip()
            continue
        line = window.line
        yield line, window.take()
    if inside and not mark:
        raise Broken(f"ends inside an array, at line {window.line}")


class _Window:
    """The part of a stream that is being read: it grows until a whole value stands in it, then moves on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """Return the next character that is no space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._move(found.end() if found else self._at)
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._grow(CHUNK)

    def skip(self) -> None:
        """Step over one character."""
        self._move(self._at + 1)

    def take(self) -> object:
        """Decode the value that starts here; each attempt sees twice as much text, so the work stays linear."""
        size = CHUNK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._move(end)
                    return value
            except json.JSONDecodeError as error:
                self._refuse_unless_cut(error)
            except RecursionError as error:
                raise Broken(f"is nested too deeply at line {self.line}") from error
            if len(self._text) - self._at > MAX_VALUE:
                raise Broken(f"holds a value of more than {MAX_VALUE} characters at line {self.line}")
            self._grow(size)
            size *= 2

    def _refuse_unless_cut(self, error: json.JSONDecodeError) -> None:
        cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - 16
        if self._ended or not cut:
            # The decoder counts lines from the start of the window, which is where `line` stands.
            line = self.line + self._text.count("\n", self._at, error.pos)
            raise Broken(f"is no JSON at line {line} ({error.msg})") from error

    def _grow(self, size: int) -> None:
        more = self._stream.read(size)
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0

    def _move(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end
