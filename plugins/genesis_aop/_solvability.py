"""Can each task be done by the agent that it was given to? And if nobody has it: what is missing?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from genesis_core import Assignment, Mend, Task

from . import _past
from ._diagnosis import Diagnosis, fixable, named, note
from ._fit import odd_agents
from ._mend import Reroute, Split
from ._roster import normal
from ._view import View
from ._words import READER

__all__ = ["check"]

WEAK_FIT, WEAK_PRIOR = 0.3, 0.6
"""Fit of a task and success of an agent below which the plan says so."""
_INSTALL = "install a plugin whose agent can (genesis agents lists those here), or do its work order by hand"
_MODEL = "configure a model, or do its work order by hand"


def check(view: View) -> Iterator[Diagnosis]:
    """Yield what keeps tasks from being done, and what may."""
    weak: list[Assignment] = []
    able: set[tuple[str, tuple[str, ...]]] = set()
    for task in view.leaves:
        given = view.assigned.get(task.id)
        if given is None:
            yield _unrouted(view, task)
        elif given.agent in view.roster.cards:
            if (given.agent, task.requires) not in able:
                if (wrong := _misrouted(view, task, given.agent)) is None:
                    able.add((given.agent, task.requires))
                else:
                    yield wrong
            if given.score < WEAK_FIT:
                weak.append(given)
    yield from _weak(view, weak)
    yield from _past.check(view)
    yield from _permissions(view)
    yield from odd_agents(view)


# ---- nobody has it -------------------------------------------------------------------------------------------------


def _unrouted(view: View, task: Task) -> Diagnosis:
    """Say what is missing. The plan is not refused for it: the task ends blocked, with a work order."""
    roster, wanted = view.roster, [normal(skill) for skill in task.requires]
    missing = [skill for skill in wanted if skill not in roster.skills]
    if wanted and not missing:
        return _split(view, task) if not roster.holders(wanted) else _unrouted_though_able(view, task, wanted)
    if (better := _corrected(view, task)) is not None:
        text = f"{task.id!r} requires {named(task.requires)}, which nobody has; {named(better)} is meant"
        return fixable("unknown-skill", text, [task.id], Mend.REROUTE, Reroute(task.id, requires=better))
    if wanted and all(skill in roster.skills_with_model for skill in missing):
        who = roster.skills_with_model[missing[0]][0]
        return note("needs-model", f"{task.id!r} needs a model (agent {who!r} has {named(missing)} only with one), and "
                    "none is configured", [task.id], _MODEL)
    text = f"no agent here can do {task.id!r}"
    if wanted and not _is_said(view, task, task.requires):
        text = f"{task.id!r} requires {named(task.requires)}, which no agent here has"
    return note("unroutable", f"{text}: it will be blocked", [task.id], _INSTALL)


def _unrouted_though_able(view: View, task: Task, wanted: Sequence[str]) -> Diagnosis:
    """The router passed over an agent that has what the task requires: name that agent."""
    who = view.roster.holders(wanted)[0]
    return fixable("unrouted", f"nobody was given {task.id!r}, though {who!r} has the skills that it requires",
                   [task.id], Mend.REROUTE, Reroute(task.id, agent=who))


def _corrected(view: View, task: Task) -> tuple[str, ...] | None:
    """Return what *task* requires with misspelt skills put right; None when none is, or another is missing."""
    found: list[str] = []
    for skill in task.requires:
        plain = normal(skill)
        if plain in view.roster.skills_with_model:
            found.append(skill)
            continue
        # Words that the description says too are meant: a skill that nobody has, not a slip of the pen.
        near = None if _is_said(view, task, [plain]) else view.roster.near(plain)
        if near is None:
            return None
        found.append(near)
    return tuple(found) if tuple(found) != task.requires else None


def _is_said(view: View, task: Task, skills: Iterable[str]) -> bool:
    """Return whether the description has every word of *skills*: then they are its own words for what it needs."""
    said = frozenset(view.terms[task.id])
    return said.issuperset(term for skill in skills for term in READER.terms(normal(skill)))


def _split(view: View, task: Task) -> Diagnosis:
    groups = _shares(view, task.requires)
    text = f"no single agent has all that {task.id!r} requires; together " + ", ".join(
        f"{agent!r} ({', '.join(skills)})" for agent, skills in groups) + " have"
    if len(view.graph) + len(groups) - 1 > view.context.limits.max_tasks:
        return note("needs-several-agents", text, [task.id], "split it by hand, or raise limits.max_tasks")
    parts = tuple(skills for _, skills in groups)
    return fixable("needs-several-agents", text, [task.id], Mend.SPLIT, Split(task.id, parts))


def _shares(view: View, requires: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return agents and the skills that each would take: always the one who has most of what is left."""
    left = list(dict.fromkeys(requires))
    found: list[tuple[str, tuple[str, ...]]] = []
    while left:
        able = dict.fromkeys(agent for skill in left for agent in view.roster.skills[normal(skill)])
        shares = {agent: tuple(s for s in left if normal(s) in view.roster.now[agent]) for agent in able}
        agent = max(shares, key=lambda name: len(shares[name]))
        found.append((agent, shares[agent]))
        left = [skill for skill in left if skill not in shares[agent]]
    return found


