"""What calls go through in a run that is recorded (``recorder.py``) or replayed (``replay.py``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from genesis_core.models import Model, ModelReply, ModelRequest

__all__ = ["Call", "Tape", "answered", "essence"]


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model (its essence) or one call of a tool (its arguments), and who makes it."""

    kind: str
    """``model`` or ``tool``."""
    name: str
    what: Any
    task_id: str = ""
    attempt: int = 0


class Tape(Protocol):
    """What calls go through: it keeps what comes back, or gives what was kept instead of calling."""

    async def take(self, call: Call, run: Callable[[], Awaitable[Any]], said: dict[str, Any]) -> Any:
        """Return what *run* gives, or what it once gave; *said* is the row that will tell of it."""
        ...


def essence(request: ModelRequest) -> dict[str, Any]:
    """Return what makes a request the same one: not how long it may take, nor where its texts came from."""
    plain = request.model_dump(mode="json", exclude_defaults=True, exclude={
        "seconds": True, "messages": {"__all__": {"label"}}, "tools": {"__all__": {"label", "source"}},
    })
    return {**plain, "max_output_tokens": request.max_output_tokens}


async def answered(
    tape: Tape | None, model: Model, request: ModelRequest, ask: Callable[[], Awaitable[ModelReply]],
    said: dict[str, Any], *, task_id: str = "", attempt: int = 0,
) -> ModelReply:
    """Return the reply that *ask* gives, by way of *tape* when there is one."""
    if tape is None:
        return await ask()
    found = await tape.take(Call("model", model.name, essence(request), task_id, attempt), ask, said)
    return found if isinstance(found, ModelReply) else ModelReply(**found)
