"""The smoke model behind the real HTTP server: every structured answer is valid, tools are called, nothing stays.

The weights (98 MB) are fetched once into ``GENESIS_MODELS_DIR``; where they can't be had the tests say so and skip.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genesis_core import (
    DependencyDown,
    Genesis,
    GenesisError,
    Label,
    Message,
    ModelReply,
    ModelRequest,
    SettingsError,
    TaskContext,
    ToolCall,
    Trust,
    agent,
    hookimpl,
    tool,
)
from genesis_core import Task as GenesisTask
from genesis_models._options import Tuning
from genesis_models._resilience import Resilience
from genesis_models.local import _server
from genesis_models.local._provider import LocalModel, local_provider
from genesis_models.local._server import LocalServer
from genesis_models.local._weights import Weights, catalogue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    """The weights of the smoke model, fetched when they are not there; GENESIS_MODELS_DIR keeps them between runs."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install 'genesis-agents[local]'")
    kept = pytest.MonkeyPatch()
    if not os.environ.get("GENESIS_MODELS_DIR"):
        kept.setenv("GENESIS_MODELS_DIR", str(tmp_path_factory.mktemp("models")))
    try:
        _fetched(catalogue()["smollm2"])
        yield catalogue()["smollm2"]
    finally:
        _server.stop_all()
        kept.undo()


def _fetched(weights: Weights) -> None:
    for _ in range(60):
        try:
            weights.fetch()
            return
        except DependencyDown as error:
            pytest.skip(f"the smoke model can't be had here: {error.message} ({error.cause})")
        except SettingsError as error:
            if "another process" not in error.message:
                raise
            time.sleep(1)


@pytest.fixture(scope="session")
def model(smoke: Weights) -> LocalModel:
    """The model as the kernel gets it; its server is started by the first question and shared by all tests."""
    made = local_provider(Resilience(Tuning()))("local:smollm2", "smollm2", {})
    assert isinstance(made, LocalModel)
    return made


def ask(model: LocalModel, text: str, *more: Message, tokens: int = 200, **wanted: Any) -> ModelReply:
    messages = (Message(role="user", text=text), *more)
    return asyncio.run(model.complete(ModelRequest(messages=messages, max_output_tokens=tokens, **wanted)))


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


WORD = {"type": "string", "maxLength": 20}
TASK = closed(id={"type": "string", "pattern": "^[a-z]{1,12}$"}, skill={"enum": ["research", "security", "report"]},
              needs={"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 2})
SCHEMAS: dict[str, Any] = {
    "choice": closed(colour={"type": "string", "enum": ["red", "green", "blue"]}),
    "yes or no": closed(agree={"type": "boolean"}),
    "numbers": closed(count={"type": "integer", "minimum": 1, "maximum": 9}, sure={"enum": [0.1, 0.5, 0.9]}),
    "null or word": closed(name={"anyOf": [{"type": "null"}, WORD]}),
    "list": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 1, "maxItems": 3},
    "bare word": {"enum": ["left", "right"]},
    "nested": closed(person=closed(name=WORD, home=closed(city=WORD))),
    "plan": closed(tasks={"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/task"}})
    | {"$defs": {"task": TASK}},
}
GOALS = ["Plan a report about the tables in a folder.", "Which one do you choose? Answer in JSON."]


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_structured_answer_is_valid(schema: str, goal: str, model: LocalModel) -> None:
    reply = ask(model, goal, answer_schema=SCHEMAS[schema])
    assert reply.wrong == "" and reply.finish == "stop"
    value = json.loads(json.dumps(reply.to_json()["data"])) if reply.data is not None else None
    jsonschema.validate(value, SCHEMAS[schema])
    assert reply.usage.model_calls == 1 and reply.usage.tokens > 0 and reply.usage.cost == 0
    assert reply.model == "smollm2"


def test_a_text_is_a_text(model: LocalModel) -> None:
    reply = ask(model, "Say hello.", tokens=24)
    assert reply.text and reply.data is None and reply.finish in ("stop", "length")


def test_the_same_question_gets_the_same_answer(model: LocalModel) -> None:
    assert ask(model, "Tell me a story.", tokens=24).text == ask(model, "Tell me a story.", tokens=24).text


def test_an_answer_that_is_cut_off_is_said_to_be_wrong(model: LocalModel) -> None:
    schema = closed(words={"type": "array", "items": WORD, "minItems": 30})
    reply = ask(model, "List thirty words.", tokens=16, answer_schema=schema)
    assert reply.finish == "length" and "cut off" in reply.wrong and reply.data is None


def test_what_costs_nothing_fits_into_any_budget(model: LocalModel) -> None:
    request = ModelRequest(messages=(Message(role="user", text="Hello"),), max_output_tokens=10)
    bound, reply = model.most(request), asyncio.run(model.complete(request))
    assert bound.cost == 0 and bound.tokens >= reply.usage.tokens and bound.model_calls >= reply.usage.model_calls


