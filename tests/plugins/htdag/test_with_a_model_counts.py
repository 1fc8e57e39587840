"""How often a model is asked for a plan: once for the goal, once for each part, the parts of one level side by side."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Genesis, ModelReply, ModelRequest, PlanReport, Usage

SKILLS = ("module-map", "secret-scan", "table-profile", "document-search", "coding", "documentation")
WORK = ("Map the modules of", "Scan for secrets in", "Profile the tables of", "Search the documents of",
        "Implement the importer of", "Document the procedures of")
GOAL = "Look after the whole estate"


def row(name: str, text: str, *skills: str, needs: Sequence[str] = ()) -> dict[str, Any]:
    return {"id": name, "description": text, "skills": list(skills), "depends_on": list(needs)}


class Planning:
    """Breaks a goal down into *parts*, each of these into *each* tasks; it notes who asks, and how many at a time.

    *together*: as many questions must be open at once before it answers any of them.
    """

    name = "planning"

    def __init__(self, parts: int, each: int, *, together: int = 0) -> None:
        self.parts, self.each, self.together = parts, each, together
        self.asked: Counter[str] = Counter()
        self.choices = 0
        """Questions about who does what: not decomposition's."""
        self.open = self.peak = 0
        self.full = asyncio.Event()

    async def complete(self, request: ModelRequest) -> ModelReply:
        schema = request.answer_schema or {}
        if "tasks" not in schema.get("properties", {}):
            self.choices += 1
            return self._reply({"choices": []})
        text = re.sub(r"<[^>]*>", "", request.messages[-1].text).strip()
        self.asked[text] += 1
        if text == GOAL:
            texts = [f"Document the tables and the customers of house {n}" for n in range(self.parts)]
            return self._reply(self._rows([row(f"part-{n}", text) for n, text in enumerate(texts)]))
        await self._wait()
        house = text.rpartition(" ")[2]
        return self._reply(self._rows([
            row(f"work-{n}", f"{WORK[n % len(WORK)]} house{house}room{n}", SKILLS[n % len(SKILLS)])
            for n in range(self.each)
        ]))

    async def _wait(self) -> None:
        self.open += 1
        self.peak = max(self.peak, self.open)
        if self.open >= self.together:
            self.full.set()
        await self.full.wait()
        await asyncio.sleep(0)
        self.open -= 1

    def _rows(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {"tasks": list(rows), "not_understood": []}

    def _reply(self, data: Any) -> ModelReply:
        return ModelReply(data=data, model=self.name, usage=Usage(model_calls=1, tokens=10))


def planned(home: Path, model: object, goal: str = GOAL, **settings: Any) -> PlanReport:
    home.mkdir(exist_ok=True)

    async def main() -> PlanReport:
        async with Genesis.open(home, plugins="builtin", extend=[model], settings=settings) as genesis:
            return await genesis.plan(goal, workspace=home)

    return asyncio.run(main())


@pytest.mark.parametrize(("parts", "each", "tasks"), [(5, 9, 50), (20, 9, 200)])
def test_a_plan_takes_one_question_for_the_goal_and_one_for_each_composite(
    tmp_path: Path, parts: int, each: int, tasks: int
) -> None:
    model = Planning(parts, each)
    report = planned(tmp_path, model)
    graph = report.plan.graph
    assert (len(graph), len(graph.children), report.revisions) == (tasks, parts, 0)
    assert sum(model.asked.values()) == 1 + len(graph.children)
    assert set(model.asked.values()) == {1}, "a part was asked about twice"
    assert model.choices <= 1, "who does what is one more question for the whole plan, or none"
    assert report.plan.degraded == ""


def test_every_composite_keeps_its_tasks_whoever_answers_first(tmp_path: Path) -> None:
    plans = [planned(tmp_path / str(n), Planning(6, 4, together=n)).plan for n in (0, 6)]
    assert plans[0].graph == plans[1].graph
    assert list(plans[0].graph.children) == [f"part-{n}" for n in range(6)]
    assert plans[0].graph.children["part-2"] == tuple(f"part-2/work-{n}" for n in range(4))


def test_the_parts_of_a_goal_are_asked_about_side_by_side(tmp_path: Path) -> None:
    model = Planning(6, 3, together=6)  # answers none before all six questions are open: one by one it would hang
    planned(tmp_path, model)
    assert model.peak == 6


def test_no_more_are_asked_about_at_once_than_the_operator_allows(tmp_path: Path) -> None:
    model = Planning(9, 3, together=3)
    planned(tmp_path, model, max_parallel=3)
    assert model.peak == 3 and sum(model.asked.values()) == 10


def test_who_does_what_is_at_most_one_more_question_for_the_whole_plan(tmp_path: Path) -> None:
    """A task that names a skill is never put to a model; parts that stay one task, by their words, may be."""
    limits: dict[str, Any] = {"limits": {"max_depth": 1}}
    model, quiet, whole = Planning(20, 9), Planning(20, 9), Planning(20, 9)
    planned(tmp_path / "a", model, plugin={"halo": {"margin": 1.0}}, **limits)
    planned(tmp_path / "b", quiet, plugin={"halo": {"margin": 0}}, **limits)
    planned(tmp_path / "c", whole, plugin={"halo": {"margin": 1.0}})
    assert (model.choices, quiet.choices, whole.choices) == (1, 0, 0)
    assert sum(model.asked.values()) == sum(quiet.asked.values()) == 1, "no composite, no question about one"
    assert sum(whole.asked.values()) == 21
