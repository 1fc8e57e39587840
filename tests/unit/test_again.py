"""``--again``: a task runs again exactly when something that it depends on has changed."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_core import (
    DependencyDown,
    EventKind,
    JournalError,
    Label,
    Level,
    ModelRequest,
    RunEvent,
    RunResult,
    Secrecy,
    SettingsError,
    Task,
    TaskContext,
    TaskGraph,
    TaskState,
    Trust,
    Usage,
    tool,
)
from genesis_core._again import _module_digest, agent_code
from genesis_core.testing import FakeAgent, ScriptedModel, open_genesis


@tool(effect="read", inline=True)
def size(file: Path) -> int:
    """Return how long a file is."""
    return 7


@tool(effect="read", inline=True)
def names(folder: Path) -> list[str]:
    """Return nothing of a folder."""
    return []


@tool(effect="read", inline=True)
def whole(text: str = "", folder: Path = Path("src"), other: Path | None = None) -> str:
    """Return the name of the folder that it looks at when nobody names one."""
    return str(folder)


@tool(effect="read", inline=True)
def sizes(files: list[Path]) -> int:
    """Return how many files there are."""
    return len(files)


Work = Callable[[Task, TaskContext], Any]


class Runs:
    """Runs a graph, then again and again after what was changed in between."""

    def __init__(self, folder: Path) -> None:
        self.home, self.workspace = folder / "home", folder / "workspace"
        self.workspace.mkdir()
        self.ran: list[str] = []
        self.events: list[RunEvent] = []
        self.last: str | None = None

    def file(self, name: str, text: str) -> None:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def go(self, graph: TaskGraph, work: Work, again: str = "", extend: Sequence[object] = ()) -> RunResult:
        """Run *graph* (the first time from nothing) and note which tasks the agent was given."""
        agent = FakeAgent("w", work=work, tools=[size, names, sizes, whole])

        async def main() -> RunResult:
            async with open_genesis(self.home, agent, *extend) as genesis:
                report = await genesis.plan("x", workspace=self.workspace, graph=graph)
                run = await genesis.start(report, again=again or self.last)
                self.last = run.id
                self.events = [event async for event in run]
                result = await run.result()
                genesis.verify(run.id)
                return result

        result = asyncio.run(main())
        self.ran = agent.seen
        return result

    def said(self, kind: EventKind) -> dict[str, Any]:
        return {e.task_id: e.data for e in self.events if e.kind is kind}


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def tasks(*made: Task) -> TaskGraph:
    return TaskGraph(tasks=tuple(t.replace(agent="w") for t in made))


CHAIN = tasks(Task(id="a"), Task(id="b", depends_on=("a",)), Task(id="c", depends_on=("b",)), Task(id="other"))


async def reads_its_file(task: Task, context: TaskContext) -> str:
    return await context.read(f"{task.id}.txt") if task.id in "abc" else "constant"


# -- nothing changed --------------------------------------------------------------------------------------------------


def test_when_nothing_has_changed_nothing_runs_and_the_results_are_those(runs: Runs) -> None:
    for name in "abc":
        runs.file(f"{name}.txt", name)
    first = runs.go(CHAIN, reads_its_file)
    assert runs.ran == ["a", "other", "b", "c"]
    second = runs.go(CHAIN, reads_its_file)
    assert runs.ran == []
    assert {t: r.output for t, r in second.tasks.items()} == {t: r.output for t, r in first.tasks.items()}
    assert second.state is first.state
    assert second.usage == Usage()
    reused = runs.said(EventKind.TASK_REUSED)
    assert set(reused) == {"a", "b", "c", "other"}
    assert {(data["from"], data["reason"]) for data in reused.values()} == {
        (first.run_id, "same task, code, inputs and files")}


def test_what_was_re_used_can_be_re_used_once_more(runs: Runs) -> None:
    for name in "abc":
        runs.file(f"{name}.txt", name)
    for expected in (["a", "other", "b", "c"], [], []):
        runs.go(CHAIN, reads_its_file)
        assert runs.ran == expected
    runs.file("b.txt", "new")
    runs.go(CHAIN, reads_its_file)
    assert runs.ran == ["b", "c"]


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("edited", "expected"), [("a", ["a", "b"]), ("b", ["b", "c"]), ("c", ["c"])])
def test_the_edit_of_a_file_runs_its_reader_and_what_stands_on_a_new_output(
    runs: Runs, edited: str, expected: list[str]
) -> None:
    for name in "abc":
        runs.file(f"{name}.txt", name)
    runs.go(CHAIN, reads_its_file)
    runs.file(f"{edited}.txt", "new")
    runs.go(CHAIN, reads_its_file)
    assert runs.ran == expected
    assert f"{edited}.txt has changed" in runs.said(EventKind.WARNING)[edited]["text"]


def test_a_task_that_gives_the_same_output_again_lets_those_behind_be_re_used(runs: Runs) -> None:
    async def length(task: Task, context: TaskContext) -> int:
        return len(await context.read("a.txt")) if task.id == "a" else 0

    runs.file("a.txt", "old")
    runs.go(CHAIN, length)
    runs.file("a.txt", "new")
    runs.go(CHAIN, length)
    assert runs.ran == ["a"]


def test_an_edit_that_is_undone_is_no_change(runs: Runs) -> None:
    runs.file("a.txt", "old")
    graph = tasks(Task(id="a"))
    runs.go(graph, reads_its_file)
    runs.file("a.txt", "new")
    runs.file("a.txt", "old")
    runs.go(graph, reads_its_file)
    assert runs.ran == []


def test_a_file_that_is_gone_runs_its_reader_again(runs: Runs) -> None:
    runs.file("a.txt", "old")
    graph = tasks(Task(id="a"))
    runs.go(graph, reads_its_file)
    (runs.workspace / "a.txt").unlink()
    result = runs.go(graph, reads_its_file)
    assert result.tasks["a"].state is TaskState.FAILED


@pytest.mark.parametrize(
    ("name", "again"), [("src/new.py", True), ("src/deep/new.py", True), ("new.py", False), ("src/new.txt", False)]
)
def test_a_new_file_counts_where_its_pattern_was_asked_for(runs: Runs, name: str, again: bool) -> None:
    runs.file("src/a.py", "x")
    graph = tasks(Task(id="a"))
    runs.go(graph, lambda t, c: list(c.files("src/**/*.py")))
    runs.file(name, "x")
    runs.go(graph, lambda t, c: list(c.files("src/**/*.py")))
    assert runs.ran == (["a"] if again else [])


def test_a_file_that_was_only_listed_may_change(runs: Runs) -> None:
    runs.file("src/a.py", "x")
    graph = tasks(Task(id="a"))
    runs.go(graph, lambda t, c: list(c.files("**/*.py")))
    runs.file("src/a.py", "y")
    runs.go(graph, lambda t, c: list(c.files("**/*.py")))
    assert runs.ran == []


@pytest.mark.parametrize(
    ("call", "edited", "again"),
    [
        (lambda c: c.call(size, file="src/a.py"), "src/a.py", True),
        (lambda c: c.call(size, file="src/a.py"), "src/b.py", False),
        (lambda c: c.call(sizes, files=["src/a.py", "src/b.py"]), "src/b.py", True),
        (lambda c: c.call(names, folder="src"), "src/deep/new.py", True),
        (lambda c: c.call(names, folder="src"), "elsewhere.py", False),
        (lambda c: c.call(names, folder="src"), "src/build/made.txt", True),
        (lambda c: c.call(names, folder="."), ".hidden/note.txt", True),
        (lambda c: c.call(names, folder="."), "src/.git/index", False),
        (lambda c: c.call(whole), "src/b.py", True),
        (lambda c: c.call(whole), "elsewhere.py", False),
        (lambda c: c.call(whole, folder="other"), "src/b.py", False),
    ],
)
def test_what_a_tool_was_given_counts_as_read(
    runs: Runs, call: Callable[[TaskContext], Any], edited: str, again: bool
) -> None:
    for name in ("src/a.py", "src/b.py", "elsewhere.py", "other/c.py"):
        runs.file(name, "x")
    graph = tasks(Task(id="a"))
    runs.go(graph, lambda t, c: call(c))
    runs.file(edited, "new")
    runs.go(graph, lambda t, c: call(c))
    assert runs.ran == (["a"] if again else [])


def test_a_file_named_as_an_input_counts_as_read(runs: Runs) -> None:
    graph = tasks(Task(id="a", inputs={"x": {"file": "a.txt"}}))
    runs.file("a.txt", "old")
    runs.go(graph, lambda t, c: c.inputs["x"])
    runs.file("a.txt", "new")
    assert runs.go(graph, lambda t, c: c.inputs["x"]).output == "new"


# -- tasks and what is upstream ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"description": "new"}, {"inputs": {"x": {"value": 2}}}, {"requires": ("s",)}, {"metadata": {"a": 1}},
     {"max_seconds": 5.0}],
)
def test_a_task_that_is_planned_otherwise_runs_again(runs: Runs, change: dict[str, Any]) -> None:
    a, b = Task(id="a", inputs={"x": {"value": 1}}), Task(id="b")
    runs.go(tasks(a, b), lambda t, c: 0)
    runs.go(tasks(a.replace(**change), b), lambda t, c: 0)
    assert runs.ran == ["a"]
    assert "the task was changed" in runs.said(EventKind.WARNING)["a"]["text"]


def test_a_new_task_runs_and_the_others_are_re_used(runs: Runs) -> None:
    a, b = Task(id="a"), Task(id="b", depends_on=("a",))
    runs.go(tasks(a), lambda t, c: 0)
    runs.go(tasks(a, b), lambda t, c: 0)
    assert runs.ran == ["b"]


def test_what_depends_on_a_composite_runs_again_when_one_of_its_children_gives_something_else(runs: Runs) -> None:
    graph = tasks(Task(id="p"), Task(id="a", parent="p"), Task(id="b", parent="p"),
                  Task(id="z", inputs={"all": {"task": "p", "output": ""}}))
    for name in "ab":
        runs.file(f"{name}.txt", name)

    async def work(task: Task, context: TaskContext) -> Any:
        return context.inputs["all"] if task.id == "z" else await context.read(f"{task.id}.txt")

    runs.go(graph, work)
    runs.go(graph, work)
    assert runs.ran == []
    runs.file("b.txt", "new")
    result = runs.go(graph, work)
    assert runs.ran == ["b", "z"]
    assert result.output == {"a": "a", "b": "new"}


def test_a_task_that_no_model_answered_asks_again(runs: Runs) -> None:
    model = ScriptedModel(DependencyDown("the line is dead", hint="look at the line"), "three", name="m")

    async def work(task: Task, context: TaskContext) -> Any:
        try:
            return context.result((await context.ask(ModelRequest())).text, level=Level.MODEL)
        except DependencyDown:
            return context.result("by hand")

    first = runs.go(tasks(Task(id="a")), work, extend=[model])
    assert (first.output, first.tasks["a"].degraded) == ("by hand", "the line is dead (hint: look at the line)")
    assert runs.go(tasks(Task(id="a")), work, extend=[model]).output == "three"
    assert runs.ran == ["a"]
    assert runs.go(tasks(Task(id="a")), work, extend=[model]).output == "three", "and then it is done"
    assert runs.ran == []


def test_a_failed_task_and_those_skipped_behind_it_run_again(runs: Runs) -> None:
    broken = True

    def work(task: Task, context: TaskContext) -> str:
        if broken and task.id == "b":
            raise ValueError("not now")
        return task.id

    assert runs.go(CHAIN, work).exit_code == 1
    broken = False
    result = runs.go(CHAIN, work)
    assert runs.ran == ["b", "c"]
    assert "did not complete before" in runs.said(EventKind.WARNING)["b"]["text"]
    assert result.exit_code == 0


def test_what_a_cancelled_run_has_done_is_re_used(runs: Runs) -> None:
    async def work(task: Task, context: TaskContext) -> None:
        await asyncio.sleep(60 if task.id == "b" and slow else 0)

    async def main() -> None:
        async with open_genesis(runs.home, FakeAgent("w", work=work, tools=[size, names, sizes, whole])) as genesis:
            run = await genesis.start(await genesis.plan("x", workspace=runs.workspace, graph=CHAIN))
            runs.last = run.id
            async for event in run:
                if event.kind is EventKind.TASK_STARTED and event.task_id == "b":
                    asyncio.get_running_loop().create_task(run.cancel())

    slow = True
    asyncio.run(main())
    slow = False
    runs.go(CHAIN, work)
    assert runs.ran == ["b", "c"]


# -- artefacts --------------------------------------------------------------------------------------------------------

NOTES = tasks(Task(id="a/writes"), Task(id="reads", inputs={"note": {"task": "a/writes", "artifact": "sub/note.txt"}}))


async def notes(task: Task, context: TaskContext) -> Any:
    if task.id == "reads":
        return (await context.read_artifact(context.inputs["note"])).decode() + await context.read("a.txt")
    return context.result(artifacts=[await context.write("sub/note.txt", "a note")])


def test_artefacts_come_along_and_can_be_read(runs: Runs) -> None:
    runs.file("a.txt", "old")
    first = runs.go(NOTES, notes)
    runs.file("a.txt", "new")
    second = runs.go(NOTES, notes)
    shutil.rmtree(first.folder)
    assert runs.ran == ["reads"]
    assert second.tasks["reads"].output == "a notenew"
    (copy,) = Path(second.folder).glob("artifacts/*/sub/note.txt")
    assert copy.read_text() == "a note"


@pytest.mark.parametrize("damage", [lambda note: note.write_text("forged"), lambda note: note.unlink()])
def test_an_artefact_that_is_not_what_was_recorded_is_made_again(runs: Runs, damage: Callable[[Path], Any]) -> None:
    runs.file("a.txt", "old")
    first = runs.go(NOTES, notes)
    (note,) = Path(first.folder).glob("artifacts/*/sub/note.txt")
    damage(note)
    result = runs.go(NOTES, notes)
    assert runs.ran == ["a/writes"]
    assert "'sub/note.txt' is not what was recorded" in runs.said(EventKind.WARNING)["a/writes"]["text"]
    assert result.tasks["reads"].output == "a noteold"


# -- labels -----------------------------------------------------------------------------------------------------------


def test_what_is_re_used_takes_on_the_label_of_what_now_stands_before_it(runs: Runs) -> None:
    graph = tasks(Task(id="a"), Task(id="b", depends_on=("a",)))
    untrusted = False

    async def work(task: Task, context: TaskContext) -> str:
        if untrusted and task.id == "a":
            await context.read("a.txt")
        return "the same"

    runs.file("a.txt", "anything")
    runs.go(graph, marked(work))
    untrusted = True
    runs.file("mark-1.txt", "")
    result = runs.go(graph, marked(work))
    assert runs.ran == ["a"]
    low = Label(Trust.UNTRUSTED, Secrecy.INTERNAL, frozenset({"a.txt", "names mark-*.txt"}))
    assert result.tasks["a"].label == result.tasks["b"].label == low


def marked(work: Callable[[Task, TaskContext], Any]) -> Work:
    """*work*, whose task "a" runs again when the name of a file changes."""

    async def with_mark(task: Task, context: TaskContext) -> Any:
        if task.id == "a":
            context.files("mark-*.txt")
        return await work(task, context)

    return with_mark


# -- code -------------------------------------------------------------------------------------------------------------

MODULE = """
from genesis_core import agent, tool
{imports}

