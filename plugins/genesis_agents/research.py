"""The research agent: full-text search over local documents, with quotes and their places; no model, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from genesis_core import DependencyDown, Task, TaskContext, TaskError, TaskResult, TaskState, agent, tool

from ._cards import card
from ._search_answer import Answer
from ._search_query import topic

LIMIT = 40  # promises, and as many other quotes, in one report

_SUFFIXES = ("md", "markdown", "rst", "txt")
_NO_PROSE = re.compile(
    r"(?:^|/)(?:(?:licen[cs]e|copying|notice|authors|contributors)[^/]*"
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


@agent(card=card("research"), tools=[search_documents])
async def research(task: Task, context: TaskContext) -> TaskResult:
    """Find what the documents say about the topic of a task, and quote it."""
    from ._search_report import compose, evidence

    query = _query(task, context.inputs)
    files, left_out = _documents(task, context)
    found = await context.call(search_documents, files=files, query=query, limit=LIMIT)
    if "unavailable" in found:
        return context.result(state=TaskState.FAILED, error=_unavailable(found["unavailable"]))
    answer = cast(Answer, found)
    report = compose(answer, query=query, where=_where(context.inputs), left_out=left_out)
    return context.result(report, evidence=evidence(answer))


def _query(task: Task, inputs: Mapping[str, object]) -> str:
    given = inputs.get("query")
    return given.strip() if isinstance(given, str) and given.strip() else topic(task.description)


def _documents(task: Task, context: TaskContext) -> tuple[list[str], list[str]]:
    """Return the files to search, and those that hold no prose and so are left out."""
    named = context.inputs.get("files")
    if isinstance(named, list | tuple) and named:
        return [str(name) for name in named], []
    folder = _folder(context.inputs)
    suffixes = (*_SUFFIXES, "py") if "docstring" in task.description.lower() else _SUFFIXES
    found = sorted({name for suffix in suffixes for name in context.files(f"{folder}**/*.{suffix}")})
    left_out = [name for name in found if _NO_PROSE.search(name)]
    return [name for name in found if name not in left_out], left_out


def _folder(inputs: Mapping[str, object]) -> str:
    folder = inputs.get("folder")
    name = folder.strip().strip("/").removeprefix("./") if isinstance(folder, str) else ""
    return f"{name}/" if name not in ("", ".") else ""


def _where(inputs: Mapping[str, object]) -> str:
    if inputs.get("files"):
        return "among the named files"
    return f"below {_folder(inputs)}" if _folder(inputs) else "in the workspace"


def _unavailable(why: str) -> TaskError:
    return TaskError.of(DependencyDown(why, hint="use a Python whose sqlite3 module was built with FTS5"))
