"""The main job, end to end, with every built-in plugin and no model, checked against what is there."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from genesis_core import EventKind, Genesis, PlanReport, RunEvent, RunResult

ROOT = Path(__file__).resolve().parents[2]
GOAL = (ROOT / "examples/goals/main.txt").read_text(encoding="utf-8").strip()
WORDING: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (ROOT / "examples/goals/wording.toml").read_text(encoding="utf-8")
)
PARTS = {
    "architect": "architecture", "security": "security", "research": "docs", "analytics": "tables", "report": "report",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    shutil.copytree(ROOT / "examples/workspace", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def opened(home: Path) -> Genesis:
    return Genesis.open(home, settings={"home": str(home)})


async def _run(home: Path, goal: str, workspace: Path, again: str | None) -> tuple[RunResult, list[RunEvent]]:
    async with opened(home) as genesis:
        run = await genesis.start(goal, workspace=workspace, again=again)
        events = [event async for event in run]
        return await run.result(), events


def run(home: Path, workspace: Path, *, goal: str = GOAL, again: str | None = None) -> tuple[RunResult, list[RunEvent]]:
    return asyncio.run(_run(home, goal, workspace, again))


def plan(home: Path, goal: str, workspace: Path) -> PlanReport:
    async def main() -> PlanReport:
        async with opened(home) as genesis:
            return await genesis.plan(goal, workspace=workspace)

    return asyncio.run(main())


def parts(report: PlanReport) -> list[str]:
    """What a plan does, in the words of the wording file; a task that nobody can do is "nobody"."""
    found = []
    for task in report.plan.graph.leaves:
        assignment = report.plan.assigned.get(task.id)
        agent = "nobody" if assignment is None else assignment.agent
        found.append(PARTS.get("report" if "report" in task.requires else agent, agent))
    return sorted(found)


def facts(result: RunResult) -> dict[str, Any]:
    """Every figure and observation of the analyses, by task."""
    found: dict[str, Any] = {}
    for name, task in result.tasks.items():
        output = task.output or {}
        found.update({f"{name}.{key}": value for key, value in output.get("figures", {}).items()})
        found[f"{name}.observations"] = sorted(
            (o["rule"], o.get("source", ""), o["message"]) for o in output.get("observations", ())
        )
    return found


# -- the job ----------------------------------------------------------------------------------------------------------


def test_the_main_job_ends_with_0_and_a_report(tmp_path: Path, workspace: Path) -> None:
    result, events = run(tmp_path / "home", workspace)
    assert result.exit_code == 0
    report = result.tasks[result.plan.graph.leaves[-1].id] if result.plan else None
    assert report is not None
    assert {a.name for a in report.artifacts} >= {"report.md", "report.html"}
    html = next(Path(result.folder).glob("artifacts/*/report.html")).read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|<script|@import|url\(""", html), "not self-contained"
    assert {e.kind for e in events} >= {EventKind.RUN_STARTED, EventKind.SCREENED, EventKind.PLANNED,
                                        EventKind.TASK_DONE, EventKind.RUN_FINISHED}


def test_the_analyses_start_before_any_of_them_ends_and_the_report_comes_after(tmp_path: Path, workspace: Path) -> None:
    result, events = run(tmp_path / "home", workspace)
    assert result.plan is not None
    *analyses, report = [t.id for t in result.plan.graph.leaves]
    begun = {e.task_id: e.seq for e in events if e.kind is EventKind.TASK_STARTED}
    ended = {e.task_id: e.seq for e in events if e.kind is EventKind.TASK_DONE}
    assert len(analyses) == 4
    assert max(begun[a] for a in analyses) < min(ended[a] for a in analyses)
    assert begun[report] > max(ended[a] for a in analyses)


