"""Record the two runs that every later version must still read: ``record_golden_run.py FOLDER``.

``golden_run_v1`` was made by this script with schema 1 and stays as it is. A new schema gets a folder of its own beside
it. One run ended; the other one was killed after its first recorded result, so that its rows are still in the log.
``expected.json`` says what both come to. The key in ``journal.key`` is a test's, no secret.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from genesis_core import GraphPatch, Task, TaskContext, TaskGraph, TaskResult, canonical_json, hookimpl, tool
from genesis_core._fold import RunRecord
from genesis_core.testing import FakeAgent, open_genesis

KEY = b"golden test key, not a secret!!!"
BEGAN = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
KILLED = 9


@tool(inline=True)
def shout(text: str) -> str:
    """Shout."""
    return text.upper()


async def work(task: Task, context: TaskContext) -> Any:
    """Do what each task of the golden run is there for."""
    if task.id == "reads":
        return {"text": await context.read("note.txt"), "files": list(context.files("*.txt")), "é": [1, 2.5, None]}
    if task.id == "calls":
        return await context.call(shout, text=context.inputs["text"])
    if task.id == "writes":
        note = await context.write("out.txt", "an artefact", media_type="text/plain")
        context.warn("a warning")
        return context.result("written", artifacts=[note], evidence=[{"source": "note.txt", "quote": "a note"}])
    if task.id == "fails":
        return context.failed("on purpose")
    return {"done": task.id}


class Grow:
    """Adds a task when the first one is done."""

    @hookimpl
    def genesis_revise(self, result: TaskResult | None) -> GraphPatch | None:
        if result is None or result.task_id != "reads":
            return None
        return GraphPatch(add=(Task(id="grown", agent="w", depends_on=("reads",)),), reason="reads is done")


GRAPH = TaskGraph(tasks=(
    Task(id="part"), Task(id="reads", parent="part", agent="w"),
    Task(id="calls", parent="part", agent="w", inputs={"text": {"task": "reads", "output": "/text"}}),
    Task(id="writes", agent="w", depends_on=("part",)), Task(id="fails", agent="w", depends_on=("part",)),
    Task(id="behind", agent="w", depends_on=("fails",)), Task(id="nobody", description="Compose a symphony"),
))
KILLED_GRAPH = TaskGraph(tasks=tuple(
    Task(id=f"t{n}", agent="w", depends_on=(f"t{n - 1}",) if n else ()) for n in range(3)
))


def clock(offset: int) -> Callable[[], datetime]:
    """Return a clock that begins at a fixed time and goes on by a millisecond."""
    count = iter(range(10**6))
    return lambda: BEGAN + timedelta(seconds=offset, milliseconds=next(count))


async def record(home: Path, graph: TaskGraph, workspace: Path, offset: int, probe: Any = None) -> str:
    """Record one run and return its id."""
    agent = FakeAgent("w", work=work, tools=[shout])
    async with open_genesis(home, agent, Grow(), clock=clock(offset), probe=probe) as genesis:
        run = await genesis.start(await genesis.plan("Record a golden run", workspace=workspace, graph=graph))
        await run.result()
        return run.id


def killed(home: Path) -> None:
    """Record a run in another process, which dies right after its first result is on disk."""
    child = os.fork()
    if child == 0:
        asyncio.run(record(home, KILLED_GRAPH, Path("/"), 60,
                           lambda place: os._exit(KILLED) if place == "after:task.done" else None))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def summary(record: RunRecord) -> Mapping[str, Any]:
    """Return what a run comes to, as JSON."""
    assert record.plan is not None
    return {
        "state": record.state.value, "seq": record.seq, "mac": record.mac, "plan": record.plan.digest,
        "tasks": [t.id for t in record.plan.graph.tasks], "attempts": record.attempts, "updates": record.updates,
        "reads": record.reads, "in_flight": list(record.in_flight),
        "results": {name: result.to_json() for name, result in record.results.items()},
    }


def main(folder: Path) -> None:
    """Record both runs into *folder*."""
    folder.mkdir()
    (folder / "journal.key").touch(mode=0o600)
    (folder / "journal.key").write_bytes(KEY)
    workspace = Path(tempfile.gettempdir()) / "golden-workspace"
    workspace.mkdir(exist_ok=True)
    (workspace / "note.txt").write_text("a note")
    ended = asyncio.run(record(folder, GRAPH, workspace, 0))
    killed(folder)
    shutil.rmtree(workspace)
    for name in folder.glob("runs/*/journal.db-shm"):
        name.unlink()
    genesis = open_genesis(folder)
    known = {path.name: summary(genesis.verify(path.name)) for path in sorted((folder / "runs").iterdir())}
    (folder / "expected.json").write_bytes(json.dumps(json.loads(canonical_json(known)), indent=1).encode() + b"\n")
    print(ended)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
