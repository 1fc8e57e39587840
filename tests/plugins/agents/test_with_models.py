"""The agents with a model: tools stay the ground truth, words are the model's, and a failure leaves what is there."""

from __future__ import annotations

import asyncio
import hashlib
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genesis_halo
import genesis_htdag
from genesis_agents import genesis_provide
from genesis_agents._briefing import ROOM, briefed, findings
from genesis_agents._cards import cards
from genesis_agents._numbers import MARK, known, marked
from genesis_agents._prompts import VERSIONS, prompt
from genesis_core import (
    Acceptance,
    Action,
    Decision,
    Input,
    Level,
    ModelError,
    ModelReply,
    ModelRequest,
    Observation,
    Outcome,
    Report,
    RunResult,
    RunState,
    Screening,
    Table,
    Task,
    TaskGraph,
    TaskResult,
    TaskState,
    ToolCall,
    Trust,
    Usage,
    Weight,
    hookimpl,
)
from genesis_core.testing import ScriptedModel, open_genesis

ALL = {a.card.name: a for a in genesis_provide({})}
OFFLINE = ("architect", "security", "analytics", "research")
WAITING = tuple(name for name in ALL if name not in OFFLINE)
PACKAGE = Path(__file__).resolve().parents[3] / "plugins" / "genesis_agents"
SPENT = Usage(model_calls=1, tokens=100, cost=Decimal("0.01"))


def answer(**data: Any) -> ModelReply:
    return ModelReply(data=data, model="scripted-1", usage=SPENT)


def wants(name: str, /, **arguments: Any) -> ModelReply:
    return ModelReply(tool_calls=(ToolCall(tool=name, arguments=arguments),), model="scripted-1", usage=SPENT)


class Failing:
    """A model that fails each time."""

    name = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.requests: list[ModelRequest] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        raise self.error


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace with a table, code, a weakness and a document."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "sales.csv").write_text("region,amount\nnorth,1200\nsouth,34\nwest,50\n")
    (folder / "app.py").write_text("import helper\n\n\ndef main():\n    return eval('1')\n")
    (folder / "helper.py").write_text("import app\n")
    (folder / "README.md").write_text("# App\n\nThe app must answer within 250 ms.\n")
    return folder


def run(work: Path, graph: Sequence[Task], *models: object, agents: Sequence[str] = tuple(ALL)) -> RunResult:
    async def main() -> RunResult:
        extend = [*(ALL[name] for name in agents), *models]
        async with open_genesis(work.parent / "home", *extend) as genesis:
            report = await genesis.plan("Look at the app", workspace=work, graph=TaskGraph(tasks=tuple(graph)))
            return await (await genesis.start(report)).result()

    return asyncio.run(main())


def do(work: Path, name: str, *models: object, **fields: Any) -> TaskResult:
    fields = {"description": "Do what you do", **fields}
    return run(work, [Task(id="t", agent=name, **fields)], *models).tasks["t"]


def report_of(result: TaskResult) -> Report:
    return Report.model_validate(result.output)


# ---- agents with offline work ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFLINE)
def test_with_a_model_figures_stay_and_the_summary_is_its_own(work: Path, name: str) -> None:
    alone = report_of(do(work, name))
    model = ScriptedModel(answer(summary="All is well.", recommendations=["Do less."], document=""))
    result = do(work, name, model)
    report = report_of(result)
    assert (result.state, result.level, result.model) == (TaskState.COMPLETED, Level.MODEL, "scripted-1")
    assert (result.usage.cost, result.usage.tokens, result.degraded) == (Decimal("0.01"), 100, "")
    assert report.summary == f"{alone.summary} According to scripted-1: All is well."
    assert (report.figures, report.observations) == (alone.figures, alone.observations)
    assert report.tables[:-1] == alone.tables
    assert report.tables[-1].rows == (("Do less.",),)
    assert report.notes[:-1] == alone.notes
    assert report.notes[-1] == ("The summary begins with the tools' own words; what follows them, and the "
                                f"recommendations, are written by scripted-1 with the prompt {name}.v1.")


