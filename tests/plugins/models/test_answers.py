"""Whatever a model writes: it is read without a crash, and what comes of it keeps its schema or is called wrong."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis_core import Category, Message, ModelError, ModelRequest, ToolSpec, tool
from genesis_models._answer import Said, SaidCall, mismatch, reply_to
from genesis_models._question import ANSWER, Mode, question

SCHEMA: dict[str, Any] = {
    "type": "object", "properties": {"n": {"type": "integer"}, "of": {"$ref": "#/$defs/of"}},
    "required": ["n"], "additionalProperties": False, "$defs": {"of": {"enum": ["a", "b"]}},
}


@tool(effect="read")
def look_up(word: str, *, times: int = 1) -> str:
    """Look a word up."""
    return word * times


ASKED = ModelRequest(messages=(Message(role="user", text="x"),))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["n", "of", "word", "times", "action", "tool", "arguments", "answer"]) | st.text(max_size=3),
        inner, max_size=4),
    max_leaves=12,
)
actions = st.fixed_dictionaries(
    {"action": st.sampled_from(["call", "answer", "sing"])},
    optional={"tool": st.sampled_from(["look_up", "rm"]), "arguments": values, "answer": values},
)
texts = st.text(max_size=40) | values.map(json.dumps) | actions.map(json.dumps)
calls = st.builds(SaidCall, st.sampled_from(["look_up", "rm", ANSWER, ""]), st.none() | texts | st.dictionaries(
    st.sampled_from(["word", "times", "n"]), values, max_size=3), st.sampled_from(["", "k"]))
finishes = st.sampled_from(["stop", "length", "tool_call"])
sayings = st.builds(Said, texts, st.lists(calls, max_size=3).map(tuple), finishes)


@pytest.mark.parametrize("service", ["openai", "anthropic", "google"])
@pytest.mark.parametrize("protocol", ["native", "json"])
@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("tools", [True, False])
@given(said=sayings)
@example(said=Said(text="[" * 60 + "]" * 60))
@example(said=Said(text='{"n": 1e400}'))
@example(said=Said(text='{"n": ' + "9" * 5000 + "}"))
def test_what_comes_of_an_answer_keeps_its_schema_or_is_wrong(
    service: str, protocol: str, structured: bool, tools: bool, said: Said
) -> None:
    asked = ASKED.replace(tools=(look_up.spec,) if tools else (), answer_schema=SCHEMA if structured else None)
    reply = reply_to(question(asked, provider=service, protocol=protocol), said)
    if reply.wrong:
        assert (reply.tool_calls, reply.data) == ((), None)
    for call in reply.tool_calls:
        assert tools
        assert call.tool == "look_up"
        assert call.key
        jsonschema.validate(call.to_json().get("arguments", {}), look_up.spec.to_json()["input_schema"])
    if structured and not reply.wrong and not reply.tool_calls:
        jsonschema.validate(reply.data, SCHEMA)


def test_the_schema_of_actions_holds_exactly_what_is_read() -> None:
    asked = question(ASKED.replace(tools=(look_up.spec,), answer_schema=SCHEMA), provider="openai", protocol="json")
    assert asked.mode is Mode.ACTIONS
    assert asked.schema is not None
    right = [{"action": "call", "tool": "look_up", "arguments": {"word": "x"}},
             {"action": "answer", "answer": {"n": 1, "of": "b"}}]
    wrong = [{"action": "call", "tool": "rm", "arguments": {}}, {"action": "call", "tool": "look_up", "arguments": {}},
             {"action": "answer", "answer": {"n": 1, "of": "c"}}, {"action": "answer"}, {}]
    for value in right + wrong:
        reply = reply_to(asked, Said(text=json.dumps(value)))
        assert jsonschema.Draft202012Validator(asked.schema).is_valid(value) is (value in right) is (not reply.wrong)


def test_a_schema_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib.request

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("it fetched"))
    assert "leads nowhere" in mismatch({}, {"$ref": "http://127.0.0.1:9/schema.json"})


@pytest.mark.parametrize("depth", [100, 300, 900])
def test_an_answer_that_is_too_deep_for_its_check_is_wrong(depth: int) -> None:
    list_of_itself = {"$defs": {"more": {"type": "array", "items": {"$ref": "#/$defs/more"}}}, "$ref": "#/$defs/more"}
    asked = question(ASKED.replace(answer_schema=list_of_itself), provider="openai", protocol="native")
    said = Said(text=f'{{"{ANSWER}": {"[" * depth + "]" * depth}}}')
    assert "it can't be" in reply_to(asked, said).wrong


@pytest.mark.parametrize("protocol", ["native", "json"])
@pytest.mark.parametrize("written", ["[" * 100 + "]" * 100, "1e400", '"\\ud800"'])
def test_arguments_that_can_not_be_recorded_are_wrong(protocol: str, written: str) -> None:
    anything = ToolSpec(name="look_up", input_schema={"type": "object"})
    asked = question(ASKED.replace(tools=(anything,)), provider="openai", protocol=protocol)
    arguments = f'{{"word": {written}}}'
    native = Said(calls=(SaidCall("look_up", arguments),))
    action = Said(text=f'{{"action": "call", "tool": "look_up", "arguments": {arguments}}}')
    reply = reply_to(asked, native if protocol == "native" else action)
    assert "can't be recorded" in reply.wrong and reply.tool_calls == ()


def test_a_question_with_a_schema_that_is_none_is_never_sent(lab: Any, run: Any) -> None:
    odd = ToolSpec(name="odd", input_schema={"type": "thing"})
    for asked, named in ((ASKED.replace(answer_schema={"type": "thing"}), "the answer"),
                         (ASKED.replace(tools=(odd,)), "the tool 'odd'")):
        with pytest.raises(ModelError) as caught:
            run(lab.model().complete(asked))
        assert named in caught.value.cause
        assert (caught.value.usage.model_calls, caught.value.category) == (0, Category.VALIDATION)
    assert lab.server.requests == []
