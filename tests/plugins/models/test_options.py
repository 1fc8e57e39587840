"""What an operator may set, where prompts may go, and that keys and texts stay where they belong."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import genesis_models
from genesis_core import Label, Message, ModelError, ModelRequest, SettingsError, ToolSpec, Trust, tool
from genesis_models import _prompts
from genesis_models._options import Endpoint, Tuning
from genesis_models._prices import price_of
from genesis_models._provider import provider
from genesis_models._question import fenced
from genesis_models._resilience import Resilience

ASKED = ModelRequest(messages=(Message(role="user", text="SECRET QUESTION"),))
PACKAGES = ("pydantic_ai", "openai", "anthropic", "google", "httpx2", "stamina", "jsonschema", "genai_prices")


def made(service: str = "openai", model: str = "gpt-5-mini", **options: Any) -> Any:
    return provider(service, Resilience())("lab", model, options)


@pytest.mark.parametrize(
    ("section", "said"),
    [({"atempts": 3}, "can't have 'atempts'"), ({"attempts": "3"}, "attempts is '3'"), ({"attempts": 0}, "attempts is"),
     ({"stall_seconds": True}, "stall_seconds is True")],
)  # fmt: skip
def test_a_wrong_tuning_is_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Tuning.read(section)


def test_a_tuning_takes_what_it_names_and_keeps_the_rest() -> None:
    assert Tuning.read({"attempts": 2, "stall_seconds": 5}) == Tuning(attempts=2, stall_seconds=5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "http://example.com/v1"}, "plain http"),
        ({"url": "http://localhost.example.com/v1"}, "plain http"),
        ({"url": "http://127.0.0.1.example.com/v1"}, "plain http"),
        ({"url": "http://127.0.0.1@example.com/v1"}, "more than scheme"),
        ({"url": "https://me:secret@example.com/v1"}, "more than scheme"),
        ({"url": "https://example.com/v1?key=secret"}, "more than scheme"),
        ({"url": "file:///etc/passwd"}, "no http"),
        ({"url": "https://[bad/v1"}, "can't be read"),
        ({"url": "https://example.com/v1", "free": True}, "free"),
        ({"protocol": "xml"}, "protocol is 'xml'"),
        ({"ulr": "https://example.com/v1"}, "can't have 'ulr'"),
        ({"url": 8080}, "url is 8080"),
    ],
)
def test_an_endpoint_that_is_wrong_or_not_safe_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        made(**options)
    assert "secret" not in f"{caught.value} {caught.value.cause} {caught.value.hint}"


@pytest.mark.parametrize(
    "options",
    [{"url": "http://127.0.0.1:8080/v1"}, {"url": "http://localhost:8080/v1"}, {"url": "http://[::1]:8080/v1"},
     {"url": "https://example.com/v1"}, {"url": "http://example.com/v1", "insecure": True}],
)  # fmt: skip
def test_a_server_without_a_key_needs_none(options: dict[str, Any]) -> None:
    assert made(**options).endpoint.key() == ""


@pytest.mark.parametrize(
    ("service", "names"),
    [("openai", ["OPENAI_API_KEY"]), ("anthropic", ["ANTHROPIC_API_KEY"]),
     ("google", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])],
)  # fmt: skip
def test_a_missing_key_is_said_in_three_lines(
    service: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as caught:
        made(service)
    assert "no key for the model 'lab'" in caught.value.message
    assert all(name in caught.value.cause for name in names)
    assert caught.value.hint == f"export {names[0]}=..."
    monkeypatch.setenv(names[-1], "k")
    assert made(service).endpoint.key() == "k"


def test_the_usual_key_never_goes_to_another_address(lab: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
    assert made(url="https://example.com/v1").endpoint.key() == ""
    assert made().endpoint.key() == "sk-of-the-operator"


def test_the_environment_says_nothing_about_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis_models._clients import client_model

    for name, key in (("OPENAI", "OPENAI"), ("ANTHROPIC", "ANTHROPIC"), ("GOOGLE_GEMINI", "GOOGLE")):
        monkeypatch.setenv(f"{name}_BASE_URL", "http://elsewhere.example")
        monkeypatch.setenv(f"{key}_API_KEY", "k")
    for service in ("openai", "anthropic", "google"):
        model = client_model(Endpoint.read(service, "x", "m", {}), Tuning())
        assert "elsewhere" not in str(model.base_url)
        assert model.base_url.startswith("https://")


def test_keys_and_texts_are_in_no_log_no_error_and_no_repr(
    lab: Any, service: str, run: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    key = os.environ["LAB_KEY"]
    caplog.set_level(logging.DEBUG)
    lab.server.reply("SECRET ANSWER")
    model = lab.model(service)
    run(model.complete(ASKED))
    lab.server.fail(500).fail(400, message=f"wrong key {key}")
    with pytest.raises(Exception, match="rejects") as caught:
        run(model.complete(ASKED))
    shown = [caplog.text, *capfd.readouterr(), repr(model), repr(run(model._transport())), str(model.endpoint)]
    shown += [str(caught.value), repr(caught.value), caught.value.cause, caught.value.hint, lab.resilience.health()]
    assert [text for text in map(str, shown) if key in text or "SECRET" in text] == []


def test_a_client_follows_no_redirect(run: Any, httpserver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data(
        "", status=307, headers={"Location": httpserver.url_for("/elsewhere")})
    httpserver.expect_request("/elsewhere").respond_with_data("caught")
    with pytest.raises(Exception, match="lab"):
        run(made(url=httpserver.url_for("/v1")).complete(ASKED))
    assert [request.path for request, _ in httpserver.log] == ["/v1/chat/completions"]


def test_no_other_server_gets_what_the_environment_holds_for_the_service_itself(
    run: Any, httpserver: Any, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv("LAB_KEY", "key-of-the-lab")
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_CUSTOM_HEADERS", "Authorization: Bearer ELSEWHERE\nX-Gateway: ELSEWHERE")
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN",
                 "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "ELSEWHERE")
    httpserver.expect_request(re.compile(".*")).respond_with_json({}, status=400)
    with pytest.raises(ModelError, match="rejects"):
        run(made(service, url=httpserver.url_for("/v1"), key_env="LAB_KEY").complete(ASKED))
    headers = str(httpserver.log[0][0].headers)
    assert "key-of-the-lab" in headers and "ELSEWHERE" not in headers


# ---- nothing is imported before it is needed ---------------------------------------------------------------------


def test_a_provider_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import genesis_models._provider as module

    monkeypatch.setattr(module, "_installed", lambda package: package != "openai")
    with pytest.raises(SettingsError) as caught:
        made(url="http://127.0.0.1:1/v1")
    assert caught.value.hint == "pip install 'genesis-agents[models]'"
    assert "openai is missing" in caught.value.cause


def test_making_a_model_imports_no_package_and_bounding_an_answer_only_the_prices() -> None:
    code = f"""
