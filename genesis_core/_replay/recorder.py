"""Record: keep what models answered and tools returned, below the run's folder, so that the run can be replayed.

A kept answer is one file ``recorded/<sha256>.json``, named by its own content and written whole before the row that
names it: a crash in between leaves a file that nobody names, never a row without its file. What is kept is redacted.
A call is found again by the digest of what it was given, redacted, and by how many calls before it were given the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from genesis_core.errors import GenesisError, JournalError
from genesis_core.records import Record, digest

from .redact import Redactor
from .tape import Call

__all__ = ["FOLDER", "Recorder", "check_kept", "read_blob"]

FOLDER = "recorded"
MEMORY_BYTES = 64 * 1024 * 1024
"""What planning's answers may take until a run begins; the oldest go first."""


class Recorder:
    """Keeps the answers of one run in its folder; without a folder (a plan is being made) in memory."""

    def __init__(self, folder: Path | None, redact: Redactor | None = None, *, full: bool = False) -> None:
        self._folder = None if folder is None else folder / FOLDER
        self._redact, self._full = redact or Redactor(), full
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._times: dict[tuple[object, ...], int] = {}

    async def take(self, call: Call, run: Callable[[], Awaitable[Any]], said: dict[str, Any]) -> Any:
        """Return what *run* gives, once it is kept; a failure is kept, too, and so is that a call was cut off."""
        shown = self._redact(call.what)
        said["match"] = digest(shown)
        if (plain := digest(call.what)) != said["match"]:
            said["plain"] = plain
        said["nth"] = self._count(call, said["match"])
        asked = {"kind": call.kind, "name": call.name, "what": shown}
        try:
            value = await run()
            plain_value = value.to_json() if isinstance(value, Record) else value
            said |= await asyncio.to_thread(self._kept, {**asked, "value": plain_value})
        except asyncio.CancelledError:
            said |= self._kept({**asked, "cut": True})
            raise
        except Exception as error:
            said |= self._kept({**asked, "error": _failure(error)})
            raise
        return value

    def _count(self, call: Call, match: str) -> int:
        key = (call.task_id, call.attempt, call.kind, call.name, match)
        self._times[key] = self._times.get(key, 0) + 1
        return self._times[key]

    def _kept(self, value: dict[str, Any]) -> dict[str, str]:
        """Keep *value* and return its name; when there is no room for it, say so: the answer itself is not lost."""
        body = _body({"kind": value.pop("kind"), "name": value.pop("name"), **self._redact(value)})
        try:
            return {"kept": self._put(body)}
        except OSError as error:
            return {"unkept": str(error)}

    def _put(self, body: bytes) -> str:
        name = hashlib.sha256(body).hexdigest()
        if self._folder is not None:
            _write(self._folder, name, body, full=self._full)
            return name
        self._memory[name] = body
        size = sum(map(len, self._memory.values()))
        while size > MEMORY_BYTES:
            size -= len(self._memory.popitem(last=False)[1])
        return name

    def adopt(self, memory: Recorder, row: dict[str, Any]) -> dict[str, Any]:
        """Return *row*, the answer that it names taken over from *memory*; without the name when it is not there."""
        body = memory._memory.get(str(row.get("kept", "")))
        if body is not None:
            self._put(body)
            return row
        return {name: value for name, value in row.items() if name != "kept"}


def _body(value: dict[str, Any]) -> bytes:
    """Return *value* as it is kept: names in their order, which agents see and may write down."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def _failure(error: Exception) -> dict[str, Any]:
    """Return *error* as it is kept: enough to raise one that says the same."""
    if isinstance(error, GenesisError):
        return {"type": type(error).__name__, "message": error.message, "cause": error.cause, "hint": error.hint,
                "category": error.category.value, "expected": True}
    return {"type": type(error).__name__, "message": str(error), "expected": False}


def _write(folder: Path, name: str, body: bytes, *, full: bool) -> None:
    """Write one answer for its owner alone, whole or not at all; the same one may be there already."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path, draft = folder / f"{name}.json", folder / f".{name}.{os.urandom(4).hex()}.part"
    if path.exists():
        return
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
            if full:
                file.flush()
                os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read_blob(folder: Path, name: str) -> dict[str, Any]:
    """Return what is kept as *name* in a run's folder; raises JournalError when it is gone or another one."""
    path = folder / FOLDER / f"{name}.json"
    try:
        body = path.read_bytes()
    except OSError as error:
        raise _not_kept(folder, name, str(error)) from None
    if hashlib.sha256(body).hexdigest() != name:
        raise _not_kept(folder, name, "its content is not what its name says: it was edited")
    value: dict[str, Any] = json.loads(body.decode("utf-8", "surrogatepass"))
    return value


def check_kept(folder: Path, kept: Mapping[str, int]) -> None:
    """Check that each of *kept* is there as it was recorded; raises JournalError naming it, and its row."""
    for name, row in kept.items():
        try:
            read_blob(folder, name)
        except JournalError as error:
            error.message = f"{error.message} (row {row})"
            raise


def _not_kept(folder: Path, name: str, why: str) -> JournalError:
    return JournalError(f"run {folder.name} is damaged: the recorded answer {name[:12]} is not what was recorded",
                        cause=f"{folder / FOLDER / name}.json: {why}", hint="restore the folder from a copy")