@tool(inline=True)
def shout(text: str) -> str:
    '''Shout.'''
    return text.upper()

@agent(tools=[shout])
async def w(task, context):
    '''Work.'''
    return {value}
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], ModuleType]:
    """Write a module and import it, as a new process would after an edit."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def load(name: str, text: str, top: str = "") -> ModuleType:
        path = site / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        module = (top or name.removesuffix(".py")).replace("/", ".")
        for known in [m for m in sys.modules if m.split(".")[0] == module.split(".")[0]]:
            monkeypatch.delitem(sys.modules, known)
        importlib.invalidate_caches()
        shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
        _module_digest.cache_clear()
        return importlib.import_module(module)

    return load


def run_agent_of(runs: Runs, module: ModuleType, *extend: object) -> list[str]:
    """Run one task of *module*'s agent, and return the tasks that were re-used."""

    async def main() -> list[str]:
        async with open_genesis(runs.home, module.w, *extend) as genesis:
            report = await genesis.plan("x", workspace=runs.workspace, graph=tasks(Task(id="a")))
            run = await genesis.start(report, again=runs.last)
            runs.last = run.id
            return [e.task_id async for e in run if e.kind is EventKind.TASK_REUSED]

    return asyncio.run(main())


def test_an_edit_of_the_agents_module_runs_its_tasks_again(runs: Runs, code: Callable[..., ModuleType]) -> None:
    first = MODULE.format(imports="", value=1)
    assert run_agent_of(runs, code("again_one.py", first)) == []
    assert run_agent_of(runs, code("again_one.py", first)) == ["a"]
    assert run_agent_of(runs, code("again_one.py", MODULE.format(imports="", value=2))) == []