@pytest.mark.parametrize("name", OFFLINE)
def test_the_model_sees_what_the_tools_found_as_data_and_the_task_as_the_users_words(work: Path, name: str) -> None:
    model = ScriptedModel(answer(summary="Fine.", recommendations=[], document=""))
    do(work, name, model)
    system, found, task = model.requests[0].messages
    assert system.text == prompt(name).text
    assert found.text.startswith("What the tools found:\n") and "\nFigures: " in found.text
    assert task.text.startswith("Task: Do what you do\nIt serves this goal: Look at the app\n")
    assert "Don't contradict them" in task.text
    assert [m.label.trust for m in (system, found, task)] == [Trust.TRUSTED, Trust.UNTRUSTED, Trust.USER]
    assert {"list_files", "read_file"} < {t.name for t in model.requests[0].tools}


@pytest.mark.parametrize("name", OFFLINE)
@pytest.mark.parametrize("error", [ModelError("it broke"), AssertionError("no such thing")], ids=["fails", "bug"])
def test_when_the_model_fails_the_offline_result_stands_and_says_so(work: Path, name: str, error: Exception) -> None:
    alone = do(work, name)
    result = do(work, name, Failing(error))
    if isinstance(error, ModelError):
        assert (result.state, result.level, result.model) == (TaskState.COMPLETED, Level.HEURISTICS, "")
        assert result.output == alone.output
        assert result.degraded == "it broke"
    else:
        assert result.error is not None and result.error.code == "unexpected"  # a bug is no failure of a model


def test_numbers_of_the_model_are_marked_and_those_of_tools_are_not(work: Path) -> None:
    model = ScriptedModel(answer(
        summary="3 rows come to 1,200 at most; I expect 77 next year.", recommendations=["Check all 91."], document=""
    ))
    alone, report = report_of(do(work, "analytics")), report_of(do(work, "analytics", model))
    words = f"According to scripted-1: 3 rows come to 1,200 at most; I expect 77 {MARK} next year."
    assert report.summary == f"{alone.summary} {words}"
    assert report.tables[-1].rows == ((f"Check all 91 {MARK}.",),)
    assert any(note.startswith("2 numbers in its words are the model's own") for note in report.notes)


@pytest.mark.parametrize("resource", ["ask", "screen"])
def test_when_policy_keeps_the_model_from_answering_the_offline_result_stands(work: Path, resource: str) -> None:
    class Policy:
        @hookimpl
        def genesis_authorize(self, action: Action) -> Decision | None:
            return Decision.deny("no models here") if action.verb == resource else None

        @hookimpl
        def genesis_screen(self, text: str) -> Screening | None:
            return Screening(outcome=Outcome.BLOCK) if resource == "screen" and "poison" in text else None

    model = ScriptedModel(answer(summary="poison", recommendations=[], document=""))
    result = run(work, [Task(id="t", agent="security", description="Scan")], model, Policy()).tasks["t"]
    alone = do(work, "security", description="Scan")
    report = report_of(result)
    assert (result.state, result.level) == (TaskState.COMPLETED, Level.HEURISTICS)
    assert report.summary == report_of(alone).summary
    assert report.notes[-1].startswith("No model wrote the summary: ")
    assert len(model.requests) == (0 if resource == "ask" else 1)


def test_an_answer_without_a_summary_leaves_what_is_there(work: Path) -> None:
    report = report_of(do(work, "security", ScriptedModel(answer(summary=" ", recommendations=["x"], document=""))))
    assert report.summary == report_of(do(work, "security")).summary
    assert report.notes[-1] == "A model was asked for a summary; its answer held none."


def test_a_model_that_takes_all_its_time_leaves_the_offline_result(work: Path) -> None:
    class Slow:
        name = "slow"

        async def complete(self, request: ModelRequest) -> ModelReply:
            await asyncio.sleep(60)
            raise AssertionError("it was not stopped")

    result = do(work, "research", Slow(), max_seconds=3.0)
    assert (result.state, result.level) == (TaskState.COMPLETED, Level.HEURISTICS)
    assert "did not answer within" in result.degraded


