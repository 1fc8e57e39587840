"""The journal of a run: RunEvents in SQLite, chained by MACs, written by one thread with group commit.

A row's MAC covers the MAC before it and the stored bytes, so an edit, a swap or a gap anywhere shows. The kernel goes
on only after the rows that it depends on are committed (:meth:`Journal.flush`).

SQLite: write-ahead log, ``synchronous`` NORMAL (survives a crash of the program) or FULL (of the machine); see
https://www.sqlite.org/wal.html. Works on SQLite 3.40.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pydantic_core

from ._head import write_head
from ._rows import GENESIS_ROW, decode
from ._secrets import Known
from ._writer import Probe, Writer
from .engines import KeyRing
from .errors import JournalError
from .policy import Label
from .records import MAX_DIGITS, MAX_ROW_DEPTH
from .runs import EventKind, RunEvent

__all__ = ["PLAIN", "Entry", "Journal", "Probe", "RunLock"]

Data = dict[str, Any] | Callable[[], dict[str, Any]] | None
"""What an event says, or what gives it once somebody wants it: without a journal often nobody does."""
Fields = tuple[str, int, datetime, EventKind, str, str, int, Data, Label]
PLAIN = Label()
LONE = re.compile("[\ud800-\udfff]")
DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
TOO_LONG = b"0" * (MAX_DIGITS + 1)
"""What a number, or a text, that a reader of JSON may refuse has in it, once :data:`DIGITS` made digits alike."""
LOOK_SECONDS = 0.5
"""How long a driver waits for those who look whether there is one."""


class Entry(NamedTuple):
    """An event as it was appended: the bytes that are on disk, or (without a journal) what they would be made of."""

    kind: EventKind
    seq: int
    body: bytes | Fields
    head: bytes

    def event(self) -> RunEvent:
        """Return the RunEvent, for somebody who listens."""
        return decode(self.body if isinstance(self.body, bytes) else _encode(*self.body), self.head)


class RunLock:
    """One driver a run: an advisory lock on the run's folder, gone when its process is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        try:
            self._file = open(self._path, "a+")  # noqa: SIM115  # held as long as the run is
        except OSError as error:
            raise JournalError(f"{self._path} can't be opened", cause=str(error),
                               hint="choose another state folder: GENESIS_HOME=DIR") from None
        if not _lock(self._file.fileno()):
            self._file.close()
            raise JournalError(
                f"run {folder.name} is being driven by another process",
                cause=f"{self._path} is locked",
                hint=f"wait for it, or stop it: genesis runs cancel {folder.name}",
            )

    def release(self) -> None:
        """Let another driver in, even while a child of this process still holds the file."""
        if not self._file.closed:
            _unlock(self._file.fileno())
            self._file.close()


if os.name == "nt":  # pragma: no cover  # untested: no such machine
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]

else:
    import fcntl

    def _lock(handle: int) -> bool:
        """Take the lock; who only looks whether the run is driven holds it for a moment, and is waited for."""
        until = time.monotonic() + LOOK_SECONDS
        while not _locked(handle, fcntl.LOCK_EX):
            if time.monotonic() > until or not _locked(handle, fcntl.LOCK_SH):
                return False
            _unlock(handle)
            time.sleep(0.002)
        return True

    def _locked(handle: int, how: int) -> bool:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


