"""Tasks are asked what they consist of: level by level, each once, as many at a time as is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from genesis_core import Decomposition, LimitExceeded, Task
from genesis_core._nesting import expanded


def task(name: str, *, parent: str | None = None, agent: str | None = None) -> Task:
    return Task(id=name, description=name, parent=parent, agent=agent)


class Asked:
    """Says that a task consists of *children* of its name, once its *gate* lets it; notes who was asked."""

    def __init__(self, children: Callable[[str], list[str]], gate: Any = None) -> None:
        self.children, self.gate = children, gate
        self.seen: list[str] = []

    async def __call__(self, one: Task) -> Decomposition | None:
        self.seen.append(one.id)
        if self.gate is not None:
            await self.gate.wait()
        names = self.children(one.id)
        return Decomposition(tasks=tuple(map(task, names))) if names else None


def grown(asked: Asked, tops: list[Task], *, max_depth: int = 5, at_once: int = 8, most: int = 1000) -> list[str]:
    def check(count: int) -> None:
        if count > most:
            raise LimitExceeded(f"{count} tasks")

    tasks = expanded(tops, asked, max_depth=max_depth, at_once=at_once, check=check, part=nullcontext)
    return [t.id for t in asyncio.run(tasks)]


def test_what_comes_of_each_stands_behind_it_whoever_was_asked_first() -> None:
    asked = Asked(lambda name: {"a": ["x", "y"], "b": ["x"], "a/y": ["z"]}.get(name, []))
    assert grown(asked, [task("a"), task("b")]) == ["a", "a/x", "a/y", "a/y/z", "b", "b/x"]
    assert asked.seen == ["a", "b", "a/x", "a/y", "b/x", "a/y/z"]


def test_all_of_a_level_are_asked_side_by_side_and_no_more_than_allowed(gathering: Any) -> None:
    tops = [task(f"t{n}") for n in range(20)]
    asked = Asked(lambda _: [], gathering(5))
    grown(asked, tops, at_once=5)
    assert asked.gate.peak == 5 and len(asked.seen) == len(set(asked.seen)) == 20


def test_a_whole_whose_parts_are_known_and_a_task_with_an_agent_are_not_asked() -> None:
    asked = Asked(lambda _: ["x"])
    tops = [task("whole"), task("part", parent="whole"), task("given", agent="somebody")]
    assert grown(asked, tops, max_depth=3) == ["whole", "part", "part/x", "given"]
    assert asked.seen == ["part"]


def test_more_tasks_than_allowed_are_refused_before_they_are_taken_in() -> None:
    asked = Asked(lambda name: [f"c{n}" for n in range(300)] if "/" not in name else [])
    with pytest.raises(LimitExceeded, match="1204 tasks"):
        grown(asked, [task(f"t{n}") for n in range(4)])
    assert len(asked.seen) == 4


def failing(order: list[str], later: dict[str, int]) -> tuple[str, list[str]]:
    """Return what is raised when "bad" ones raise after so many steps *later*, and who was stopped."""
    stopped: list[str] = []

    async def ask(one: Task) -> Decomposition | None:
        try:
            for _ in range(later.get(one.id, 1_000_000)):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            stopped.append(one.id)
            raise
        if one.id.startswith("bad"):
            raise LimitExceeded(one.id)
        return None

    async def main() -> None:
        await expanded([*map(task, order)], ask, max_depth=5, at_once=8, check=lambda _: None, part=nullcontext)

    with pytest.raises(LimitExceeded) as raised:
        asyncio.run(main())
    return raised.value.message, sorted(stopped)


def test_one_that_fails_ends_it_all_and_those_behind_it_are_stopped() -> None:
    assert failing(["bad", "one", "two"], {"bad": 3}) == ("bad", ["one", "two"])


def test_what_is_raised_is_the_first_in_the_order_of_tasks_whoever_was_quicker() -> None:
    for slow, quick in ((1, 20), (20, 1)):
        found, stopped = failing(["one", "bad1", "bad2", "two"], {"one": 30, "bad1": slow, "bad2": quick})
        assert found == "bad1" and "two" in stopped and "one" not in stopped
