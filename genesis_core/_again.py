"""``run --again``: use the results of an earlier run for tasks whose inputs, upstream results and code are the same.

Compared by digest: the task as planned, the agent's code and that of its tools, the results that it was given, every
file and file list that it read. A task that runs again but gives the same output lets those behind it be re-used.
What it read must still be allowed, and is as secret as it is by now.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._files import find_artifact
from ._fold import RunRecord, plan_from_json
from ._workspace import Workspace, sha256_file
from .agents import Agent
from .errors import AccessDenied, ToolError
from .policy import Action, Effect, Label, Ruling, Secrecy, Trust, Usage
from .records import canonical_json, digest
from .runs import EventKind
from .tasks import Task, TaskResult, TaskState
from .tools import Tool

if TYPE_CHECKING:
    from ._kernel import Planner
    from ._run import Driver
    from .plans import Plan

__all__ = ["Again", "agent_code", "changed_files", "copy_artifacts"]

NOTHING = Label(Trust.TRUSTED)


@dataclass(frozen=True, slots=True)
class Again:
    """The earlier run, and where its artefacts are."""

    record: RunRecord
    folder: Path

    def believed(self, plan: Plan, planner: Planner) -> Mapping[str, Label]:
        """Return how far tasks of *plan* may be believed one by one, when that run began with it, or ended with it.

        Running it again approves nothing: what a model wrote then is still what a model wrote.
        """
        begun = plan_from_json(self.record.report["plan"])
        if self.record.plan is None or plan.graph not in (self.record.plan.graph, begun.graph):
            return {}
        planner.rise(self.record.base)
        return {name: label for name, label in self.record.floor.items() if name in plan.graph}

    async def reuse(self, driver: Driver, task: Task, attempt: int, code: str) -> TaskResult | None:
        """Return *task*'s earlier result, now recorded as re-used, or None when something has changed."""
        why = await asyncio.to_thread(self.changed, driver, task, code) or await self._refused(driver, task)
        if why:
            driver.scope.emit(EventKind.WARNING, task_id=task.id, data={"text": f"runs again: {why}"})
            return None
        old = self.record.results[task.id]
        # What stands before it may have read more than last time and still have given the same output.
        since = driver._label(task) | await asyncio.to_thread(self._read, driver, task)
        label = old.label | since
        await asyncio.to_thread(copy_artifacts, self.folder, driver.scope.folder, task.id)
        driver.scope.emit(EventKind.TASK_REUSED, task_id=task.id, attempt=attempt, label=label, data={
            "from": self.record.run_id, "reads": self.record.reads.get(task.id, []), "code": code,
            "reason": "same task, code, inputs and files",
        })
        made = tuple(artifact.replace(label=artifact.label | since) for artifact in old.artifacts)
        return old.replace(attempt=attempt, usage=Usage(), label=label, artifacts=made)

    def _files(self, task: Task) -> dict[str, None]:
        """Return the files and folders that *task* read, each once, in order."""
        return {name: None for read in self.record.reads.get(task.id, []) for name in read.get("files", {})}

    async def _refused(self, driver: Driver, task: Task) -> str:
        """Return why *task* may not have read by now what it did then; empty when it may."""
        who = driver.scope.identity.delegate(driver.plan.assigned[task.id].agent)
        for name in self._files(task):
            action = Action("read", name, Effect.READ)
            decision = await driver.scope.authority.decide(action, who, self.record.results[task.id].label)
            if decision.effect is not Ruling.ALLOW:
                return f"rule {decision.rule!r} does not simply allow it to read {name}"
        return ""

    def _read(self, driver: Driver, task: Task) -> Label:
        """Return the label of the files that *task* read and that are secret by now; they may not have been then."""
        secret = frozenset(name for name in self._files(task) if driver.scope.workspace.is_secret(name))
        return Label(Trust.UNTRUSTED, Secrecy.SECRET, secret) if secret else NOTHING

    def changed(self, driver: Driver, task: Task, code: str) -> str:
        """Return why *task* must run again; empty when it need not."""
        record = self.record
        old = record.results.get(task.id)
        if old is None or old.state is not TaskState.COMPLETED:
            return "it did not complete before"
        if old.degraded:
            return "no model answered it before"
        assert record.plan is not None  # noqa: S101  # a run with results has a plan
        if task.id not in record.plan.graph or record.plan.graph[task.id] != task:
            return "the task was changed"
        if record.code.get(task.id) != code:
            return "its agent, a tool or the model has changed"
        for need in driver.plan.graph.waits_for(task.id):
            if not _same_result(record, driver.scheduler.results[need], need):
                return f"the result of {need!r} has changed"
        changed = changed_files(driver.scope.workspace, record.reads.get(task.id, []))
        return changed or _changed_artifacts(self.folder, old)