def test_an_edit_beside_the_agents_module_in_its_package_runs_its_tasks_again(
    runs: Runs, code: Callable[..., ModuleType]
) -> None:
    helper = runs.home.parent / "site" / "again_two" / "_help.py"
    helper.parent.mkdir()
    text = MODULE.format(imports="from ._help import N", value="N")
    helper.write_text("N = 1")
    assert run_agent_of(runs, code("again_two/__init__.py", text, "again_two")) == []
    assert run_agent_of(runs, code("again_two/__init__.py", text, "again_two")) == ["a"]
    helper.write_text("N = 2")
    assert run_agent_of(runs, code("again_two/__init__.py", text, "again_two")) == []


def test_another_model_runs_the_task_again(runs: Runs, code: Callable[..., ModuleType]) -> None:
    text = MODULE.format(imports="", value=1)
    run_agent_of(runs, code("again_three.py", text))
    assert run_agent_of(runs, code("again_three.py", text), ScriptedModel()) == []
    assert run_agent_of(runs, code("again_three.py", text), ScriptedModel()) == ["a"]


@pytest.mark.parametrize("card", [{"version": "2"}, {"tier": "strong"}, {"tools": [size]}])
def test_the_code_of_an_agent_covers_its_card(card: dict[str, Any]) -> None:
    tools = {"size": size}
    assert agent_code(FakeAgent("w"), tools, []) == agent_code(FakeAgent("w"), tools, [])
    assert agent_code(FakeAgent("w"), tools, []) != agent_code(FakeAgent("w", **card), tools, [])