# ---- the wrong one has it ------------------------------------------------------------------------------------------


def _misrouted(view: View, task: Task, agent: str) -> Diagnosis | None:
    """Say why *agent* can't do *task*; None when it can."""
    roster = view.roster
    wanted = [normal(skill) for skill in task.requires]
    lacks = [skill for skill, plain in zip(task.requires, wanted, strict=True) if plain not in roster.now[agent]]
    absent = roster.absent(agent)
    if not lacks and not absent:
        return None
    only_model = all(normal(skill) in roster.with_model[agent] for skill in lacks)
    rule = "needs-model" if only_model else "lacks-skill"
    text = (f"agent {agent!r} can't do {task.id!r} without a model, and none is configured" if only_model else
            f"agent {agent!r} lacks {named(lacks)}, which {task.id!r} requires")
    others = [name for name in roster.holders(wanted) if name != agent] if wanted else []
    if others:
        return fixable(rule, f"{text}; {others[0]!r} can", [task.id], Mend.REROUTE,
                       Reroute(task.id, agent=None if task.agent else others[0]))
    if not only_model and len(wanted) > 1 and all(skill in roster.skills for skill in wanted):
        return _split(view, task)
    return note(rule, f"{text}, and nobody else here can", [task.id], _MODEL if only_model else _INSTALL)


# ---- doubts --------------------------------------------------------------------------------------------------------


def _weak(view: View, weak: Sequence[Assignment]) -> Iterator[Diagnosis]:
    if weak:
        ids = [a.task_id for a in weak]
        first = weak[0]
        yield note("weak-fit", f"{named(ids)} could as well be somebody else's work ({first.agent!r} was chosen for "
                   f"{first.task_id!r} with {first.score:.2f})", ids, "name the skill that it requires, or the agent")
    expected = {name: _expected(view, name) for name in view.busy if name in view.roster.cards}
    doubtful = {name for name, chance in expected.items() if chance < WEAK_PRIOR}
    for agent, ids in _given_to(view, doubtful).items():
        yield note("low-success", f"agent {agent!r} is expected to succeed at {expected[agent]:.0%} of its tasks; "
                   f"it has {named(ids)}", ids)


def _expected(view: View, agent: str) -> float:
    """Return how often *agent* succeeds, as outcomes teach, or as its card says."""
    learned = view.rewards
    known = None if learned is None or not learned.success.used else learned.success.by_pair.get((agent, None))
    return view.roster.cards[agent].prior if known is None else known.estimate


def _given_to(view: View, agents: Collection[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task_id, given in view.assigned.items() if agents else ():
        if given.agent in agents:
            found.setdefault(given.agent, []).append(task_id)
    return found


def _permissions(view: View) -> Iterator[Diagnosis]:
    may_send = view.context.offers.get("policy", {}).get("guard")
    sends = {agent: [tool for tool in tools if may_send is None or not may_send(agent, tool)]
             for agent, tools in view.roster.sends.items()}
    denied = {agent: tools for agent, tools in sends.items() if tools}
    for agent, ids in _given_to(view, denied).items():
        yield note("permission", f"agent {agent!r}, which has {named(ids)}, may call {named(denied[agent])}: that "
                   "sends, and no rule of [policy] lets it", ids, "its other work goes on; a rule in [policy] of your "
                   "own settings file may allow it")
