"""The example workspace: it works, it is clean, and a fact planted in a copy is the one thing that changes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import string
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from genesis_agents.analytics import profile_tables
from genesis_agents.architect import import_cycles
from genesis_agents.research import search_documents
from genesis_agents.security import secret_scan, static_scan

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
WORKSPACE = EXAMPLES / "workspace"

Report = Mapping[str, object]
Facts = dict[str, object]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the example workspace, without what running it may have left behind."""
    folder = tmp_path / "workspace"
    shutil.copytree(WORKSPACE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    return folder


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Stand in a folder as a tool does, so that paths are those of the workspace."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def files(*patterns: str) -> list[Path]:
    found = {path for pattern in patterns for path in Path().rglob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def facts(folder: Path) -> Facts:
    """Return every figure and every observation of the four analyses."""
    with inside(folder):
        reports: dict[str, Report] = {
            "cycles": import_cycles(files("*.py")),
            "static": static_scan(files("*.py")),
            "secrets": secret_scan(files("*")),
            "tables": cast(Report, profile_tables(files("*.csv", "*.json"))["report"]),
        }
        documents = search_documents(files("*.md", "*.rst"), "error handling", 100)
    found: Facts = {}
    for name, report in reports.items():
        found.update({f"{name}.{key}": value for key, value in cast(Report, report["figures"]).items()})
        found[f"{name}.observations"] = observed(report)
    found["docs"] = [documents[key] for key in ("documents", "matches", "promises")]
    return found


def observed(report: Report) -> list[tuple[str, str]]:
    """Return the family of the rule ("B310", "secret") and the file of each observation."""
    rows = cast(list[Mapping[str, str]], report.get("observations", []))
    return [(re.split("[ :]", row["rule"])[0], row["source"]) for row in rows]


def changed(before: Facts, after: Facts) -> dict[str, tuple[object, object]]:
    assert before.keys() == after.keys()
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


# ---- it works ------------------------------------------------------------------------------------------------------


def test_its_own_tests_pass(copy: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "unittest", "discover", "-s", "tests"]
    environment = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stderr


def test_its_readme_commands_run(copy: Path) -> None:
    text = (copy / "README.md").read_text(encoding="utf-8")
    commands = [line.removeprefix("$ parcel ").split() for line in text.splitlines() if line.startswith("$ parcel ")]
    assert len(commands) == 3
    for words in commands:
        done = subprocess.run(
            [sys.executable, "-m", "parcel", *words], cwd=copy, env={**os.environ, "PYTHONPATH": "src"}, timeout=60
        )
        assert done.returncode == 0


def test_its_data_are_what_the_seeded_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, EXAMPLES / "make_workspace_data.py", tmp_path], check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (WORKSPACE / "data").iterdir()}


# ---- it is clean ---------------------------------------------------------------------------------------------------


def test_it_has_one_mild_finding_and_no_cycle_secret_or_outlier(copy: Path) -> None:
    found = facts(copy)
    assert (found["cycles.import_cycles"], found["secrets.secrets"], found["tables.outliers"]) == (0, 0, 0)
    assert found["cycles.observations"] == found["secrets.observations"] == found["tables.observations"] == []
    assert found["static.observations"] == [("B310", "src/parcel/carriers/http.py")]
    assert found["tables.rows"] == sum(
        len((copy / "data" / name).read_text(encoding="utf-8").splitlines()) - 1
        for name in ("shipments.csv", "rates.csv", "depots.csv")
    ) + len(json.loads((copy / "data" / "events.json").read_text(encoding="utf-8")))


# ---- planted facts -------------------------------------------------------------------------------------------------


def written_over_a_blank_line(path: Path, line: str) -> None:
    """Put a line where a blank one stood, so that not even the number of lines changes."""
    lines = path.read_text(encoding="utf-8").split("\n")
    blank = lines.index("", lines.index("", 3) + 1)
    path.write_text("\n".join([*lines[:blank], line, *lines[blank + 1 :]]), encoding="utf-8")


def plant_a_cycle(folder: Path) -> None:
    """Let models know tracking, which already knows models."""
    written_over_a_blank_line(folder / "src/parcel/models.py", "from parcel import tracking")


def plant_a_secret(folder: Path) -> None:
    """Leave a key in the settings, made at run time so that it stands in no file of this repository."""
    chance = random.Random(7)
    key = "AKIA" + "".join(chance.choices(string.ascii_uppercase + "234567", k=16))
    written_over_a_blank_line(folder / "src/parcel/settings.py", f'CLOUD_KEY = "{key}"')


def plant_an_outlier(folder: Path) -> None:
    """Make one parcel weigh as much as a truck."""
    path = folder / "data/shipments.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = lines[42].split(",")
    cells[5] = "7200000"
    path.write_text("\n".join([*lines[:42], ",".join(cells), *lines[43:]]), encoding="utf-8")


@pytest.mark.parametrize(
    ("plant", "wanted"),
    [
        (
            plant_a_cycle,
            {
                "cycles.import_cycles": (0, 1),
                "cycles.modules_in_cycles": (0, 2),
                "cycles.observations": ([], [("import-cycle", "src/parcel/models.py")]),
            },
        ),
        (
            plant_a_secret,
            {
                "secrets.secrets": (0, 1),
                "secrets.observations": ([], [("secret", "src/parcel/settings.py")]),
            },
        ),
        (
            plant_an_outlier,
            {
                "tables.outliers": (0, 1),
                "tables.observations": ([], [("outlier", "data/shipments.csv")]),
            },
        ),
    ],
)
def test_a_planted_fact_is_the_one_thing_that_changes(
    copy: Path, plant: Callable[[Path], None], wanted: dict[str, tuple[object, object]]
) -> None:
    before = facts(copy)
    plant(copy)
    assert changed(before, facts(copy)) == wanted


def test_all_three_planted_together_are_all_that_changes(copy: Path) -> None:
    before = facts(copy)
    for plant in (plant_a_cycle, plant_a_secret, plant_an_outlier):
        plant(copy)
    figures = {key for key in changed(before, facts(copy)) if not key.endswith("observations")}
    assert figures == {"cycles.import_cycles", "cycles.modules_in_cycles", "secrets.secrets", "tables.outliers"}


# ---- goals ---------------------------------------------------------------------------------------------------------


def test_the_goals_are_many_different_and_within_the_limit() -> None:
    with (EXAMPLES / "goals" / "wording.toml").open("rb") as file:
        goals = tomllib.load(file)
    assert {kind: len(rows) for kind, rows in goals.items()} == {
        "paraphrase": 20, "partial": 10, "impossible": 6, "mixed": 10,
    }  # fmt: skip
    texts = [row["goal"] for rows in goals.values() for row in rows]
    assert len(set(texts)) == len(texts)
    assert all(0 < len(text) <= 5000 for text in [*texts, (EXAMPLES / "goals" / "main.txt").read_text("utf-8")])


def test_a_goal_names_known_parts_and_missing_words_that_stand_in_it() -> None:
    with (EXAMPLES / "goals" / "wording.toml").open("rb") as file:
        goals = tomllib.load(file)
    for row in [*goals["partial"], *goals["mixed"]]:
        assert 1 <= len(row["parts"]) <= 3
        assert set(row["parts"]) <= {"architecture", "security", "tables", "docs", "report"}
        assert all(word in row["goal"] for word in row.get("missing", []))
    assert all(row["missing"] for row in goals["mixed"])
