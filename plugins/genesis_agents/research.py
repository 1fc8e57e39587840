"""The research agent: full-text search over local documents, with quotes and their places; no model, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from genesis_core import DependencyDown, Task, TaskContext, TaskError, TaskResult, TaskState, agent, tool

from ._cards import card
from ._look import look_into, not_there, other_notes, told
from ._search_query import topic
from ._where import Where, named_files, named_folders, where, without_excluded

if TYPE_CHECKING:
    from ._search_answer import Answer

LIMIT = 40  # promises, and as many other quotes, in one report

_SUFFIXES = ("md", "markdown", "rst", "txt")
_NO_PROSE = re.compile(
    r"(?:^|/)(?:(?:licen[cs]es?|copying|notice|authors|contributors)(?:[._-][^/]*)?"
    r"|(?:[\w-]*requirements|constraints|cmakelists|robots|top_level|sources)[\w.-]*\.txt|requirements/[^/]*\.txt)$",
    re.IGNORECASE,
)


@tool(effect="read")
def search_documents(files: list[Path], query: str = "", limit: int = 20) -> dict[str, object]:
    """Search documents for words or "quoted phrases"; return exact quotes with file, lines and heading, best first.

    files: Markdown, reStructuredText or plain text; of a Python file its docstrings are searched.
    query: every word must be found, or what means the same; empty lists whatever the documents promise.
    limit: how many promises and how many other quotes to return.
    """
    from ._search import SearchUnavailable
    from ._search_answer import answer

    try:
        return dict(answer(files, query, limit))
    except SearchUnavailable as error:
        return {"unavailable": str(error)}


@agent(card=card("research"), tools=[search_documents, look_into])
async def research(task: Task, context: TaskContext) -> TaskResult:
    """Find what the documents say about the topic of a task, and quote it."""
    from ._search_report import compose, evidence

    query = _query(task, context.inputs)
    chosen = _documents(task, context)
    found = await context.call(search_documents, files=list(chosen.files), query=query, limit=LIMIT)
    if "unavailable" in found:
        return context.result(state=TaskState.FAILED, error=unavailable(found["unavailable"]))
    answer = cast("Answer", found)
    gone = await not_there(context, chosen.place)
    notes = (*gone, *other_notes(chosen.place), *_left_out(chosen.left_out))
    report = compose(answer, subject=topic(query), scope=_scope(context.inputs), notes=notes)
    report = told(report, gone, nothing=not chosen.files)
    return context.result(report, evidence=evidence(answer))


def _query(task: Task, inputs: Mapping[str, object]) -> str:
    given = inputs.get("query")
    return given if isinstance(given, str) and topic(given) else topic(task.description)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The documents to search, those that were left out, and what the task names that is not there."""

    files: tuple[str, ...]
    place: Where
    left_out: tuple[str, ...] = ()


def _documents(task: Task, context: TaskContext) -> _Chosen:
    """Choose documents: those that are named, else all that hold prose, below the named folder if there is one."""
    if named_files(context.inputs) and not named_folders(context.inputs):
        named = where(context)
        return _Chosen(named.files, named)
    suffixes = (*_SUFFIXES, "py") if "docstring" in task.description.lower() else _SUFFIXES
    if named_folders(context.inputs):
        place = where(context)
        names = named_files(context.inputs)
        found = [name for name in place.files if name.rpartition(".")[2].lower() in suffixes or name in names]
    else:
        # Not every file: a task whose list of files is unchanged need not run again.
        every = sorted({name for suffix in suffixes for name in context.files(f"**/*.{suffix}")})
        place = without_excluded(context, every)
        found = list(place.files)
    left_out = tuple(name for name in found if _NO_PROSE.search(name))
    kept = tuple(name for name in found if name not in left_out)
    return _Chosen(kept, place, left_out)


def _scope(inputs: Mapping[str, object]) -> str:
    below = named_folders(inputs)
    if named_files(inputs) and not below:
        return "among the named files"
    return f"below {' and '.join(below)}" if below else "in the workspace"


def _left_out(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"Licence texts and lists of requirements were not searched: {', '.join(names)}.",)


def unavailable(why: str) -> TaskError:
    """Return the error of a task that needs a full-text index where there is none."""
    return TaskError.of(DependencyDown(why, hint="use a Python whose sqlite3 module was built with FTS5"))
