"""Settings that can't be used: what is said names the place to mend, and no command that fails for the same reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def own(shell: Any) -> Path:
    return Path(shell.environment["GENESIS_CONFIG"])


@pytest.mark.parametrize(
    ("text", "said"),
    [("a = \n", "line 1"), ("[limits]\nmax_taks = 10\n", "did you mean 'max_tasks'?"),
     ("max_parallel = 0\n", "can't be 0")],
)
def test_a_settings_error_names_the_file_to_mend(shell: Any, text: str, said: str) -> None:
    own(shell).write_text(text)
    for command in (["run", "say hello"], ["config", "--origin"]):
        done = shell(*command)
        assert done.returncode == 2 and said in done.stderr
        hint = done.stderr.splitlines()[-1]
        assert hint.startswith("hint: mend ") and hint.endswith(str(own(shell)))


def test_a_wrong_variable_is_named_as_one(shell: Any) -> None:
    done = shell("config", env={"GENESIS_BUDGET__MAX_COST": "much"})
    assert done.returncode == 2 and "hint: unset GENESIS_BUDGET__MAX_COST" in done.stderr


def test_what_a_project_must_not_say_is_moved_to_a_file_that_is_named(shell: Any) -> None:
    (shell.folder / "genesis.toml").write_text("[limits]\nmax_tasks = 3\n")
    done = shell("config", "--origin")
    assert done.returncode == 2 and f"{own(shell)} is your own settings file" in done.stderr.splitlines()[-1]
