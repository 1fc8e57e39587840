"""Which task may start now: dependencies, not layers, decide; limits hold at run time.

A composite is two nodes, its opening and its end: its children wait for the opening, and who depends on it waits for
the end. So a dependency on a composite of many leaves is one edge, and every step costs what it changes.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping

from .policy import Label
from .tasks import Task, TaskGraph, TaskResult, TaskState

__all__ = ["Scheduler"]


class Scheduler:
    """The ready set of one run. Not aware of time, journals or agents' work: it counts."""

    def __init__(
        self,
        graph: TaskGraph,
        *,
        agents: Mapping[str, str],
        max_parallel: int,
        max_per_agent: Mapping[str, int],
        results: Mapping[str, TaskResult] | None = None,
    ) -> None:
        self.graph = graph
        self.results: dict[str, TaskResult] = dict(results or {})
        """Final results by task id, those of composites included."""
        self.working: dict[str, str] = {}
        """Agent of each task under way."""
        self.held: set[str] = set()
        """Tasks that have begun and wait for a person: they don't begin again, whatever becomes of the graph."""
        self._agents = dict(agents)
        self._max_parallel, self._max_per_agent = max_parallel, max_per_agent
        self._load: dict[str, int] = {}
        self._parked: dict[str, deque[str]] = {}
        self._ready: list[tuple[int, str]] = []
        self._skipped: list[tuple[str, str]] = []
        self._build()

    def _build(self) -> None:
        """Count what every task waits for, in one pass over the graph."""
        graph = self.graph
        self._place = {task.id: place for place, task in enumerate(graph.tasks)}
        self._open: set[str] = set()
        self._doomed: set[str] = set()
        self._dependents: dict[str, list[str]] = {}
        self._children_left: dict[str, int] = {parent: len(ids) for parent, ids in graph.children.items()}
        self._waits: dict[str, int] = {}
        for task in graph.tasks:
            self._waits[task.id] = len(task.needs) + (task.parent is not None)
            for need in task.needs:
                self._dependents.setdefault(need, []).append(task.id)
        self._ready.clear()
        self._parked.clear()
        self._skipped.clear()
        done = [task_id for task_id in self.results if task_id in graph and task_id not in graph.children]
        self.results = {task_id: self.results[task_id] for task_id in done}
        for task in graph.tasks:
            if self._waits[task.id] == 0:
                self._opened(task.id)
        for task_id in done:
            self._ended(task_id)

    def replace_graph(self, graph: TaskGraph, agents: Mapping[str, str]) -> None:
        """Go on with *graph*, which keeps every task that has started or ended."""
        self.graph, self._agents = graph, dict(agents)
        self._build()

    def take_ready(self) -> list[Task]:
        """Return the tasks to start now, in declaration order; each counts as working from here on."""
        taken: list[Task] = []
        while self._ready and len(self.working) < self._max_parallel:
            _, task_id = heapq.heappop(self._ready)
            agent = self._agents.get(task_id, "")
            if self._load.get(agent, 0) >= self._max_per_agent.get(agent, self._max_parallel):
                self._parked.setdefault(agent, deque()).append(task_id)
                continue
            self._load[agent] = self._load.get(agent, 0) + 1
            self.working[task_id] = agent
            taken.append(self.graph[task_id])
        return taken

    def take_skipped(self) -> list[tuple[str, str]]:
        """Return (task, task that it can't go on without) for those whose dependencies failed since the last call."""
        skipped, self._skipped = self._skipped, []
        return skipped

    def release(self, task_id: str, *, hold: bool = False) -> None:
        """Free the place of a task under way, without a result; with *hold* it does not begin again."""
        agent = self.working.pop(task_id, None)
        if agent is None:
            return
        if hold:
            self.held.add(task_id)
        self._load[agent] -= 1
        parked = self._parked.get(agent)
        if parked:
            waiting = parked.popleft()
            heapq.heappush(self._ready, (self._place[waiting], waiting))

    def finish(self, result: TaskResult) -> None:
        """Take in the final result of a leaf: its dependants become ready, or skipped."""
        self.release(result.task_id)
        if result.task_id not in self.results:
            self.results[result.task_id] = result
            self._ended(result.task_id)

    def _opened(self, task_id: str) -> None:
        stack = [task_id]
        while stack:
            name = stack.pop()
            if name in self._open:
                continue
            self._open.add(name)
            for child in self.graph.children.get(name, ()):
                if self._met(child):
                    stack.append(child)
            begun = name in self.results or name in self.working or name in self.held
            if not begun and name not in self.graph.children:
                heapq.heappush(self._ready, (self._place[name], name))

    def _met(self, task_id: str) -> bool:
        self._waits[task_id] -= 1
        return self._waits[task_id] == 0

    def _ended(self, task_id: str) -> None:
        """Tell everybody who waits for *task_id*, and its enclosing composites, each when its last child ends."""
        name: str | None = task_id
        while name is not None:
            result = self.results[name]
            for dependent in self._dependents.get(name, ()):
                if result.state is not TaskState.COMPLETED:
                    self._skip(dependent, name)
                elif self._met(dependent):
                    self._opened(dependent)
            name = self._composite_ended(self.graph[name].parent)

    def _composite_ended(self, parent: str | None) -> str | None:
        if parent is None:
            return None
        self._children_left[parent] -= 1
        if self._children_left[parent]:
            return None
        self.results[parent] = composite_result(self.graph, parent, self.results)
        return parent

    def _skip(self, task_id: str, cause: str) -> None:
        """Doom the leaves of *task_id*, each once, however many of those that it needs have failed."""
        if task_id in self._doomed:
            return
        for leaf in self.graph.leaves_of(task_id):
            if leaf not in self._doomed and leaf not in self.results and leaf not in self.working:
                self._doomed.add(leaf)
                self._skipped.append((leaf, cause))
        self._doomed.add(task_id)


def composite_result(graph: TaskGraph, parent: str, results: Mapping[str, TaskResult]) -> TaskResult:
    """Return a composite's result: child id to output; completed when every child is, else as its first other child."""
    children = [results[child] for child in graph.children[parent]]
    worst = next((c for c in children if c.state is not TaskState.COMPLETED), None)
    return TaskResult(
        task_id=parent,
        state=TaskState.COMPLETED if worst is None else worst.state,
        output={child.task_id: child.output for child in children},
        error=None if worst is None else worst.error,
        artifacts=tuple(a for child in children for a in child.artifacts),
        label=Label.join(*(child.label for child in children)),
    )
