"""What the rows of the registry come to: every version with its state, what was refused, which bundles came in.

A pure function of the rows, so that there is one truth. The last row that holds a version's content is what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from genesis_core import MadeState

from ._rows import Row

__all__ = ["CONTENT", "PERSON", "Refused", "Version", "View", "fold"]

CONTENT = {"proposed": MadeState.PROPOSED, "trialled": MadeState.TRIALLED, "active": MadeState.ACTIVE}
"""Kinds of rows that hold all of a version, and the state that each says; "renewed" holds it and changes no state."""
PERSON = "person"
"""What the content of a version says under "by" when a person made it active."""
KEY_ID = 8
"""Bytes of a MAC that name its key, where keys have names."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its state, and where the signed row is that says what it is."""

    digest: str
    kind: str
    """"tool" or "agent"."""
    name: str
    state: MadeState
    content: Mapping[str, Any]
    row: int
    """The number of the row that holds ``content``."""
    created: str
    key: bytes
    """The id of the key that signed that row."""
    since: int
    """The number of the row that last changed its state: of two, the later one is the newer."""
    why: str = ""

    @property
    def by_person(self) -> bool:
        """Whether a person promoted it; else a run did."""
        return self.content.get("by") == PERSON


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was refused."""

    time: str
    message: str
    cause: str
    name: str = ""
    digest: str = ""


@dataclass(frozen=True)
class View:
    """What the registry holds at one moment."""

    versions: Mapping[str, Version] = field(default_factory=dict)
    """By digest, oldest first."""
    refused: tuple[Refused, ...] = ()
    bundles: frozenset[str] = frozenset()
    """Ids of the bundles that were taken in."""
    damage: tuple[str, ...] = ()
    """What is wrong with the record, a sentence each; then nothing in it is believed."""
    lost: frozenset[str] = frozenset()
    """Digests of sources that are not what they were."""
    rows: int = 0
    """The number of the last row."""
    last: bytes = b""
    """Its MAC."""

    def by_need(self, wanted: str) -> Iterator[Version]:
        """Yield the active tools that were made for the need of that digest."""
        yield from (v for v in self.active("tool") if v.content.get("wanted") == wanted)

    def chosen(self, version: Version) -> str:
        """Return the digest of the other version that a person let have the name of *version*; empty: there is none."""
        return next((v.digest for v in self.versions.values() if v.kind == version.kind and v.name == version.name
                     and v.state is MadeState.ACTIVE and v.digest != version.digest and v.by_person), "")

    def active(self, kind: str) -> Iterator[Version]:
        """Yield the active versions of a kind, by name."""
        found = (v for v in self.versions.values() if v.kind == kind and v.state is MadeState.ACTIVE)
        yield from sorted(found, key=lambda version: version.name)


@dataclass
class _Sum:
    versions: dict[str, Version] = field(default_factory=dict)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    """The digest that is active, by kind and name."""
    refused: dict[Refused, None] = field(default_factory=dict)
    bundles: set[str] = field(default_factory=set)


def fold(rows: Iterable[Row]) -> View:
    """Return what *rows* come to; their MACs are for others to check."""
    total = _Sum()
    for row in rows:
        _take(total, row, json.loads(row.data))
    return View(MappingProxyType(total.versions), tuple(total.refused), frozenset(total.bundles))


def _take(total: _Sum, row: Row, data: Mapping[str, Any]) -> None:
    if row.kind in CONTENT:
        _take_content(total, row, data)
    elif row.kind == "renewed" and data["digest"] in total.versions:
        found = total.versions[data["digest"]]
        total.versions[found.digest] = replace(found, content=data, row=row.seq, key=row.mac[:KEY_ID])
    elif row.kind == "revoked":
        _change(total, data["digest"], MadeState.REVOKED, row, data.get("why", ""))
    elif row.kind == "refused":
        total.refused[Refused(row.time, **data)] = None
    elif row.kind == "imported":
        total.bundles.add(data["bundle"])
    if row.kind in CONTENT and data.get("bundle"):
        total.bundles.add(data["bundle"])


def _take_content(total: _Sum, row: Row, data: Mapping[str, Any]) -> None:
    name = data["digest"]
    before = total.versions.get(name)
    if before is not None and before.state is MadeState.REVOKED:
        return  # for good, whatever is written later
    state, why = CONTENT[row.kind], data.get("why", "")
    if state is MadeState.ACTIVE and (holder := _held_by_person(total, data)):
        state, why = MadeState.DEPRECATED, f"{holder[:12]} has its name, as a person said"
    elif state is MadeState.ACTIVE:
        _relieve(total, row, data)
    total.versions[name] = Version(
        name, data["kind"], data["name"], state, data, row.seq, row.time if before is None else before.created,
        row.mac[:KEY_ID], row.seq, why,
    )


def _held_by_person(total: _Sum, data: Mapping[str, Any]) -> str:
    """Return the other version that has the name by a person's word, which no run takes back; empty: none has."""
    holder = total.versions.get(total.holders.get((data["kind"], data["name"]), ""))
    if holder is None or holder.digest == data["digest"] or data.get("by") == PERSON:
        return ""
    return holder.digest if holder.by_person and holder.state is MadeState.ACTIVE else ""


def _relieve(total: _Sum, row: Row, data: Mapping[str, Any]) -> None:
    """Let the version that had the name before stand back."""
    place = data["kind"], data["name"]
    holder = total.holders.get(place)
    if holder is not None and holder != data["digest"] and total.versions[holder].state is MadeState.ACTIVE:
        _change(total, holder, MadeState.DEPRECATED, row, f"{data['digest'][:12]} has its name now")
    total.holders[place] = data["digest"]


def _change(total: _Sum, name: str, state: MadeState, row: Row, why: str) -> None:
    found = total.versions.get(name)
    if found is not None and found.state is not MadeState.REVOKED:
        total.versions[name] = replace(found, state=state, since=row.seq, why=why)
