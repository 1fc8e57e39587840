"""Every way to fail, at every provider, through the kernel: the answer comes all the same, and is paid for once.

The chain of models is the same one under two names, then one of another provider. The server grades its client: a
verdict of ``llmock`` that finds nothing says that no answer was taken half, no wish to wait ignored, no error tried
again that can't pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from llmock.scenarios import Reply, ToolCall

from genesis_core import EventKind, Message, ModelRequest, Offer, RunResult, Task, TaskGraph, hookimpl, tool
from genesis_core.testing import FakeAgent, open_genesis
from genesis_models._provider import provider

ANSWER = "one two three four five"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
OTHER = {"openai": "anthropic", "anthropic": "google", "google": "openai"}


@tool(effect="read")
def look_up(word: str) -> str:
    """Look a word up."""
    return word


@dataclass(frozen=True)
class Fault:
    """What is broken once, what is asked meanwhile, and how many answers have their price in the end."""

    name: str
    script: Callable[[Any, str], Any]
    paid: int
    fields: dict[str, Any] = field(default_factory=dict)
    tries: int = 2
    slow: bool = False
    """Answers are written slowly, as services do, so that the server can notice that its client stops reading."""


def broken(kind: str) -> Callable[[Any, str], Any]:
    return lambda server, spoken: server.break_tool_call(kind)


def twice_wrong(server: Any, spoken: str) -> None:
    server.reply('{"n": "many"}', times=2).reply('{"n": 5}', times=None)


FAULTS = (
    Fault("429 with Retry-After", lambda s, p: s.rate_limit(retry_after=0.3), 1),
    Fault("429 twice", lambda s, p: s.rate_limit(times=2, retry_after=0.1), 1, tries=3),
    Fault("500", lambda s, p: s.fail(500), 1),
    Fault("500 twice", lambda s, p: s.fail(500, times=2), 1, tries=3),
    Fault("503", lambda s, p: s.fail(503, retry_after=0.1), 1),
    Fault("529", lambda s, p: s.fail(529, retry_after=0.1), 1),
    Fault("delay past the time-out", lambda s, p: s.delay(4), 2, {"seconds": 2.5}),
    Fault("disconnect", lambda s, p: s.disconnect(after_chunks=3), 2),
    Fault("disconnect at once", lambda s, p: s.disconnect(after_chunks=0), 2),
    Fault("truncated stream", lambda s, p: s.truncate(after_chunks=3), 2),
    Fault("truncated at once", lambda s, p: s.truncate(after_chunks=0), 2),
    Fault("malformed chunk", lambda s, p: s.corrupt(after_chunks=3), 2, slow=True),
    Fault("stall", lambda s, p: s.stall(after_chunks=4, seconds=0.9), 2),
    Fault("malformed tool call", broken("malformed_arguments"), 2, {"tools": (look_up.spec,)}),
    Fault("unknown tool call", broken("unknown_tool"), 2, {"tools": (look_up.spec,)}),
    Fault("wrong schema once", lambda s, p: s.reply("{}").reply('{"n": 5}', times=None), 2, {"answer_schema": SCHEMA}),
    Fault("wrong schema twice", twice_wrong, 3, {"answer_schema": SCHEMA}, tries=3),
    Fault("empty answer", lambda s, p: s.reply(""), 2),
    Fault("down for a minute", lambda s, p: s.fail(503, times=None, retry_after=0.1, provider=p), 1, tries=6),
)


@dataclass
class Rows:
    """What the run recorded of its questions."""

    answered: list[dict[str, Any]] = field(default_factory=list)

    @property
    def paid(self) -> int:
        """Questions that cost something, or may have."""
        return sum(row["usage"].get("tokens", 0) > 0 for row in self.answered)

    @property
    def sent(self) -> int:
        return sum(row["usage"].get("model_calls", 0) for row in self.answered)


def offering(lab: Any) -> object:
    class Providers:
        """What the plugin offers, with the laboratory's clock."""

        @hookimpl
        def genesis_provide(self) -> list[Offer]:
            return [Offer("provider", name, provider(name, lab.resilience)) for name in OTHER]

    return Providers()


