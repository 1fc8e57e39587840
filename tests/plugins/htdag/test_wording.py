"""The same work in many wordings: the tasks that are asked for, none that is not, and what is missing by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_agents._cards import cards
from genesis_core import Decomposition, Task, TaskGraph
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose

ROOT = Path(__file__).resolve().parents[3]
WORKSPACE = ROOT / "examples" / "workspace"
PARTS = {"architecture": "map", "security": "scan", "tables": "profile", "docs": "search", "report": "report"}
WORK = {
    "module-map": "map", "import-cycles": "map", "code-complexity": "map", "static-scan": "scan", "secret-scan": "scan",
    "table-profile": "profile", "document-search": "search", "report": "report",
}  # fmt: skip
"""What each ability that is at hand amounts to."""


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


OWN: list[Mapping[str, Any]] = toml(Path(__file__).with_name("wording.toml"))["goal"]
GOALS: Mapping[str, Sequence[Mapping[str, Any]]] = toml(ROOT / "examples" / "goals" / "wording.toml")


def files(pattern: str) -> tuple[str, ...]:
    found = (p for p in WORKSPACE.glob(pattern) if p.is_file())
    return tuple(sorted(p.relative_to(WORKSPACE).as_posix() for p in found))


def decompose(text: str) -> Decomposition:
    task = Task(id="goal", kind="goal", description=text)
    answer = genesis_decompose(task, context_for(text, agents=cards(), files=files))
    assert answer is not None
    return answer


def work(answer: Decomposition) -> list[str]:
    """What can be done of it, one word a task."""
    leaves = TaskGraph(tasks=answer.tasks).leaves
    return sorted(WORK[t.requires[0]] for t in leaves if t.requires[0] in WORK)


def missing(answer: Decomposition) -> list[Task]:
    """Its tasks that require what nobody here has."""
    known = {skill.id for card in cards() for skill in card.skills}
    return [t for t in TaskGraph(tasks=answer.tasks).leaves if not known.intersection(t.requires)]


@pytest.mark.parametrize("goal", OWN, ids=lambda goal: goal["text"].strip()[:60])
def test_a_goal_becomes_the_work_that_it_asks_for_and_no_other(goal: Mapping[str, Any]) -> None:
    answer = decompose(goal["text"])
    assert work(answer) == sorted(goal["wants"])
    assert bool(missing(answer)) == ("missing" in goal)
    assert goal.get("missing", "") in " ".join(answer.not_understood).lower()


@pytest.mark.parametrize("goal", GOALS["paraphrase"], ids=lambda goal: goal["goal"].strip()[:60])
def test_a_paraphrase_of_the_main_goal_becomes_four_analyses_side_by_side_and_a_report(goal: Mapping[str, Any]) -> None:
    answer = decompose(goal["goal"])
    assert work(answer) == sorted(PARTS.values())
    assert missing(answer) == []
    graph = TaskGraph(tasks=answer.tasks)
    [report] = [t.id for t in graph.leaves if t.requires == ("report",)]
    analyses = {t.id for t in graph.leaves} - {report}
    assert all(not graph.waits_for(task_id) for task_id in analyses)
    assert set(graph.waits_for(report)) == analyses


@pytest.mark.parametrize("goal", GOALS["partial"], ids=lambda goal: goal["goal"].strip()[:60])
def test_a_goal_that_names_some_parts_becomes_exactly_those(goal: Mapping[str, Any]) -> None:
    answer = decompose(goal["goal"])
    assert work(answer) == sorted(PARTS[part] for part in goal["parts"])
    assert missing(answer) == []


@pytest.mark.parametrize("goal", GOALS["impossible"], ids=lambda goal: goal["goal"].strip()[:60])
def test_a_goal_that_nothing_here_can_do_becomes_a_task_that_says_so(goal: Mapping[str, Any]) -> None:
    answer = decompose(goal["goal"])
    assert work(answer) == []
    told = " ".join(answer.not_understood).lower()
    assert missing(answer)
    assert [word for word in goal.get("missing", ()) if word.lower() not in told] == []


@pytest.mark.parametrize("goal", GOALS["mixed"], ids=lambda goal: goal["goal"].strip()[:60])
def test_what_is_missing_from_a_mixed_goal_is_named_beside_the_work_that_can_be_done(goal: Mapping[str, Any]) -> None:
    answer = decompose(goal["goal"])
    assert work(answer) == sorted(PARTS[part] for part in goal["parts"])
    told = " ".join(answer.not_understood).lower()
    assert missing(answer)
    assert [word for word in goal.get("missing", ()) if word.lower() not in told] == []
