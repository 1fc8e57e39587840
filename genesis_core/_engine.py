"""The embedded engine: attempts are asyncio tasks of this process; the journal makes them durable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from .engines import Attempt, Completion
from .tasks import TaskResult

__all__ = ["LocalEngine"]


class LocalEngine:
    """Runs attempts in the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[str, asyncio.Task[TaskResult]] = {}
        self._done: list[Completion] = []
        self._wake: asyncio.Future[None] | None = None

    def submit(self, attempt: Attempt) -> None:
        """Begin *attempt*; the same key twice is one attempt."""
        if attempt.key not in self._tasks:
            task = self._tasks[attempt.key] = self._loop.create_task(attempt.body())
            task.add_done_callback(partial(self._ended, attempt))

    def _ended(self, attempt: Attempt, task: asyncio.Task[TaskResult]) -> None:
        """Turn the end of a task into a completion; also that of one cancelled before its first step."""
        self._tasks.pop(attempt.key, None)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        result = task.result() if error is None else None
        self._done.append(Completion(attempt.key, attempt.task_id, result, error))
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def completions(self) -> Sequence[Completion]:
        """Wait for at least one completion and return all there are."""
        if not self._done:
            self._wake = self._loop.create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        done, self._done = self._done, []
        return done

    def cancel(self, keys: Sequence[str]) -> None:
        """Cancel these attempts; each still completes, as cancelled."""
        for key in keys:
            if key in self._tasks:
                self._tasks[key].cancel()

    async def close(self) -> None:
        """Cancel what is left and wait for it."""
        left = list(self._tasks.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
