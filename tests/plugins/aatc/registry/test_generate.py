"""Proposing a tool from examples: why there is none reaches whoever asked."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

import genesis_aatc
from genesis_core import Example, ModelReply, Need, Proposal, ToolError
from genesis_core.testing import ScriptedModel, open_genesis

CODE = 'def same(text: str) -> str:\n    """Return the text."""\n    return text\n'


def need(*pairs: tuple[dict[str, Any], Any]) -> Need:
    return Need(name="same", examples=tuple(Example(arguments=given, value=value) for given, value in pairs))


def generated(home: Path, wanted: Need, *models: ScriptedModel) -> Any:
    async def ask() -> Any:
        async with open_genesis(home, genesis_aatc, *models) as genesis:
            return await genesis.generate(wanted)

    return asyncio.run(ask())


def deep() -> Any:
    value: Any = 1
    for _ in range(20):
        value = [{"a": value}, {"b": 1}]
    return value


@pytest.mark.parametrize(("wanted", "why"), [
    (need(({"text": "a"}, "b"), ({"text": "a"}, "c")), "different outputs for the same input"),
    (need(({"text": "a"}, "A"), ({"txt": "b"}, "B")), "differ in the argument 'text'"),
    (need(({"self": "a"}, "A"), ({"self": "b"}, "B")), "'self' is what a method of Python belongs to"),
    (need(({"class": "a"}, "A"), ({"class": "b"}, "B")), "'class' is a reserved word of Python"),
    (need(({"a b": "a"}, "A"), ({"a b": "b"}, "B")), "'a b' is no name for an argument"),
    (need(({"text": deep()}, "A")), "nested deeper than 8 levels"),
], ids=["contradiction", "other names", "self", "keyword", "no name", "deep"])  # fmt: skip
def test_why_there_is_no_tool_is_said_to_whoever_asked(tmp_path: Path, wanted: Need, why: str) -> None:
    with pytest.raises(ToolError, match="no tool 'same' could be made") as failed:
        generated(tmp_path, wanted)
    assert why in failed.value.told and "genesis tools propose --code" in failed.value.hint


def test_without_examples_and_model_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert generated(tmp_path, Need(name="same", description="Return a text")) is None


def test_a_model_is_asked_where_examples_lead_to_nothing(tmp_path: Path) -> None:
    wanted = need(({"text": "a"}, "x"), ({"text": "b"}, "q7"))
    model = ScriptedModel(ModelReply(data={"code": CODE, "description": "Return the text."}))
    found = generated(tmp_path, wanted, model)
    assert isinstance(found, Proposal) and found.author.startswith("model:") and len(model.requests) >= 1


def test_the_layers_look_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis_aatc import layers

    threads, looked = list[threading.Thread](), layers.examine

    def watched(candidate: Any) -> Any:
        threads.append(threading.current_thread())
        return looked(candidate)

    monkeypatch.setattr(layers, "examine", watched)
    test_a_model_is_asked_where_examples_lead_to_nothing(tmp_path)
    assert threads and threading.main_thread() not in threads
