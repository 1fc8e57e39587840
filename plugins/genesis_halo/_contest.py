"""One task and the seats that could have it, in the order in which they win it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add

from genesis_core import Task

from ._board import Board
from ._conditions import Facts, facts
from ._rules import Matched, RoutingRule

__all__ = ["Contest", "contest"]

_A_RULE = 1000.0
"""More than any score can differ: a rule that decides outright stands above the fit, and its priority above that."""
_NO_RULE: Mapping[int, RoutingRule] = {}


@dataclass(slots=True)
class Contest:
    """One task, with the seats in the order in which they win it."""

    task: Task
    facts: Facts
    matched: Matched
    decisive: Mapping[int, RoutingRule]
    """For each seat the rule that decides outright for it."""
    scores: list[float]
    """How well each seat fits."""
    standing: list[float]
    """What decides: the scores, above them outright rules, above them the required skills. Equal is a tie."""
    order: list[int]
    """All seats by standing, the highest first."""
    holders: frozenset[int] | None
    """The seats that have what the task requires; None when it requires nothing."""

    def plain(self) -> bool:
        """Return whether the first three differ in standing: then load plays no part."""
        if len(self.order) < 3:
            return len({self.standing[place] for place in self.order}) == len(self.order)
        first, second, third = self.order[:3]
        return self.standing[first] > self.standing[second] > self.standing[third]

    def level_with(self, rank: int, names: Sequence[str], without: str) -> list[int]:
        """Return the seats that are exactly equal to the one at *rank*, itself first, leaving *without* out."""
        top, found = self.standing[self.order[rank]], [self.order[rank]]
        for place in self.order[rank + 1 :]:
            if self.standing[place] != top:
                break
            if names[place] != without:
                found.append(place)
        return found

    def may_win(self, place: int, floor: float) -> bool:
        """Return whether the seat at *place* fits at all."""
        if self.holders is not None:
            return place in self.holders
        return self.scores[place] >= floor or place in self.decisive


def contest(task: Task, board: Board) -> Contest:
    """Return the contest for *task* among the seats of *board*."""
    read = facts(task, board.reader)
    scores, matched = board.read(read)
    standing, decisive, holders = scores, _NO_RULE, None
    if read.skills:
        holders, lift = board.holders(read.skills)
        standing = list(map(add, standing, lift))
    if matched.outright:
        decisive = _decisive(matched, board)
        standing = list(standing)
        for place, rule in decisive.items():
            standing[place] += _A_RULE * (1 + rule.priority)
    order = sorted(range(len(standing)), key=standing.__getitem__, reverse=True)
    return Contest(task, read, matched, decisive, scores, standing, order, holders)


def _decisive(matched: Matched, board: Board) -> dict[int, RoutingRule]:
    found: dict[int, RoutingRule] = {}
    for rule in matched.outright:
        for place in board.places.get(rule.then, ()):
            found.setdefault(place, rule)
    return found