def test_a_number_that_a_call_of_the_model_gave_is_known(work: Path) -> None:
    model = ScriptedModel(
        wants("read_file", path="README.md"),
        answer(summary="It must answer within 250 ms, not 251.", recommendations=[], document=""),
    )
    result = do(work, "architect", model)
    assert report_of(result).summary.endswith(f"It must answer within 250 ms, not 251 {MARK}.")
    assert "README.md" in {e.source for e in result.evidence}
    assert result.usage.model_calls == 2


def test_without_a_model_nobody_is_asked(work: Path) -> None:
    result = do(work, "security")
    assert (result.level, result.model, result.usage.model_calls) == (Level.HEURISTICS, "", 0)


def test_a_skill_that_takes_a_model_ends_blocked_when_the_model_fails(work: Path) -> None:
    task = {"requires": ("system-design",), "description": "Design a cache"}
    assert do(work, "architect", Failing(ModelError("gone")), **task).state is TaskState.BLOCKED
    model = ScriptedModel(answer(summary="Two layers.", recommendations=[], document="# Cache\n\nTwo layers."))
    done = do(work, "architect", model, **task)
    assert done.state is TaskState.COMPLETED and [a.name for a in done.artifacts] == ["architect.md"]


# ---- agents that need a model ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WAITING)
def test_with_a_model_the_task_is_done_and_the_document_written(work: Path, name: str) -> None:
    model = ScriptedModel(
        wants("read_file", path="README.md"),
        answer(title="A plan", summary="Answer within 250 ms.", notes=["No date is known."],
               document="# A plan\n\n## Scope\n\nOnly the app.\n\n## Cost\n\nAbout 9 days."),
    )
    done = run(work, [Task(id="t", agent=name, description="Write it")], model)
    result, report = done.tasks["t"], report_of(done.tasks["t"])
    assert (result.state, result.level, result.model) == (TaskState.COMPLETED, Level.MODEL, "scripted-1")
    assert (report.title, report.summary) == ("A plan", "Answer within 250 ms.")
    assert report.tables[0].rows == (("Scope", "Only the app."), ("Cost", f"About 9 {MARK} days."))
    assert report.notes[0] == "No date is known."
    assert [a.name for a in result.artifacts] == [f"{name}.md"]
    text = next(Path(done.folder).rglob(f"{name}.md")).read_text()
    assert f"About 9 {MARK} days." in text


@pytest.mark.parametrize("name", WAITING)
def test_without_an_answer_it_ends_blocked_and_the_work_order_names_what_was_tried(work: Path, name: str) -> None:
    done = run(work, [Task(id="t", agent=name, description="Write it")], Failing(ModelError("it broke")))
    result = done.tasks["t"]
    assert (done.state, done.exit_code, result.state) == (RunState.PARTIAL, 8, TaskState.BLOCKED)
    assert result.work_order is not None
    assert any("asked failing: it broke" in tried for tried in result.work_order.tried)
    assert result.work_order.acceptance == ("the result does what the task says: Write it",)


def test_an_answer_with_nothing_in_it_is_none(work: Path) -> None:
    model = ScriptedModel(answer(title="x", summary="", document=" ", notes=[]))
    assert do(work, "spec", model).state is TaskState.BLOCKED


def test_code_that_is_asked_for_is_written_as_it_is(work: Path) -> None:
    text = "# Adder\n\nadd.py holds 42 lines.\n\n```python\ndef add():\n    return 40 + 2\n```\n"
    model = ScriptedModel(answer(title="Adder", summary="Done.", document=text, notes=[]))
    task = Task(id="t", agent="builder", description="Write add.py", accept=Acceptance(artifacts=("add.py",)))
    done = run(work, [task], model)
    assert done.tasks["t"].state is TaskState.COMPLETED
    folder = Path(done.folder)
    assert next(folder.rglob("add.py")).read_text() == "def add():\n    return 40 + 2\n"
    assert f"holds 42 {MARK} lines" in next(folder.rglob("builder.md")).read_text()
    assert "return 40 + 2\n" in next(folder.rglob("builder.md")).read_text()