def test_figures_equal_an_independent_count(tmp_path: Path, workspace: Path) -> None:
    result, _ = run(tmp_path / "home", workspace)
    figures = {k: v for k, v in facts(result).items() if not k.startswith("write")}
    modules = [p for p in workspace.rglob("*.py")]
    assert modules
    assert _figure(figures, "python_files") == len(modules)
    listed = subprocess.run(["grep", "-rhoE", r"^\s*(async )?def ", *map(str, modules)], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    assert _figure(figures, "functions") == len(listed)
    tables = sorted((workspace / "data").iterdir())
    assert _figure(figures, "tables") == len(tables)
    records = json.loads(next(t for t in tables if t.suffix == ".json").read_text())
    rows = len(records) + sum(len(t.read_text().splitlines()) - 1 for t in tables if t.suffix == ".csv")
    assert _figure(figures, "rows") == rows
    texts = [p for p in workspace.rglob("*") if p.suffix in (".md", ".rst", ".txt")]
    documents = [p for p in texts if "requirements" not in p.name]
    assert _figure(figures, "documents") == len(documents)


def _figure(figures: Mapping[str, Any], name: str) -> Any:
    found = {v for k, v in figures.items() if k.rsplit(".", 1)[1] == name}
    assert len(found) == 1, (name, found)
    return found.pop()


def test_every_quote_stands_where_its_evidence_says(tmp_path: Path, workspace: Path) -> None:
    result, _ = run(tmp_path / "home", workspace)
    checked = 0
    for task in result.tasks.values():
        for piece in task.evidence:
            file = workspace / piece.source
            if not piece.quote or not file.is_file() or "…" in piece.quote:
                continue
            numbers = [int(n) for n in re.findall(r"\d+", piece.location)]
            lines = file.read_text(encoding="utf-8").splitlines()
            place = "\n".join(lines[numbers[0] - 1 : numbers[-1]]) if numbers else "\n".join(lines)
            words = " ".join(piece.quote.split())
            assert words in " ".join(place.split()), (piece, place)
            checked += 1
    assert checked > 10


def test_an_empty_folder_is_reported_as_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result, _ = run(tmp_path / "home", tmp_path / "empty")
    assert result.exit_code == 0
    counted = {k: v for k, v in facts(result).items() if isinstance(v, int | float) and not k.startswith("write")}
    assert counted
    assert set(counted.values()) == {0}, {k: v for k, v in counted.items() if v}


# -- planted facts ----------------------------------------------------------------------------------------------------


def plant_cycle(workspace: Path) -> str:
    """Make two modules import each other, without another line."""
    package = workspace / "src/parcel"
    (package / "ping.py").write_text("from parcel import pong\n")
    (package / "pong.py").write_text("from parcel import ping\n")
    return "import-cycle"


def plant_secret(workspace: Path) -> str:
    (workspace / "deploy.env").write_text("GITHUB_TOKEN=ghp_" + "a8Kd93jfLq0ZxVb72MnTy5RwPc1HsGe4UoI6" + "\n")
    return "secret"


def plant_outlier(workspace: Path) -> str:
    """Multiply the largest number of one column by a thousand."""
    import csv

    path = workspace / "data/shipments.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    column = next(n for n, cell in enumerate(rows[1]) if re.fullmatch(r"\d+\.\d+", cell))
    rows[5][column] = str(float(rows[5][column]) * 1000)
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    return "outlier"


@pytest.mark.parametrize("plant", [plant_cycle, plant_secret, plant_outlier])
def test_a_planted_fact_is_the_one_new_observation(tmp_path: Path, workspace: Path, plant: Any) -> None:
    before = facts(run(tmp_path / "home", workspace)[0])
    rule = plant(workspace)
    after = facts(run(tmp_path / "home", workspace)[0])
    new = [o for k in after if k.endswith(".observations") and not k.startswith("write")
           for o in after[k] if o not in before[k]]
    gone = [o for k in before if k.endswith(".observations") and not k.startswith("write")
            for o in before[k] if o not in after[k]]
    assert len(new) == 1, new
    assert new[0][0].startswith(rule)
    assert not gone


# -- wording ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", WORDING["paraphrase"], ids=lambda r: r["goal"][:40])
def test_a_paraphrase_asks_for_the_same_tasks(tmp_path: Path, workspace: Path, row: dict[str, Any]) -> None:
    assert parts(plan(tmp_path, row["goal"], workspace)) == sorted(PARTS.values())


@pytest.mark.parametrize("row", WORDING["partial"], ids=lambda r: r["goal"][:40])
def test_a_part_of_the_goal_asks_for_that_part_alone(tmp_path: Path, workspace: Path, row: dict[str, Any]) -> None:
    assert parts(plan(tmp_path, row["goal"], workspace)) == sorted(row["parts"])


@pytest.mark.parametrize("row", WORDING["impossible"], ids=lambda r: r["goal"][:40])
def test_what_nothing_here_can_do_never_ends_with_0(tmp_path: Path, workspace: Path, row: dict[str, Any]) -> None:
    result, _ = run(tmp_path / "home", workspace, goal=row["goal"])
    assert result.exit_code in (3, 8)
    orders = [t.work_order for t in result.tasks.values() if t.work_order is not None]
    assert orders
    assert all(order.goal for order in orders)


# -- again ------------------------------------------------------------------------------------------------------------


def again(home: Path, workspace: Path) -> dict[str, str]:
    """Run again and return what became of each task: reused or ran."""
    result, events = run(home, workspace, again="last")
    assert result.exit_code == 0
    found = {e.task_id: "reused" for e in events if e.kind is EventKind.TASK_REUSED}
    found.update({e.task_id: "ran" for e in events if e.kind is EventKind.TASK_STARTED})
    return found


def test_nothing_runs_again_when_nothing_has_changed(tmp_path: Path, workspace: Path) -> None:
    run(tmp_path / "home", workspace)
    assert set(again(tmp_path / "home", workspace).values()) == {"reused"}


def test_an_edit_runs_only_what_depends_on_it(tmp_path: Path, workspace: Path) -> None:
    first, _ = run(tmp_path / "home", workspace)
    table = workspace / "data/shipments.csv"
    table.write_text(table.read_text().rsplit("\n", 2)[0] + "\n")
    assert first.plan is not None
    agents = {t: a.agent for t, a in first.plan.assigned.items()}
    ran = {agents[t] for t, what in again(tmp_path / "home", workspace).items() if what == "ran"}
    assert ran == {"analytics", "security"}, "a table is read by its profile and by the secret scan, and by no other"


def test_explain_has_reasons_for_every_task(tmp_path: Path, workspace: Path) -> None:
    report = plan(tmp_path, GOAL, workspace)
    assert len(report.plan.assignments) == len(report.plan.graph.leaves)
    for assignment in report.plan.assignments:
        assert assignment.reasons
        assert all(r.text for r in assignment.reasons)


def test_the_same_goal_gives_the_same_plan_in_another_process(tmp_path: Path, workspace: Path) -> None:
    code = (
        "import asyncio, sys\nfrom genesis_core import Genesis\n"
        "async def main():\n"
        "    async with Genesis.open(sys.argv[1]) as g:\n"
        "        print((await g.plan(sys.argv[2], workspace=sys.argv[3])).plan.digest)\n"
        "asyncio.run(main())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), GOAL, str(workspace)],
            capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    }
    assert digests == {plan(tmp_path, GOAL, workspace).plan.digest + "\n"}
