"""What people ask of learned rewards: learn them, show them, forget them.

Offered as ``Offer("rewards", "aop", make)``, where ``make()`` is a RewardBook, for ``genesis rewards``. Every answer is
plain JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from genesis_aop._score import planned
from genesis_aop._view import View
from genesis_core import Plan, PlanContext, RunRecord, RunState, SettingsError, TaskGraph, TaskState

from .facts import Done, tries_of
from .file import FILE, forget, read, save
from .known import METHOD, Rewards
from .learn import rewards_of
from .terms import ENOUGH, FIXED, TERMS

__all__ = ["RewardBook", "done_of"]

_COUNTED = frozenset({RunState.COMPLETED, RunState.PARTIAL, RunState.FAILED, RunState.OUT_OF_BUDGET})
"""How a run ended whose end is to its plan: who stopped or forbade it says nothing of that."""
_DID = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.REJECTED})
SEED = 0


class RewardBook:
    """Answers for the state folder of one Genesis."""

    def fit(self, context: PlanContext, runs: Iterable[RunRecord]) -> dict[str, Any]:
        """Learn from the outcomes of *context* and from *runs*, keep it, and return what :meth:`show` does.

        Below ENOUGH outcomes nothing is learned, and what was learned before stays.
        """
        cards = {card.name: card for card in context.agents}
        outcomes = context.outcomes()
        tries = tries_of(outcomes, cards)
        if len(tries) < ENOUGH:
            return {**self.show(context), "fitted": False, "outcomes": len(tries), "needed": ENOUGH}
        did = Counter(run for run, _ in {(o.run, o.task) for o in outcomes})
        whole = [done for r in runs if (done := done_of(r, context, did[r.run_id])) is not None]
        found = rewards_of(tries, whole, {name: card.prior for name, card in cards.items()}, seed=SEED)
        save(_home(context), found)
        return {**self.show(context), "fitted": True, "outcomes": len(tries), "needed": ENOUGH}

    def show(self, context: PlanContext) -> dict[str, Any]:
        """Return what was learned, and the weights in force; raises SettingsError for a file that can't be used."""
        home = _home(context)
        found = read(home)
        return {
            "file": str(home / FILE), "method": METHOD, "learned": found is not None,
            "weights": _weights(found), "rewards": None if found is None else found.model_dump(mode="json"),
        }

    def reset(self, context: PlanContext) -> dict[str, Any]:
        """Forget what was learned, readable or not."""
        home = _home(context)
        return {"file": str(home / FILE), "forgotten": forget(home)}


def done_of(record: RunRecord, context: PlanContext, did: int) -> Done | None:
    """Return a run as what its plan looked like before it began, and what came of it; None: it tells nothing.

    It *did* so many tasks itself: one that took results over from another run does not count. A task that was done in
    parts is done when all of them are, one that was dropped is not. Figures and names alone are taken: of what agents
    and tools wrote, nothing.
    """
    if record.replay_of or record.state not in _COUNTED or record.plan is None or "plan" not in record.report:
        return None
    plan = Plan.model_validate(record.report["plan"])
    leaves = plan.graph.leaves
    if not leaves or _taken_over(record, record.plan.graph, did):
        return None
    done = sum(_is_done(task.id, record, record.plan.graph) for task in leaves) / len(leaves)
    return planned(View(plan, context), run=record.run_id, done=done)


def _taken_over(record: RunRecord, graph: TaskGraph, did: int) -> bool:
    """Return whether tasks of the run's last *graph* ended that are not among those that it *did* itself."""
    left = {task.id for task in graph.leaves}
    gone = sum(name not in left for name in record.tried)  # done once, and then replaced by parts, or dropped
    return sum(result.state in _DID for name, result in record.results.items() if name in left) > did - gone


def _is_done(task_id: str, record: RunRecord, graph: TaskGraph) -> bool:
    """Return whether the task, or all that it was replaced by, completed at the configured level."""
    ended = [record.results.get(name) for name in graph.leaves_of(task_id)] if task_id in graph else []
    return bool(ended) and all(r is not None and r.state is TaskState.COMPLETED and not r.degraded for r in ended)


def _weights(found: Rewards | None) -> list[dict[str, Any]]:
    learned = None if found is None else found.weights.learned
    in_force = FIXED if found is None else found.weights_in_force
    return [{"term": name, "fixed": FIXED[k], "learned": None if learned is None else learned[k], "used": in_force[k]}
            for k, name in enumerate(TERMS)]


def _home(context: PlanContext) -> Path:
    if context.home is None:
        raise SettingsError("there is no state folder to keep what is learned", hint="genesis --home DIR rewards")
    return context.home
