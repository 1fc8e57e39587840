"""The architect reads the structure of a code base: its modules, how they import each other, how complex they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from genesis_core import Report, Task, TaskContext, TaskResult, Tool, agent, tool

from ._cards import card
from ._code_base import code_base, read_code_base
from ._code_complexity import complexity_report
from ._code_cycles import cycle_report
from ._code_map import MapFiles, map_report
from ._languages import is_code, is_python
from ._look import look_into, not_there, other_notes, told
from ._not_scanned import observed_once, said_once
from ._sources import read_all
from ._where import evidence_of, together, where


@tool(effect="read")
def module_map(files: list[Path], others: list[str]) -> dict[str, object]:
    """Map a code base: files by language, packages, modules, their size, and who imports whom.

    files: source code files of any language; those in Python are parsed
    others: names of files that only count
    """
    sources, unread = read_all(files)
    return map_report(MapFiles(sources, unread, others), code_base(sources, unread))


@tool(effect="read")
def import_cycles(files: list[Path]) -> dict[str, object]:
    """Find import cycles among Python files: modules that wait for each other to load.

    files: Python files
    """
    return cycle_report(read_code_base(files))


@tool(effect="read")
def code_complexity(files: list[Path]) -> dict[str, object]:
    """Measure the cyclomatic complexity and the length of every function in Python files.

    files: Python files
    """
    return complexity_report(read_code_base(files))


@agent(card=card("architect"), tools=[module_map, import_cycles, code_complexity, look_into])
async def architect(task: Task, context: TaskContext) -> TaskResult:
    """Map a code base, find its import cycles and measure its complexity; only what the task asks for."""
    place = where(context)
    code = [file for file in place.files if is_code(file)]
    python = [file for file in code if is_python(file)]
    parts = []
    for ability in abilities(task.requires, task.description):
        if ability is module_map:
            others = [file for file in place.files if not is_code(file)]
            parts.append(await context.call(module_map, files=code, others=others))
        else:
            parts.append(await context.call(ability, files=python))
    report = observed_once(together("Architecture", said_once(parts), other_notes(place)))
    report = told(report, await not_there(context, place), nothing=not place.files)
    return context.result(headed(report), evidence=evidence_of(parts))


HEADLINES = ("files", "source_files", "modules", "code_lines", "import_cycles", "max_complexity")


def headed(report: Report) -> Report:
    """Put the figures that a reader looks for first before the others."""
    first = {name: report.figures[name] for name in HEADLINES if name in report.figures}
    return report.replace(figures={**first, **report.figures})


_SKILLS = {"module-map": module_map, "import-cycles": import_cycles, "code-complexity": code_complexity}
_CYCLES = re.compile(r"\b(?:cycl(?:e|es|ic(?:al)?)|circular|circularly|circles?|loops?)\b", re.IGNORECASE)
_COMPLEXITY = re.compile(r"\b(?:complex\w*|cyclomatic|mccabe|(?:longest|largest|biggest) functions?)\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"\b(?:architect\w*|structur\w*|map|maps|mapped|mapping|overview|layout|design|organi[sz]\w*|size|dependenc\w+)\b",
    re.IGNORECASE,
)


def abilities(requires: Sequence[str], description: str) -> tuple[Tool, ...]:
    """Return the tools that a task asks for: by the skills it requires, else by its words, else all."""
    if named := tuple(tool for skill, tool in _SKILLS.items() if skill in requires):
        return named
    words = ((_CYCLES, import_cycles), (_COMPLEXITY, code_complexity))
    asked = tuple(tool for pattern, tool in words if pattern.search(description))
    return asked if asked and not _WHOLE.search(description) else tuple(_SKILLS.values())
