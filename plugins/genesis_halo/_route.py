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
from ._contest import Contest, contest
from ._reasons import elected, nobody

__all__ = ["Routed", "route"]


@dataclass(slots=True)
class Routed:
    """What came of one task: an assignment, or none; why, in either case."""

    task_id: str
    assignment: Assignment | None
    reasons: tuple[Reason, ...]

    @property
    def answer(self) -> Assignment:
        """What the kernel is told: who does it, or with an empty agent why nobody can."""
        return self.assignment or Assignment(task_id=self.task_id, agent="", score=0.0, reasons=self.reasons)


def route(tasks: Sequence[Task], board: Board) -> list[Routed]:
    """Return what comes of each of *tasks*; the runner-up that each names is who wins without the winner."""
    contests = [contest(task, board) for task in tasks]
    winners = _settle(contests, board)
    again: dict[str, list[int | None]] = {}
    if not all(held.standing.plain for held in contests):  # else load decides nothing, and each task can be asked alone
        names = {board.names[winner] for winner in winners if winner is not None}
        again = {name: _settle(contests, board, without=name) for name in sorted(names)}
    found = []
    for number, (held, winner) in enumerate(zip(contests, winners, strict=True)):
        if winner is None:
            found.append(Routed(held.task.id, None, nobody(held, board)))
            continue
        name = board.names[winner]
        second = again[name][number] if again else _first(held, board, {}, name)
        score, reasons = elected(held, board, winner, second)
        chosen = Assignment(task_id=held.task.id, agent=name, score=score, reasons=reasons)
        found.append(Routed(held.task.id, chosen, reasons))
    return found


def _settle(contests: Sequence[Contest], board: Board, without: str = "") -> list[int | None]:
    """Return the seat that wins each contest, or None, when the agent *without* does not stand."""
    load: dict[str, int] = {}
    winners: list[int | None] = []
    for held in contests:
        winner = _first(held, board, load, without)
        winners.append(winner)
        if winner is not None:
            name = board.names[winner]
            load[name] = load.get(name, 0) + 1
    return winners


def _first(held: Contest, board: Board, load: dict[str, int], without: str) -> int | None:
    names, standing = board.names, held.standing
    order = standing.order
    rank = 0
    while rank < len(order) and names[order[rank]] == without:
        rank += 1
    if rank == len(order) or not standing.may_win(place := order[rank], board.floor):
        return None
    if not standing.plain:
        level = standing.level_with(rank, names, without)
        place = min(level, key=lambda p: (p in board.absent, load.get(names[p], 0), names[p]))
    return None if place in board.absent else place