def _same_result(record: RunRecord, new: TaskResult, need: str) -> bool:
    from ._scheduler import composite_result

    assert record.plan is not None  # noqa: S101
    old = record.results.get(need)
    if old is None and need in record.plan.graph.children:
        results = dict(record.results)
        if any(leaf not in results for leaf in record.plan.graph.leaves_of(need)):
            return False
        for parent in reversed([p for p in record.plan.graph.order if p in record.plan.graph.children]):
            if all(child in results for child in record.plan.graph.children[parent]):
                results[parent] = composite_result(record.plan.graph, parent, results)
        old = results.get(need)
    return old is not None and _essence(old) == _essence(new)


def _essence(result: TaskResult) -> bytes:
    return canonical_json([result.state, result.output, [[a.name, a.sha256] for a in result.artifacts]])


def changed_files(workspace: Workspace, reads: Iterable[Mapping[str, Any]]) -> str:
    for read in reads:
        if "pattern" in read and dict(read) != workspace.seen(read["pattern"]):
            return f"the files that match {read['pattern']!r}, or the folders that can't be read, have changed"
        for name, sha256 in read.get("files", {}).items():
            if _digest(workspace, name) != sha256:
                return f"{name} has changed"
    return ""


def _changed_artifacts(folder: Path, old: TaskResult) -> str:
    for artifact in old.artifacts:
        try:
            find_artifact(folder, artifact, old.task_id)
        except (ToolError, OSError):
            return f"its artefact {artifact.name!r} is not what was recorded"
    return ""


def _digest(workspace: Workspace, name: str) -> str:
    try:
        return workspace.digest(name)
    except AccessDenied:
        return ""


def copy_artifacts(old: Path, new: Path, task_id: str) -> None:
    source = old / "artifacts" / task_id.replace("/", "~")
    if source.is_dir():
        shutil.copytree(source, new / "artifacts" / source.name, dirs_exist_ok=True)


def agent_code(agent: Agent, tools: Mapping[str, Tool], models: Iterable[str]) -> str:
    """Return the digest of what runs when *agent* does: its card, its code and its tools', the models."""
    parts = [agent.card.to_json(), _source_digest(getattr(agent, "__wrapped__", type(agent)))]
    for name in agent.card.tools:
        if name in tools:
            parts += [tools[name].spec.to_json(), _source_digest(tools[name].function)]
    return digest([*parts, sorted(models)])


def _source_digest(code: Any) -> str:
    try:
        file = inspect.getsourcefile(code)
    except TypeError:
        file = None
    return "" if file is None else _module_digest(Path(file))


@cache
def _module_digest(file: Path) -> str:
    """Digest the file, or the whole package when it is part of one: a module is no better than those it imports."""
    if not file.exists():
        return ""
    if not (file.parent / "__init__.py").exists():
        return sha256_file(file)
    lines = (f"{p.name} {sha256_file(p)}\n" for p in sorted(file.parent.iterdir()) if p.is_file())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
