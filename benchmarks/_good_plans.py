"""Good plans to break: rows of a task-graph file as plans over fake agents, and what is planned for the examples."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from genesis_core import AgentCard, Budget, Genesis, PlanReport, Skill, Task, TaskGraph, Tier

__all__ = ["Case", "from_examples", "from_rows", "numbers_in", "text_of"]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NODE, _STEP = re.compile(r"<node-(\d+)>"), re.compile(r"Step \d+ (?:Call \S+ (?:API )?(?:to )?)?")
RawTask = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A plan as its author would write it: tasks are raw, so that a mutant may hold what no graph does."""

    name: str
    goal: str
    tasks: tuple[RawTask, ...]
    agents: Mapping[str, str]
    """Who does each task."""
    catalogue: str
    """Name of the agents that it is planned over."""
    budget: Budget = Budget()

    def replace(self, **changes: Any) -> Case:
        """Return a copy with *changes*."""
        return dataclasses.replace(self, **changes)

    def graph(self) -> TaskGraph:
        """Return the graph; raises GraphError."""
        return TaskGraph(tasks=tuple(Task.model_validate(task) for task in self.tasks))


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the numbers that *text* is written with, each once."""
    return tuple(dict.fromkeys(NUMBER.findall(text)))


def text_of(task: RawTask) -> str:
    """Return all that a task says: its description and the plain values of its inputs."""
    values = [str(i["value"]) for i in task.get("inputs", {}).values() if "value" in i]
    return " ".join((task.get("description", ""), *values))


# -- rows -----------------------------------------------------------------------------------------------------------


def from_rows(data: Path, tools: Path, count: int, seed: int) -> tuple[list[Case], dict[str, tuple[AgentCard, ...]]]:
    """Return *count* plans of rows in *data* that have several steps and leave out no number, and the catalogues.

    Every second plan says which skill each task requires; the others leave that to the words.
    """
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    random.Random(seed).shuffle(rows)
    found: list[Case] = []
    cards: dict[str, tuple[AgentCard, ...]] = {}
    for row in rows:
        name = row["id"] if "tools" in row else row["domain"]
        nodes = row.get("tools") or _described(tools, name)
        case = _case(row, {n["id"]: n.get("desc", "") for n in nodes}, name, says=len(found) % 2 == 0)
        if case is not None and len(found) < count:
            found.append(case)
            cards[name] = tuple(_card(node) for node in nodes)
    return found, cards


def _described(tools: Path, domain: str) -> Sequence[Mapping[str, Any]]:
    nodes = json.loads((tools / f"{domain}.tool_desc.json").read_text(encoding="utf-8"))["nodes"]
    return tuple({node["id"]: node for node in nodes}.values())


def _agent(tool: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", tool.lower()).strip("-")


def _card(node: Mapping[str, Any]) -> AgentCard:
    skill = Skill(id=node["id"], name=node["id"], description=node.get("desc", ""))
    return AgentCard(name=_agent(node["id"]), description=node.get("desc", ""), skills=(skill,), tier=Tier.MEDIUM,
                     price=Decimal("0.02"))


def _case(row: Mapping[str, Any], known: Mapping[str, str], catalogue: str, *, says: bool) -> Case | None:
    nodes = row["nodes"]
    if len(nodes) < 2 or any(node["task"] not in known for node in nodes):
        return None
    if len({_agent(name) for name in known}) < len(known) or len(known) < 2:
        return None
    waits = _waits(nodes, row["links"])
    if any(n >= at for at, earlier in enumerate(waits) for n in earlier):
        return None
    tasks = [_task(at, row, known, waits[at], says=says) for at in range(len(nodes))]
    told = {number for task in tasks for number in numbers_in(text_of(task))}
    twice = len({json.dumps([t["description"], t.get("inputs")]) for t in tasks}) < len(tasks)
    if twice or not told.issuperset(numbers_in(row["request"])):
        return None
    agents = {task["id"]: _agent(node["task"]) for task, node in zip(tasks, nodes, strict=True)}
    return Case(row["id"], row["request"], tuple(tasks), agents, catalogue)


def _waits(nodes: Sequence[Mapping[str, Any]], links: Iterable[Sequence[str]]) -> list[list[int]]:
    """Return which earlier nodes each waits for: the last of the name that a link says, and what its arguments name."""
    waits: list[list[int]] = [[int(n) for n in _NODE.findall(json.dumps(node["arguments"]))] for node in nodes]
    for source, target in links:
        for at, node in enumerate(nodes):
            before = [k for k in range(at) if nodes[k]["task"] == source]
            if node["task"] == target and before and not waits[at]:
                waits[at].append(before[-1])
    return waits


def _task(at: int, row: Mapping[str, Any], known: Mapping[str, str], waits: list[int], *, says: bool) -> RawTask:
    node, steps = row["nodes"][at], row["steps"]
    text = _STEP.sub("", steps[at], count=1) if len(steps) == len(row["nodes"]) else known[node["task"]]
    inputs: dict[str, Any] = {}
    for argument in node["arguments"]:
        name, value = str(argument["name"]), argument["value"]
        refers = _NODE.fullmatch(str(value))
        inputs[name] = {"task": f"t{refers[1]}", "output": ""} if refers else {"value": value}
    return {
        "id": f"t{at}", "description": text, "inputs": inputs, "depends_on": [f"t{n}" for n in dict.fromkeys(waits)],
        **({"requires": [node["task"]]} if says else {}),
    }  # fmt: skip


# -- examples -------------------------------------------------------------------------------------------------------


async def from_examples(genesis: Genesis, count: int) -> list[Case]:
    """Return what *genesis* plans over the example workspace for the first *count* wordings of whole jobs."""
    with (EXAMPLES / "goals" / "wording.toml").open("rb") as file:
        wordings = tomllib.load(file)
    goals = [row["goal"] for kind in ("paraphrase", "partial") for row in wordings[kind]]
    found: list[Case] = []
    for at, goal in enumerate(goals[:count]):
        report = await genesis.plan(goal, workspace=EXAMPLES / "workspace")
        if len(report.plan.graph) > 1:
            found.append(_planned(f"example-{at}", goal, report))
    return found


def _planned(name: str, goal: str, report: PlanReport) -> Case:
    tasks = tuple(task.to_json() for task in report.plan.graph.tasks)
    return Case(name, goal, tasks, {a.task_id: a.agent for a in report.plan.assignments}, "examples")
