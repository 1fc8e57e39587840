"""What is to be done, from the shell's words: a goal, a plan file, an approved plan, or an earlier run's plan."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from genesis_core import Budget, Genesis, Goal, LimitExceeded, Plan, PlanFile, PlanReport, SettingsError, read_any_plan

__all__ = ["Work", "beside", "read_work"]

MAX_GOAL_BYTES = 1_000_000
MAX_BYTES = 5_000_001
"""One more than a plan may have."""
MAX_PURPOSE = 500
PLAN_SUFFIXES = (".json", ".yaml", ".yml")
_YAML_HEAD = re.compile(
    r"(?:\s*+(?:#[^\n]*+|---[ \t]*+)(?:\n|\Z))*+\s*+(?:tasks|goal|workspace|budget|\$?schema)[ \t]*+:")
_YAML_TASKS = re.compile(r"^tasks[ \t]*+:", re.MULTILINE)


@dataclass(frozen=True)
class Work:
    """One of three: the text of a goal, a plan file, an approved plan."""

    goal: str | None = None
    file: PlanFile | None = None
    plan: Plan | None = None
    path: Path | None = None
    workspace: str | None = None

    @property
    def budget(self) -> Budget | None:
        """The budget that the plan file names."""
        return None if self.file is None else self.file.budget

    async def propose(self, genesis: Genesis, budget: Budget | None = None) -> Goal | Plan | PlanReport:
        """Return what ``Genesis.start`` takes: goals are planned there, plan files here, within *budget*."""
        if self.plan is not None:
            return self.plan
        if self.file is not None:
            return await genesis.plan(self._goal(), workspace=self.workspace or ".", graph=self.file.graph,
                                      budget=budget or self.budget)
        return self._goal()

    async def report(self, genesis: Genesis, budget: Budget | None = None) -> PlanReport:
        """Return the plan with its findings, held against *budget*; nothing runs."""
        proposed = await self.propose(genesis, budget)
        if isinstance(proposed, PlanReport):
            return proposed
        if isinstance(proposed, Plan):
            return await self._judged(genesis, proposed)
        return await genesis.plan(proposed, workspace=proposed.workspace, budget=budget)

    async def _judged(self, genesis: Genesis, plan: Plan) -> PlanReport:
        """Return an approved plan as it is, with what is found and how it scores when it is planned the same today."""
        with self.place():
            today = await genesis.plan(plan.goal, workspace=self.workspace or plan.goal.workspace, graph=plan.graph)
        same = (today.plan.assignments, today.plan.estimates) == (plan.assignments, plan.estimates)
        return today.replace(plan=plan) if same else PlanReport(plan=plan)

    def place(self) -> contextlib.AbstractContextManager[None]:
        """Stand in the folder of an approved plan: its workspace is meant from there, and its digest stays."""
        if self.plan is None or self.path is None or self.workspace is not None:
            return contextlib.nullcontext()
        return contextlib.chdir(self.path.parent)

    def _goal(self) -> Goal:
        text = self.goal or ""
        if self.file is not None and self.path is not None:
            text = self.file.goal or _purpose(self.file)
        if not text.strip():
            raise SettingsError("the goal is empty", cause="there is nothing to do",
                                hint='genesis run "Map the architecture of this repository"')
        return Goal(text=text, workspace=self.workspace or ".")


def beside(report: PlanReport, path: Path, workspace: str | None) -> PlanReport:
    """Return *report* with its workspace as a plan written to *path* means it.

    Relative to the folder of the file where one of the two lies in the other, so that both can move together; else
    absolute. It is part of what the digest names.
    """
    place, folder = Path(workspace or ".").expanduser().resolve(), path.parent.resolve()
    near = place.is_relative_to(folder) or folder.is_relative_to(place)
    named = Path(os.path.relpath(place, folder)).as_posix() if near else str(place)
    return report.replace(plan=report.plan.replace(goal=report.plan.goal.replace(workspace=named)))


def read_work(goal: str | None, file: str | None, workspace: str | None) -> Work:
    """Return the work that the command line names (raises UsageError, SettingsError, PlanError, LimitExceeded)."""
    if (goal is None) == (file is None):
        raise click.UsageError("give one GOAL, or -f FILE, or - to read it from stdin", click.get_current_context())
    if file is not None:
        path = Path(file)
        if path.suffix in PLAN_SUFFIXES:
            return _plan_file(path, workspace)
        return _told(_read(path), path, workspace)
    assert goal is not None  # noqa: S101  # one of the two is there
    if goal == "-":
        return _told(_stdin(), Path("stdin"), workspace)
    if goal.endswith(PLAN_SUFFIXES) and (len(goal.split()) == 1 or Path(goal).is_file()):
        return _plan_file(Path(goal), workspace)
    return _named(goal, workspace) or Work(_words(goal), workspace=workspace)


def _named(goal: str, workspace: str | None) -> Work | None:
    """Return the plan in the file that *goal* names; None when it names none, or one that begins like no plan."""
    try:
        mode = Path(goal).stat().st_mode
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(mode):
        return None if stat.S_ISDIR(mode) else _plan_file(Path(goal), workspace)
    with contextlib.suppress(OSError, UnicodeDecodeError), Path(goal).open("rb") as file:
        text = file.read(MAX_BYTES).decode("utf-8-sig")
        return _plan_file(Path(goal), workspace) if _is_plan(text) else None
    return None


def _is_plan(text: str) -> bool:
    """Whether a text begins like a plan in JSON or YAML."""
    return text.lstrip()[:1] == "{" or (_YAML_HEAD.match(text) is not None and _YAML_TASKS.search(text) is not None)


def _told(data: bytes, path: Path, workspace: str | None) -> Work:
    """Return the goal, or the plan, that *data* from *path* holds."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} can't be read", cause=f"it is no UTF-8 text: {error}",
                            hint="write the goal as plain text") from None
    if _is_plan(text) and len(data) < MAX_BYTES:
        return _plan_file(path, workspace, text)
    if len(data) > MAX_GOAL_BYTES:
        raise LimitExceeded(f"{path} is too long for a goal", cause=f"it has more than {MAX_GOAL_BYTES} bytes",
                            hint="put the material into a file and name it in the goal")
    return Work(text.strip(), workspace=workspace)


