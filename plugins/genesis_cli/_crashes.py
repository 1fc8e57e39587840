"""Tracebacks: of bugs in Genesis, and of exceptions in agents and tools; kept where they can be found again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from . import _streams as streams

if TYPE_CHECKING:
    from genesis_core import RunEvent, RunResult, TaskResult

    from ._session import Session

__all__ = ["keep", "tell_crashes"]


def keep(session: Session, name: str, text: str) -> str:
    """Write *text* to ``crashes/NAME.txt`` below the state folder when there is one; return its path, or nothing.

    What looks like a secret is left out: somebody will be asked to send the file.
    """
    from genesis_core import redacted

    try:
        home = session.state().home
        if not home.is_dir():
            return ""
        path = home / "crashes" / f"{name}.txt"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(redacted(text))
    except Exception:  # noqa: BLE001  # a second failure must not hide the first
        return ""
    return str(path)


def tell_crashes(session: Session, result: RunResult, events: Sequence[RunEvent] = ()) -> list[str]:
    """Keep the traceback of every task that met a bug, show it with ``--debug``, and return where each is kept.

    Among *events* are those of attempts that somebody else has put right since: a bug is one all the same.
    """
    kept = []
    for name, text in {**dict(_before(events)), **dict(_crashed(result.tasks.values()))}.items():
        if session.debug:
            streams.note(f"in task {name}:\n{streams.clean(text).rstrip()}")
        kept.append(keep(session, f"{result.run_id}-{name.replace('/', '~')}", f"task {name}\n{text}"))
    return [path for path in kept if path]


def _before(events: Sequence[RunEvent]) -> Iterator[tuple[str, str]]:
    from genesis_core import EventKind, TaskResult

    yield from _crashed(TaskResult(**e.data["result"]) for e in events if e.kind is EventKind.TASK_DONE)


def _crashed(results: Iterable[TaskResult]) -> Iterator[tuple[str, str]]:
    for task in results:
        error = task.error
        if error is not None and task.state.value == "failed" and error.code == "unexpected":
            traceback = str(getattr(error, "traceback", ""))
            yield task.task_id, traceback or f"{error.message}\n{error.cause}".rstrip()
