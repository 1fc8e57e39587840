"""Variables that nothing reads are named, and the lists of those that are read are the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_cli._environment import OPERATOR, SETTINGS, missing_config, unknown
from genesis_core import Settings
from genesis_core._settings import OPERATOR_KEYS


def test_the_settings_are_those_of_the_kernel() -> None:
    assert OPERATOR == OPERATOR_KEYS
    assert set(Settings.model_fields) - OPERATOR_KEYS == SETTINGS


@pytest.mark.parametrize(("name", "said"), [
    ("GENESIS_MAXPARALLEL", "did you mean GENESIS_MAX_PARALLEL?"), ("GENESIS_HOM", "did you mean GENESIS_HOME?"),
    ("GENESIS_POLICY__X", "your own settings file only"), ("GENESIS_XYZZY", "no such setting"),
])
def test_a_name_that_nothing_reads_is_named(name: str, said: str) -> None:
    (line,) = unknown([name, "GENESIS_HOME", "GENESIS_BUDGET__MAX_COST", "GENESIS_CONFIG", "HOME"])
    assert name in line and said in line


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_CONFIG", str(tmp_path / "none.toml"))
    assert missing_config() == str(tmp_path / "none.toml")
    (tmp_path / "none.toml").touch()
    assert missing_config() == ""
