"""Make one call of a tool that is allowed: on record before it begins, and what comes of it labelled and on record.

Between the permission and the call itself other coroutines of the same agent may go on. What changes the world was
chosen by all that its task knew when it left, so it is asked about again when that is more than before.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._passed import Passed, freely, kept
from ._policy import CHANGES
from ._replay.tape import Call
from ._secrets import needed
from ._workers import inline
from .errors import GenesisError
from .policy import Action, Label, Secrecy, Trust, Usage
from .records import canonical_json, digest
from .runs import EventKind
from .tools import Tool

if TYPE_CHECKING:
    from ._scope import TaskContext

__all__ = ["ToolUse", "given_again", "used"]

GENERATED = "sha256:"
"""How the source of a tool that was made begins: it is named by its digest."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call that is allowed."""

    tool: Tool
    arguments: dict[str, Any]
    action: Action
    reads: Secrecy
    """Of what it reads on the way."""
    label: Label
    """What its task knew when it was allowed."""
    brings: Label
    """What its task knows more, once it has returned or failed."""


async def used(context: TaskContext, call: ToolUse) -> tuple[Any, Usage]:
    """Return what the tool gives, and what that took (raises what it fails with)."""
    changes = call.tool.spec.effect in CHANGES
    if not changes:
        context._rise(call.brings)
    passing = context._passing(call.action)
    if changes and not passing and not call.tool.spec.idempotent:
        passing = freely(call.action)
    acts = {"acts": True} if changes else {}
    if changes or passing:
        context._scope.acted.add(context.task.id)
    context._emit(EventKind.TOOL_CALLED, {"tool": call.tool.name, "arguments": digest(call.arguments), **passing,
                                          **acts})
    began = time.monotonic()
    said: dict[str, Any] = {"tool": call.tool.name, **passing}
    try:
        if changes:
            await context._scope.journal.flush()  # what changes the world is on record before it does
            await _ask_again(context, call)
        value = await _taped(context, call, said)
        said["value"] = hashlib.sha256(canonical_json(value)).hexdigest()
        said |= kept(passing, value) if passing else passing
    except GenesisError as error:
        said["error"] = error.code
        raise
    finally:
        context._rise(call.brings)  # what it says when it fails comes from there, too
        said["seconds"] = round(time.monotonic() - began, 6)
        context._emit(EventKind.TOOL_RETURNED, said)
    return value, Usage(tool_calls=1)


def given_again(context: TaskContext, call: ToolUse, passed: Passed) -> Any:
    """Return what the same call gave to an earlier attempt, labelled as it was then; nothing is called."""
    context._rise(call.brings)
    _rise_with(context, call, needed(context.task, call.arguments, context._scope.secrets))
    return passed.value()


async def _ask_again(context: TaskContext, call: ToolUse) -> None:
    """Let the call pass once more when the task has come to know more since; raises AccessDenied."""
    known = call.label
    while context.label != known:
        known = context.label
        await context._authorize(call.action, call.reads)
    context._check_open()


async def _taped(context: TaskContext, call: ToolUse, said: dict[str, Any]) -> Any:
    if (tape := context._scope.tape) is None:
        return await _run(context, call)
    made = Call("tool", call.tool.name, call.arguments, context.task.id, context.attempt)
    return await tape.take(made, lambda: _run(context, call), said)


async def _run(context: TaskContext, call: ToolUse) -> Any:
    scope = context._scope
    secrets = needed(context.task, call.arguments, scope.secrets)
    _rise_with(context, call, secrets)
    if call.tool.spec.inline:
        return await inline(call.tool, call.arguments, secrets)
    return await scope.workers.call(call.tool, call.arguments, scope.workspace.root, context.seconds_left, secrets)


def _rise_with(context: TaskContext, call: ToolUse, secrets: Iterable[str]) -> None:
    """Count what a tool gives as secret when these arguments are: it may say in other words what it was handed."""
    named = frozenset(f"secret:{call.arguments[parameter]['secret']}" for parameter in secrets)
    spec = call.tool.spec  # whoever made a tool declares nothing about secrets: only an author does
    if named and (spec.label is None or spec.source.startswith(GENERATED)):
        context._rise(Label(Trust.TRUSTED, Secrecy.SECRET, named))
