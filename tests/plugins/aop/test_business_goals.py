"""Goals of software delivery, generated: nothing is deployed before it is built, nor tested before it is implemented.

Planned with the built-ins, decomposition, routing and validation together; whatever order the goal names the steps in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from genesis_aop import genesis_validate
from genesis_core import Assignment, Estimate, Genesis, Goal, Plan, PlanContext, PlanReport, Severity, Task, TaskGraph

BUILD = ("build", "implement", "develop", "code")
TEST = ("test", "verify")
DEPLOY = ("deploy", "release", "ship", "launch")
THINGS = ("billing service", "checkout page", "search index", "mobile app", "login form", "payment gateway",
          "admin dashboard", "recommendation engine", "public API", "data importer")
ASIDE = ("write a report about it", "monitor the {thing} for errors", "announce the {thing} to customers",
         "estimate the cost of the {thing}", "write the requirements of the {thing}")
JOINS = (", ", ", then ", " and ", ". ", "; ", "\n", " and then ")


def goals(count: int, seed: int) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield goals, and the verbs that they build, test and deploy with."""
    for number in range(count):
        draw = Random(f"{seed}:{number}")
        thing = draw.choice(THINGS)
        verbs = draw.choice(BUILD), draw.choice(TEST), draw.choice(DEPLOY)
        parts = [f"{verb} the {thing}" for verb in verbs]
        if draw.random() < 0.5:
            parts.insert(draw.randrange(4), draw.choice(ASIDE).format(thing=thing))
        if draw.random() < 0.3:
            draw.shuffle(parts)
        join = draw.choice(JOINS)
        text = join.join(part[:1].upper() + part[1:] if join in (". ", "\n") else part for part in parts)
        yield draw.choice(("", "Please ", "We need to ")) + text, verbs


def step(report: PlanReport, verb: str) -> Sequence[Task]:
    courtesy = ("please ", "we need to ")
    said = [t.description.lower().removeprefix(courtesy[0]).removeprefix(courtesy[1]) for t in report.plan.graph.leaves]
    return [t for t, text in zip(report.plan.graph.leaves, said, strict=True) if text.startswith(f"{verb} ")]


def waits(graph: TaskGraph, later: str, earlier: str) -> bool:
    seen, stack = set[str](), [later]
    while stack:
        for need in graph.waits_for(stack.pop()):
            for leaf in graph.leaves_of(need):
                if leaf not in seen:
                    seen.add(leaf)
                    stack.append(leaf)
    return earlier in seen


async def planned(home: Path, texts: Sequence[str]) -> list[PlanReport]:
    async with Genesis.open(home, plugins="builtin") as genesis:
        return [await genesis.plan(text, workspace=home) for text in texts]


@pytest.mark.timeout(240)
def test_nothing_is_deployed_before_it_is_built_nor_tested_before_it_is_implemented(tmp_path: Path) -> None:
    made = list(goals(500, seed=6))
    reports = asyncio.run(planned(tmp_path, [text for text, _ in made]))
    wrong, told = [], 0
    for (text, (build, test, deploy)), report in zip(made, reports, strict=True):
        graph = report.plan.graph
        for first, second in ((build, test), (build, deploy)):
            for one in step(report, first):
                for two in step(report, second):
                    told += one.id != two.id
                    if one.id != two.id and (not waits(graph, two.id, one.id) or waits(graph, one.id, two.id)):
                        wrong.append(f"{text!r}: {two.id} does not wait for {one.id}")
    assert told >= 900, "the steps were not told apart"
    assert not wrong, "\n".join(wrong[:10])


# ---- goals that are broken down by patterns ------------------------------------------------------------------------

BROAD = ("launch the {product}", "bring our {product} to market", "migrate the {data} to {place}",
         "do a migration of the {data}", "build a REST API for {what}", "redesign our website for {what}",
         "release version {n}.0 of the {product}", "modernise the legacy application",
         "build a data warehouse for {what}", "move the {product} to the cloud", "train a churn model for {what}",
         "get SOC 2 compliance for the {product}")
PRODUCTS = ("SaaS product", "mobile app", "billing service", "booking platform", "web shop subscription")
DATA = ("customer database", "old data store", "data warehouse")
PLACES = ("PostgreSQL 15", "a new server", "the cloud")
WHATS = ("orders", "200 restaurants", "dentists in Spain")
RULES = ("", " with a budget of {n}00 dollars", " without downtime", " within {n} days", " before 1 March")
BESIDES = ("write a report", "audit the repository", "onboard {n} new customers", "prepare the annual budget")


