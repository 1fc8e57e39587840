"""Has an agent failed at such work before, clearly, and does another one clearly do better?

Only outcomes count (state, code, check) that ``genesis rewards fit`` has learned from: LEAST_TRIES of one agent at one
skill, in LEAST_RUNS runs at least, so that no single run, whatever it read, sends work elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from genesis_core import Mend, Task

from ._diagnosis import Diagnosis, fixable, note
from ._mend import Reroute
from ._roster import normal
from ._view import View

if TYPE_CHECKING:
    from .rewards.known import Known, Rewards

__all__ = ["check"]

LEAST_TRIES, LEAST_RUNS = 10, 5
FAILS = 0.5
"""The upper end of its interval below which an agent clearly fails."""


def check(view: View) -> Iterator[Diagnosis]:
    """Yield the tasks whose agent clearly fails at a skill that they require; and say when that can't be read."""
    learned = view.rewards
    if view.rewards_damaged:
        yield note("rewards", f"{view.rewards_damaged}; the plan is scored with the fixed weights", (),
                   "genesis rewards reset, then genesis rewards fit")
    if learned is None or not learned.success.used:
        return
    told: dict[tuple[str, str], tuple[Known, list[str]]] = {}
    for task in view.leaves:
        given = view.assigned.get(task.id)
        bad = None if given is None else _failing(learned, given.agent, task.requires)
        if bad is None:
            continue
        better = _better(view, learned, bad, task.requires)
        if better is None or task.agent is not None:
            told.setdefault((bad.agent, bad.skill or ""), (bad, []))[1].append(task.id)
        else:
            yield _elsewhere(task, bad, better)
    for bad, ids in told.values():
        yield note("past-outcomes", _said(bad), ids, f"genesis rewards show {bad.agent}")


def _elsewhere(task: Task, bad: Known, better: Known) -> Diagnosis:
    return fixable("past-outcomes", f"{_said(bad)}; {better.agent!r} got {_many(better)}", [task.id], Mend.REROUTE,
                   Reroute(task.id, agent=better.agent), f"genesis rewards show {better.agent}")


def _said(bad: Known) -> str:
    return (f"{bad.agent!r} got {_many(bad)} earlier tasks done that require {bad.skill!r} (success is expected in "
            f"{bad.low:.0%} to {bad.high:.0%})")


def _many(known: Known) -> str:
    return f"{known.successes} of {known.tries}"


def _failing(learned: Rewards, agent: str, requires: Sequence[str]) -> Known | None:
    """Return the skill that *agent* fails at most clearly; None when it clearly fails at none."""
    found = [known for known in _pairs(learned, agent, requires) if known.high < FAILS]
    return min(found, key=lambda known: known.high, default=None)


def _better(view: View, learned: Rewards, bad: Known, requires: Sequence[str]) -> Known | None:
    """Return who has all that is required and clearly does better at that skill, the best first."""
    others = [name for name in view.roster.holders(map(normal, requires)) if name != bad.agent]
    found = [known for name in others for known in _pairs(learned, name, (bad.skill or "",)) if known.low > bad.high]
    return max(found, key=lambda known: known.estimate, default=None)


def _pairs(learned: Rewards, agent: str, skills: Sequence[str]) -> list[Known]:
    """Return what is known of *agent* at *skills*, where there is enough to say anything clearly."""
    known = [learned.success.by_pair.get((agent, normal(skill))) for skill in skills]
    return [k for k in known if k is not None and k.tries >= LEAST_TRIES and k.runs >= LEAST_RUNS]