class Journal:
    """Appends events; with no *path* they are only handed on (``journal = false``). What is written is signed."""

    def __init__(
        self,
        run_id: str,
        *,
        path: Path | None,
        keys: KeyRing | None,
        last: tuple[int, bytes] = (0, b""),
        full: bool = False,
        probe: Probe | None = None,
        clock: Callable[[], datetime] | None = None,
        known: Known | None = None,
    ) -> None:
        if path is not None and keys is None:
            raise ValueError("a journal that is written is signed")
        self._known = known or Known()
        self.run_id, self._keys, self._probe = run_id, keys, probe
        self._clock = clock or _utc_now
        self.seq: int = last[0]
        self.head: bytes = last[1]
        self._last = last
        self._path, self._full = path or Path(), full
        self._writer = None if path is None else Writer(path, full=full, probe=probe)

    def append(
        self,
        kind: EventKind,
        actor: str = "kernel",
        task_id: str = "",
        attempt: int = 0,
        data: Data = None,
        label: Label = PLAIN,
    ) -> Entry:
        """Take in one event; it is on disk after the next :meth:`flush`.

        Raises JournalError when an earlier row could not be written: nothing is recorded after a gap.
        """
        if self._probe is not None:
            self._probe(f"append:{kind}")
        seq, head = self.seq + 1, self.head
        fields = self.run_id, seq, self._clock(), kind, actor, task_id, attempt, data, label
        if self._writer is None:
            self.seq = seq
            return Entry(kind, seq, fields, head)
        body = _encode(*fields)
        if self._known.inside(body):  # a secret that somebody let slip stays out of the record
            actor, task_id = self._known.without(actor), self._known.without(task_id)
            said = self._known.without(pydantic_core.from_json(body).get("data", {}))
            sources = frozenset(self._known.without(source) for source in label.sources)
            body = _encode(*fields[:4], actor, task_id, attempt, said, replace(label, sources=sources))
        if self._keys is not None:
            head = self._keys.sign(actor, GENESIS_ROW + head + body)
        self._writer.put((self.run_id, seq, str(kind), task_id, attempt, actor, body, head))
        self.seq, self.head = seq, head  # last: what can't be encoded or signed leaves no gap
        return Entry(kind, seq, body, head)

    @property
    def broken(self) -> bool:
        """Whether a row could not be written: nothing more is recorded then, and the run must end."""
        return self._writer is not None and self._writer.broken

    @property
    def committed(self) -> tuple[int, bytes]:
        """Number and MAC of the last row that is on disk."""
        return (self._writer and self._writer.committed) or self._last

    async def flush(self) -> None:
        """Return when every row so far is committed; raises JournalError when one can't be."""
        if self._writer is not None:
            await self._writer.flush()

    async def close(self) -> None:
        """Commit what is left, close the database, and sign which row is the last."""
        if self._writer is not None:
            await self._writer.close()
            if self._keys is not None and self._writer.committed is not None:
                await asyncio.to_thread(write_head, self._path.parent, self.run_id, self._writer.committed,
                                        self._keys, full=self._full)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=1024)
def _label_json(label: Label) -> dict[str, Any]:
    return label.to_json()


def _encode(
    run_id: str, seq: int, time: datetime, kind: EventKind, actor: str, task_id: str, attempt: int,
    data: Data, label: Label,
) -> bytes:
    """Return the bytes of a row: its fields as JSON, those with their default left out."""
    body: dict[str, Any] = {"run_id": run_id, "seq": seq, "time": time, "kind": str(kind), "actor": actor}
    if task_id:
        body["task_id"], body["attempt"] = task_id, attempt
    if data:
        body["data"] = data() if callable(data) else data
    if label.sources or label.trust is not PLAIN.trust or label.secrecy is not PLAIN.secrecy:
        body["label"] = _label_json(label)
    try:
        said = pydantic_core.to_json(body, inf_nan_mode="strings", fallback=_words)
        if len(said) > MAX_DIGITS and TOO_LONG in said.translate(DIGITS):
            pydantic_core.from_json(said)  # refuses a number that is too long
    except Exception:  # noqa: BLE001  # whatever a value does when it is asked for its text: the row is written
        return _escaped(body)
    return said


def _words(value: object) -> str:
    """Return what to write for a value that JSON can't say."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # its own code may raise anything
        return f"<{type(value).__name__}>"


def _escaped(body: dict[str, Any]) -> bytes:
    """Return *body* as words where JSON can't say it, lone surrogates among them: names of files may hold them."""
    text = json.dumps(_sayable(body, ()), ensure_ascii=False)
    return LONE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()


def _sayable(value: Any, inside: tuple[int, ...]) -> Any:
    """Return the JSON value nearest to *value*; *inside* are the ids around it, so that no circle is followed."""
    if id(value) in inside or len(inside) > MAX_ROW_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {_words(k): _sayable(v, (*inside, id(value))) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(v, (*inside, id(value))) for v in value]
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * 3:
        return f"an integer of {value.bit_length()} bits"
    try:
        plain = pydantic_core.to_jsonable_python(value, inf_nan_mode="strings", fallback=_words)
    except Exception:  # noqa: BLE001  # as above
        return _words(value)
    return _sayable(plain, (*inside, id(value))) if isinstance(plain, dict | list) else plain