def broad_goals(count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield goals of one to three broad parts, and the numbers that they name."""
    for number in range(count):
        draw = Random(f"{seed}:{number}")
        values = {"product": draw.choice(PRODUCTS), "data": draw.choice(DATA), "place": draw.choice(PLACES),
                  "what": draw.choice(WHATS), "n": draw.randrange(2, 90)}
        parts = [part + draw.choice(RULES) for part in draw.sample(BROAD, draw.choice((1, 1, 2)))]
        if draw.random() < 0.5:
            parts.insert(draw.randrange(len(parts) + 1), draw.choice(BESIDES))
        parts = [part.format(**values) for part in parts]
        join = draw.choice((", then ", " and ", ". ", "\n", "\n- "))
        text = join.join(part[:1].upper() + part[1:] if join in (". ", "\n", "\n- ") else part for part in parts)
        yield text, [word for word in text.split() if word.rstrip(".,").isdigit()]


def stages(graph: TaskGraph, whole: str, verbs: Sequence[str]) -> list[str]:
    leaves = [graph[leaf] for leaf in graph.leaves_of(whole)]
    return [t.id for t in leaves if t.description.split()[0].lower() in verbs]


@pytest.mark.timeout(240)
def test_nor_in_goals_that_are_broken_down_by_patterns_and_no_number_or_condition_is_lost(tmp_path: Path) -> None:
    made = list(broad_goals(500, seed=6))
    reports = asyncio.run(planned(tmp_path, [text for text, _ in made]))
    wrong, told, unfolded = [], 0, 0
    for (text, numbers), report in zip(made, reports, strict=True):
        graph = report.plan.graph
        wholes = [t.id for t in graph.tasks if "pattern" in t.metadata]
        unfolded += bool(wholes)
        leaves = " ".join(t.description for t in graph.leaves)
        wrong += [f"{text!r}: {n} is in no task" for n in numbers if n.rstrip(".,") not in leaves]
        wrong += [f"{text!r}: {f.message}" for f in report.findings if f.rule in ("left-out", "uncovered", "order")]
        for whole in wholes:
            for first, seconds in ((BUILD, TEST), (BUILD, DEPLOY)):
                pairs = [(a, b) for a in stages(graph, whole, first) for b in stages(graph, whole, seconds)]
                told += len(pairs)
                wrong += [f"{text!r}: {b} does not wait for {a}" for a, b in pairs
                          if not waits(graph, b, a) or waits(graph, a, b)]
    assert unfolded >= 490 and told >= 900, (unfolded, told)
    assert not wrong, "\n".join(wrong[:10])


# ---- time ----------------------------------------------------------------------------------------------------------


def ladder(tasks: int) -> Plan:
    """Return a plan of two chains with rungs: every task waits for the one before it in both."""
    made = []
    for number in range(tasks):
        before = [f"{side}{number // 2 - 1}" for side in "ab" if number > 1]
        name = f"{'ab'[number % 2]}{number // 2}"
        made.append(Task(id=name, description=f"gather part {number} of chapter {number // 10}", requires=("gather",),
                         depends_on=tuple(before)))
    who = tuple(Assignment(task_id=t.id, agent="worker") for t in made)
    takes = tuple(Estimate(task_id=t.id, seconds=1.0) for t in made)
    return Plan(goal=Goal(text="gather all parts of every chapter"), graph=TaskGraph(tasks=tuple(made)),
                assignments=who, estimates=takes)


def seconds(tasks: int) -> tuple[float, float]:
    """Return the least CPU seconds of building a ladder and of validating it."""
    from genesis_core import AgentCard, Skill

    context = PlanContext(goal=Goal(text="gather"), agents=(
        AgentCard(name="worker", skills=(Skill(id="gather", name="gather"),)),))
    built, checked = [], []
    for _ in range(5):
        began = time.process_time()
        plan = ladder(tasks)
        middle = time.process_time()
        found = genesis_validate(plan, context)
        checked.append(time.process_time() - middle)
        built.append(middle - began)
        assert all(getattr(f, "severity", Severity.NOTE) is not Severity.FATAL for f in found)
    return min(built), min(checked)


def test_a_ladder_of_a_thousand_tasks_takes_little_more_than_building_it() -> None:
    built, checked = seconds(1000)
    assert checked < 3 * built + 0.002


def test_validating_takes_time_in_proportion_to_the_plan() -> None:
    taken = [seconds(n)[1] for n in (250, 500, 1000)]
    assert all(more < 3.2 * less + 0.002 for less, more in pairwise(taken))