# ---- tools -------------------------------------------------------------------------------------------------------


@tool(effect="read")
def add(a: int, b: int) -> int:
    """Add two whole numbers."""
    return a + b


@tool(effect="read")
def find_lines(files: list[Path], word: str = "") -> list[str]:
    """Find the lines of files that hold a word."""
    return [word for _ in files]


def test_a_tool_is_called_with_arguments_that_follow_its_schema(model: LocalModel) -> None:
    reply = ask(model, "What is 17 plus 25? Call a tool.", tools=(add.spec,))
    assert reply.wrong == ""
    if reply.tool_calls:
        (call,) = reply.tool_calls
        assert call.tool == "add" and call.key and reply.finish == "tools"
        jsonschema.validate(dict(call.arguments), json.loads(json.dumps(add.spec.to_json()["input_schema"])))
    else:
        assert reply.text  # it may answer at once: either is an action


@pytest.mark.parametrize("goal", ["What is 3 plus 4?", "Which lines of README.md hold the word error?", "Be quiet."])
def test_every_action_is_a_known_tool_or_an_answer_by_the_schema(goal: str, model: LocalModel) -> None:
    answer = closed(found={"type": "integer", "minimum": 0, "maximum": 99})
    reply = ask(model, goal, tools=(add.spec, find_lines.spec), answer_schema=answer, tokens=300)
    # A name of a file may be as long as the model likes: an action that was cut off is told from one that is whole.
    assert reply.wrong == "" or reply.finish == "length"
    if reply.data is not None:
        jsonschema.validate(dict(reply.data), answer)  # type: ignore[call-overload]
    for call in reply.tool_calls:
        assert call.tool in ("add", "find_lines")


def test_a_conversation_with_a_tool_s_result_goes_on(model: LocalModel) -> None:
    asked = Message(role="assistant", tool_calls=(ToolCall(tool="add", arguments={"a": 17, "b": 25}, key="call-1"),))
    told = Message(role="tool", key="call-1", text="42", label=Label(Trust.UNTRUSTED, sources=frozenset({"tool:add"})))
    reply = ask(model, "What is 17 plus 25? Call a tool.", asked, told, tools=(add.spec,))
    assert reply.wrong == "" and (reply.text or reply.tool_calls)


# ---- the server --------------------------------------------------------------------------------------------------


def status_of(address: str, key: str = "") -> int:
    request = urllib.request.Request(f"{address}/v1/models", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_server_listens_on_loopback_alone_and_wants_its_key(model: LocalModel) -> None:
    ask(model, "Hi", tokens=4)
    (server,) = _server._shared.values()
    assert server.address.startswith("http://127.0.0.1:")
    assert status_of(server.address) == status_of(server.address, "guessed") == 401
    assert status_of(server.address, server.key) == 200
    line = Path(f"/proc/{server.process.pid}/cmdline")
    if line.exists():
        assert server.key.encode() not in line.read_bytes()


def test_all_tasks_of_a_process_share_one_server(model: LocalModel, smoke: Weights) -> None:
    async def at_once() -> list[ModelReply]:
        request = ModelRequest(messages=(Message(role="user", text="Hi"),), max_output_tokens=4)
        other = local_provider(Resilience(Tuning()))("small", "smollm2", {"context": 2048})
        return await asyncio.gather(*(m.complete(request) for m in (model, other, model, other)))

    _server.stop_all()
    assert len(asyncio.run(at_once())) == 4
    assert len(_server._shared) == 1


def test_a_server_that_died_is_started_anew(model: LocalModel) -> None:
    ask(model, "Hi", tokens=4)
    (server,) = _server._shared.values()
    server.process.kill()
    server.process.wait()
    assert ask(model, "Hi", tokens=4).text
    assert _server._shared["smollm2"].process.pid != server.process.pid


def test_a_question_that_is_longer_than_the_conversation_may_be_is_an_error_that_says_so(model: LocalModel) -> None:
    with pytest.raises(GenesisError) as caught:
        ask(model, "word " * 9000, tokens=4)
    assert caught.value.message and caught.value.category.value in ("resource", "validation", "llm")
    assert ask(model, "Hi", tokens=4).text  # and the next one is answered


@pytest.mark.parametrize("end", ["exit", "kill", "kill, with a child of its own left behind"])
def test_the_server_ends_with_the_process_that_started_it(end: str, smoke: Weights) -> None:
    program = f"""
import os, sys, time
from genesis_models.local._server import shared
from genesis_models.local._weights import catalogue
print(shared(catalogue()["smollm2"]).process.pid, flush=True)
sys.stdin.readline()
if {"left behind" in end} and os.fork() == 0:
    os.close(1)  # what this test reads
    time.sleep(20)  # longer than it waits, with the other end of the pipe open
    os._exit(0)
{"os.kill(os.getpid(), 9)" if end.startswith("kill") else ""}
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        parent.communicate("\n", timeout=30)
    assert ended(lambda: not runs(child))


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def ended(is_so: Any, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_a_port_that_is_taken_is_named(smoke: Weights) -> None:
    import socket

    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen()
        with pytest.raises(SettingsError, match=f"port {place.getsockname()[1]} of 127"):
            LocalServer.start(smoke, port=place.getsockname()[1])


def test_weights_that_can_not_be_loaded_are_an_error_and_no_process(tmp_path: Path, smoke: Weights) -> None:
    from dataclasses import replace

    bad = replace(smoke, name="bad", file="bad.gguf")
    bad.path.write_bytes(b"GGUF nonsense")
    try:
        with pytest.raises(DependencyDown, match="bad could not be loaded") as caught:
            LocalServer.start(bad)
        assert caught.value.cause
    finally:
        bad.path.unlink()


# ---- from the outside --------------------------------------------------------------------------------------------


class Shell:
    """Starts ``genesis`` in a folder of its own, and leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder, folder / "own.toml"
        self.settings.touch()
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NO_COLOR": "1",
                       "GENESIS_HOME": str(self.folder / "home"), "GENESIS_CONFIG": str(self.settings)}
        self.started.append(subprocess.Popen(
            [sys.executable, "-m", "genesis_cli", *words], env=environment, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True))
        return self.started[-1]

    def __call__(self, *words: str, code: int = 0) -> Any:
        """Return the document that a command prints, which must end with *code*."""
        out, err = (done := self.start(*words, "--json")).communicate(timeout=120)
        assert done.returncode == code, out + err
        return json.loads(out)

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def shell(tmp_path: Path, smoke: Weights) -> Iterator[Shell]:
    made = Shell(tmp_path)
    yield made
    made.end()


