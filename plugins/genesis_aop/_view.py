"""A plan as the checks look at it: what several of them need is worked out once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from genesis_core import Input, Plan, PlanContext, SettingsError, Task

from ._roster import Roster, root, roster
from ._words import EMPTY_WORDS, READER

if TYPE_CHECKING:
    from .rewards.known import Rewards

__all__ = ["View"]


_SPOKEN = (str, int, float)


class View:
    """A plan, its context, and what is derived from both."""

    def __init__(self, plan: Plan, context: PlanContext) -> None:
        self.plan, self.context = plan, context
        self.graph = plan.graph
        self.leaves: tuple[Task, ...] = plan.graph.leaves
        self.assigned = plan.assigned
        self.roster: Roster = roster(context)
        self.rewards_damaged = ""
        """What is wrong with the file of rewards, once it was asked for."""
        self._ancestors: dict[str, set[str]] = {}
        self._telling: dict[str, frozenset[str]] = {}

    @cached_property
    def rewards(self) -> Rewards | None:
        """What outcomes have taught; None where nothing has been learned, or what was can't be read."""
        home = self.context.home
        if home is None:
            return None
        from .rewards.file import read

        try:
            return read(home)
        except SettingsError as error:
            self.rewards_damaged = f"{error.message} ({error.cause})"
            return None

    @property
    def no_rewards(self) -> str:
        """Why there are no rewards, where there are none."""
        if self.rewards is None and self.rewards_damaged:
            return self.rewards_damaged
        return "nothing is learned (genesis rewards fit, from 30 outcomes on)"

    @cached_property
    def terms(self) -> Mapping[str, tuple[str, ...]]:
        """The terms of each leaf's description."""
        read = READER.terms
        return {task.id: read(task.description) for task in self.leaves}

    @cached_property
    def goal_counts(self) -> Mapping[str, int]:
        """How often the goal says each of its terms."""
        return Counter(READER.terms(self.plan.goal.text))

    @cached_property
    def busy(self) -> Mapping[str, frozenset[str]]:
        """The skills that the tasks of each agent require; "" stands for a task that names none."""
        found: dict[str, set[str]] = {}
        for task_id, given in self.assigned.items():
            found.setdefault(given.agent, set()).update(self.graph[task_id].requires or ("",))
        return {agent: frozenset(skills) for agent, skills in found.items()}

    def telling(self, leaf: str) -> frozenset[str]:
        """Return the terms of a leaf's description without those that every text has; read once."""
        found = self._telling.get(leaf)
        if found is None:
            found = self._telling[leaf] = frozenset(self.terms[leaf]) - EMPTY_WORDS
        return found

    def spoken(self, leaf: str) -> frozenset[str]:
        """Return the telling terms of a leaf's description and of the values of its inputs."""
        texts = [text for item in self.graph[leaf].inputs.values() for text in _texts(item)]
        return self.telling(leaf).union(*map(READER.terms, texts)) - EMPTY_WORDS

    @cached_property
    def said(self) -> frozenset[str]:
        """All terms of all tasks: of descriptions, kinds, required skills, and the names and values of inputs."""
        texts: set[str] = {self.graph[parent].description for parent in self.graph.children}
        for task in self.graph.tasks:
            texts.add(task.kind)
            if task.requires:
                texts.update(task.requires)
            if task.inputs:
                texts.update(name.replace("_", " ") for name in task.inputs)
                texts.update(task.inputs)
                for item in task.inputs.values():
                    texts.update(_texts(item))
        exact = {f"={text.lower().removeprefix('./').rstrip('/')}" for text in texts}
        read = [READER.terms(f"{text} {text.replace('-', ' ')}") for text in texts]
        return frozenset(exact.union(*self.terms.values(), *read))

    @cached_property
    def meant(self) -> frozenset[str]:
        """The roots of all that tasks say, and of what the skills are called that they are for."""
        known = ((agent, skills) for agent, skills in self.busy.items() if agent in self.roster.cards)
        labels = (label for agent, skills in known for skill, label in self.roster.skill_labels(agent)
                  if skill in skills or "" in skills)
        return frozenset(map(root, self.said)).union(*labels)

    @cached_property
    def at_work(self) -> frozenset[str]:
        """The skills of all agents that have a task, as they are compared."""
        return frozenset().union(*(self.roster.now.get(agent, frozenset()) for agent in self.busy))

    @cached_property
    def users(self) -> Mapping[str, int]:
        """How many tasks wait for each task that somebody waits for."""
        found: dict[str, int] = {}
        for task in self.graph.tasks:
            for need in task.needs:
                found[need] = found.get(need, 0) + 1
        return found

    def waits(self, later: str, earlier: str) -> bool:
        """Return whether leaf *later* starts only after *earlier*, directly or through others."""
        return earlier in self._before(later)

    def _before(self, leaf: str) -> set[str]:
        """Return the tasks that end before *leaf* starts: one walk, kept."""
        seen = self._ancestors.get(leaf)
        if seen is None:
            seen, by_id, flat, waiting = set(), self.graph.by_id, not self.graph.children, [leaf]
            while waiting:
                name = waiting.pop()
                for need in by_id[name].needs if flat else self._waits_for(name):
                    if need not in seen:
                        seen.add(need)
                        waiting.append(need)
            self._ancestors[leaf] = seen
        return seen

    def _waits_for(self, task_id: str) -> Iterator[str]:
        yield from self.graph.waits_for(task_id)
        yield from self.graph.children.get(task_id, ())


def _texts(item: Input) -> list[str]:
    values = item.value if isinstance(item.value, list) else (item.value, item.file)
    return [str(value) for value in values if isinstance(value, _SPOKEN)]