def test_an_agent_without_a_source_file_has_a_code_all_the_same() -> None:
    made = eval("type('Made', (), {'card': card, 'invoke': None})()", {"card": FakeAgent("w").card})
    assert agent_code(made, {}, [])


# -- which run --------------------------------------------------------------------------------------------------------


def test_an_unknown_run_is_an_error_before_anything_is_written(runs: Runs) -> None:
    runs.go(CHAIN, lambda t, c: 0)
    before = sorted(os.listdir(runs.home / "runs"))
    with pytest.raises(SettingsError, match="there is no run 'nobody'"):
        runs.go(CHAIN, lambda t, c: 0, again="nobody")
    assert sorted(os.listdir(runs.home / "runs")) == before


def test_a_damaged_run_is_an_error_before_anything_is_written(runs: Runs) -> None:
    first = runs.go(CHAIN, lambda t, c: 0)
    (Path(first.folder) / "journal.db").write_bytes(b"garbage" * 999)
    before = sorted(os.listdir(runs.home / "runs"))
    with pytest.raises(JournalError, match="damaged"):
        runs.go(CHAIN, lambda t, c: 0, again=first.run_id)
    assert sorted(os.listdir(runs.home / "runs")) == before


def test_another_workspace_is_looked_at_as_it_is(runs: Runs) -> None:
    for name in "abc":
        runs.file(f"{name}.txt", name)
    runs.go(CHAIN, reads_its_file)
    shutil.copytree(runs.workspace, runs.home.parent / "copy")
    runs.workspace = runs.home.parent / "copy"
    runs.go(CHAIN, reads_its_file)
    assert runs.ran == []
    runs.file("c.txt", "new")
    runs.go(CHAIN, reads_its_file)
    assert runs.ran == ["c"]
