"""What is to be done, from the shell's words: a goal, a plan file, an approved plan, or an earlier run's plan."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from genesis_core import Budget, Genesis, Goal, LimitExceeded, Plan, PlanFile, PlanReport, SettingsError, read_any_plan

__all__ = ["Work", "read_work"]

MAX_GOAL_BYTES = 1_000_000
PLAN_SUFFIXES = (".json", ".yaml", ".yml")


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

    async def propose(self, genesis: Genesis) -> Goal | Plan | PlanReport:
        """Return what ``Genesis.start`` takes: goals are planned there, plan files here."""
        if self.plan is not None:
            return self.plan
        if self.file is not None:
            return await genesis.plan(self._goal(), workspace=self.workspace or ".", graph=self.file.graph)
        return self._goal()

    async def report(self, genesis: Genesis) -> PlanReport:
        """Return the plan with its findings; nothing runs."""
        proposed = await self.propose(genesis)
        if isinstance(proposed, PlanReport):
            return proposed
        if isinstance(proposed, Plan):
            return PlanReport(plan=proposed)  # it was validated when it was made, and runs as it is
        return await genesis.plan(proposed, workspace=proposed.workspace)

    def _goal(self) -> Goal:
        text = self.goal or ""
        if self.file is not None and self.path is not None:
            text = self.file.goal or f"Plan file {self.path.stem}"
        if not text.strip():
            raise SettingsError("the goal is empty", cause="there is nothing to do",
                                hint='genesis run "Map the architecture of this repository"')
        return Goal(text=text, workspace=self.workspace or ".")


def read_work(goal: str | None, file: str | None, workspace: str | None) -> Work:
    """Return the work that the command line names (raises UsageError, SettingsError, PlanError, LimitExceeded)."""
    if (goal is None) == (file is None):
        raise click.UsageError("give one GOAL, or -f FILE, or - to read it from stdin", click.get_current_context())
    if file is not None:
        path = Path(file)
        return _plan_file(path, workspace) if path.suffix in PLAN_SUFFIXES else Work(_read(path), workspace=workspace)
    assert goal is not None  # noqa: S101  # one of the two is there
    if goal == "-":
        return Work(_stdin(), workspace=workspace)
    if _names_a_plan(goal):
        return _plan_file(Path(goal), workspace)
    return Work(_words(goal), workspace=workspace)


def _names_a_plan(goal: str) -> bool:
    """Whether *goal* is the name of a plan, there or not: one word that ends like one."""
    return goal.endswith(PLAN_SUFFIXES) and (len(goal.split()) == 1 or Path(goal).is_file())


def _plan_file(path: Path, workspace: str | None) -> Work:
    found = read_any_plan(path)
    if isinstance(found, Plan):
        return Work(plan=found, path=path, workspace=workspace)
    named = str(path.parent / found.workspace) if found.workspace else None
    return Work(file=found, path=path, workspace=workspace or named)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_GOAL_BYTES:
            raise _too_long(path)
        return path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise SettingsError(f"{path} can't be read", cause=error.strerror or str(error),
                            hint="name a text file that holds the goal") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} can't be read", cause=f"it is no UTF-8 text: {error}",
                            hint="write the goal as plain text") from None


def _stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise SettingsError("there is no goal on stdin", cause="stdin is a terminal",
                            hint='echo "Map this repository" | genesis run -')
    data = sys.stdin.buffer.read(MAX_GOAL_BYTES + 1)
    if len(data) > MAX_GOAL_BYTES:
        raise _too_long("stdin")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise SettingsError("stdin can't be read", cause=f"it is no UTF-8 text: {error}",
                            hint="write the goal as plain text") from None


def _too_long(what: object) -> LimitExceeded:
    return LimitExceeded(f"{what} is too long for a goal", cause=f"it has more than {MAX_GOAL_BYTES} bytes",
                         hint="put the material into a file and name it in the goal")


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
