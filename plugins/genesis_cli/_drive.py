"""Carry a run out in front of a person: show it, stop it cleanly on the first Ctrl-C, at once on the second."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

from genesis_core import Run, RunResult, RunState

from . import _streams as streams
from ._problem import Stopped
from ._session import Session
from ._views import View

__all__ = ["carry_out", "exit_code", "run_async"]

_T = TypeVar("_T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))
Handler = Callable[[int, FrameType | None], Any] | int | None


class Interrupts:
    """First signal: cancel what can be cancelled. Second: end this process at once; the journal is always resumable."""

    def __init__(self, view: View) -> None:
        self.number = 0
        self._view = view
        self._run: Run | None = None
        self._before: dict[int, Handler] = {}
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> Interrupts:
        # signal.signal, not the loop's own handlers: those would wait for a loop that an agent holds.
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._signal)
        return self

    def __exit__(self, *_: object) -> None:
        if self.number:
            return  # this process is on its way out: a second signal must still end it at once, with the right code
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def watch(self, run: Run) -> None:
        """From now on a signal cancels *run*."""
        self._run = run
        if self.number:
            self._cancel()

    def _signal(self, number: int, _: FrameType | None) -> None:
        if self.number:
            self._die(128 + number)
        self.number = number
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._run is not None:
            again = "; press Ctrl-C again to stop at once" if self.number == signal.SIGINT else ""
            self._view.say(f"stopping{again}")
            self._ending = asyncio.ensure_future(self._run.cancel())
        elif self._task is not None:
            self._task.cancel()

    def _die(self, code: int) -> None:
        if streams.terminal(sys.stderr):
            os.write(2, b"\x1b[?25h\n")  # the tree had hidden the cursor
        os._exit(code)


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """Return what *work* comes to, in an event loop of its own."""
    return asyncio.run(work)


async def carry_out(session: Session, begin: Callable[[], Awaitable[Run]], view: View) -> tuple[RunResult, int]:
    """Start a run with *begin*, show it in *view*, and return its result and the signal that stopped it (or 0).

    Raises Stopped when a signal came before the run began, and what *begin* raises.
    """
    with Interrupts(view) as interrupts:
        try:
            run = await begin()
        except asyncio.CancelledError:
            if interrupts.number:
                raise Stopped(interrupts.number) from None
            raise
        session.correlation_id = run.id
        interrupts.watch(run)
        view.begin()
        try:
            async for event in run:
                view.take(event)
            result = await run.result()
        finally:
            view.end()
    return result, interrupts.number


def exit_code(result: RunResult, number: int) -> int:
    """Return the exit code of a run that signal *number* may have stopped."""
    if number and result.state is RunState.CANCELED:
        return 128 + number
    return result.exit_code
