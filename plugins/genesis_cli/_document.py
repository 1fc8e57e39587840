"""A run as one JSON document, ``genesis.run/1``: what ``run --json``, ``runs show --json`` and ``runs export`` say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_core import Artifact, EventKind, Plan, RunEvent, RunRecord, RunResult, TaskResult

__all__ = ["RUN_SCHEMA", "artifact_path", "change", "ends", "made", "result_of", "run_document"]

RUN_SCHEMA = "genesis.run/1"


def run_document(
    result: RunResult, *, record: RunRecord | None = None, exit_code: int | None = None, workspace: str = "",
    events: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return *result* as plain JSON; *record* adds times and the plan's findings, *events* the whole journal."""
    plan, report = result.plan, {} if record is None else record.report
    document: dict[str, Any] = {
        "schema": RUN_SCHEMA,
        "run_id": result.run_id,
        "state": result.state.value,
        "exit_code": result.exit_code if exit_code is None else exit_code,
        "goal": "" if plan is None else plan.goal.text,
        "workspace": workspace or ("" if record is None else record.workspace),
        "folder": result.folder,
        "started": _time(None if record is None else record.started),
        "ended": _time(None if record is None else record.ended),
        "digest": None if plan is None else plan.digest,
        "plan": None if plan is None else plan.to_json(),
        "findings": _plain(report.get("findings", [])),
        "score": _plain(report.get("score")),
        "changes": [] if record is None else [change(event) for event in record.changes],
        "not_understood": [] if plan is None else list(plan.not_understood),
        "tasks": {name: task.model_dump(mode="json") for name, task in result.tasks.items()},
        "artifacts": [_artifact(task, a, path) for task, a, path in made(result)],
        "output": _plain(result.output),
        "usage": result.usage.model_dump(mode="json"),
        "error": None if result.error is None else result.error.model_dump(mode="json"),
        "recorded": record is not None and record.recorded,
        "replay": _replay(result),
    }
    return document if events is None else {**document, "events": list(events)}


def result_of(record: RunRecord, folder: Path) -> RunResult:
    """Return the result of a recorded run, as it stands."""
    order = () if record.plan is None else tuple(t.id for t in record.plan.graph.tasks)
    return RunResult(
        run_id=record.run_id, state=record.state, plan=record.plan, usage=record.usage, folder=str(folder),
        replayed=record.replayed,
        tasks={name: record.results[name] for name in order if name in record.results},
    )


def change(event: RunEvent) -> dict[str, Any]:
    """Return a change of a run's graph as plain JSON: which row has it, after which task, by whom and why."""
    patch = event.data["patch"]
    return {
        "row": event.seq, "after": event.task_id, "by": event.actor, "reason": str(event.data.get("reason", "")),
        "refused": event.kind is EventKind.PATCH_REFUSED,
        "added": [task["id"] for task in patch.get("add", ())],
        "replaced": [task["id"] for task in patch.get("replace", ())],
        "dropped": list(patch.get("drop", ())),
    }


def ends(plan: Plan | None) -> tuple[str, ...]:
    """Return the tasks that nothing else waits for: their outputs are what the run was for."""
    if plan is None:
        return ()
    graph = plan.graph
    used = {leaf for task in graph.tasks for need in task.needs for leaf in graph.leaves_of(need)}
    return tuple(task.id for task in graph.leaves if task.id not in used)


def made(result: RunResult, tasks: Sequence[str] | None = None) -> Iterator[tuple[str, Artifact, Path]]:
    """Yield every artefact of *tasks* (default: of all, the last ones first) with the path of its file."""
    last = ends(result.plan)
    order = tasks if tasks is not None else (*last, *(name for name in result.tasks if name not in last))
    for name in order:
        task: TaskResult | None = result.tasks.get(name)
        for artifact in () if task is None else task.artifacts:
            yield name, artifact, artifact_path(Path(result.folder), name, artifact.name)


def artifact_path(folder: Path, task: str, name: str) -> Path:
    """Return where an artefact lies below the run's folder (docs/outputs.md)."""
    return folder / "artifacts" / task.replace("/", "~") / name


def _artifact(task: str, artifact: Artifact, path: Path) -> dict[str, Any]:
    return {"task": task, "name": artifact.name, "media_type": artifact.media_type, "sha256": artifact.sha256,
            "size": artifact.size, "path": str(path)}


def _replay(result: RunResult) -> dict[str, Any] | None:
    """Return how a replay compares; None: the run is none."""
    if result.replayed is None:
        return None
    return {**result.replayed.model_dump(mode="json"), "equal": result.replayed.difference is None}


def _time(value: Any) -> str | None:
    return None if value is None else value.isoformat()


def _plain(value: Any) -> Any:
    import pydantic_core

    return pydantic_core.to_jsonable_python(value)
