"""Pages that a replay writes: each says that it is one; what is compared and handed on is the page without that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["Pages"]


class Pages:
    """The Markdown and HTML that one replay of *run_id* wrote: how it lies on the disk, and how it was made."""

    def __init__(self, run_id: str) -> None:
        self._words = f"Replayed from the recording of run {run_id}: models and tools say what they said then."
        self._made: dict[str, bytes] = {}
        """By the digest of what lies on the disk."""

    def labelled(self, data: bytes, media_type: str) -> bytes:
        """Return *data* as it is to be written: a page begins with what it is, anything else stays as it is."""
        kind = media_type.partition(";")[0].strip().lower()
        if kind == "text/markdown":
            page = f"> **{self._words}**\n\n".encode() + data
        elif kind == "text/html":
            at = _inside(data)
            page = data[:at] + f'<p role="note"><strong>{self._words}</strong></p>\n'.encode() + data[at:]
        else:
            return data
        self._made[hashlib.sha256(page).hexdigest()] = data
        return page

    def plain(self, page: bytes) -> bytes:
        """Return a page as it was made; anything else as it is."""
        return self._made.get(hashlib.sha256(page).hexdigest(), page) if self._made else page

    def as_made(self, value: Any) -> Any:
        """Return JSON with the digest of each page that it names being that of the page as it was made."""
        names = {name: hashlib.sha256(data).hexdigest() for name, data in self._made.items()}
        if not names or not any(name in json.dumps(value, default=str) for name in names):
            return value
        return _renamed(value, names)


def _inside(data: bytes) -> int:
    """Return where the body of an HTML page begins; its end, where it has none."""
    body = data.lower().find(b"<body")
    end = data.find(b">", body) if body >= 0 else -1
    return end + 1 if end >= 0 else len(data)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, instead in names.items():
            value = value.replace(name, instead)
        return value
    if isinstance(value, Mapping):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list | tuple) else value
