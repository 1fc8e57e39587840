"""The built-in agents in a run recorded with a model and replayed without one: the same words, byte for byte."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis_agents import genesis_provide
from genesis_core import Input, ModelReply, ModelRequest, RunResult, RunState, Task, TaskGraph, ToolCall, Usage
from genesis_core.testing import FakeAgent, open_genesis

AGENTS = [*genesis_provide({})]
GRAPH = TaskGraph(tasks=(
    Task(id="map", agent="architect", description="Map the architecture"),
    Task(id="scan", agent="security", description="Scan for security problems"),
    Task(id="tell", agent="analytics", description="Write a report", requires=("report",),
         inputs={"map": Input(task="map", output=""), "scan": Input(task="scan", output="")}),
))


class Looper:
    """Asks for one tool, then answers in whatever form the schema wants; it is paid for each answer."""

    name = "looper"

    async def complete(self, request: ModelRequest) -> ModelReply:
        spent = Usage(model_calls=1, tokens=50, cost=Decimal("0.01"))
        if request.tools and not any(message.role == "tool" for message in request.messages):
            call = ToolCall(tool=request.tools[0].name, arguments=_arguments(request.tools[0].input_schema))
            return ModelReply(tool_calls=(call,), model="looper-1", usage=spent)
        if request.answer_schema is not None:
            return ModelReply(data=_value(dict(request.answer_schema)), model="looper-1", usage=spent)
        return ModelReply(text="All is well.", model="looper-1", usage=spent)


def _arguments(schema: Any) -> dict[str, Any]:
    return {name: _value(schema["properties"][name]) for name in schema.get("required", ())}


def _value(schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return {name: _value(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return ["app.py"] if schema.get("items", {}).get("format") == "path" else []
    return {"integer": 1, "number": 1, "boolean": True}.get(str(kind), "Nothing more to say.")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "app.py").write_text("import helper\n\n\ndef main():\n    return eval('1')\n")
    (folder / "helper.py").write_text("import app\n")
    return folder


def recorded(work: Path) -> RunResult:
    async def main() -> RunResult:
        async with open_genesis(work.parent / "home", *AGENTS, Looper(), settings={"record": True}) as genesis:
            report = await genesis.plan("Look at the app", workspace=work, graph=GRAPH)
            return await (await genesis.start(report)).result()

    return asyncio.run(main())


def replayed(work: Path) -> RunResult:
    async def main() -> RunResult:
        async with open_genesis(work.parent / "home", *AGENTS) as genesis:
            return await (await genesis.replay("last")).result()

    return asyncio.run(main())


def test_tool_loops_and_their_report_replay_equal(work: Path) -> None:
    before = recorded(work)
    assert before.state is RunState.COMPLETED, {n: t.error for n, t in before.tasks.items()}
    assert before.usage.model_calls >= 3 and before.usage.cost
    after = replayed(work)
    assert after.replayed is not None
    assert [str(d) for d in after.replayed.differences] == []
    assert after.replayed.models == before.usage.model_calls and after.usage.cost == 0
    pages = [{p.name: p.read_text("utf-8") for p in Path(run.folder).glob("artifacts/*/*")} for run in (before, after)]
    words = f"Replayed from the recording of run {before.run_id}: models and tools say what they said then."
    assert pages[1]["report.md"] == f"> **{words}**\n\n{pages[0]['report.md']}"
    note = f'<p role="note"><strong>{words}</strong></p>\n'
    assert f"<body>{note}" in pages[1]["report.html"]
    assert pages[1]["report.html"].replace(note, "") == pages[0]["report.html"]


def test_what_hands_on_a_page_and_its_digest_replays_equal_and_another_page_differs(tmp_path: Path) -> None:
    words = ["# One\n"]

    async def writes(task: Task, context: Any) -> Any:
        made = [await context.write("a.md", words[0], media_type="text/markdown"),
                await context.write("a.svg", "<svg/>", media_type="image/svg+xml")]
        return context.result({"digests": [a.sha256 for a in made]}, artifacts=made)

    async def reads(task: Task, context: Any) -> Any:
        return context.result((await context.read_artifact(context.inputs["page"])).decode())

    agents = FakeAgent("writer", work=writes), FakeAgent("reader", work=reads)
    graph = TaskGraph(tasks=(Task(id="w", agent="writer"),
                             Task(id="r", agent="reader", inputs={"page": Input(task="w", artifact="a.md")})))

    async def main() -> None:
        async with open_genesis(tmp_path / "home", *agents, settings={"record": True}) as genesis:
            run = await genesis.start(await genesis.plan("x", graph=graph, workspace=tmp_path))
            before = await run.result()
            after = await (await genesis.replay(before.run_id)).result()
            assert after.replayed is not None and after.replayed.difference is None, after.replayed
            assert after.tasks["r"].output == "# One\n"
            assert genesis.verify(after.run_id)
            words[0] = "# Two\n"
            found = (await (await genesis.replay(before.run_id)).result()).replayed
            assert found is not None and found.difference is not None and found.difference.task_id == "w"

    asyncio.run(main())


def test_a_report_on_a_secret_replays_equal_though_the_secret_was_not_kept(work: Path) -> None:
    (work / "helper.py").write_text("PASSWORD = 'Tr0ub4dor&3xyz'\n")
    before, after = recorded(work), replayed(work)
    assert after.replayed is not None
    assert [str(d) for d in after.replayed.differences] == []
    kept = "".join(p.read_text() for p in Path(before.folder).glob("recorded/*.json"))
    assert "Tr0ub4dor" not in kept


def test_a_changed_file_is_named_before_what_it_does_to_the_answers(work: Path) -> None:
    recorded(work)
    (work / "app.py").write_text("def main():\n    return 1\n")
    found = replayed(work).replayed
    assert found is not None and found.difference is not None
    assert (found.difference.what, found.difference.name) == ("file", "'app.py'")