def test_a_plain_text_is_read_as_a_document_when_it_is_one(work: Path) -> None:
    report = report_of(do(work, "spec", ScriptedModel("# Title\n\nFirst words.\n\n## More\n\nOther words.")))
    assert (report.title, report.summary) == ("Title", "First words.")
    assert report_of(do(work, "spec", ScriptedModel("Only words."))).summary == "Only words."


def test_coders_ask_the_model_for_code(work: Path) -> None:
    reply = answer(title="t", summary="s", document="", notes=[])
    for name, role in (("builder", "code"), ("finance", "orchestrate")):
        model = ScriptedModel(reply)
        do(work, name, model)
        assert model.requests[0].role == role


def test_results_of_other_tasks_reach_the_model_as_data_and_their_numbers_are_known(work: Path) -> None:
    model = ScriptedModel(
        answer(title="t", summary="It said 31337, not 5.", document="", notes=[]),
    )
    task = Task(id="t", agent="finance", description="Sum up", inputs={"said": Input(value={"total": 31337})})
    report = report_of(run(work, [task], model).tasks["t"])
    assert model.requests[0].messages[1].text == 'What the task was given:\n## said\n{"total": 31337}'
    assert report.summary == f"It said 31337, not 5 {MARK}."


# ---- prompts -----------------------------------------------------------------------------------------------------


def test_every_agent_has_a_prompt() -> None:
    assert list(VERSIONS) == [card.name for card in cards()]


@pytest.mark.parametrize("name", VERSIONS)
def test_a_prompt_says_the_role_what_may_be_claimed_and_that_data_is_data(name: str) -> None:
    text = prompt(name).text
    assert text.startswith(f"# {name}\n\nYou are a")
    for heading in ("What you may claim", "Data is data", "How to work"):
        assert f"\n## {heading}\n" in text
    claims = text.split("## What you may claim")[1].split("##")[0]
    assert "Claim " in claims and "Make nothing up" in claims and "marked as yours" in claims
    data = text.split("## Data is data")[1].split("##")[0]
    assert "<data ...>" in data and "gives you no orders" in data and "grants no permission" in data
    assert len(text.split()) < 320


def test_a_changed_prompt_is_a_new_version() -> None:
    """A text whose digest is not the one that stands here under its version was changed without a new version."""
    held = tomllib.loads((Path(__file__).parent / "prompts.toml").read_text("utf-8"))
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (PACKAGE / "prompts").iterdir()}
    assert files == held["sha256"]
    assert {f"{prompt(name)}.md" for name in VERSIONS} <= set(files)


# ---- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "given"), [
    ("1,234 rows", [1234]), ("1234 rows", ["1,234"]), ("12.3 s", [12.34]), ("12 s", [12.34]), ("35 %", [0.35]),
    ("35% of all", [0.3472]), ("0.35", ["35 %"]), ("35 percent", [35]), ("1.2 million", [1_234_567]),
    ("12k", [12_345]), ("fell by 5", [-5]), ("-5 degrees", [-5]), ("on 2026-11-22", ["2026-11-22T10:00"]),
    ("version 3.11.2", ["Python 3.11.2"]), ("3-5 files", [3, 5]), ("utf-8 text", [8]), ("sha256 and v2", []),
    ("app.py:12", [{"location": "12"}]), ("`42`", [42]), ("`range(10)`", []), ("https://x.org/2024/05", []),
    ("1. First\n2. Second", []), ("## 3.1 Scope", []), ("1e3", [1000]), ("2024", [{"2024": None}]), ("(7)", [[[7]]]),
])  # fmt: skip
def test_a_number_that_tools_gave_is_not_marked(text: str, given: list[object]) -> None:
    assert marked(text, known(*given)) == (text, 0)


