"""Rows of the registry: what each signs, and what is wrong with a chain of them.

A row's MAC covers its own bytes as they are stored, and the MAC of the row before it. The head, signed too, says which
row is the last: cutting the end off is as visible as an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_core import KeyRing, KeyStore, Refusal, canonical_json

__all__ = ["ACTOR", "Head", "Row", "chain", "head_fault", "refusal", "sign_head", "sign_row"]

ACTOR = "workshop"
ROW, HEAD = b"genesis registry row 1\0", b"genesis registry head 1\0"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is stored; ``data`` is canonical JSON."""

    seq: int
    time: str
    kind: str
    actor: str
    data: bytes
    mac: bytes = b""

    def signed(self, before: bytes) -> bytes:
        """Return the bytes that its MAC is of; *before* is the MAC of the row before it."""
        return ROW + canonical_json([before.hex(), self.seq, self.time, self.kind, self.actor]) + b"\n" + self.data


@dataclass(frozen=True, slots=True)
class Head:
    """Which row is the last."""

    seq: int
    last: bytes
    """Its MAC."""
    mac: bytes

    def signed(self) -> bytes:
        """Return the bytes that its MAC is of."""
        return HEAD + canonical_json([self.seq, self.last.hex()])


def sign_row(ring: KeyRing, row: Row, before: bytes) -> Row:
    """Return *row* with its MAC."""
    return Row(row.seq, row.time, row.kind, row.actor, row.data, ring.sign(ACTOR, row.signed(before)))


def sign_head(ring: KeyRing, last: Row) -> Head:
    """Return the head for a chain that ends with *last*."""
    head = Head(last.seq, last.mac, b"")
    return Head(last.seq, last.mac, ring.sign(ACTOR, head.signed()))


def refusal(ring: KeyRing, data: bytes, mac: bytes) -> Refusal | None:
    """Return why *mac* is not the workshop's MAC of *data* under a key in use now; None: it is."""
    if isinstance(ring, KeyStore):
        return ring.check(ACTOR, data, mac)
    return None if ring.verify(ACTOR, data, mac) else Refusal.FORGED


def chain(ring: KeyRing, rows: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Return those of *rows* that are as they were signed, and what is wrong with the others, a sentence each.

    That the key of a row has retired since is no fault: the row is about the past.
    """
    good, faults, before, expected = list[Row](), list[str](), b"", 1
    for row in rows:
        why = refusal(ring, row.signed(before), row.mac)
        if why is None or why is Refusal.RETIRED_KEY:
            good.append(row)
        elif row.seq == expected:  # behind a gap nobody can tell: it is signed with what is missing
            faults.append(f"row {row.seq} {_said(why)}")
        if row.seq != expected:
            faults.append(_missing(expected, row.seq - 1))
        before, expected = row.mac, row.seq + 1
    return tuple(good), tuple(faults)


def head_fault(ring: KeyRing, rows: Sequence[Row], head: Head | None) -> str:
    """Return what is wrong with the end of the chain; empty: nothing."""
    if head is None:
        return "the row that says which one is the last is missing" if rows else ""
    why = refusal(ring, head.signed(), head.mac)
    if why is not None and why is not Refusal.RETIRED_KEY:
        return f"what says which row is the last {_said(why)}"
    last = rows[-1] if rows else Row(0, "", "", "", b"")
    if last.seq < head.seq:
        return _missing(last.seq + 1, head.seq)
    if (last.seq, last.mac) != (head.seq, head.last):
        return f"row {last.seq} is not the one that was written last"
    return ""


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"


def _said(why: Refusal) -> str:
    return "is signed by a key that is not here" if why is Refusal.UNKNOWN_KEY else "is not as it was signed"
