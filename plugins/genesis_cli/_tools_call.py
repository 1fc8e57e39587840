"""``genesis tools call``: one tool, one task, one run, so that it is authorized and on record as any other call."""

from __future__ import annotations

import json
from typing import Any

from genesis_core import (
    AccessDenied,
    Genesis,
    Input,
    Made,
    MadeState,
    Run,
    RunResult,
    SettingsError,
    Task,
    TaskGraph,
    ToolError,
)

from ._drive import carry_out, exit_code
from ._made import chosen, offered_by, workshop_of
from ._progress import Progress
from ._session import Session
from ._summary import problem_of_run
from ._views import QuietView

__all__ = ["called", "object_of"]


def object_of(text: str) -> dict[str, Any]:
    """Return the JSON object that *text* is (raises SettingsError)."""
    try:
        value = json.loads(text)
        why = "" if isinstance(value, dict) else "it is no JSON object"
    except (ValueError, RecursionError) as error:
        value, why = {}, f"it is no JSON: {error}"
    if why:
        raise SettingsError("the arguments can't be read", cause=why,
                            hint="genesis tools call NAME '{\"text\": \"...\"}'")
    return dict(value)


async def called(session: Session, name: str, arguments: dict[str, Any]) -> int:
    """Carry out a run whose one task calls the tool *name*, and answer with its value."""
    async with workshop_of(session) as (genesis, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.ACTIVE)
        if made.state is not MadeState.ACTIVE:
            raise ToolError(f"{made.name} {made.digest[:12]} is not called", cause=f"it is {made.state.value}",
                            hint=f"genesis tools show {made.digest[:12]}")
        if made.digest not in offered_by(workshop):
            why = workshop.refuses() or "; ".join(workshop.verify()) or "it is not offered"
            raise AccessDenied(f"{made.name} {made.digest[:12]} is not called", cause=why, hint="genesis tools verify")
        graph = _task(made, arguments)
        result, number = await carry_out(session, lambda: _start(genesis, made, graph), QuietView(Progress()))
    code = exit_code(result, number)
    problem = problem_of_run(result, code)
    value = _value(result)
    data = {"run_id": result.run_id, "name": made.name, "digest": made.digest, "value": value}
    return session.answer(data, "" if problem is not None else Session.dumps(value, indent=2), problem)


def _task(made: Made, arguments: dict[str, Any]) -> TaskGraph:
    return TaskGraph(tasks=(Task(id="call", description=f"Call the tool {made.name}", agent="toolsmith", need=made.need,
                                 inputs={name: Input(value=value) for name, value in arguments.items()}),))


async def _start(genesis: Genesis, made: Made, graph: TaskGraph) -> Run:
    report = await genesis.plan(f"Call the tool {made.name}", workspace=".", graph=graph)
    return await genesis.start(report)


def _value(result: RunResult) -> Any:
    found = result.tasks.get("call")
    output = None if found is None else found.output
    if not isinstance(output, dict):
        return None
    return output["value"] if "value" in output else output.get("values")