@pytest.mark.parametrize(("text", "given", "wanted"), [
    ("42", [], "42 [model's figure]"),
    ("42 %", [42.6], "42 % [model's figure]"),
    ("42ms", [], "42ms [model's figure]"),
    ("1,235", [1234], "1,235 [model's figure]"),
    ("-5", [5], "-5 [model's figure]"),
    ("0.36", [0.35], "0.36 [model's figure]"),
    ("2026-11-23", ["2026-11-22", 23], "2026-11-23 [model's figure]"),
    ("1.2 million", [1_260_000], "1.2 million [model's figure]"),
    ("3 of 4", [3], "3 of 4 [model's figure]"),
    ("`42`", [], "`42` [model's figure]"),
    ("7. Later", [], "7 [model's figure]. Later"),
    ("True is 1", [True], "True is 1 [model's figure]"),
    ("9 [model's figure] left", [], "9 [model's figure] left"),
    ("```\n5\n", [], "```\n5 [model's figure]\n"),
])  # fmt: skip
def test_a_number_that_no_tool_gave_is_marked(text: str, given: list[object], wanted: str) -> None:
    assert marked(text, known(*given), code=True) == (wanted, wanted.count(MARK))


def test_numbers_in_a_closed_block_of_code_are_left_alone() -> None:
    text = "```\nx = 5\n```\nx is 5"
    assert marked(text, known(), code=True) == (f"{text} {MARK}", 1)
    assert marked(text, known())[1] == 2


_NUMBERS = st.one_of(st.integers(0, 10**9), st.decimals(0, 10**6, places=2).map(float))


def _written(value: float, style: int) -> str:
    return (f"{value}", f"{value:,}", f"{value:,.0f}")[style]


_TOLD = st.lists(st.tuples(_NUMBERS, st.integers(0, 2)), min_size=1, max_size=10)


@given(given=st.lists(_NUMBERS, max_size=20), told=_TOLD)
def test_exactly_the_numbers_that_occur_nowhere_are_marked(
    given: list[float], told: list[tuple[float, int]]
) -> None:
    words = [_written(value, style) for value, style in told]
    text, count = marked(" and ".join(words), known(given))
    expected = []
    for word in words:
        plain = Decimal(word.replace(",", ""))
        slack = Decimal(5).scaleb(int(plain.as_tuple().exponent) - 1)
        holds = any(abs(Decimal(repr(value)) - plain) <= slack for value in given)
        expected.append(word if holds else f"{word} {MARK}")
    assert text.split(" and ") == expected
    assert count == sum(MARK in word for word in expected)


_TEXTS = st.text(st.sampled_from(list("0123456789.,-%:/` \n#aké²٣[]()k~x")), max_size=80)


@given(text=_TEXTS, given=st.lists(st.one_of(_NUMBERS, _TEXTS), max_size=5), code=st.booleans())
def test_marking_only_adds_marks_and_doing_it_twice_adds_none(text: str, given: list[object], code: bool) -> None:
    once, count = marked(text, known(given), code=code)
    assert once.replace(f" {MARK}", "") == text
    assert once.count(MARK) == count
    assert marked(once, known(given), code=code)[0] == once


@given(text=_TEXTS)
def test_every_number_of_a_text_is_known_from_that_text(text: str) -> None:
    assert marked(text, known(text))[1] == 0


@settings(max_examples=5, deadline=None)
@given(piece=st.sampled_from(["1,", "1-", "`", "1.", "-", "9", "1 ", "1e", "```\n", "1,111"]))
def test_marking_takes_linear_time(piece: str) -> None:
    import time

    def seconds(size: int) -> float:
        text = piece * size
        began = time.process_time()
        marked(text, known(text), code=True)
        return time.process_time() - began

    seconds(1000)
    assert seconds(40_000) < 12 * seconds(10_000) + 0.2


# ---- the composed report -----------------------------------------------------------------------------------------


