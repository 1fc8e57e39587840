"""Tasks are asked what they consist of: level by level, each once, as many at a time as is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from genesis_core import Decomposition, LimitExceeded, Task
from genesis_core._nesting import expanded


def task(name: str, *, parent: str | None = None, agent: str | None = None) -> Task:
    return Task(id=name, description=name, parent=parent, agent=agent)


class Asked:
    """Says that a task consists of *children* of its name; notes who was asked and how many at a time."""

    def __init__(self, children: Callable[[str], list[str]], *, together: int = 0) -> None:
        self.children, self.together = children, together
        self.seen: list[str] = []
        self.open = self.peak = 0
        self.full = asyncio.Event()

    async def __call__(self, one: Task) -> Decomposition | None:
        self.seen.append(one.id)
        self.open += 1
        self.peak = max(self.peak, self.open)
        if self.open >= self.together:
            self.full.set()
        await self.full.wait()
        await asyncio.sleep(0)
        self.open -= 1
        names = self.children(one.id)
        return Decomposition(tasks=tuple(map(task, names))) if names else None


def grown(asked: Asked, tops: list[Task], *, max_depth: int = 5, at_once: int = 8, most: int = 1000) -> list[str]:
    def check(count: int) -> None:
        if count > most:
            raise LimitExceeded(f"{count} tasks")

    return [t.id for t in asyncio.run(expanded(tops, asked, max_depth=max_depth, at_once=at_once, check=check))]


def test_what_comes_of_each_stands_behind_it_whoever_was_asked_first() -> None:
    asked = Asked(lambda name: {"a": ["x", "y"], "b": ["x"], "a/y": ["z"]}.get(name, []))
    assert grown(asked, [task("a"), task("b")]) == ["a", "a/x", "a/y", "a/y/z", "b", "b/x"]
    assert asked.seen == ["a", "b", "a/x", "a/y", "b/x", "a/y/z"]


def test_all_of_a_level_are_asked_side_by_side_and_no_more_than_allowed() -> None:
    tops = [task(f"t{n}") for n in range(20)]
    asked = Asked(lambda _: [], together=5)
    grown(asked, tops, at_once=5)
    assert asked.peak == 5 and len(asked.seen) == len(set(asked.seen)) == 20


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


def test_one_that_fails_ends_it_all_and_the_others_are_stopped() -> None:
    stopped: list[str] = []

    async def ask(one: Task) -> Decomposition | None:
        if one.id == "bad":
            raise LimitExceeded("no more")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(one.id)
            raise
        return None

    async def main() -> None:
        tops = [task("one"), task("bad"), task("two")]
        await expanded(tops, ask, max_depth=5, at_once=8, check=lambda _: None)

    with pytest.raises(LimitExceeded, match="no more"):
        asyncio.run(main())
    assert sorted(stopped) == ["one", "two"]
