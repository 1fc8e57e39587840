"""The published schemas are current, and say yes and no where the types do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from genesis_cli.schemas import SCHEMAS, made
from genesis_core import GenesisError, read_plan_file

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "schemas"


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_published_is_what_the_types_say(name: str) -> None:
    assert published(name) == made()[name], "python -m genesis_cli.schemas writes them anew"


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_valid_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(published(name))


PLANS: list[tuple[dict[str, Any], bool]] = [
    ({"tasks": [{"id": "a"}]}, True),
    ({"$schema": "plan-file.schema.json", "goal": "g", "workspace": "w", "tasks": [{"id": "a/b.c"}]}, True),
    ({"tasks": [{"id": "a", "inputs": {"x": {"value": None}, "y": {"file": "f"}}}]}, True),
    ({"tasks": [{"id": "a"}, {"id": "b", "inputs": {"x": {"task": "a", "output": ""}}}]}, True),
    ({"tasks": [{"id": "a", "accept": {"output": ["/x"], "min_evidence": 1}, "max_seconds": 2}]}, True),
    ({"tasks": [{"id": "a"}], "budget": {"max_cost": "0.5", "max_tool_calls": 3}}, True),
    ({"tasks": []}, False),
    ({"goal": "g"}, False),
    ({"tasks": [{}]}, False),
    ({"tasks": [{"id": "a b"}]}, False),
    ({"tasks": [{"id": "a", "inputs": {"x": {"value": 1, "file": "f"}}}]}, False),
    ({"tasks": [{"id": "a", "inputs": {"x": {}}}]}, False),
    ({"tasks": [{"id": "a", "depends_on": "b"}]}, False),
    ({"tasks": [{"id": "a", "agnet": "b"}]}, False),
    ({"tasks": [{"id": "a", "max_seconds": 0}]}, False),
    ({"tasks": [{"id": "a"}], "budget": {"max_tokens": -1}}, False),
]


@pytest.mark.parametrize(("plan", "good"), PLANS)
def test_schema_and_reader_agree_on_plan_files(tmp_path: Path, plan: dict[str, Any], good: bool) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    assert jsonschema.Draft202012Validator(published("plan-file.schema.json")).is_valid(plan) is good
    try:
        read_plan_file(path)
        read = True
    except GenesisError:
        read = False
    assert read is good