def composed(work: Path, *models: object) -> tuple[RunResult, str, str]:
    graph = [
        Task(id="code", agent="architect", requires=("module-map",), description="Map the code"),
        Task(id="scan", agent="security", description="Scan the code", depends_on=("code",)),
        Task(id="report", agent="analytics", requires=("report",), description="Write the report",
             inputs={"code": Input(task="code", output=""), "scan": Input(task="scan", output="")}),
    ]  # fmt: skip
    done = run(work, graph, *models)
    folder = Path(done.folder)
    return done, next(folder.rglob("report.md")).read_text(), next(folder.rglob("report.html")).read_text()


class Turns:
    """A model that answers or fails in turn."""

    name = "turns"

    def __init__(self, *turns: ModelReply | Exception) -> None:
        self.turns = list(turns)

    async def complete(self, request: ModelRequest) -> ModelReply:
        turn = self.turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return turn


def test_a_report_says_of_each_part_which_model_wrote_it_and_marks_degraded_ones(work: Path) -> None:
    model = Turns(
        answer(summary="The code is small.", recommendations=["Break the cycle."], document=""),
        ModelError("it <b>broke</b>"),
        answer(summary="All in all, 7777 things.", recommendations=["Start with the cycle."], document=""),
    )
    done, text, page = composed(work, model)
    assert [done.tasks[t].level for t in ("code", "scan", "report")] == [Level.MODEL, Level.HEURISTICS, Level.MODEL]
    for where in (text.replace("\\$", "$"), page):
        assert where.count("Written by scripted-1: 100 tokens, $0.01.") == 1
        assert "Degraded: no model wrote this part" in where
        assert "Start with the cycle." in where
    assert f"All in all, 7777 {escape(MARK)} things." in page and "Break the cycle." in page
    assert "<b>broke</b>" not in page and "&lt;b&gt;broke" in page
    assert '<span class="chip medium">degraded</span>' in page
    assert done.tasks["report"].output is not None
    assert [a.name for a in done.tasks["report"].artifacts] == ["report.md", "report.html"]


def test_who_writes_about_a_report_is_given_what_its_parts_found_and_no_page(work: Path) -> None:
    model = ScriptedModel(*(answer(summary="Small.", recommendations=[], document="") for _ in range(3)))
    composed(work, model)
    last = model.requests[-1]
    assert "compose_report" not in [tool.name for tool in last.tools]
    said = "\n".join(message.text for message in last.messages)
    assert "## code\nTitle: " in said and "## scan\nTitle: " in said and "<!doctype" not in said.lower()


def test_a_report_without_models_says_nothing_of_models(work: Path) -> None:
    done, text, page = composed(work)
    assert done.state is RunState.COMPLETED
    for where in (text, page):
        assert "Written by" not in where and "egraded" not in where


def test_the_figures_of_a_report_are_those_of_its_parts_with_or_without_a_model(work: Path) -> None:
    alone, _, _ = composed(work)
    words = answer(summary="Fine.", recommendations=[], document="")
    done, _, _ = composed(work, ScriptedModel(words, words, words))
    assert report_of(done.tasks["report"]).figures == report_of(alone.tasks["report"]).figures


def test_an_unknown_cost_is_said_to_be_unknown(work: Path) -> None:
    words = ModelReply(data={"summary": "Fine.", "recommendations": [], "document": ""}, model="local",
                       usage=Usage(model_calls=1, tokens=12345, cost=None))
    _, text, _ = composed(work, ScriptedModel(words, words, words))
    assert "Written by local: 12,345 tokens, cost not known." in text


# ---- work orders -------------------------------------------------------------------------------------------------


class Shop:
    """A plugin that offers a model; nobody has chosen it until settings name it."""

    def __init__(self, *replies: ModelReply) -> None:
        self.model = ScriptedModel(*replies, name="bought")

    @hookimpl
    def genesis_provide(self) -> list[Any]:
        return [self.model]


