"""``--model``: plain names are a chain for every role, ROLE=NAME one for a role, and slips are named."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from genesis_cli._model_option import ROLES, model_option, model_settings
from genesis_core.models import ROLES as KERNEL_ROLES


def read(*words: str) -> Any:
    """Return the settings that *words* come to, or the message of what is wrong with them."""
    found: list[Any] = []

    @click.command()
    @model_option
    def command(model: tuple[str, ...]) -> None:
        found.append(model_settings(model))

    done = CliRunner().invoke(command, words)
    return found[0] if found else done.output


def test_the_roles_are_those_of_the_kernel() -> None:
    assert ROLES == KERNEL_ROLES


def test_without_the_option_nothing_is_set() -> None:
    assert read() == {}


def test_plain_names_are_a_chain_that_wins_over_the_roles_of_a_settings_file() -> None:
    chain = ["local", "openai:gpt-5-mini"]
    assert read("--model", "local", "--model", "openai:gpt-5-mini", "--model", "local") == {
        "models": {"use": chain, "roles": dict.fromkeys(ROLES, chain)}}


def test_a_role_has_its_own_chain_and_leaves_the_others_alone() -> None:
    assert read("--model", "cheap=lab", "--model", "cheap=local") == {"models": {"roles": {"cheap": ["lab", "local"]}}}


def test_a_named_role_wins_over_the_plain_name() -> None:
    found = read("--model", "judge=lab", "--model", "local")["models"]
    assert found["use"] == ["local"]
    assert found["roles"] == {"orchestrate": ["local"], "code": ["local"], "cheap": ["local"], "judge": ["lab"]}


def test_an_equals_sign_in_the_name_of_a_model_makes_no_role() -> None:
    assert read("--model", "openai:a=b")["models"]["use"] == ["openai:a=b"]


@pytest.mark.parametrize(("word", "said"), [
    ("chep=lab", "did you mean 'cheap'?"), ("x=lab", "there is no role 'x': orchestrate"),
    ("cheap=", "names no model"), ("", "names no model"),
])
def test_a_slip_is_named(word: str, said: str) -> None:
    assert said in " ".join(read("--model", word).split())


@pytest.mark.parametrize("command", ["run", "plan", "resume", "eval"])
def test_each_command_that_can_ask_a_model_takes_the_option(command: str) -> None:
    from importlib import import_module

    body = getattr(import_module(f"genesis_cli.{command}"), command)
    assert [p.name for p in body.params].count("model") == 1