def _plan_file(path: Path, workspace: str | None, text: str | None = None) -> Work:
    found = read_any_plan(path, text)
    if isinstance(found, Plan):
        return Work(plan=found, path=path, workspace=workspace)
    named = str(path.parent / found.workspace) if found.workspace else None
    return Work(file=found, path=path, workspace=workspace or named)


def _purpose(file: PlanFile) -> str:
    """Return what a plan file without a goal is for: what its tasks say, as far as a line holds it."""
    words = [" ".join(task.description.split()) for task in file.graph.leaves]
    said = "; ".join(filter(None, dict.fromkeys(words)))
    if not said:
        return "Do all of this"
    return said if len(said) <= MAX_PURPOSE else said[:MAX_PURPOSE].rpartition("; ")[0] or said[:MAX_PURPOSE]


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_at_once) as file:  # noqa: PTH123  # pathlib takes no opener
            return _plain(file).read(MAX_BYTES)
    except OSError as error:
        raise SettingsError(f"{path} can't be read", cause=error.strerror or str(error),
                            hint="name a text file that holds the goal") from None


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _plain(file: BinaryIO) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise OSError(errno.EINVAL, "it is no plain file; what a pipe says is read with -")
    return file


def _stdin() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise SettingsError("there is no goal on stdin", cause="stdin is a terminal",
                            hint='echo "Map this repository" | genesis run -')
    return sys.stdin.buffer.read(MAX_BYTES)


def _words(text: str) -> str:
    """Return an argument as text, whatever the locale made of its bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(text).decode()
        except UnicodeError as error:
            raise SettingsError("the goal is no UTF-8 text", cause=str(error), hint="genesis run -f FILE") from None
    return text
