"""How a run is shown while it goes: plain lines, JSON lines, or nothing; ``_live.py`` has the tree."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Protocol

from genesis_core import EventKind, RunEvent

from . import _streams as streams
from ._amounts import duration
from ._progress import MARKS, Progress, TaskLine, activity, mark, tasks
from ._session import Session

__all__ = ["FollowView", "PlainView", "QuietView", "View", "choose"]


class View(Protocol):
    """Shows the events of one run; entered when it begins, left when it ends."""

    progress: Progress

    def begin(self) -> None:
        """The run is about to start."""

    def take(self, event: RunEvent) -> None:
        """Show one event."""

    def say(self, text: str) -> None:
        """Tell the person something while it goes."""

    def end(self) -> None:
        """The run has ended, or this process is about to."""


def choose(session: Session, *, follow: bool, progress: Progress | None = None) -> View:
    """Return the view that fits: JSON lines when followed, a tree on a terminal, plain lines elsewhere."""
    progress = progress or Progress()
    if follow:
        return FollowView(session, progress)
    if streams.terminal(sys.stderr) and not session.verbose:
        from ._live import LiveView

        return LiveView(progress)
    if session.json and not session.verbose:
        return QuietView(progress)
    return PlainView(progress, verbose=session.verbose)


class QuietView:
    """Shows nothing, and keeps count."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def begin(self) -> None:
        """Show nothing."""

    def take(self, event: RunEvent) -> None:
        """Count."""
        self.progress.take(event)

    def say(self, text: str) -> None:
        """Write it to stderr."""
        streams.note(text)

    def end(self) -> None:
        """Show nothing."""


class FollowView(QuietView):
    """One JSON line an event, on stdout."""

    def __init__(self, session: Session, progress: Progress) -> None:
        super().__init__(progress)
        self._session = session

    def take(self, event: RunEvent) -> None:
        """Write the event as one line."""
        super().take(event)
        streams.out(self._session.dumps(as_json(event)))


def as_json(event: RunEvent) -> dict[str, object]:
    """Return an event in full, its empty fields included, so that every line has the same shape."""
    return {
        "run_id": event.run_id, "seq": event.seq, "time": event.time.isoformat(), "kind": event.kind.value,
        "actor": event.actor, "task_id": event.task_id, "attempt": event.attempt, "data": _plain(event.data),
        "label": event.label.to_json(),
    }


def _plain(value: object) -> object:
    import pydantic_core

    return pydantic_core.to_jsonable_python(value)


class PlainView(QuietView):
    """One line when a task starts, one when it ends; with ``-v`` one for everything that it does."""

    def __init__(self, progress: Progress, *, verbose: int = 0) -> None:
        super().__init__(progress)
        self._verbose = verbose
        self._ascii = streams.glyph("✓", "+") == "+"

    def take(self, event: RunEvent) -> None:
        """Write what is worth a line."""
        line = self.progress.take(event)
        kind = event.kind
        if kind in (EventKind.RUN_STARTED, EventKind.RUN_RESUMED):
            again = "resumes" if kind is EventKind.RUN_RESUMED else "starts"
            again = f"replays {event.data['replay']['of']}" if "replay" in event.data else again
            self._say(event.time, f"run {event.run_id} {again}: {tasks(len(self.progress.leaves))}")
        elif kind is EventKind.WARNING and event.task_id not in self.progress.rerun:
            self._say(event.time, f"{streams.paint('warning', 'yellow', stream=sys.stderr)} "
                                  f"{streams.one_line(str(event.data.get('text')))}")
        elif kind is EventKind.PATCHED:
            self._say(event.time, f"{streams.glyph('↻', '~', sys.stderr)} plan changed by {event.actor}: "
                                  f"{streams.one_line(str(event.data.get('reason') or 'no reason given'))}")
        elif line is not None:
            self._task(line, event)

    def _task(self, line: TaskLine, event: RunEvent) -> None:
        if event.kind is EventKind.TASK_STARTED:
            self._say(event.time, self._words("working", line, f"started by {line.agent}"))
        elif event.kind is EventKind.TASK_DONE:
            self._say(event.time, self._words(line.state, line, _end(line, self.progress)))
        elif (self._verbose or event.kind is EventKind.ADMITTED) and (doing := activity(event)):
            self._say(event.time, self._words("submitted", line, streams.one_line(doing)))

    def _words(self, state: str, line: TaskLine, text: str) -> str:
        tone = MARKS.get(state, ("", "", "dim"))[2]
        sign = streams.paint(mark(state, ascii_only=self._ascii), tone, stream=sys.stderr)
        wide = min(36, max((len(name) for name in self.progress.lines), default=0))
        return f"{sign} {streams.one_line(line.id).ljust(wide)}  {text}"

    def _say(self, now: datetime, text: str) -> None:
        began = self.progress.began
        since = (now - began).total_seconds() if began is not None else 0.0
        streams.note(f"{since:7.1f} s  {text}")


def _end(line: TaskLine, progress: Progress) -> str:
    """Return what came of a task, in a few words."""
    if line.reused:
        return "re-used: same task, code, inputs and files"
    words = line.state if line.state in ("skipped", "blocked") else f"{line.state} in {duration(line.seconds)}"
    why = line.why or (f"ran again: {progress.rerun[line.id]}" if line.id in progress.rerun else "")
    return f"{words}: {streams.one_line(why)}" if why else words
