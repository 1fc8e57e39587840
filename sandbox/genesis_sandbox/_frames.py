"""What crosses into the sandbox and back: a length and JSON, read strictly and within bounds."""

from __future__ import annotations

import json
import re

from .outcome import Failure, JsonValue

__all__ = ["BadFrame", "read", "request"]

MOST_REQUEST = 4 << 20
MOST_DEPTH, MOST_NODES = 64, 100_000
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class BadFrame(ValueError):
    """What came back is not one well-formed frame."""


def request(code: bytes, entry: str, arguments: dict[str, JsonValue], env: dict[str, str]) -> bytes:
    """Return what the worker reads: the program, and what to call in it."""
    call = b""
    if entry or env:
        call = json.dumps({"entry": entry, "arguments": arguments, "env": env}, allow_nan=False).encode()
    if len(code) + len(call) > MOST_REQUEST:
        raise ValueError(f"program and arguments are longer than {MOST_REQUEST} bytes")
    return b"%d\n" % len(code) + code + call


def read(data: bytes) -> tuple[bool, JsonValue, Failure | None]:
    """Return whether there is a result, the result, and the failure that the program tells of (raises BadFrame)."""
    if not data:
        return False, None, None
    if len(data) < 4 or int.from_bytes(data[:4], "big") != len(data) - 4:
        raise BadFrame("not exactly one frame")
    found = _parsed(data[4:])
    if not isinstance(found, dict) or found.get("v") != 1:
        raise BadFrame("not a frame of version 1")
    if set(found) == {"v", "result"}:
        return True, found["result"], None
    failure = found.get("error")
    if set(found) != {"v", "error"} or not isinstance(failure, dict):
        raise BadFrame("neither a result nor an error")
    words = [failure.get(name) for name in ("type", "message", "traceback")]
    return False, None, Failure(*[word[:8000] if isinstance(word, str) else "" for word in words])


def _parsed(data: bytes) -> JsonValue:
    """Parse JSON after its size has been looked at: what it would become never costs more than is allowed."""
    shape = STRING.sub(b"", data)
    if shape.count(b",") + shape.count(b"[") + shape.count(b"{") > MOST_NODES:
        raise BadFrame(f"more than {MOST_NODES} values")
    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", shape):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH + 1:
            raise BadFrame(f"nested deeper than {MOST_DEPTH}")
    try:
        value: JsonValue = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"not JSON: {error}") from None
    return value


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadFrame("a name stands twice in one object")
    return found


def _no_constant(word: str) -> JsonValue:
    raise BadFrame(f"{word} is not JSON")
