"""The tool loop: bounded, honest about what failed, and with no door but those of the task."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_core import (
    Action,
    Budget,
    Decision,
    Effect,
    LoopResult,
    ModelReply,
    ModelRequest,
    RunState,
    Task,
    TaskContext,
    TaskGraph,
    TaskResult,
    TaskState,
    ToolCall,
    Trust,
    fenced,
    hookimpl,
    tool,
    tool_loop,
)
from genesis_core._fits import misfit
from genesis_core.testing import FakeAgent, ScriptedModel, open_genesis


@tool(inline=True)
def double(number: int) -> int:
    """Double a number."""
    return number * 2


@tool(inline=True)
def lament(text: str) -> str:
    """Raise what it is told."""
    raise ValueError(text)


@tool(inline=True)
def long_list(count: int) -> str:
    """Return a long text."""
    return "x" * count


@tool(inline=True, effect=Effect.SEND)
def send(text: str) -> str:
    """Send a text away."""
    return text


@tool
def size(files: list[Path]) -> int:
    """Count bytes."""
    return sum(file.stat().st_size for file in files)


TOOLS = [double, lament, long_list, send, size]


def call(name: str, key: str = "", /, **arguments: Any) -> ToolCall:
    return ToolCall(tool=name, arguments=arguments, key=key)


def calls(*asked: ToolCall) -> ModelReply:
    return ModelReply(tool_calls=asked, model="scripted", finish="tools")


class World:
    """One run of one agent that does a loop; it keeps what came of it."""

    def __init__(self, home: Path, *replies: ModelReply | str, **options: Any) -> None:
        self.home, self.model = home, ScriptedModel(*replies)
        self.first = options.pop("first", "")
        self.options = options
        self.found: LoopResult | None = None
        self.through: list[str] = []
        self.error: Exception | None = None

    async def _loop(self, task: Task, context: TaskContext) -> Any:
        through, original = self.through, context.call

        async def counted(name: Any, /, **arguments: Any) -> Any:
            through.append(name)
            return await original(name, **arguments)

        class Watched:
            """The context, with its calls counted."""

            call = staticmethod(counted)

            def __getattr__(self, name: str) -> Any:
                return getattr(context, name)

        if self.first:
            await context.read(self.first)
        try:
            self.found = await tool_loop(Watched(), system="Be exact.", prompt="Do it.", **self.options)  # type: ignore[arg-type]
        except Exception as error:
            self.error = error
            raise
        return self.found.text

    def run(self, *plugins: object, tools: Sequence[Any] = TOOLS, budget: Budget | None = None,
            settings: dict[str, Any] | None = None) -> TaskResult | None:
        async def main() -> TaskResult | None:
            agent = FakeAgent(work=self._loop, tools=tools)
            graph = TaskGraph(tasks=(Task(id="t", agent="fake"),))
            async with open_genesis(self.home / "home", agent, self.model, *plugins, settings=settings or {}) as g:
                (self.home / "work").mkdir(exist_ok=True)
                report = await g.plan("test", workspace=self.home / "work", graph=graph)
                self.result = await (await g.start(report, budget=budget)).result()
                return self.result.tasks.get("t")

        return asyncio.run(main())

    def told(self) -> list[str]:
        """What the model was told that its calls gave."""
        return [m.text for m in self.model.requests[-1].messages if m.role == "tool"]


def test_it_runs_what_the_model_asks_for_and_returns_its_answer(tmp_path: Path) -> None:
    world = World(tmp_path, calls(call("double", number=21)), "It is 42.")
    result = world.run()
    assert result is not None and result.output == "It is 42." and result.model == "scripted"
    found = world.found
    assert found is not None
    assert (found.turns, found.model, found.text) == (2, "scripted", "It is 42.")
    assert [(c.tool, r.value) for c, r in zip(found.calls, found.results, strict=True)] == [("double", 42)]
    assert "42" in world.told()[0]
    assert result.usage.model_calls == 2 and result.usage.tool_calls == 1


def test_the_model_is_offered_the_tools_of_the_card_and_two_doors(tmp_path: Path) -> None:
    world = World(tmp_path, "done")
    world.run(tools=[double])
    assert [t.name for t in world.model.requests[0].tools] == ["list_files", "read_file", "double"]


def test_only_some_tools_can_be_offered_and_no_foreign_one(tmp_path: Path) -> None:
    world = World(tmp_path, calls(call("send", text="x")), "done", tools=[double])
    world.run()
    assert [t.name for t in world.model.requests[0].tools][2:] == ["double"]
    assert world.through == [] and "There is no tool 'send'" in world.told()[0]
    other = World(tmp_path / "b", "done", tools=["nothing"])
    (tmp_path / "b").mkdir()
    result = other.run()
    assert result is not None and result.error is not None and "can't be offered" in result.error.message


def test_files_are_listed_and_read_through_the_context(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.md").write_text("Alpha says 17.")
    world = World(tmp_path, calls(call("list_files", pattern="**/*.md"), call("read_file", path="a.md")), "done")
    result = world.run()
    assert world.found is not None
    assert [r.value for r in world.found.results] == [["a.md"], "Alpha says 17."]
    assert result is not None and result.label.trust is Trust.UNTRUSTED
    last = world.model.requests[-1].messages
    assert [m.label.trust for m in last if m.role == "tool"][-1] is Trust.UNTRUSTED
    assert last[0].label.trust is Trust.TRUSTED and last[1].label.trust is Trust.USER


def test_data_stands_before_the_task_and_keeps_the_label_of_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.md").write_text("Alpha.")
    world = World(tmp_path, "done", data={"What was found": "Alpha."}, first="a.md")
    world.run()
    messages = world.model.requests[0].messages
    assert [(m.text, m.label.trust) for m in messages] == [
        ("Be exact.", Trust.TRUSTED), ("What was found:\nAlpha.", Trust.UNTRUSTED), ("Do it.", Trust.USER),
    ]


def test_the_last_question_tells_in_words_what_was_called(tmp_path: Path) -> None:
    world = World(tmp_path, calls(call("double", number=2)), "4", max_turns=1)
    world.run()
    last = world.model.requests[-1].messages
    assert not any(m.tool_calls or m.role == "tool" for m in last)
    assert [m.text for m in last][2:4] == ['I call double {"number": 2}', "Result of double:\n4"]


@pytest.mark.parametrize(("asked", "said"), [
    (call("lament", text="no luck"), "no luck"),
    (call("doubel", number=2), "did you mean 'double'"),
    (call("double", number="two"), "number must be integer, not 'two'"),
    (call("double"), "lacks 'number'"),
    (call("double", number=2, more=1), "has no 'more'"),
    (call("size", files=[3]), "files[0] must be string, not 3"),
    (call("size", files=["../secret"]), "outside the workspace"),
    (call("size", files=["x" * 5000]), "It failed"),
    (call("read_file", path="nowhere.md"), "It failed"),
    (call("read_file", path="../up.md"), "outside the workspace"),
    (call("read_file", path="a\0b"), "null character"),
])  # fmt: skip
def test_what_fails_is_told_as_text_and_the_loop_goes_on(tmp_path: Path, asked: ToolCall, said: str) -> None:
    world = World(tmp_path, calls(asked), "I could not.")
    result = world.run()
    assert result is not None and result.state is TaskState.COMPLETED, result
    assert said in world.told()[0]


def test_a_call_that_policy_denies_is_told_and_one_that_must_be_approved_ends_the_task(tmp_path: Path) -> None:
    def policy(decide: Callable[[str, str], Decision]) -> object:
        class Policy:
            @hookimpl
            def genesis_authorize(self, action: Action) -> Decision | None:
                return decide("policy", "") if action.resource == "send" else None

        return Policy()

    world = World(tmp_path, calls(call("send", text="x")), "It may not be sent.")
    result = world.run(policy(Decision.deny))
    assert result is not None and result.state is TaskState.COMPLETED and "denied" in world.told()[0]
    (tmp_path / "b").mkdir()
    world = World(tmp_path / "b", calls(call("send", text="x")), "never asked")
    assert world.run(policy(Decision.ask), settings={"policy": {"untrusted": "ask"}}) is None
    assert world.result.state is RunState.WAITING and len(world.model.requests) == 1


def test_a_spent_budget_and_a_used_up_limit_end_the_loop(tmp_path: Path) -> None:
    asks = [calls(call("double", number=n)) for n in range(5)]
    world = World(tmp_path, *asks)
    assert world.run(budget=Budget(max_tool_calls=2)) is None
    assert world.result.state is RunState.OUT_OF_BUDGET and world.through == ["double"] * 3
    (tmp_path / "b").mkdir()
    world = World(tmp_path / "b", *asks)
    assert world.run(settings={"limits": {"max_model_calls": 3}}) is None
    assert world.result.state is RunState.OUT_OF_BUDGET and len(world.model.requests) == 3


def test_after_the_last_turn_it_is_asked_once_more_without_tools(tmp_path: Path) -> None:
    world = World(tmp_path, *[calls(call("double", number=n)) for n in range(3)], "All I know is 4.", max_turns=3)
    world.run()
    assert len(world.model.requests) == 4
    assert world.model.requests[-1].tools == () and world.model.requests[-2].tools != ()
    assert "can't call tools any more" in world.model.requests[-1].messages[-1].text
    assert world.found is not None and world.found.turns == 4


def test_a_model_that_never_answers_is_a_failure_of_the_model(tmp_path: Path) -> None:
    again = calls(call("double", number=1))
    world = World(tmp_path, "", " ", again, again, max_turns=3)
    result = world.run()
    assert result is not None and result.error is not None and result.error.code == "model_error"


def test_the_same_call_is_made_once(tmp_path: Path) -> None:
    same = call("double", "k1", number=4)
    world = World(tmp_path, calls(same), calls(same.replace(key="k2"), same), "8")
    world.run()
    assert world.through == ["double"] and world.found is not None and len(world.found.calls) == 1
    assert world.told()[1:] == ["You made this call before: see the result of k1."] * 2
    keys = [m.key for m in world.model.requests[-1].messages if m.role == "tool"]
    assert len(set(keys)) == 3 and keys[:2] == ["k1", "k2"]


def test_the_same_call_is_made_again_when_something_was_changed_between(tmp_path: Path) -> None:
    look, change = call("double", number=4), call("send", text="x")
    world = World(tmp_path, calls(look), calls(change), calls(change), calls(look), "8")
    world.run()
    assert world.through == ["double", "send", "double"]


def test_a_large_result_is_cut_with_a_note_and_kept_whole(tmp_path: Path) -> None:
    asks = [calls(call("long_list", count=5000 + n)) for n in range(4)]
    world = World(tmp_path, *asks, "done", max_chars=3000)
    world.run()
    assert "[cut: 4000 more characters are not shown" in world.told()[0]
    assert sum(map(len, world.told())) < 3000 + 4 * 400
    assert world.found is not None and [len(r.value) for r in world.found.results] == [5000, 5001, 5002, 5003]


def test_too_many_calls_in_one_turn_are_not_all_made(tmp_path: Path) -> None:
    world = World(tmp_path, calls(*(call("double", number=n) for n in range(20))), "done")
    world.run()
    assert len(world.through) == 8 and world.told()[8:] == ["Not called: at most 8 calls a turn."] * 12


def test_an_answer_with_a_schema_is_given_as_data(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    world = World(tmp_path, ModelReply(data={"n": 3}, model="scripted"), answer_schema=schema)
    world.run()
    assert world.found is not None and world.found.data == {"n": 3}
    assert world.model.requests[0].answer_schema == schema


def test_one_answer_may_not_take_all_the_time_that_the_task_has_left(tmp_path: Path) -> None:
    world = World(tmp_path, "done", seconds=1000.0)
    world.run(settings={"task_seconds": 100.0})
    assert 80 < world.model.requests[0].seconds <= 90


@given(st.text(), st.text())
def test_a_fence_cannot_be_closed_from_within(name: str, text: str) -> None:
    first, *inner, last = fenced("x", text).split("\n")
    mark = last.removeprefix('</data mark="').removesuffix('">')
    assert first == f'<data name="x" mark="{mark}">' and mark not in text
    assert "\n".join(inner) == text
    assert fenced(name, text) == fenced(name, text)


_ANY = st.sampled_from([
    call("double", number=1), call("double", number=2), call("double", number="x"), call("lament", text="a"),
    call("long_list", count=900), call("nothing"), call("list_files", pattern="**/*"), call("read_file", path="b"),
    call("read_file"), call("double", number=1.5), call("send", text="t"),
])  # fmt: skip
_REPLY = st.one_of(
    st.lists(_ANY, min_size=1, max_size=10).map(lambda asked: calls(*asked)),
    st.sampled_from(["", "   ", "an answer", ModelReply(data={"a": 1}, model="scripted")]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(replies=st.lists(_REPLY, max_size=8), turns=st.integers(0, 5))
def test_it_is_bounded_and_has_no_door_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, replies: list[ModelReply | str], turns: int
) -> None:
    script = [*replies, *[calls(call("double", number=1))] * 8]
    world = World(tmp_path_factory.mktemp("loop"), *script, max_turns=turns, max_chars=1000)
    result = world.run()
    assert result is not None and len(world.model.requests) <= turns + 1
    assert result.error is None or result.error.code == "model_error"
    if world.found is None:
        return
    doors = ("list_files", "read_file")
    assert [c.tool for c in world.found.calls if c.tool not in doors] == world.through
    assert len(world.found.results) == len(world.found.calls)
    made: list[str] = []
    for found in world.found.calls:  # the same one is made again when something may have been changed between
        made = [] if found.tool == "send" else made
        same = json.dumps([found.tool, found.to_json().get("arguments")])
        assert same not in made
        made.append(same)
    assert world.found.turns == len(world.model.requests)


@settings(max_examples=15, deadline=None)
@given(replies=st.lists(_REPLY, max_size=4))
def test_the_same_script_gives_the_same_conversation(
    tmp_path_factory: pytest.TempPathFactory, replies: list[ModelReply | str]
) -> None:
    def conversation() -> list[list[str]]:
        world = World(tmp_path_factory.mktemp("loop"), *replies, "the end", "the end", max_turns=4)
        world.run()
        return [_texts(request) for request in world.model.requests]

    assert conversation() == conversation()


def _texts(request: ModelRequest) -> list[str]:
    return [f"{m.role} {m.key} {m.text}" for m in request.messages]


@pytest.mark.parametrize(("value", "schema", "wrong"), [
    ({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}}, ""),
    ({"a": True}, {"type": "object", "properties": {"a": {"type": "integer"}}}, "a must be integer, not True"),
    ([1, "x"], {"type": "array", "items": {"type": "integer"}}, "it[1] must be integer, not 'x'"),
    (None, {"anyOf": [{"type": "string"}, {"type": "null"}]}, ""),
    (3, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "it must be string, not 3"),
    ("c", {"enum": ["a", "b"]}, "it is 'c', none of a, b"),
    ({"a": {"b": 1}}, {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"required": ["c"]}}},
     "a lacks 'c'"),
    ({"x": 1}, {"additionalProperties": {"type": "string"}}, "it.x must be string, not 1"),
    (2, {"type": ["integer", "null"]}, ""),
    (2, {"$ref": "#/$defs/loop", "$defs": {"loop": {"$ref": "#/$defs/loop"}}}, ""),
    (float("inf"), {"type": "number", "unheard": True}, ""),
    ({"a": 1}, {"properties": {"a": True}}, ""),
    ({"a": 1}, {"properties": {"a": False}}, "a is 1, none of "),
])  # fmt: skip
def test_a_misfit_is_told_with_its_place(value: Any, schema: dict[str, Any], wrong: str) -> None:
    assert misfit(value, schema) == wrong


def test_arguments_are_not_checked_for_ever_by_a_schema_that_leads_round_or_doubles() -> None:
    round_about = {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 2}}}
    assert "can't be checked" in misfit({}, round_about)
    parts = {f"p{n}": {"anyOf": [{"$ref": f"#/$defs/p{n + 1}"}] * 2} for n in range(40)}
    assert "can't be checked" in misfit({}, {"$ref": "#/$defs/p0", "$defs": {**parts, "p40": {"type": "string"}}})
