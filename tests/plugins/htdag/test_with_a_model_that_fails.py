"""A model that answers rubbish, circles, far too much, nothing, or too late: that part goes by its words, and why."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from genesis_core import (
    EventKind,
    Finding,
    Genesis,
    ModelError,
    ModelReply,
    ModelRequest,
    PlanReport,
    SettingsError,
    Usage,
)

GOAL = "Look after the estate"
TEXTS = {
    "house": "Map the modules in src, then scan the code for secrets",
    "garden": "Search the documents for promises about refunds, then profile the table data/plants.csv",
    "shed": "Measure the complexity of the code",
}


def row(name: str, text: str, *skills: str, needs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": name, "description": text, "skills": list(skills), "depends_on": list(needs)}


ROOT = [row(name, text) for name, text in TEXTS.items()]
GOOD = {
    "house": [row("one", "Map the modules in src", "module-map"),
              row("two", "Scan the code for secrets", "secret-scan", needs=("one",))],
    "garden": [row("three", "Search the documents for promises about refunds", "document-search"),
               row("four", "Profile the table data/plants.csv", "table-profile")],
    "shed": [row("five", "Measure the complexity of the code", "code-complexity"),
             row("six", "Find circular imports in the code", "import-cycles")],
}


class Answering:
    """Answers each part as it is told to: rows, text, an exception to raise, or None: never."""

    name = "answering"

    def __init__(self, **answers: Any) -> None:
        self.answers = {"goal": ROOT, **GOOD, **answers}
        self.asked: list[str] = []
        self.cancelled: list[str] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        if "tasks" not in (request.answer_schema or {}).get("properties", {}):
            return self._reply({"choices": []})
        text = re.sub(r"<[^>]*>", "", request.messages[2].text).strip()
        part = next((name for name, words in TEXTS.items() if words == text), "goal")
        self.asked.append(part)
        answer = self.answers[part]
        if answer is None:
            return await self._never(part)
        if isinstance(answer, Exception):
            raise answer
        return self._reply({"tasks": answer, "not_understood": []} if isinstance(answer, list) else answer)

    async def _never(self, part: str) -> ModelReply:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(part)
            raise
        raise AssertionError("nobody sets it")

    def _reply(self, data: Any) -> ModelReply:
        usage = Usage(model_calls=1, tokens=10)
        text = isinstance(data, str)
        return ModelReply(text=data if text else "", data=None if text else data, model=self.name, usage=usage)


def planned(tmp_path: Path, model: object | None, goal: str = GOAL, **settings: Any) -> PlanReport:
    for name, text in (("src/a.py", "import b\n"), ("src/b.py", "X = 1\n"), ("data/plants.csv", "n\n1\n"),
                       ("docs/terms.md", "We promise refunds.\n")):
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_text(text)

    async def main() -> PlanReport:
        extend = [] if model is None else [model]
        async with Genesis.open(tmp_path / "home", plugins="builtin", extend=extend, settings=settings) as genesis:
            return await genesis.plan(goal, workspace=tmp_path / "work")

    return asyncio.run(main())


def told(report: PlanReport) -> list[Finding]:
    return [f for f in report.findings if f.rule == "kernel.degraded"]


def shape(report: PlanReport, below: str) -> list[tuple[str, tuple[str, ...]]]:
    graph = report.plan.graph
    return [(graph[i].description, graph[i].requires) for i in graph.children.get(below, ())]


def by_the_model(report: PlanReport, part: str) -> bool:
    return [text for text, _ in shape(report, part)] == [r["description"] for r in GOOD[part]]


MANY = [row(f"t{n}", f"Do thing {n}", "module-map") for n in range(10_000)]
BAD: dict[str, tuple[Any, str, int]] = {
    "rubbish": ("I'd rather talk about the weather.", "it has no task", 2),
    "another shape": ({"plan": ["a", 3]}, "it has no task", 2),
    "nothing": ([], "it has no task", 2),
    "a circle": ([row("a", "Map src", "module-map", needs=("b",)), row("b", "Scan src", "secret-scan", needs=("a",))],
                 "wait for each other", 2),
    "10,000 tasks": (MANY, "it has 10000 tasks", 2),
    "a skill that nobody has": ([row("a", "Fly over it", "flying")], "unknown skill 'flying'", 2),
    "an error": (ModelError("the service said 500"), "the service said 500", 1),
    "no answer in time": (None, "did not answer within 0.2 s", 1),
}


@pytest.mark.parametrize("how", BAD)
def test_a_part_that_the_model_fails_at_goes_by_its_words_and_the_others_keep_what_it_said(
    tmp_path: Path, how: str
) -> None:
    answer, why, times = BAD[how]
    model = Answering(house=answer)
    report = planned(tmp_path, model, plugin={"htdag": {"seconds": 0.2 if answer is None else 60}})
    assert by_the_model(report, "garden") and by_the_model(report, "shed")
    assert not by_the_model(report, "house")
    assert [requires for _, requires in shape(report, "house")] == [
        requires for _, requires in shape_without(tmp_path, TEXTS["house"])]
    assert model.asked.count("house") == times and model.asked.count("garden") == model.asked.count("shed") == 1
    [finding] = told(report)
    assert finding.task_ids == ("house",) and "'house' was planned without a model" in finding.message
    assert why in finding.message and why in report.plan.degraded


def shape_without(tmp_path: Path, text: str) -> list[tuple[str, tuple[str, ...]]]:
    """What the words of a part alone make, where a model could do the work."""
    from genesis_agents import genesis_provide
    from genesis_core.testing import context_for
    from genesis_htdag.plan import decompose

    cards = tuple(card for offer in genesis_provide({}) if (card := getattr(offer, "card", None)) is not None)
    work = tmp_path / "work"

    def files(pattern: str) -> tuple[str, ...]:
        return tuple(sorted(p.relative_to(work).as_posix() for p in work.glob(pattern) if p.is_file()))

    found = decompose(text, context_for(text, agents=cards, models=("m",), files=files))
    return [(task.description, task.requires) for task in found.tasks]


@pytest.mark.parametrize("how", BAD)
def test_a_model_that_fails_at_the_goal_leaves_the_plan_that_its_words_make(tmp_path: Path, how: str) -> None:
    answer, why, times = BAD[how]
    goal = TEXTS["house"]
    model = Answering(house=answer)
    report = planned(tmp_path, model, goal, plugin={"htdag": {"seconds": 0.2 if answer is None else 60}})
    without = planned(tmp_path, None, goal)
    assert [t.description for t in report.plan.graph.tasks] == [t.description for t in without.plan.graph.tasks]
    assert [t.depends_on for t in report.plan.graph.tasks] == [t.depends_on for t in without.plan.graph.tasks]
    assert model.asked == ["house"] * times, "once, and once more where there was something to repair"
    [finding] = told(report)
    assert finding.message.startswith("planned without a model: ") and why in finding.message
    assert why in report.plan.degraded and without.plan.degraded == ""


def test_a_model_that_answers_too_late_is_stopped_and_not_waited_for(tmp_path: Path) -> None:
    model = Answering(house=None, garden=None, shed=None)
    report = planned(tmp_path, model, plugin={"htdag": {"seconds": 0.1}})
    assert sorted(model.cancelled) == ["garden", "house", "shed"]
    assert [f.task_ids for f in told(report)] == [("house",), ("garden",), ("shed",)], "in the order of the plan"
    assert report.plan.degraded.count("did not answer within 0.1 s") == 3
    assert len(report.plan.graph.children) == 2, "the words of the shed make one task"


def test_a_part_that_is_one_task_by_its_words_is_that_task_and_why_is_told(tmp_path: Path) -> None:
    report = planned(tmp_path, Answering(shed=[]))
    assert "shed" in {t.id for t in report.plan.graph.leaves}
    assert [f.task_ids for f in told(report)] == [("shed",)]


def test_ten_thousand_tasks_are_refused_before_any_is_looked_at(tmp_path: Path) -> None:
    [finding] = told(planned(tmp_path, Answering(house=[{"id": "!!"}, *MANY])))
    assert "it has 10001 tasks" in finding.message, "the first row, which is no task, was looked at"


def test_a_broad_part_that_the_model_fails_at_is_broken_down_by_a_pattern(tmp_path: Path) -> None:
    root = [row("shop", "Launch the online shop for dentists"), *ROOT[:2]]

    class Shopless(Answering):
        async def complete(self, request: ModelRequest) -> ModelReply:
            if "online shop" in request.messages[2].text:
                raise ModelError("not that")
            return await super().complete(request)

    report = planned(tmp_path, Shopless(goal=root))
    graph = report.plan.graph
    assert graph.children["shop"] == ("shop/discover", "shop/make", "shop/prove", "shop/go-live", "shop/announce")
    assert "for dentists" in graph["shop/requirements"].description and max(graph.depths.values()) == 3
    assert by_the_model(report, "house") and [f.task_ids for f in told(report)] == [("shop",)]
    assert set(report.plan.assigned) == {t.id for t in graph.leaves}


def test_a_second_answer_that_holds_is_the_plan(tmp_path: Path) -> None:
    class Learning(Answering):
        async def complete(self, request: ModelRequest) -> ModelReply:
            self.answers["garden"] = GOOD["garden"] if "garden" in self.asked else [{}]
            return await super().complete(request)

    model = Learning()
    report = planned(tmp_path, model)
    assert model.asked.count("garden") == 2 and by_the_model(report, "garden") and told(report) == []


def test_the_reason_stands_in_the_journal(tmp_path: Path) -> None:
    async def main() -> None:
        work = tmp_path / "work"
        work.mkdir()
        async with Genesis.open(tmp_path / "home", plugins="builtin", extend=[Answering(house="no")]) as genesis:
            run = await genesis.start(await genesis.plan(GOAL, workspace=work))
            await run.cancel()
            result = await run.result()
            rows = [event async for event in run]
        findings = [f for e in rows if e.kind is EventKind.PLANNED for f in e.data.get("findings", ())]
        assert any(f["rule"] == "kernel.degraded" and f["task_ids"] == ["house"] for f in findings)
        assert result.plan is not None and "'house' was planned without a model" in result.plan.degraded

    asyncio.run(main())


@pytest.mark.parametrize("seconds", [0, -1, "soon", True, 10**6])
def test_a_time_that_is_none_is_refused_with_the_way_out(tmp_path: Path, seconds: object) -> None:
    with pytest.raises(SettingsError) as error:
        planned(tmp_path, Answering(), plugin={"htdag": {"seconds": seconds}})
    assert "plugin.htdag.seconds" in error.value.message and "[plugin.htdag]" in error.value.hint
