"""What the command line says of an error, and keeps of a crash, holds no secret."""

from __future__ import annotations

from typing import Any

import pytest

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zC0fL1234"
WORDS = "this never works"


@pytest.mark.parametrize("flags", [[], ["--debug"]])
def test_a_kept_traceback_holds_no_value_of_a_secret_variable(shell: Any, flags: list[str]) -> None:
    done = shell("run", shell.plan({"id": "a", "agent": "broken"}), *flags, env={"ITS_SECRET": WORDS})
    (kept,) = (shell.home / "crashes").iterdir()
    assert done.returncode == 1 and 'raise ValueError("[redacted]")' in kept.read_text()
    for text in (done.stdout, done.stderr, kept.read_text(), shell("events", "last").stdout):
        assert WORDS not in text


def test_an_error_repeats_no_token_that_was_typed(shell: Any) -> None:
    done = shell("explain", TOKEN)
    assert done.returncode == 2 and TOKEN not in done.stderr and "[redacted]" in done.stderr
    assert TOKEN not in shell("explain", TOKEN, "--json").stdout
