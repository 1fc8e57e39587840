"""Ports that an operator chooses by name: TaskEngine (where attempts run) and KeyRing (who signs rows)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from .tasks import TaskResult

__all__ = ["Attempt", "Completion", "KeyRing", "TaskEngine"]


class Attempt:
    """One attempt at one task; ``key`` is ``run:task:attempt``, the idempotency key of its side effects."""

    __slots__ = ("agent", "body", "key", "task_id")

    def __init__(self, key: str, task_id: str, agent: str, body: Callable[[], Coroutine[Any, Any, TaskResult]]) -> None:
        self.key, self.task_id, self.agent, self.body = key, task_id, agent, body


class Completion:
    """What an engine says of an attempt: its result, or the exception that is a bug."""

    __slots__ = ("error", "key", "result", "task_id")

    def __init__(self, key: str, task_id: str, result: TaskResult | None, error: BaseException | None = None) -> None:
        self.key, self.task_id, self.result, self.error = key, task_id, result, error


@runtime_checkable
class TaskEngine(Protocol):
    """Runs task attempts durably by key. It knows no graph: the kernel submits what is ready."""

    def submit(self, attempt: Attempt) -> None:
        """Begin *attempt*; the same key twice is one attempt."""
        ...

    async def completions(self) -> Sequence[Completion]:
        """Wait for at least one completion and return all there are; may repeat one, the kernel drops repeats."""
        ...

    def cancel(self, keys: Sequence[str]) -> None:
        """Cancel these attempts; each still completes, as cancelled."""
        ...

    async def close(self) -> None:
        """Cancel what is left and wait for it."""
        ...


@runtime_checkable
class KeyRing(Protocol):
    """Signs journal rows for an actor."""

    def sign(self, actor: str, data: bytes) -> bytes:
        """Return the MAC of *data* under *actor*'s key."""
        ...

    def verify(self, actor: str, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is *actor*'s MAC of *data*, in constant time."""
        ...