def models(lab: Any, service: str, services: dict[str, tuple[str, str]]) -> dict[str, Any]:
    def endpoint(name: str) -> dict[str, Any]:
        spoken, model = services[name]
        return {"provider": name, "model": model, "url": lab.server.base_url(spoken), "key_env": "LAB_KEY"}

    endpoints = {"first": endpoint(service), "again": endpoint(service), "other": endpoint(OTHER[service])}
    return {"use": list(endpoints), "endpoint": endpoints}


async def asked(lab: Any, home: Path, settings: dict[str, Any], request: ModelRequest) -> tuple[RunResult, Rows]:
    """Ask through an agent of a real run, and return what came of it and what was recorded."""

    async def work(task: Task, context: Any) -> Any:
        reply = await context.ask(request)
        return {"text": reply.text, "data": reply.data, "calls": [call.tool for call in reply.tool_calls]}

    home.mkdir(exist_ok=True)
    rows, graph = Rows(), TaskGraph(tasks=(Task(id="ask", description="ask", agent="asker"),))
    async with open_genesis(home, offering(lab), FakeAgent("asker", work=work), settings=settings) as genesis:
        run = await genesis.start(await genesis.plan("ask", workspace=home, graph=graph))
        async for event in run:
            if event.kind is EventKind.MODEL_ANSWERED:
                rows.answered.append(dict(event.data))
        return await run.result(), rows


def script_answers(server: Any, fault: Fault) -> None:
    """Have the right answer follow what is broken."""
    if "tools" in fault.fields:
        server.add(Reply(tool_calls=(ToolCall("look_up", {"word": "ox"}),), times=None))
    elif "answer_schema" not in fault.fields:
        server.reply(ANSWER, times=None)


def is_right(fault: Fault, output: Any) -> bool:
    if "tools" in fault.fields:
        return bool(output["calls"] == ["look_up"])
    return bool(output["data"] == {"n": 5} if "answer_schema" in fault.fields else output["text"] == ANSWER)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_an_answer_comes_whole_and_is_paid_for_once(
    lab: Any, service: str, fault: Fault, services: Any, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.tune(stall_seconds=0.6)
    if fault.slow:
        state = lab.server._server.state  # the fixture offers no word for the pace
        monkeypatch.setattr(state, "stream_chaos", replace(state.stream_chaos, chunk_delay_ms=100))
    fault.script(lab.server, services[service][0])
    script_answers(lab.server, fault)
    request = ModelRequest(messages=(Message(role="user", text="look up five words"),), **fault.fields)
    result, rows = run(asked(lab, tmp_path, {"models": models(lab, service, services)}, request))
    task = result.tasks["ask"]
    assert is_right(fault, task.output), task
    records = lab.server.requests
    assert rows.paid == sum(record.status == 200 for record in records) == fault.paid
    assert rows.sent == len(records) == fault.tries
    assert [f.code for f in lab.server.verdict().findings] == []


def test_a_provider_that_was_down_for_a_minute_is_asked_again_after_it(
    lab: Any, service: str, services: Any, tmp_path: Path, run: Any
) -> None:
    settings = {"models": models(lab, service, services)}
    request = ModelRequest(messages=(Message(role="user", text="five words"),))
    (spoken, own), (_, other) = services[service], services[OTHER[service]]

    def answered_by(name: str) -> str:
        return str(run(asked(lab, tmp_path / name, settings, request))[0].tasks["ask"].model)

    lab.server.fail(503, times=None, retry_after=0.1, provider=spoken).reply(ANSWER, times=None)
    assert [answered_by(name) for name in ("a", "b", "c")] == [other] * 3
    assert sum(record.status == 503 for record in lab.server.requests) == 5
    lab.server.reset().reply(ANSWER, times=None)
    lab.clock.now += 59
    assert answered_by("early") == other
    lab.clock.now += 2
    assert answered_by("late") == own
