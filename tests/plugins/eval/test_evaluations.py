"""Evaluations ask what a run asks, show no gold, keep every row, and go on where they were interrupted."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import genesis_eval
import genesis_halo
import genesis_htdag
from genesis_core import AgentCard, Assignment, PlanContext, Reason, SettingsError, Task, hookimpl
from genesis_core.testing import FakeAgent, open_genesis
from genesis_eval._catalogue import Catalogue, specs

ROWS: list[dict[str, Any]] = [
    {"id": "1", "domain": "d", "request": "Cancel my alarm and send an email", "type": "chain",
     "nodes": [{"task": "cancel_alarm"}, {"task": "send_email"}], "links": [["cancel_alarm", "send_email"]]},
    {"id": "2", "domain": "d", "request": "Send an email", "type": "single", "nodes": ["send_email"], "links": []},
    {"id": "3", "domain": "e", "request": "Ring the bell", "type": "single", "nodes": [{"task": "ring"}], "links": [],
     "tools": [{"id": "ring", "desc": "Ring a bell", "parameters": ["bell"]}]},
]  # fmt: skip
TASKS: list[dict[str, Any]] = [
    {"id": 7, "task": "Bake a loaf of bread.", "agent": "baker", "occupation": "Bakers"},
    {"id": 9, "task": "Mend a broken chair.", "agent": "joiner", "occupation": "Joiners"},
]
BAKER = FakeAgent("baker", description="Bakes bread and cakes.", skills=["bake bread"], needs_model=True)
JOINER = FakeAgent(
    "joiner", description="Mends and builds chairs and tables.", skills=["mend a chair"], needs_model=True
)


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    nodes = [{"id": "cancel_alarm", "desc": "Cancel an alarm"}, {"id": "send_email", "desc": "Send an email"}]
    (folder / "d.tool_desc.json").write_text(json.dumps({"nodes": nodes}))
    return folder


def evaluate(
    kind: str, home: Path, data: Path, *plugins: object, tools: Path | None = None, predictions: Path | None = None,
    stop_after: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run one evaluation in a Genesis of its own; *stop_after* rows it is interrupted."""

    def progress(done: int, _: int) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    async def body() -> dict[str, Any]:
        settings = {"pipeline": "evaluation"}
        async with open_genesis(home, genesis_eval, BAKER, JOINER, *plugins, settings=settings) as genesis:
            evaluation = genesis.provided.offers["evaluation"][kind]
            options = {"tools": str(tools)} if tools else {}
            found: dict[str, Any] = await evaluation.run(
                genesis, data=data, options=options, predictions=predictions, progress=progress
            )
            return found

    return asyncio.run(body())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Always:
    """A plugin that calls one tool, or names one agent, whatever is asked; it remembers what it was shown."""

    def __init__(self, answer: str) -> None:
        self.answer, self.seen = answer, list[object]()

    @hookimpl
    def genesis_decompose(self, task: Task, context: PlanContext) -> list[Task] | None:
        self.seen.append((task.model_dump(mode="json"), [t.to_json() for t in context.tools], context.agents))
        return [Task(id="x", requires=(self.answer,))] if task.kind == "goal" else None

    @hookimpl
    def genesis_route(self, tasks: Sequence[Task], agents: Sequence[AgentCard]) -> list[Assignment]:
        self.seen.append([task.model_dump(mode="json") for task in tasks])
        reason = Reason(rule="always", text="because", alternatives=(("baker", 0.1),))
        return [Assignment(task_id=t.id, agent=self.answer, score=0.5, reasons=(reason,)) for t in tasks]


