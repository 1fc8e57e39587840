"""Decide who does each task.

The order of decision: only agents that have every required skill may do it; a rule that tests more than the kind
decides outright, by priority; else the best fit of task and card decides, to which a rule on the kind alone adds a
prior. What fits nobody is given to nobody. Ties break by load, then by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_core import Assignment, Reason, Task

from ._board import Board
from ._contest import Contest, Standing, contest
from ._reasons import elected, nobody, share

__all__ = ["Routed", "route"]


_Podium = tuple[int | None, int | None]


@dataclass(slots=True)
class Routed:
    """What came of one task: an assignment, or none; why, in either case."""

    task_id: str
    assignment: Assignment | None
    reasons: tuple[Reason, ...]
    contest: Contest
    second: int | None = None
    """The seat that would do it without the winner."""

    @property
    def text(self) -> str:
        """The task in words."""
        return self.contest.task.description or self.task_id

    def share(self, board: Board, name: str) -> float:
        """Return how likely the agent *name* is the right one, in 0..1, as far as the match can tell."""
        return share(board, name, self.contest.standing.powers)

    def lead(self, board: Board) -> float:
        """Return how much likelier the winner is than who comes next; 1 where the match was not what decided."""
        standing = self.contest.standing
        if self.assignment is None or self.second is None or self.contest.task.requires or standing.decisive:
            return 1.0
        return self.share(board, self.assignment.agent) - self.share(board, board.names[self.second])

    @property
    def answer(self) -> Assignment:
        """What the kernel is told: who does it, or with an empty agent why nobody can."""
        return self.assignment or Assignment(task_id=self.task_id, agent="", score=0.0, reasons=self.reasons)


def route(tasks: Sequence[Task], board: Board) -> list[Routed]:
    """Return what comes of each of *tasks*; the runner-up that each names is who wins without the winner."""
    contests = [contest(task, board) for task in tasks]
    standings = [held.standing for held in contests]
    if all(standing.plain for standing in standings):
        podiums = [_podium(standing, board) for standing in standings]
    else:
        podiums = _podiums(standings, board)
    found = []
    for held, (winner, second) in zip(contests, podiums, strict=True):
        if winner is None:
            found.append(Routed(held.task.id, None, nobody(held, board), held))
            continue
        score, reasons = elected(held, board, winner, second)
        chosen = Assignment(task_id=held.task.id, agent=board.names[winner], score=score, reasons=reasons)
        found.append(Routed(held.task.id, chosen, reasons, held, second))
    return found


def _podium(standing: Standing, board: Board) -> _Podium:
    """Return who wins, and who would without the winner, where load decides nothing (kept)."""
    if standing.podium is None:
        winner = _first(standing, board, {}, "")
        second = None if winner is None else _first(standing, board, {}, board.names[winner])
        standing.podium = winner, second
    return standing.podium


def _podiums(standings: Sequence[Standing], board: Board) -> list[_Podium]:
    """Return who wins each contest, and who would if the winner stood for none of them."""
    winners = _settle(standings, board)
    names = {board.names[winner] for winner in winners if winner is not None}
    again = {name: _settle(standings, board, without=name) for name in sorted(names)}
    return [
        (winner, None if winner is None else again[board.names[winner]][at]) for at, winner in enumerate(winners)
    ]


def _settle(standings: Sequence[Standing], board: Board, without: str = "") -> list[int | None]:
    """Return the seat that wins each contest, or None, when the agent *without* does not stand."""
    load: dict[str, int] = {}
    winners: list[int | None] = []
    for standing in standings:
        winner = _first(standing, board, load, without)
        winners.append(winner)
        if winner is not None:
            name = board.names[winner]
            load[name] = load.get(name, 0) + 1
    return winners


def _first(standing: Standing, board: Board, load: dict[str, int], without: str) -> int | None:
    names, order = board.names, standing.order
    rank = 0
    while rank < len(order) and names[order[rank]] == without:
        rank += 1
    if rank == len(order) or not standing.may_win(place := order[rank], board.floor):
        return None
    if not standing.plain:
        level = standing.level_with(rank, names, without)
        place = min(level, key=lambda p: (p in board.absent, load.get(names[p], 0), names[p]))
    return None if place in board.absent else place
