"""One task and the seats that could have it, in the order in which they win it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import add

from genesis_core import Reason, Task

from ._board import Board, Leans
from ._conditions import Facts, facts
from ._rules import Matched, RoutingRule

__all__ = ["Contest", "Standing", "contest"]

_A_RULE = 1000.0
"""More than any score can differ: a rule that decides outright stands above the fit, and its priority above that."""
_KEPT = 2_000
_NO_RULE: Mapping[int, RoutingRule] = {}


@dataclass(slots=True)
class Standing:
    """How the seats stand towards a task: the same for tasks of one weight and kind, with the same skills and rules."""

    matched: Matched
    decisive: Mapping[int, RoutingRule]
    """For each seat the rule that decides outright for it."""
    scores: list[float]
    """How well each seat fits."""
    points: list[float]
    """What decides: the scores, above them outright rules, above them the required skills. Equal is a tie."""
    order: list[int]
    """All seats by points, the highest first."""
    holders: frozenset[int] | None
    """The seats that have what the task requires; None when it requires nothing."""
    powers: list[float]
    plain: bool
    """Whether the first three differ in points: then load plays no part."""
    podium: tuple[int | None, int | None] | None = None
    """Who wins, and who would if the winner did not stand; None until somebody has asked."""
    told: dict[tuple[int, int | None, tuple[str, ...]], tuple[float, tuple[Reason, ...]]] = field(default_factory=dict)
    """The reasons that were given, where they do not quote the task."""

    def level_with(self, rank: int, names: Sequence[str], without: str) -> list[int]:
        """Return the seats that are exactly equal to the one at *rank*, itself first, leaving *without* out."""
        top, found = self.points[self.order[rank]], [self.order[rank]]
        for place in self.order[rank + 1 :]:
            if self.points[place] != top:
                break
            if names[place] != without:
                found.append(place)
        return found

    def may_win(self, place: int, floor: float) -> bool:
        """Return whether the seat at *place* fits at all."""
        if self.holders is not None:
            return place in self.holders
        return self.scores[place] >= floor or place in self.decisive


@dataclass(slots=True)
class Contest:
    """One task, what was read of it, and how the seats stand."""

    task: Task
    facts: Facts
    standing: Standing


def contest(task: Task, board: Board) -> Contest:
    """Return the contest for *task* among the seats of *board*."""
    read = facts(task, board.reader)
    matched = board.rules.match(read)
    # A kind was chosen by whoever wrote the plan: that says more than what the words could mean.
    meaning = () if matched.outright or read.skills or read.kind else board.meaning(task.description)
    key = (board.matcher.weigh(read.words, read.vocabulary), read.kind, read.skills, matched, meaning)
    standing = board.standings.get(key)
    if standing is None:
        if len(board.standings) >= _KEPT:
            board.standings.clear()
        standing = board.standings[key] = _standing(key[0], read, matched, meaning, board)
    return Contest(task, read, standing)


def _standing(weight: int, read: Facts, matched: Matched, meaning: Leans, board: Board) -> Standing:
    scores = points = board.scores(weight, read.kind, matched)
    powers = board.powers(scores)
    if meaning:  # it ranks those who fit, and puts nobody before them who does not
        hints = board.hinted(scores, meaning)
        powers = board.powers(hints, hinted=True)
        points = [hint if own >= board.floor else hint - _A_RULE for own, hint in zip(scores, hints, strict=True)]
    decisive, holders = _NO_RULE, None
    if read.skills:
        holders, lift = board.holders(read.skills)
        points = list(map(add, points, lift))
    if matched.outright:
        decisive = _decisive(matched, board)
        points = list(points)
        for place, rule in decisive.items():
            points[place] += _A_RULE * (1 + rule.priority)
    order = sorted(range(len(points)), key=points.__getitem__, reverse=True)
    first = [points[place] for place in order[:3]]
    return Standing(matched, decisive, scores, points, order, holders, powers,
                    plain=len(set(first)) == len(first))


def _decisive(matched: Matched, board: Board) -> dict[int, RoutingRule]:
    found: dict[int, RoutingRule] = {}
    for rule in matched.outright:
        for place in board.places.get(rule.then, ()):
            found.setdefault(place, rule)
    return found
