"""What differs between two runs: plan, figures, observations, state; and whether a gate trips. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from genesis_core import RunRecord, RunState, TaskState

__all__ = ["Comparison", "Seen", "compare"]

Identity = tuple[str, str, str]
"""Rule, source, message: the same observation in another run, whatever its line."""
RANKS = (RunState.COMPLETED, RunState.PARTIAL, RunState.WAITING, RunState.OUT_OF_BUDGET, RunState.CANCELED,
         RunState.INTERRUPTED, RunState.FAILED, RunState.DENIED, RunState.REJECTED)
"""From best to worst."""
HEAVY = ("high", "medium", "low")


@dataclass(frozen=True)
class Seen:
    """One observation, and how often it is there."""

    rule: str
    source: str
    message: str
    severity: str
    location: str
    times: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"rule": self.rule, "source": self.source, "message": self.message, "severity": self.severity,
                "location": self.location, "times": self.times}


@dataclass(frozen=True)
class Comparison:
    """Run B against run A."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    agents: Mapping[str, tuple[str | None, str | None]]
    states: Mapping[str, tuple[str | None, str | None]]
    """Tasks of both plans that ended differently."""
    figures: Mapping[tuple[str, str], tuple[Any, Any]]
    """(task, figure) to (in A, in B); None: not there."""
    new: tuple[Seen, ...]
    gone: tuple[Seen, ...]
    state: tuple[str, str]
    weights: tuple[Mapping[str, int], Mapping[str, int]]
    """How many observations of each severity there are."""
    goal: tuple[str, str]
    cost: tuple[str | None, str | None]
    seconds: tuple[float, float]

    @property
    def same_plan(self) -> bool:
        """Whether both ran the same tasks with the same agents."""
        return not (self.added or self.removed or self.changed or self.agents)

    @property
    def worse(self) -> tuple[str, ...]:
        """Return in what B is worse than A, in words."""
        found = []
        if _rank(self.state[1]) > _rank(self.state[0]):
            found.append(f"the run was {self.state[0]} and is {self.state[1]}")
        lost = [task for task, (a, b) in self.states.items() if a == "completed" and b != "completed"]
        if lost:
            found.append(f"no longer completed: {', '.join(lost)}")
        before, after = ([weights.get(name, 0) for name in HEAVY] for weights in self.weights)
        if after > before:
            found.append("observations weigh more: " + ", ".join(
                f"{name} {a} -> {b}" for name, a, b in zip(HEAVY, before, after, strict=True) if a != b))
        return tuple(found)

    def trips(self, gate: str) -> bool:
        """Return whether *gate* (new, worse, any) says no; time and money alone never do."""
        if gate == "new":
            return bool(self.new)
        if gate == "worse":
            return bool(self.worse)
        return not self.same_plan or bool(self.new or self.gone or self.figures or self.states) or \
            self.state[0] != self.state[1]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON."""
        return {
            "plan": {"same": self.same_plan, "added": list(self.added), "removed": list(self.removed),
                     "changed": list(self.changed), "agents": {k: list(v) for k, v in self.agents.items()}},
            "goal": list(self.goal), "state": list(self.state), "states": {k: list(v) for k, v in self.states.items()},
            "figures": [{"task": task, "name": name, "before": a, "after": b}
                        for (task, name), (a, b) in self.figures.items()],
            "observations": {"new": [s.to_json() for s in self.new], "gone": [s.to_json() for s in self.gone]},
            "worse": list(self.worse), "cost": list(self.cost), "seconds": list(self.seconds),
        }


def compare(a: RunRecord, b: RunRecord) -> Comparison:
    """Return how *b* differs from *a*."""
    before, after = _tasks(a), _tasks(b)
    both = [name for name in before if name in after]
    seen = (_observations(a), _observations(b))
    return Comparison(
        added=tuple(n for n in after if n not in before), removed=tuple(n for n in before if n not in after),
        changed=tuple(n for n in both if before[n] != after[n]),
        agents=_pairs({n: _agent(a, n) for n in both}, {n: _agent(b, n) for n in both}),
        states=_pairs({n: _state(a, n) for n in both}, {n: _state(b, n) for n in both}),
        figures=_pairs(_figures(a), _figures(b)),
        new=_beyond(seen[1], seen[0]), gone=_beyond(seen[0], seen[1]),
        state=(a.state.value, b.state.value), weights=(_weights(seen[0]), _weights(seen[1])),
        goal=(_goal(a), _goal(b)), cost=(_cost(a), _cost(b)), seconds=(a.seconds, b.seconds),
    )


def _tasks(record: RunRecord) -> dict[str, Any]:
    return {} if record.plan is None else {t.id: t.to_json() for t in record.plan.graph.tasks}


def _agent(record: RunRecord, name: str) -> str | None:
    assignment = None if record.plan is None else record.plan.assigned.get(name)
    return None if assignment is None else assignment.agent


def _state(record: RunRecord, name: str) -> str | None:
    result = record.results.get(name)
    return None if result is None else result.state.value


def _pairs(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    """Return what differs, in the order of *before*, then of *after*."""
    keys = dict.fromkeys((*before, *after))
    return {k: (before.get(k), after.get(k)) for k in keys if before.get(k) != after.get(k)}


def _reports(record: RunRecord) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the output of each completed task that is a report."""
    for name, result in record.results.items():
        if result.state is TaskState.COMPLETED and isinstance(result.output, Mapping):
            yield name, result.output


def _figures(record: RunRecord) -> dict[tuple[str, str], Any]:
    return {(task, name): value for task, output in _reports(record)
            for name, value in (output["figures"] if isinstance(output.get("figures"), Mapping) else {}).items()}


def _observations(record: RunRecord) -> dict[Identity, Seen]:
    """Return every observation; one that several tasks repeat counts as often as the task that has it most often."""
    found: dict[Identity, Seen] = {}
    for _, output in _reports(record):
        times: Counter[Identity] = Counter()
        given = output.get("observations")
        for item in given if isinstance(given, list | tuple) else ():
            if isinstance(item, Mapping) and "rule" in item:
                identity = (str(item["rule"]), str(item.get("source", "")), str(item.get("message", "")))
                times[identity] += 1
                if times[identity] > (found[identity].times if identity in found else 0):
                    found[identity] = Seen(*identity, str(item.get("severity", "info")),
                                           str(item.get("location", "")), times[identity])
    return found


def _beyond(some: Mapping[Identity, Seen], others: Mapping[Identity, Seen]) -> tuple[Seen, ...]:
    """Return what *some* has more often than *others*."""
    return tuple(
        Seen(s.rule, s.source, s.message, s.severity, s.location, s.times - (others[i].times if i in others else 0))
        for i, s in some.items() if i not in others or s.times > others[i].times
    )


def _weights(seen: Mapping[Identity, Seen]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for item in seen.values():
        counts[item.severity] += item.times
    return dict(counts)


def _rank(state: str) -> int:
    return next((place for place, known in enumerate(RANKS) if known.value == state), len(RANKS))


def _goal(record: RunRecord) -> str:
    return "" if record.plan is None else record.plan.goal.text


def _cost(record: RunRecord) -> str | None:
    return None if record.usage.cost is None else str(record.usage.cost)
