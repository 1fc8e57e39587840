"""The tree of a run on a terminal, redrawn as it goes. Drawn from the event loop: a thread would keep the kernel from
forking its workers."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from genesis_core import RunEvent

from . import _streams as streams
from ._amounts import duration
from ._progress import MARKS, Progress, TaskLine, mark, tasks

__all__ = ["LiveView"]

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_FRAMES = "|/-\\"
SECONDS_A_FRAME = 0.1
KEPT_LINES = 4
"""Lines of the terminal that the tree leaves free."""


class LiveView:
    """Redraws the tree ten times a second, and leaves its last form on the screen."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._console = Console(file=sys.stderr, highlight=False, no_color=not streams.coloured(sys.stderr))
        self._live = Live(self, console=self._console, auto_refresh=False, redirect_stdout=False,
                          redirect_stderr=False, vertical_overflow="visible")
        self._ascii = streams.glyph(FRAMES[0], "") == ""
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        self._said = ""

    def begin(self) -> None:
        """Start drawing."""
        self._live.start()
        self._tick()

    def take(self, event: RunEvent) -> None:
        """Take in one event; the next frame shows it."""
        self.progress.take(event)

    def say(self, text: str) -> None:
        """Show it below the tree: a line of its own would tear the picture."""
        self._said = text

    def end(self) -> None:
        """Draw the last frame and give the cursor back."""
        if self._ended:
            return
        self._ended, self._said = True, ""
        if self._timer is not None:
            self._timer.cancel()
        self._live.update(self, refresh=True)
        self._live.stop()
        streams.note()

    def _tick(self) -> None:
        self._live.refresh()
        self._timer = asyncio.get_running_loop().call_later(SECONDS_A_FRAME, self._tick)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the tree: all of them, or those that matter when the terminal is too short."""
        shown = list(self.progress.lines.values())
        room = max(3, console.size.height - KEPT_LINES)
        hidden = 0
        if len(shown) > room:
            matter = [line for line in shown if line.state in ("working", "failed", "blocked", "waiting")]
            shown, hidden = matter[:room - 1], len(shown) - min(len(matter), room - 1)
        wide = min(36, max((_indent(line) + len(line.id) for line in shown), default=0))
        for line in shown:
            yield self._line(line, wide)
        yield self._foot(hidden)

    def _line(self, line: TaskLine, wide: int) -> Text:
        text = Text(" " * _indent(line), no_wrap=True, overflow="ellipsis")
        text.append(self._sign(line.state), MARKS.get(line.state, ("", "", "dim"))[2])
        text.append(" " + streams.one_line(line.id).ljust(wide - _indent(line)), "bold" if line.composite else "")
        if line.composite:
            return text
        text.append("  " + (line.agent or "no agent").ljust(12), "dim" if line.agent else "yellow")
        text.append(self._seconds(line).rjust(9), "dim")
        said = line.why or (line.doing if line.state in ("working", "canceled", "completed") else "")
        text.append("  " + streams.one_line("re-used" if line.reused else said),
                    MARKS.get(line.state, ("", "", "dim"))[2] if line.why else "dim")
        return text

    def _sign(self, state: str) -> str:
        if state != "working" or self._ended:
            return mark(state, ascii_only=self._ascii)
        frames = PLAIN_FRAMES if self._ascii else FRAMES
        return frames[int(time.monotonic() / SECONDS_A_FRAME) % len(frames)]

    def _seconds(self, line: TaskLine) -> str:
        if line.state == "working" and line.began is not None:
            return duration((datetime.now(UTC) - line.began).total_seconds())
        untimed = line.state in ("submitted", "skipped", "blocked", "canceled") or line.reused or line.began is None
        return "" if untimed else duration(line.seconds)

    def _foot(self, hidden: int) -> Text:
        progress = self.progress
        done, total = progress.count("completed"), len(progress.leaves)
        since = (datetime.now(UTC) - progress.began).total_seconds() if progress.began else 0.0
        more = f", {hidden} not shown" if hidden else ""
        failed = progress.count("failed")
        trouble = f", {failed} failed" if failed else ""
        text = Text(f"{done} of {tasks(total)} done{trouble}{more}, {duration(since)}", style="dim", no_wrap=True)
        return text.append(f"  {self._said}" if self._said else "", "yellow")


def _indent(line: TaskLine) -> int:
    return 2 * line.depth
