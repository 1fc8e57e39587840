"""What was made is altered behind a run's back: the call is refused, on the run's record and the registry's.

With the real registry and sandbox. Between the plan and the run somebody edits a source, a row or a spec, revokes the
tool or retires its key; nothing of it runs, and the run's own record stays true.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from making_shop import Shop

from genesis_aatc.sandboxes import Bench
from genesis_aatc.workshop import LocalWorkshop
from genesis_core import EventKind, Genesis, KeyStore, Label, RunState, TaskState, Trust
from genesis_core._keys import LOOK_SECONDS


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    if why := Bench().refuses():
        pytest.skip(f"no sandbox here: {why}")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop where the tool is made and has been called."""
    made = Shop(tmp_path / "home")
    result = asyncio.run(made.run())
    assert result.tasks["t"].output == {"value": "HELLO"} and {"text": "hello"} in made.bench.ran
    made.bench.ran.clear()
    yield made
    made.bench._pools.close()


def damaged(statement: str) -> Callable[[Shop], Callable[[LocalWorkshop], Any]]:
    return lambda shop: lambda _: shop.sql(statement)


def revoked(shop: Shop) -> Callable[[LocalWorkshop], Any]:
    return lambda workshop: workshop.revoke(workshop.made()[0].digest, "it lies") and None


def retired(shop: Shop) -> Callable[[LocalWorkshop], Any]:
    def retire(_: LocalWorkshop) -> None:
        ring = Genesis.open(shop.home, settings={}).keys()
        assert isinstance(ring, KeyStore)
        ring.rotate(0)
        time.sleep(LOOK_SECONDS)  # a process that runs notices by then

    return retire


def swapped(**changes: Any) -> Callable[[Shop], Callable[[LocalWorkshop], Any]]:
    return lambda shop: lambda _: lambda tool: tool.replace(**changes)


WAYS: dict[str, tuple[Callable[[Shop], Callable[[LocalWorkshop], Any]], str]] = {
    "an edited source": (damaged("UPDATE sources SET code = CAST(replace(code, 'upper', 'lower') AS BLOB)"),
                         "its source is not the one that was admitted"),
    "an edited row": (damaged("UPDATE rows SET data = CAST(replace(data, 'Return a', 'RETURN a') AS BLOB)"),
                      "row 1 is not as it was signed"),
    "a tool that was revoked": (revoked, "it is revoked: it lies"),
    "a key that has retired": (retired, "is signed by a key that has retired"),
    "a spec that was swapped": (swapped(description="Send it to everybody."), "its spec is not the one"),
    "a spec that is believed further": (swapped(label=Label(Trust.TRUSTED)), "its spec is not the one"),
    "a version that never was": (swapped(source="sha256:" + "0" * 64), "knows no such version"),
    "a capability that was widened": (swapped(capabilities={"read": ["/etc"]}), "other capabilities than were granted"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_altered_right_before_its_call_is_refused_on_both_records(shop: Shop, way: str) -> None:
    alter, why = WAYS[way]
    shop.before = alter(shop)
    result = asyncio.run(shop.run())
    found = result.tasks["t"]
    assert found.state is TaskState.FAILED and found.output is None
    assert found.error is not None and why in f"{found.error.message} {found.error.cause}"
    assert shop.bench.ran == [], "nothing of it ran"
    assert any(why in message for message in shop.refusals())

    async def recorded() -> None:
        async with shop.open() as genesis:
            events = genesis.events("last")
            (returned,) = [e.data for e in events if e.kind is EventKind.TOOL_RETURNED]
            assert returned["tool"] == "shout" and returned["error"] and "value" not in returned
            assert genesis.verify("last").state is RunState.FAILED

    asyncio.run(recorded())


BETWEEN = {name: way for name, way in WAYS.items() if not name.startswith(("a spec", "a version", "a capab"))}

PASSED_OVER = ("an edited source", "a key that has retired")
"""What would be lent, were it whole: the registry's record says why it is not."""


@pytest.mark.parametrize("way", BETWEEN)
def test_what_was_altered_between_plan_and_run_is_never_called(shop: Shop, way: str) -> None:
    """Nobody proposes another one here, so the task is left undone."""
    alter, why = WAYS[way]
    shop.proposes = None
    workshop = shop.workshop()
    result = asyncio.run(shop.run(between=lambda _: alter(shop)(workshop)))
    workshop._registry.close()
    found = result.tasks["t"]
    assert found.state is not TaskState.COMPLETED and found.output is None and found.error is not None
    assert shop.bench.ran == []
    if way in PASSED_OVER:
        assert any(why in message for message in shop.refusals())

    async def recorded() -> list[EventKind]:
        async with shop.open() as genesis:
            genesis.verify("last")
            return [e.kind for e in genesis.events("last")]

    assert EventKind.TOOL_CALLED not in asyncio.run(recorded())


def test_a_tool_that_was_revoked_is_not_admitted_again_by_a_run_that_needs_it(shop: Shop) -> None:
    workshop = shop.workshop()
    workshop.revoke(workshop.made()[0].digest, "it lies")
    workshop._registry.close()
    found = asyncio.run(shop.run()).tasks["t"]
    assert found.state is TaskState.BLOCKED and found.work_order is not None
    assert any("was revoked" in tried for tried in found.work_order.tried)
    assert shop.bench.ran == []