import sys
from genesis_core import Message, ModelRequest
import genesis_models
offers = {{(o.kind, o.name): o.value for o in genesis_models.genesis_provide({{}})}}
model = offers["provider", "openai"]("lab", "m", {{"url": "http://127.0.0.1:1/v1"}})
offers["health", "models"]()
assert not [p for p in {PACKAGES} if p in sys.modules and hasattr(sys.modules[p], "__file__")], sys.modules.keys()
model.most(ModelRequest(messages=(Message(role="user", text="x"),)))
assert not [p for p in ("pydantic_ai", "openai", "anthropic") if p in sys.modules]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_run_without_a_model_imports_no_package(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from genesis_core import Genesis
async def main():
    async with Genesis.open({str(tmp_path / "state")!r}, settings={{}}) as genesis:
        assert "models" in genesis_names(genesis), genesis_names(genesis)
        await (await genesis.start("Map the architecture of this folder", workspace={str(tmp_path)!r})).result()
def genesis_names(genesis):
    return [info.name for info in genesis.plugins]
asyncio.run(main())
found = [p for p in {PACKAGES} if p in sys.modules and getattr(sys.modules[p], "__file__", None)]
assert found == [], found
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


# ---- the most, and prices ----------------------------------------------------------------------------------------


def test_an_answer_never_takes_more_than_the_most(lab: Any, service: str, run: Any) -> None:
    @tool
    def look_up(word: str) -> str:
        """Look a word up."""
        return word

    for text in ("hello", "größer als gedacht " * 20, "漢字" * 50):
        asked = ModelRequest(messages=(Message(role="user", text=text),), tools=(look_up.spec,), max_output_tokens=64)
        lab.server.reply("fine")
        model = lab.model(service)
        most, usage = model.most(asked), run(model.complete(asked)).usage
        assert usage.tokens <= most.tokens
        assert most.tokens >= len(text.encode()) + 64
        assert (most.output_tokens, most.model_calls) == (64, 3)


@pytest.mark.parametrize("service", ["openai", "anthropic", "google"])
def test_the_most_costs_what_the_table_of_prices_says(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{service.upper()}_API_KEY", "k")
    known = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5", "google": "gemini-2.5-flash"}[service]
    most = made(service, known).most(ASKED)
    assert most.cost is not None
    assert 0 < most.cost < 1
    assert made(service, known).most(ASKED.replace(max_output_tokens=4096)).cost > most.cost
    assert made(service, "model-of-nobody").most(ASKED).cost is None


def test_an_answer_that_comes_as_the_call_of_a_tool_has_room_for_what_the_service_says_of_tools(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    most = made("anthropic", "claude-sonnet-4-5").most(ASKED.replace(answer_schema={"type": "object"}))
    assert most.tokens - most.output_tokens > 1000


def test_what_a_server_of_ones_own_costs_is_unknown_unless_it_is_said(lab: Any, run: Any) -> None:
    assert lab.model().most(ASKED).cost is None
    assert run(lab.model().complete(ASKED)).usage.cost is None
    free = lab.model(free=True)
    assert free.most(ASKED).cost == run(free.complete(ASKED)).usage.cost == Decimal(0)


def test_references_that_may_be_written_out_are_counted_in_the_most() -> None:
    inner = {"type": "object", "properties": {str(n): {"type": "string"} for n in range(50)}}
    schema = {"type": "object", "$defs": {"a": inner}, "properties": {k: {"$ref": "#/$defs/a"} for k in "bcde"}}
    spec = ToolSpec(name="t", input_schema=schema)
    model = made(url="http://127.0.0.1:1/v1")
    assert model.most(ASKED.replace(tools=(spec,))).tokens > 4 * len(str(inner))


# ---- prompts ------------------------------------------------------------------------------------------------------

PROMPTS = {
    "actions.v1": "6045a936d265b8a9",
    "untrusted.v1": "0a0b0c66ab945479",
}


def test_no_prompt_changes_without_a_new_version() -> None:
    found = {p.stem: sha256(p.read_bytes()).hexdigest()[:16] for p in sorted(_prompts.FOLDER.glob("*.md"))}
    assert found == PROMPTS, "a changed prompt is a new file with the next version"


def test_every_prompt_is_used() -> None:
    code = "".join(p.read_text("utf-8") for p in Path(genesis_models.__file__).parent.glob("*.py"))
    assert [name for name in PROMPTS if f'prompt("{name}")' not in code.replace("'", '"')] == []


def test_a_fence_holds_whatever_is_put_in_it() -> None:
    label = Label(Trust.UNTRUSTED, sources=frozenset({"web:x"}))
    for text in ("</data>", "< /DATA >", "<\n/\tdata", "</ data", "<<//data", "<data source='x'>", "<" * 50_000):
        inner = fenced(text, label).removeprefix('<data source="web:x" trust="untrusted">\n').removesuffix("\n</data>")
        assert "data" not in inner.lower() or "&lt;" in inner
        assert "</data" not in inner.lower().replace(" ", "").replace("\n", "").replace("\t", "")


def test_a_price_that_the_operator_states_is_taken_and_half_a_price_is_refused() -> None:
    stated = {"url": "http://127.0.0.1:1/v1", "input_price": 0.5, "output_price": 2}
    endpoint = Endpoint.read("openai", "lab", "qwen", stated)
    assert price_of(endpoint, 1_000_000, 500_000) == Decimal("1.5")
    assert price_of(Endpoint.read("openai", "lab", "qwen", {"url": stated["url"]}), 10, 10) is None
    for wrong in ({"input_price": 0.5}, {"input_price": -1, "output_price": 1},
                  {"input_price": 1, "output_price": 1, "free": True}):
        with pytest.raises(SettingsError):
            Endpoint.read("openai", "lab", "qwen", {"url": stated["url"], **wrong})


def test_a_service_of_its_own_has_the_price_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    small, large = (price_of(Endpoint.read("openai", m, m, {}), 10**6, 10**6) for m in ("gpt-4o-mini", "gpt-4o"))
    assert small is not None and large is not None and 0 < small < large
