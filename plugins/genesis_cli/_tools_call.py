"""``genesis tools call``: one tool, one task, one run, so that it is authorized and on record as any other call."""

from __future__ import annotations

from typing import Any

from genesis_core import (
    AccessDenied,
    Genesis,
    Input,
    Made,
    MadeState,
    Run,
    RunResult,
    Task,
    TaskGraph,
    ToolError,
)

from ._arguments import check_arguments
from ._drive import carry_out, exit_code
from ._made import chosen, offered_by, workshop_of
from ._progress import Progress
from ._session import Session
from ._summary import problem_of_run
from ._views import QuietView

__all__ = ["called"]


async def called(session: Session, name: str, arguments: dict[str, Any]) -> int:
    """Carry out a run whose one task calls the tool *name*, and answer with its value."""
    async with workshop_of(session) as (genesis, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.ACTIVE)
        if made.state is not MadeState.ACTIVE:
            raise ToolError(f"{made.name} {made.digest[:12]} is not called", cause=f"it is {made.state.value}",
                            hint=_way_on(made))
        if made.digest not in offered_by(workshop):
            why = workshop.refuses() or "; ".join(workshop.verify()) or "it is not offered"
            raise AccessDenied(f"{made.name} {made.digest[:12]} is not called", cause=why, hint="genesis tools verify")
        check_arguments(made, arguments)
        graph = _task(made, arguments)
        result, number = await carry_out(session, lambda: _start(genesis, made, graph), QuietView(Progress()))
        used = _used(genesis, result.run_id)
    code = exit_code(result, number)
    problem = problem_of_run(result, code)
    value = _value(result)
    data = {"run_id": result.run_id, "name": made.name, "digest": used, "value": value}
    return session.answer(data, "" if problem is not None else Session.dumps(value, indent=2), problem)


def _way_on(made: Made) -> str:
    """Return what to type next about a version that is not active."""
    name = made.digest[:12]
    ways = {MadeState.PROPOSED: f"genesis tools trial {name}, then genesis tools promote {name}",
            MadeState.TRIALLED: f"genesis tools promote {name}", MadeState.DEPRECATED: f"genesis tools promote {name}"}
    return ways.get(made.state, f"genesis tools show {name}")


def _used(genesis: Genesis, run: str) -> str | None:
    """Return the digest of the version that the record of *run* says was called; None: none was."""
    tool = genesis.record(run).lent.get("call", {}).get("tool", {})
    return str(tool.get("source", "")).removeprefix("sha256:") or None


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
