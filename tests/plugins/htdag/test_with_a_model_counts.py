"""How often a model is asked for a plan: once for the goal, once for each part, the parts of one level side by side."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Budget, Genesis, ModelReply, ModelRequest, PlanReport, Usage

SKILLS = ("module-map", "secret-scan", "table-profile", "document-search", "coding", "documentation")
WORK = ("Map the modules of", "Scan for secrets in", "Profile the tables of", "Search the documents of",
        "Implement the importer of", "Document the procedures of")
GOAL = "Look after the whole estate"


def row(name: str, text: str, *skills: str, needs: Sequence[str] = ()) -> dict[str, Any]:
    return {"id": name, "description": text, "skills": list(skills), "depends_on": list(needs)}


class Planning:
    """Breaks a goal down into *parts*, each of these into *each* tasks; it notes who asks.

    It answers about a part once *gate* lets it, after as many steps as *slow* says, and says that it took *tokens*.
    """

    name = "planning"

    def __init__(self, parts: int, each: int, gate: Any = None, *, slow: Callable[[int], int] = lambda part: 0,
                 tokens: int = 10) -> None:  # fmt: skip
        self.parts, self.each, self.gate, self.slow, self.tokens = parts, each, gate, slow, tokens
        self.asked: Counter[str] = Counter()
        self.choices = 0
        """Questions about who does what: not decomposition's."""

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
        if self.gate is not None:
            await self.gate.wait()
        house = text.rpartition(" ")[2]
        for _ in range(self.slow(int(house))):
            await asyncio.sleep(0)
        return self._reply(self._rows([
            row(f"work-{n}", f"{WORK[n % len(WORK)]} house{house}room{n}", SKILLS[n % len(SKILLS)])
            for n in range(self.each)
        ]))

    def _rows(self, rows: Sequence[Any]) -> dict[str, Any]:
        return {"tasks": list(rows), "not_understood": []}

    def _reply(self, data: Any) -> ModelReply:
        return ModelReply(data=data, model=self.name, usage=Usage(model_calls=1, tokens=self.tokens))


def planned(
    home: Path, model: object, goal: str = GOAL, budget: Budget | None = None, **settings: Any
) -> PlanReport:
    home.mkdir(exist_ok=True)

    async def main() -> PlanReport:
        async with Genesis.open(home, plugins="builtin", extend=[model], settings=settings) as genesis:
            return await genesis.plan(goal, workspace=home, budget=budget)

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


def test_every_composite_keeps_its_tasks_whoever_answers_first(tmp_path: Path, gathering: Any) -> None:
    plans = [planned(tmp_path / str(n), Planning(6, 4, gathering(n))).plan for n in (0, 6)]
    assert plans[0].graph == plans[1].graph
    assert list(plans[0].graph.children) == [f"part-{n}" for n in range(6)]
    assert plans[0].graph.children["part-2"] == tuple(f"part-2/work-{n}" for n in range(4))


def test_the_parts_of_a_goal_are_asked_about_side_by_side(tmp_path: Path, gathering: Any) -> None:
    model = Planning(6, 3, gathering(6))  # answers none before all six questions are open: one by one it would hang
    planned(tmp_path, model)
    assert model.gate.peak == 6


def test_no_more_are_asked_about_at_once_than_the_operator_allows(tmp_path: Path, gathering: Any) -> None:
    model = Planning(9, 3, gathering(3))
    planned(tmp_path, model, max_parallel=3)
    assert model.gate.peak == 3 and sum(model.asked.values()) == 10


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


@pytest.mark.parametrize("most", [10_000, 20_000, 80_000, 400_000])
@pytest.mark.parametrize("tokens", [10, 2500])
def test_a_budget_gives_the_same_plan_however_many_are_asked_at_once_and_whoever_is_quick(
    tmp_path: Path, most: int, tokens: int
) -> None:
    """One by one shows what a budget is enough for; side by side is no worse, and where it runs out, it is there."""
    found = {}
    for name, many, slow in (("one", 1, 0), ("two", 2, 1), ("all", 8, 0), ("back", 8, -4), ("forth", 8, 4)):
        model = Planning(6, 3, slow=lambda part, slow=slow: 30 + slow * part, tokens=tokens)  # type: ignore[misc]
        report = planned(tmp_path / name, model, budget=Budget(max_tokens=most), max_parallel=many)
        found[name] = report.plan.graph, report.plan.degraded
    assert all(one == found["one"] for one in found.values())
    assert (found["one"][1] == "") is (tokens == 10 or most >= 80_000)
