"""Break good plans with one seeded defect each, and count what validating finds and revising mends.

The good plans are rows of a task-graph file (``--data``: ``dev.jsonl`` beside ``tools/``; default: below the folder
that GENESIS_EVAL_DATA names) and what is planned for the example goals. What is called found: a finding that the good
plan does not have, of the right kind, that names the right task or word, or, for what no graph can hold, an error that
names it. What is called mended: the defect itself is gone, and the plan is accepted. The ratio is the share found.

usage: mutate_plans.py [--data FILE] [--mutants N] [--plans N] [--seed N] [--list KIND] [--repeat N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import cycle as around
from pathlib import Path
from random import Random
from typing import Any, Protocol

from _common import show
from _good_plans import EXAMPLES, Case, from_examples, from_rows
from _mutators import MUTATORS, Mutant, fixed

from genesis_core import (
    AgentCard,
    Assignment,
    Finding,
    Genesis,
    Goal,
    GraphError,
    Offer,
    Plan,
    PlanContext,
    PlanReport,
    Reason,
    Severity,
    Verdict,
    hookimpl,
)

MEANS: Mapping[str, tuple[str, ...]] = {
    "missing": ("uncovered", "left-out", "not-understood"),
    "wrong-agent": ("lacks-skill", "odd-agent", "weak-fit"),
    "duplicate": ("duplicate", "repeated", "overlap"),
    "cycle": ("cycle",),
    "dangling": ("dangling-input", "missing-file", "unknown-secret"),
    "budget": ("budget", "deadline"),
    "number": ("left-out", "uncovered"),
    "order": ("order",),
}
"""Of which rules the finding has to be, for each kind of defect."""


class Planner(Protocol):
    """What the kernel hands to a pipeline, as far as it is used here."""

    context: PlanContext
    cards: dict[str, AgentCard]

    async def assign(self, plan: Plan) -> Plan: ...
    async def validate(self, plan: Plan) -> PlanReport: ...


@dataclass
class Given:
    """The plan that is to be judged, and what was found in it before anything was mended."""

    case: Case
    cards: Sequence[AgentCard] | None
    first: PlanReport | None = None


_given: ContextVar[Given] = ContextVar("given")


async def given(planner: Planner, goal: Goal) -> Plan:
    """The pipeline: take the plan as it was written, agents included; the kernel then settles it."""
    now = _given.get()
    if now.cards is not None:
        planner.context = replace(planner.context, agents=tuple(now.cards), tools=())
        planner.cards = {card.name: card for card in now.cards}
    why = (Reason(rule="given", text="the plan says so"),)
    who = tuple(Assignment(task_id=task, agent=agent, reasons=why) for task, agent in now.case.agents.items())
    plan = await planner.assign(Plan(goal=goal, graph=now.case.graph(), assignments=who))
    now.first = await planner.validate(plan)
    return plan


class GivenPlans:
    """Offers the pipeline."""

    @hookimpl
    def genesis_provide(self) -> Sequence[Offer]:
        return [Offer("pipeline", "given", given)]


@dataclass
class Judge:
    """Plans cases, and remembers what was found in the good ones."""

    genesis: Genesis
    cards: Mapping[str, Sequence[AgentCard]]
    empty: Path
    good: dict[str, PlanReport] = field(default_factory=dict)

    async def plan(self, case: Case) -> tuple[PlanReport, PlanReport]:
        """Return what is found at first, and what it comes to once revised."""
        now = Given(case, self.cards.get(case.catalogue))
        token = _given.set(now)
        try:
            workspace = EXAMPLES / "workspace" if now.cards is None else self.empty
            report = await self.genesis.plan(case.goal, workspace=workspace, budget=case.budget)
        finally:
            _given.reset(token)
        assert now.first is not None
        return now.first, report

    def agents(self, case: Case) -> Sequence[AgentCard]:
        """Return the cards that *case* is planned over."""
        known = self.cards.get(case.catalogue)
        return known if known is not None else [a.card for _, a in sorted(self.genesis.provided.agents.items())]


@asynccontextmanager
async def judge(data: Path | None, plans: int, seed: int) -> AsyncIterator[tuple[Judge, list[Case]]]:
    """Open what plans, with *plans* good plans: an eighth of them from the examples, all when there is no *data*."""
    with tempfile.TemporaryDirectory() as folder:
        home, empty = Path(folder, "home"), Path(folder, "empty")
        os.mkdir(empty)
        async with Genesis.open(home, plugins="builtin") as genesis:
            cases = await from_examples(genesis, plans // 8 if data else plans)
        rows, cards = from_rows(data, data.with_name("tools"), plans - len(cases), seed) if data else ([], {})
        async with Genesis.open(home, extend=[GivenPlans()], settings={"pipeline": "given"}) as genesis:
            yield Judge(genesis, cards, empty), [*cases, *rows]


async def mutants(judged: Judge, cases: Sequence[Case], count: int, seed: int) -> list[Mutant]:
    """Return *count* mutants from the plans in turn, every one different; as many of each kind as there are to be had.

    Few plans can be put out of order so that a reader sees it: the other kinds make up for it.
    """
    found: list[Mutant] = []
    for place, (kind, mutate) in enumerate(reversed(MUTATORS.items())):
        wanted = (count - len(found)) // (len(MUTATORS) - place)
        made: dict[str, Mutant] = {}
        for turn, case in zip(range(wanted * 40), around(cases), strict=False):
            draw = Random(f"{seed}:{kind}:{turn}")
            mutant = mutate(case, judged.good[case.name], judged.agents(case), draw)
            if mutant is not None and len(made) < wanted:
                made.setdefault(f"{case.name}:{mutant.case}", mutant)
        found += made.values()
    return found


def right(mutant: Mutant, finding: Finding) -> bool:
    """Whether *finding* is of the right kind and names the right task or word."""
    if not finding.rule.startswith(MEANS[mutant.kind]):
        return False
    message = finding.message.lower()
    named = set(mutant.tasks) & set(finding.task_ids) or any(word in message for word in mutant.words)
    return bool(named) or not (mutant.tasks or mutant.words)


@dataclass
class Tally:
    """What came of the mutants of one kind."""

    made: int = 0
    found: int = 0
    stopped: int = 0
    """Found by more than a note."""
    mendable: int = 0
    mended: int = 0
    missed: list[str] = field(default_factory=list)


async def tally(judged: Judge, made: Sequence[Mutant]) -> dict[str, Tally]:
    """Return what came of each kind of *made*."""
    kinds: dict[str, Tally] = defaultdict(Tally)
    for mutant in made:
        count = kinds[mutant.kind]
        count.made += 1
        count.mendable += mutant.mendable
        try:
            first, last = await judged.plan(mutant.case)
        except GraphError as error:
            named = any(repr(task) in error.message for task in mutant.tasks)
            count.found, count.stopped = count.found + named, count.stopped + named
            continue
        old = {(f.rule, f.message) for f in judged.good[mutant.case.name].findings}
        new = [f for f in first.findings if (f.rule, f.message) not in old and right(mutant, f)]
        count.found += bool(new)
        count.stopped += any(f.severity is not Severity.NOTE for f in new)
        mended = mutant.mendable and last.verdict is Verdict.ACCEPT and fixed(mutant, last)
        count.mended += mended
        if not new or (mutant.mendable and not mended):
            count.missed.append(_told(mutant, first, last, bool(new)))
    return kinds


def _told(mutant: Mutant, first: PlanReport, last: PlanReport, found: bool) -> str:
    """Return what a mutant is and what was said of it, for whoever wants to know why."""
    said = f"{'found' if found else 'MISSED'} {last.verdict.value} tasks={mutant.tasks} words={mutant.words}"
    lines = [f"{mutant.kind} {mutant.good.name} {said}", f"  goal: {mutant.case.goal}"]
    for name, report in (("first", first), ("last", last)):
        for t in report.plan.graph.tasks:
            who = report.plan.assigned[t.id].agent if t.id in report.plan.assigned else "(nobody)"
            lines.append(f"  {name}: {t.id} <- {','.join(t.needs)} [{who}] {t.description} {t.requires}")
        lines += [f"    {f.rule} {f.severity.value} {f.mend.value} {f.task_ids} {f.message}" for f in report.findings]
    return "\n".join(lines)


async def measure(data: Path | None, plans: int, count: int, seed: int) -> tuple[dict[str, Any], dict[str, Tally]]:
    """Return the figures, and the tallies that they are of."""
    async with judge(data, plans, seed) as (judged, cases):
        began, refused, noticed, changed = time.process_time(), [], Counter[str](), 0
        for case in cases:
            first, last = await judged.plan(case)
            judged.good[case.name] = first
            refused += [_told(Mutant("good", case, case), first, last, True)] * (last.verdict is not Verdict.ACCEPT)
            changed += last.plan.graph != first.plan.graph
            noticed.update({f.rule for f in first.findings if f.severity is not Severity.NOTE})
        kinds = await tally(judged, await mutants(judged, cases, count, seed))
        kinds["good"] = Tally(made=len(cases), missed=refused)
        seconds = time.process_time() - began
    return _figures(kinds, noticed, changed, seconds), kinds


def _figures(kinds: Mapping[str, Tally], noticed: Counter[str], changed: int, seconds: float) -> dict[str, Any]:
    broken = [t for kind, t in kinds.items() if kind != "good"]
    made, mendable = sum(t.made for t in broken), sum(t.mendable for t in broken)
    good = kinds["good"]
    return {
        "plans": good.made, "mutants": made, "ratio_found": _share(sum(t.found for t in broken), made),
        "ratio_stopped": _share(sum(t.stopped for t in broken), made),
        "ratio_mended": _share(sum(t.mended for t in broken), mendable),
        "good": {"refused": _share(len(good.missed), good.made), "changed": _share(changed, good.made),
                 "noticed": dict(noticed)},
        "kinds": {kind: {"made": t.made, "found": _share(t.found, t.made), "stopped": _share(t.stopped, t.made),
                         "mended": _share(t.mended, t.mendable)} for kind, t in kinds.items() if kind != "good"},
        "aim": {"found": 0.97, "refused": 0.02, "mended": 0.9}, "cpu_seconds": round(seconds, 1),
    }  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=_default_data())
    parser.add_argument("--list", default="", help="also print, to stderr, the mutants of this kind that got through")
    parser.add_argument("--repeat", type=int, default=0, help="1: a smoke with few mutants")
    for name, default in {"mutants": 2000, "plans": 200, "seed": 6}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    few = chosen.repeat == 1
    figures, kinds = asyncio.run(measure(
        chosen.data, 16 if few else chosen.plans, 64 if few else chosen.mutants, chosen.seed))
    if chosen.list in kinds:
        print("\n\n".join(kinds[chosen.list].missed), file=sys.stderr)
    show("mutate_plans", seed=chosen.seed, data=bool(chosen.data), **figures)


def _default_data() -> Path | None:
    named = Path(os.environ.get("GENESIS_EVAL_DATA", "/nowhere"), "taskbench", "dev.jsonl")
    return named if named.is_file() else None


if __name__ == "__main__":
    main()
