"""What looks like a secret is in no error, no warning and no traceback that is kept or shown."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from genesis_core import RunResult, Task, TaskContext, TaskGraph, redacted, secret_shapes
from genesis_core._rows import read_rows
from genesis_core.redaction import REDACTED, without_shapes
from genesis_core.testing import FakeAgent, open_genesis

LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zC0fL" * 4
TOKENS = {
    "aws-access-key": "AKIA" + "Q7X2" * 4,
    "github-token": "ghp_" + LETTERS[:36],
    "gitlab-token": "glrt-" + LETTERS[:20],
    "slack-token": "xapp-1-" + LETTERS[:30],
    "stripe-key": "sk_live_" + LETTERS[:24],
    "google-api-key": "AIza" + LETTERS[:35],
    "anthropic-key": "sk-ant-" + LETTERS[:40],
    "openai-key": "sk-" + LETTERS[:48],
    "npm-token": "npm_" + LETTERS[:36],
    "pypi-token": "pypi-AgE" + LETTERS[:60],
    "huggingface-token": "hf_" + LETTERS[:34],
    "sendgrid-key": f"SG.{LETTERS[:22]}.{LETTERS[:43]}",
    "digitalocean-token": "dop_v1_" + "a1" * 32,
    "jwt": f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:20]}.{LETTERS[:30]}",
    "slack-webhook": "https://hooks.slack.com/services/T0123ABCD/" + LETTERS[:30],
    "azure-storage-key": "AccountKey=" + LETTERS[:86] + "==",
    "password-in-url": "https://ann:pa55word@example.org/x",
}
TOKEN = TOKENS["github-token"]
SAID = f"refused {TOKEN} with password=hunter22x"


@pytest.mark.parametrize("rule", TOKENS)
def test_whatever_can_be_named_as_a_secret_is_taken_out(rule: str) -> None:
    text = f"it says {TOKENS[rule]} there"
    ((kind, start, end),) = secret_shapes(text)
    assert kind.rule == rule
    for clean in (redacted(text), without_shapes(text)):
        assert text[start:end] not in clean and REDACTED in clean


@pytest.mark.parametrize("text", [
    "token: expected a name", "unknown setting 'token'; did you mean 'tokens'?", "secret 'ledger' is not set",
    '[secrets] ledger = "VARIABLE" in your own settings file', "password = required", "the run used up max_tokens=500",
])
def test_words_about_secrets_stay_in_a_message(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("form", ["password={}", "api_key: '{}'", "Authorization: Bearer {}", "PGPASSWD={};"])
def test_what_looks_like_no_word_and_is_assigned_to_a_telling_name_goes(form: str) -> None:
    assert "hunter" not in redacted(form.format("hunter22x"))


def test_values_of_secret_variables_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "correct horse")
    assert redacted("401 for correct horse") == f"401 for {REDACTED}"


def told(home: Path, work: Any) -> tuple[RunResult, str]:
    """Run one task, and return its result and all rows of its journal as text."""

    async def main() -> RunResult:
        async with open_genesis(home, FakeAgent("w", work=work)) as genesis:
            graph = TaskGraph(tasks=(Task(id="a", agent="w"),))
            return await (await genesis.start(await genesis.plan("x", workspace=home, graph=graph))).result()

    result = asyncio.run(main())
    (journal,) = (home / "runs").glob("*/journal.db")
    return result, "".join(row[6].decode() for row in read_rows(journal))


def raising(task: Task, context: TaskContext) -> Any:
    try:
        raise OSError(SAID)
    except OSError as error:
        raise KeyError(f"in vain: {SAID}") from error


def failing(task: Task, context: TaskContext) -> Any:
    return context.failed(SAID, hint=f"try {SAID}")


def warning(task: Task, context: TaskContext) -> Any:
    context.warn(SAID)


@pytest.mark.parametrize("work", [raising, failing, warning])
def test_errors_and_warnings_are_recorded_without_secrets(tmp_path: Path, work: Any) -> None:
    result, rows = told(tmp_path, work)
    error = result.tasks["a"].error
    for text in (rows, json.dumps(None if error is None else error.to_json())):
        assert TOKEN not in text and "hunter22x" not in text
    assert f"refused {REDACTED} with password={REDACTED}" in rows


def test_an_output_is_a_result_and_stays_as_it_is(tmp_path: Path) -> None:
    result, rows = told(tmp_path, lambda task, context: SAID)
    assert result.tasks["a"].output == SAID and TOKEN in rows