def test_a_request_becomes_tools_and_links(tmp_path: Path, tools: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", ROWS), tmp_path / "out.jsonl"
    found = evaluate("decomposition", tmp_path / "home", data, genesis_htdag, tools=tools, predictions=out)
    assert lines(out) == [
        {"id": "1", "nodes": ["cancel_alarm", "send_email"], "links": [["cancel_alarm", "send_email"]]},
        {"id": "2", "nodes": ["send_email"], "links": []},
        {"id": "3", "nodes": ["ring"], "links": []},
    ]
    assert found["scores"]["all"]["node_f1"] == 100.0
    assert (found["rows"], found["errors"], found["resumed"]) == (3, 0, 0)


def test_another_plugin_in_place_of_ours_changes_the_predictions(tmp_path: Path, tools: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", ROWS[:2]), tmp_path / "out.jsonl"
    found = evaluate(
        "decomposition", tmp_path, data, genesis_htdag, Always("cancel_alarm"), tools=tools, predictions=out
    )
    assert [row["nodes"] for row in lines(out)] == [["cancel_alarm"], ["cancel_alarm"]]
    assert found["scores"]["all"]["node_f1"] < 100


def test_another_router_in_place_of_ours_changes_the_predictions(tmp_path: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", TASKS), tmp_path / "out.jsonl"
    found = evaluate("routing", tmp_path, data, genesis_halo, Always("joiner"), predictions=out)
    assert [row["ranked"] for row in lines(out)] == [["joiner", "baker"], ["joiner", "baker"]]
    assert found["scores"]["top1"] == 0.5


def test_tasks_are_routed_among_all_agents_with_reasons(tmp_path: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", TASKS), tmp_path / "out.jsonl"
    found = evaluate("routing", tmp_path, data, genesis_halo, predictions=out)
    assert [row["ranked"][0] for row in lines(out)] == ["baker", "joiner"]
    assert all(0 <= row["confidence"] <= 1 and row["reason"] for row in lines(out))
    assert found["scores"]["top1"] == found["scores"]["explained"] == 1.0


def test_no_gold_reaches_a_plugin(tmp_path: Path, tools: Path) -> None:
    spy = Always("send_email")
    evaluate("decomposition", tmp_path / "a", write(tmp_path / "d.jsonl", ROWS[:1]), spy, tools=tools)
    other = Always("baker")
    evaluate("routing", tmp_path / "b", write(tmp_path / "r.jsonl", TASKS[:1]), other)
    told = json.dumps([spy.seen, other.seen], default=str)
    assert "Cancel my alarm" in told and "loaf of bread" in told
    assert not any(gold in told for gold in ("links", "chain", "Bakers", "occupation"))


@pytest.mark.parametrize("kind", ["decomposition", "routing"])
def test_rows_without_gold_are_predicted_and_not_scored(kind: str, tmp_path: Path, tools: Path) -> None:
    shown = ("id", "domain", "request", "task")
    rows = [{k: v for k, v in row.items() if k in shown} for row in (*ROWS[:2], *TASKS)]
    rows = [row for row in rows if ("request" in row) == (kind == "decomposition")]
    data, out = write(tmp_path / "data.jsonl", rows), tmp_path / "out.jsonl"
    named = tools if kind == "decomposition" else None
    found = evaluate(kind, tmp_path, data, genesis_htdag, genesis_halo, tools=named, predictions=out)
    assert found["scores"] is None and len(lines(out)) == 2


def test_an_interrupted_evaluation_goes_on(tmp_path: Path, tools: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", ROWS), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        evaluate("decomposition", tmp_path, data, genesis_htdag, tools=tools, predictions=out, stop_after=2)
    assert [row["id"] for row in lines(out)] == ["1", "2"]
    out.write_text(out.read_text() + '{"id": "3", "nod')
    found = evaluate("decomposition", tmp_path, data, Always("send_email"), tools=tools, predictions=out)
    assert found["resumed"] == 2
    assert [row["nodes"] for row in lines(out)] == [["cancel_alarm", "send_email"], ["send_email"], ["send_email"]]


def test_a_finished_evaluation_is_made_anew(tmp_path: Path, tools: Path) -> None:
    data, out = write(tmp_path / "data.jsonl", ROWS), tmp_path / "out.jsonl"
    evaluate("decomposition", tmp_path, data, genesis_htdag, tools=tools, predictions=out)
    found = evaluate("decomposition", tmp_path, data, Always("send_email"), tools=tools, predictions=out)
    assert found["resumed"] == 0 and lines(out)[0]["nodes"] == ["send_email"]


def test_a_request_that_cannot_be_planned_is_counted_and_the_rest_goes_on(tmp_path: Path, tools: Path) -> None:
    long = {"id": "0", "domain": "d", "request": "send an email " * 1000, "type": "single", "nodes": [], "links": []}
    found = evaluate("decomposition", tmp_path, write(tmp_path / "d.jsonl", [long, *ROWS]), genesis_htdag, tools=tools)
    assert (found["rows"], found["errors"]) == (4, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no rows"),
        ("{\n", "line 1 of"),
        ('{"id": "1", "request": "x"}\n[]\n', "line 2 of"),
        ('{"id": "1"}\n', "has no 'request'"),
        ('{"id": "1", "request": "x", "domain": "../d"}\n', "no tools for the domain"),
        ('{"id": "1", "request": "x", "domain": "unknown"}\n', "no tools for the domain"),
    ],
)
def test_data_that_cannot_be_used_is_named(text: str, said: str, tmp_path: Path, tools: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(text)
    with pytest.raises(SettingsError, match=said):
        evaluate("decomposition", tmp_path, data, genesis_htdag, tools=tools)


def test_descriptions_become_specs_with_their_ports(tmp_path: Path, tools: Path) -> None:
    [plain, full, *rest] = specs([
        {"id": "plain", "desc": "Says little"},
        {"id": "full", "parameters": [{"name": "a", "desc": "An a", "type": "string", "required": True}, "b"],
         "outputs": ["c"]},
        {"id": "plain", "desc": "comes second"},
    ])  # fmt: skip
    assert rest == [] and plain.input_schema == {} and plain.description == "Says little"
    assert full.input_schema["properties"] == {"a": {"description": "An a", "type": "string"}, "b": {}}
    assert full.input_schema["required"] == ["a"] and list(full.output_schema["properties"]) == ["c"]
    assert [t.name for t in Catalogue(tools).tools("d")] == ["cancel_alarm", "send_email"]


# ---- on the shared data: floors of the simple baselines --------------------------------------------------------------


def shared(name: str) -> Path:
    path = Path(os.environ.get("GENESIS_EVAL_DATA", "/nonexistent")) / name
    if not path.exists():
        pytest.skip("GENESIS_EVAL_DATA does not name the shared evaluation data")
    return path


def test_decomposition_is_above_the_word_overlap_baseline(tmp_path: Path) -> None:
    data, out = shared("taskbench/dev.jsonl"), tmp_path / "out.jsonl"
    found = evaluate("decomposition", tmp_path, data, genesis_htdag, tools=shared("taskbench/tools"), predictions=out)
    gold, made = lines(data), {row["id"]: row for row in lines(out)}
    apart = [row for row in gold if not row["domain"].startswith("bfcl")]
    scores = genesis_eval_score(apart, [made[row["id"]] for row in apart])
    assert scores["node_f1"] > 54.1 and scores["edge_f1"] > 12.1
    assert found["scores"]["all"]["node_halluc"] == 0 and found["errors"] == 0
    parallel = [made[row["id"]] for row in gold if row["domain"].startswith("bfcl-parallel")]
    assert sum(bool(row["links"]) for row in parallel) <= 0.1 * len(parallel)


def genesis_eval_score(gold: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    from genesis_eval.graph_scores import score

    figures: Mapping[str, Any] = score(gold, made)["all"]
    return figures
