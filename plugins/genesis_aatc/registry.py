"""The registry: an append-only, signed record of every tool and agent that was made, and what became of each.

Its state is the fold over rows whose MACs are right (:mod:`._fold`), the same for all processes of one state folder.
A record that was edited, cut or moved offers nothing; what was refused is a row of it, too. An older copy of the whole
file is not told from the file as it was then.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from genesis_core import (
    AccessDenied,
    GenesisError,
    JournalError,
    KeyRing,
    KeyState,
    KeyStore,
    Refusal,
    canonical_json,
)

from ._fold import Refused, Version, View, fold
from ._rows import ACTOR, Row, chain, head_fault, refusal, sign_head, sign_row

if TYPE_CHECKING:
    import sqlite3

    from ._rows import Head
    from ._store import Store

__all__ = ["Registry"]

MOST_BYTES = 2 << 20
"""Of one row: schemas, examples and findings are bounded elsewhere, and this is far above them."""
Probe = Callable[[str], object]


class Registry:
    """The record in *folder*, signed with what *ring* gives, which is asked when there is something to verify or sign.

    *probe* is called at each boundary of an append, for tests.
    """

    def __init__(
        self, folder: Path, ring: Callable[[], KeyRing], clock: Callable[[], datetime] | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.folder, self._give_ring, self._clock = folder, ring, clock or _utc_now
        self._probe = probe or _no_probe
        self._lock = threading.RLock()
        self._files: Store | None = None
        self._seen: object = None
        self._view = View()

    @property
    def _store(self) -> Store:
        if self._files is None:
            from ._store import Store

            self._files = Store(self.folder)
        return self._files

    @cached_property
    def _ring(self) -> KeyRing:
        return self._give_ring()

    # -- look -------------------------------------------------------------------------------------------------------

    def view(self) -> View:
        """Return what the registry holds; ``damage`` says why nothing in it may be believed. Makes no file."""
        with self._lock:
            if not _there(self.folder):
                return View()
            try:
                return self._looked()
            except Exception as error:  # noqa: BLE001  # raised again when no damaged file explains it
                return View(damage=(self._unreadable(error),))

    def _looked(self) -> View:
        if faults := self._store.faults():
            return View(damage=faults)
        if not self._store.there():
            return View()
        with self._store.reading() as db:
            return self._load(db)

    def _load(self, db: sqlite3.Connection) -> View:
        """Return what *db* comes to, every row of it verified; the same again until somebody else has written."""
        from ._store import read_head, read_rows, schema_fault

        mark = self._store.changed(db)
        if mark == self._seen:
            return self._view
        if altered := schema_fault(db):
            return View(damage=(altered,))  # what stands in place of a table could be a query without an end
        rows, head = read_rows(db), read_head(db)
        good, faults = chain(self._ring, rows)
        found = fold(good)
        damage = tuple(filter(None, (*faults, head_fault(self._ring, rows, head))))
        last, mac = (rows[-1].seq, rows[-1].mac) if rows else (0, b"")
        self._view = replace(found, damage=damage, lost=_lost(db, found), rows=last, last=mac)
        self._seen = mark
        return self._view

    def _unreadable(self, error: Exception) -> str:
        """Return *error* in words (raises it again when it is none that a damaged file explains)."""
        import sqlite3

        if isinstance(error, JournalError):
            return error.message
        if isinstance(error, sqlite3.Error | OSError | ValueError | KeyError | TypeError | RecursionError):
            return f"{self._store.path} can't be read: {type(error).__name__}: {error}"[:300]
        raise error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Give the file to read (raises JournalError when that can't be done)."""
        with self._lock:
            try:
                with self._store.reading() as db:
                    yield db
            except Exception as error:
                if isinstance(error, GenesisError):
                    raise
                raise self.damaged(View(damage=(self._unreadable(error),))) from None

    def whole(self) -> View:
        """Return what the registry holds (raises JournalError when its record is damaged)."""
        found = self.view()
        if found.damage:
            raise self.damaged(found)
        return found

    def damaged(self, found: View) -> JournalError:
        """Return what to raise for a record that *found* says is damaged."""
        more = f" (and {len(found.damage) - 1} more)" if len(found.damage) > 1 else ""
        return JournalError(f"the registry in {self.folder} is damaged: {found.damage[0]}{more}",
                            cause="nothing in it is believed, so nothing generated is offered",
                            hint="genesis tools verify names everything; restore it from a copy, or move it away")

    def unusable(self, version: Version) -> str:
        """Return why *version* may not be called now, by the row and the source as they are on disk; empty: it may."""
        found = self.view()
        if found.damage:
            return found.damage[0]
        with self._reading() as db:
            return self._unusable(db, version)

    def _unusable(self, db: sqlite3.Connection, version: Version) -> str:
        from ._store import read_row

        row, before = read_row(db, version.row)
        if row is None:
            return f"row {version.row} is missing"
        why = refusal(self._ring, row.signed(before), row.mac)
        if why is not None:
            return f"its row {_KEYS.get(why, 'is not as it was signed')}"
        if row.data != canonical_json(version.content):
            return f"row {row.seq} is another one than it was"
        return ""

    def ageing(self, version: Version) -> bool:
        """Return whether the key that signed *version* is in grace: another one should, before that has retired."""
        store = self._ring
        if not isinstance(store, KeyStore):
            return False
        return any(bytes.fromhex(info.id) == version.key and info.state is KeyState.GRACE for info in store.infos())

    def sources(self) -> Mapping[str, bytes]:
        """Return every source that is what it was, by its digest."""
        from ._store import read_sources

        with self._reading() as db:
            return {name: code for name, code in read_sources(db) if _is_source(code, name)}

    def source(self, version: Version) -> bytes:
        """Return the source of *version*, read now and found to be what was signed (raises AccessDenied)."""
        from ._store import read_source

        with self._reading() as db:
            why = self._unusable(db, version)
            code = read_source(db, version.content["source"])
        if why:
            raise self.deny(f"{version.name} is not called: {why}", digest=version.digest, name=version.name)
        if not _is_source(code, version.content["source"]):
            raise self.deny(f"{version.name} is not called: its source is not the one that was admitted",
                            digest=version.digest, name=version.name)
        return code

    def verify(self) -> tuple[str, ...]:
        """Return everything that is wrong with the record, a sentence each; the files are read anew."""
        with self._lock:
            self._seen = None
            found = self.view()
            faults = [*found.damage]
            for version in found.versions.values():
                if version.content.get("source") in found.lost:
                    faults.append(f"the source of {version.name} ({version.digest[:12]}) is not the one that was kept")
            if found.rows and not found.damage:
                faults += self._keys(found)
        return tuple(faults)

    def _keys(self, found: View) -> Sequence[str]:
        """Return which versions in use are signed by a key that is not in use any more."""
        said = ((v, self.unusable(v)) for kind in ("agent", "tool") for v in found.active(kind))
        return [f"{v.name} ({v.digest[:12]}) is not offered: {why}; genesis tools promote signs it again"
                for v, why in said if why]

    # -- write ------------------------------------------------------------------------------------------------------

    def append(
        self, kind: str, data: Mapping[str, Any], *, code: bytes | None = None,
        unless: Callable[[View], bool] | None = None,
    ) -> View:
        """Append one row, with the source that it speaks of, and return what the registry holds then.

        Where *unless* holds of what is there already, nothing is written: two processes that do the same do it once.
        Raises JournalError when the record is damaged or can't be written.
        """
        with self._lock:
            if faults := self._store.faults():
                raise self.damaged(View(damage=faults))
            try:
                return self._append(kind, data, code, unless)
            except Exception as error:
                if isinstance(error, GenesisError):
                    raise
                raise JournalError(f"nothing can be registered in {self.folder}", cause=self._unreadable(error),
                                   hint=f"ls -la {self.folder}") from None

    def _append(
        self, kind: str, data: Mapping[str, Any], code: bytes | None, unless: Callable[[View], bool] | None
    ) -> View:
        from ._store import read_head, schema_fault, write_source

        with self._store.writing() as db:
            self._probe("begun")
            found = self._load(db)
            if altered := schema_fault(db):  # a trigger could do anything with what is written
                raise self.damaged(View(damage=(altered,)))
            if found.damage and kind != "refused":
                raise self.damaged(found)
            if unless is not None and unless(found):
                return found
            if code is not None:
                write_source(db, hashlib.sha256(code).hexdigest(), code)
                self._probe("source")
            self._write(db, kind, data, found, read_head(db))
            self._probe("row")
        self._seen = None
        self._probe("done")
        return self.view()

    def _write(
        self, db: sqlite3.Connection, kind: str, data: Mapping[str, Any], found: View, head: Head | None
    ) -> None:
        """Write one row; of a record that was cut, behind what is missing, so that nothing covers it up."""
        from ._store import write_row

        text = canonical_json(data)
        if len(text) > MOST_BYTES:
            raise ValueError(f"a row of {len(text)} bytes; {MOST_BYTES} are allowed")
        if found.damage and (head is None or refusal(self._ring, head.signed(), head.mac) is not None):
            raise ValueError("its end can't be found")
        seq = max(found.rows, head.seq if head is not None else 0) + 1
        row = sign_row(self._ring, Row(seq, self._clock().isoformat(), kind, ACTOR, text), found.last)
        write_row(db, row, sign_head(self._ring, row))

    def deny(self, message: str, *, cause: str = "", hint: str = "", digest: str = "", name: str = "") -> AccessDenied:
        """Record that something was refused, once, as far as the record can still be appended to; return the error."""
        data = {"message": message[:500], "cause": cause[:500], "digest": digest, "name": name}
        refused = Refused("", **data)
        with suppress(JournalError):
            self.append("refused", data, unless=lambda view: any(replace(r, time="") == refused for r in view.refused))
        return AccessDenied(message, cause=cause or "what runs must be exactly what was admitted",
                            hint=hint or "genesis tools verify")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._files is not None:
                self._files.close()
            self._seen = None


_KEYS = {
    Refusal.RETIRED_KEY: "is signed by a key that has retired",
    Refusal.UNKNOWN_KEY: "is signed by a key that is not here",
}


def _lost(db: sqlite3.Connection, found: View) -> frozenset[str]:
    """Return the digests of sources that versions speak of and that are not there as they were."""
    from ._store import read_sources

    wanted = {v.content["source"] for v in found.versions.values() if v.content.get("source")}
    return frozenset(wanted - {name for name, code in read_sources(db) if _is_source(code, name)})


def _is_source(code: object, name: str) -> TypeGuard[bytes]:
    return isinstance(code, bytes) and hashlib.sha256(code).hexdigest() == name


def _there(folder: Path) -> bool:
    """Return whether there is anything of the registry; without loading what reads it."""
    import os

    return os.path.lexists(folder)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _no_probe(_: str) -> None:
    return None