def test_the_command_tests_the_model(shell: Shell) -> None:
    (told,) = shell("models", "test", "local:smollm2")["data"]["models"]
    assert [a["ok"] for a in told["answers"]] == [True, True]
    assert all(a["cost"] == "0" and a["tokens"] > 0 for a in told["answers"])


def test_the_command_serves_it_until_ctrl_c_and_says_how_to_use_it(shell: Shell) -> None:
    server = shell.start("models", "serve", "smollm2", "--port", "0")
    assert server.stdout is not None and server.stderr is not None
    while not (line := server.stderr.readline()).startswith("Ctrl-C"):
        assert line, server.stdout.read()
    lines: list[str] = []
    while len(lines) < 12:
        lines.append(server.stdout.readline())
    assert "answers on http://127.0.0.1:" in lines[0]
    shell("models", "test", code=2)  # nothing is configured yet
    shell.settings.write_text("".join(lines[lines.index("[models]\n") :]))
    (told,) = shell("models", "test")["data"]["models"]
    assert told["name"] == "lab" and told["ok"] and told["answers"][1]["cost"] == "0"
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait(30) == 0
    shell("models", "test", code=7)  # nobody answers there any more


# ---- in a run ----------------------------------------------------------------------------------------------------


class Allow:
    """A guard that lets everything pass."""

    @hookimpl
    def genesis_authorize(self, action: Any) -> Any:
        from genesis_core import Decision

        return Decision.allow("test")


@agent(name="asker", description="Answers with a colour.", kinds=["ask"], tools=[add], needs_model=True)
async def asker(task: GenesisTask, context: TaskContext) -> Any:
    reply = await context.ask(ModelRequest(messages=(Message(role="user", text=task.description),),
                                           answer_schema=SCHEMAS["choice"], max_output_tokens=60))
    return context.result(reply.data)


def test_a_run_asks_it_like_any_other_model(tmp_path: Path, smoke: Weights) -> None:
    import genesis_models
    from genesis_core import TaskGraph

    async def run() -> Any:
        async with Genesis.open(
            tmp_path / "home", extend=[asker, genesis_models, Allow()], trust={"Allow": "security"}, plugins="none",
            settings={"models": {"use": ["local:smollm2"]}, "budget": {"max_cost": "0.01"}},
        ) as opened:
            sky = GenesisTask(id="sky", kind="ask", agent="asker", description="What colour is the sky?")
            graph = TaskGraph(tasks=[sky])
            report = await opened.plan("What colour is the sky?", workspace=tmp_path, graph=graph)
            return await (await opened.start(report)).result()

    result = asyncio.run(run())
    (done,) = [r for r in result.tasks.values() if r.task_id == "sky"]
    assert done.state.value == "completed", done
    assert dict(done.output)["colour"] in ("red", "green", "blue")
    assert done.model and done.usage.model_calls == 1 and done.usage.cost == 0