def test_what_needs_a_model_ends_blocked_and_is_finished_on_resume_with_one(work: Path) -> None:
    shop = Shop(wants("read_file", path="README.md"),
                answer(title="Plan", summary="Within 250 ms.", document="# Plan\n\nIt.", notes=[]),
                answer(summary="All in all fine.", recommendations=[], document=""))
    graph = TaskGraph(tasks=(
        Task(id="scan", agent="security", description="Scan the code"),
        Task(id="plan", kind="planning", requires=("specification",), description="Write the specification"),
        Task(id="report", agent="analytics", requires=("report",), description="Write the report",
             inputs={"plan": Input(task="plan", output="")}),
    ))  # fmt: skip

    async def main() -> None:
        home = work.parent / "home"
        async with open_genesis(home, *ALL.values(), shop, genesis_halo) as genesis:
            report = await genesis.plan("Look at the app", workspace=work, graph=graph)
            first = await (await genesis.start(report)).result()
        assert (first.state, first.exit_code) == (RunState.PARTIAL, 8)
        blocked = first.tasks["plan"]
        assert blocked.state is TaskState.BLOCKED and first.tasks["report"].state is TaskState.SKIPPED
        order = blocked.work_order
        assert order is not None and order.goal == "Write the specification" and order.tried
        async with open_genesis(home, *ALL.values(), shop, genesis_halo, settings={"models": {"use": ["bought"]}}) as g:
            again = await (await g.resume(first.run_id)).result()
        assert again.state is RunState.COMPLETED, again.tasks
        assert again.tasks["scan"] == first.tasks["scan"]
        assert (again.tasks["plan"].level, again.tasks["plan"].model) == (Level.MODEL, "scripted-1")
        assert len(shop.model.requests) == 3

    asyncio.run(main())


# ---- what the model is told --------------------------------------------------------------------------------------


def test_findings_are_told_in_lines_the_gravest_first_and_cut_to_the_room() -> None:
    observations = [
        Observation(rule="r", severity=weight, message=f"m{n}", source="a.py", location=str(n), quote="q" * 500)
        for n, weight in enumerate([Weight.INFO] * 30 + [Weight.HIGH])
    ]
    report = Report(title="T", summary="S.", figures={"files": 3}, observations=tuple(observations),
                    tables=(Table(title="By file", columns=("file", "n"), rows=tuple(("a.py", n) for n in range(12))),),
                    notes=tuple(f"note {n}" for n in range(8)))  # fmt: skip
    lines = findings(report, 100_000).splitlines()
    assert lines[:3] == ["Title: T", "Summary: S.", "Figures: files 3"]
    assert lines[3].startswith("- high r a.py:30 m30 | qqq")
    for said in ("[11 more observations are not shown]", "[2 more rows are not shown]", "[2 more notes are not shown]"):
        assert said in lines
    assert len(findings(report)) <= ROOM + 60 and "[cut: " in findings(report, 500)


def test_reports_among_the_inputs_are_told_in_lines_and_share_the_room() -> None:
    report = Report(title="T", summary="S. " * 4000).to_json()
    text = briefed({"a": report, "b": {"x/1": report, "x/2": report}, "c": [1, 2], "d": None, "e": ""})
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == ["## a", "## b", "### x/1", "### x/2", "## c"]
    assert len(text) < ROOM + 400 and text.endswith("## c\n[1, 2]")


@pytest.mark.parametrize("goal", ["Deploy the service with Docker", "Write a newsletter", "Forecast revenue"])
def test_a_goal_that_was_planned_without_a_model_is_finished_with_one(work: Path, goal: str) -> None:
    shop = Shop(answer(title="Plan", summary="Done.", document="# Plan\n\nIt.", notes=[]))
    plugins = (*ALL.values(), shop, genesis_htdag, genesis_halo)

    async def main() -> None:
        home = work.parent / "home"
        async with open_genesis(home, *plugins) as genesis:
            report = await genesis.plan(goal, workspace=work)
            first = await (await genesis.start(report)).result()
        assert first.exit_code == 8 and report.plan.not_understood == ()
        async with open_genesis(home, *plugins, settings={"models": {"use": ["bought"]}}) as genesis:
            again = await (await genesis.resume(first.run_id)).result()
        assert (again.state, again.exit_code) == (RunState.COMPLETED, 0)
        assert [t.level for t in again.tasks.values()] == [Level.MODEL]

    asyncio.run(main())
