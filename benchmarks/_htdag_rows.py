"""Requests with their gold as ``fit_htdag.py`` learns from them: read, and counted word by word."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis_eval._catalogue import Catalogue, specs
from genesis_htdag import learned as store
from genesis_htdag.catalogue import catalogue
from genesis_htdag.hearing import by_rules
from genesis_htdag.learned import Lore
from genesis_htdag.tools import paragraphs
from genesis_htdag.traits import Candidate, Reading, Shelf, heard, read

__all__ = ["Counts", "Row", "counted", "load"]


@dataclass(frozen=True)
class Row:
    """A request, read, with its gold."""

    domain: str
    reading: Reading
    shelf: Shelf
    found: list[Candidate]
    gold: list[int]
    """Tools that are called, in order; one that the catalogue lacks is -1."""
    links: set[tuple[int, int]]
    own: bool
    """Whether the row brings its own catalogue."""

    @property
    def spoken(self) -> list[str]:
        """The words that lore is about."""
        return sorted(self.reading.roots | self.reading.meant)


def load(data: Path, tools: Path) -> list[Row]:
    """Return the rows of *data* whose catalogue has more than one tool."""
    place, shelves, rows = Catalogue(tools), dict[str, Shelf](), list[Row]()
    for line in data.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        own = bool(raw.get("tools"))
        key = raw["id"] if own else raw["domain"]
        if key not in shelves:
            shelves[key] = Shelf(catalogue((), specs(raw["tools"]) if own else place.tools(key), models=False))
        if len(shelves[key].names) > 1:
            rows.append(_row(raw, shelves[key], own))
    return rows


def _row(raw: dict[str, Any], shelf: Shelf, own: bool) -> Row:
    reading = read([clause for _, found in paragraphs(raw["request"]) for clause in found])
    rules = by_rules(reading.clauses, shelf.catalogue, shelf.needs)
    place = {a.id: a.index for a in shelf.catalogue.abilities}
    gold = [place.get(name, -1) for name in dict.fromkeys(n["task"] for n in raw["nodes"])]
    pairs = {(place.get(a, -1), place.get(b, -1)) for a, b in raw["links"]}
    return Row(raw["domain"], reading, shelf, heard(reading, shelf, rules), gold, pairs, own)


@dataclass
class Counts:
    """How often words of requests and words of called tools' names go together."""

    said: Counter[str] = field(default_factory=Counter[str])
    called: Counter[str] = field(default_factory=Counter[str])
    there: Counter[str] = field(default_factory=Counter[str])
    both: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    early: Counter[str] = field(default_factory=Counter[str])
    placed: Counter[str] = field(default_factory=Counter[str])

    def add(self, row: Row, times: int = 1) -> None:
        """Count *row*, or with -1 take it out again."""
        terms = {t for i in row.gold if i >= 0 for t in row.shelf.names[i]}
        for term in terms:
            self.called[term] += times
        for word in row.spoken:
            self.said[word] += times
            pairs = self.both.setdefault(word, Counter())
            for term in terms:
                pairs[term] += times
        for term in row.shelf.terms:
            self.there[term] += times
        for at, index in enumerate(row.gold):
            for term in row.shelf.names[index] if index >= 0 and len(row.gold) > 1 else ():
                self.early[term] += times * (1 - 2 * at / (len(row.gold) - 1))  # type: ignore[assignment]
                self.placed[term] += times

    def lore(self, row: Row | None = None) -> Lore:
        """Return what the counts say: all of it, or what matters for *row*."""
        terms = set(row.shelf.terms) if row else set(self.there)
        prior = {t: (self.called[t] + store.PULL) / (self.there[t] + store.STRANGE)
                 for t in sorted(terms) if self.there[t] > 0}  # fmt: skip
        words: dict[str, dict[str, float]] = {}
        for word in row.spoken if row else sorted(self.both):
            if self.said[word] < 2:
                continue
            for term, both in self.both.get(word, {}).items():
                if both > 0 and term in prior:
                    rate = (both + store.STRANGE * prior[term]) / (self.said[word] + store.STRANGE)
                    if (value := math.log(rate / prior[term])) >= store.LEAST:
                        words.setdefault(term, {})[word] = round(value, 2)
        early = {t: round(self.early[t] / (self.placed[t] + store.STRANGE), 3) for t in prior if self.placed[t] > 0}
        return Lore(words, {t: round(math.log(v), 2) for t, v in prior.items()}, early)


def counted(rows: Iterable[Row]) -> Counts:
    """Return the counts of *rows*."""
    counts = Counts()
    for row in rows:
        counts.add(row)
    return counts
