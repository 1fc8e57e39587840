"""Does an agent that a plan's author named fit its task at all? Compared by the words of task and cards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property

from genesis_core import AgentCard, Task

from ._diagnosis import Diagnosis, note
from ._roster import Roster, normal
from ._view import View
from ._words import EMPTY_WORDS, READER

__all__ = ["odd_agents"]

_LEAST_SHARED = 2
"""Telling words that a task must share with another agent's card to say that it is rather that one's work."""


def odd_agents(view: View) -> Iterator[Diagnosis]:
    """Yield the tasks whose named agent says nothing of such work while another one does."""
    named = [task for task in view.leaves if task.agent is not None and not task.requires]
    if not named:
        return
    vocabulary = Vocabulary(view.roster)
    for task in named:
        better = _better(view, task, vocabulary)
        if better is not None:
            yield note("odd-agent", f"{task.id!r} is given to {task.agent!r}, whose card speaks of no such work; "
                       f"that of {better!r} does", [task.id], "leave out the agent, and routing decides")


def _better(view: View, task: Task, vocabulary: Vocabulary) -> str | None:
    agent, kind = task.agent or "", normal(task.kind)
    if agent not in view.roster.cards or kind in vocabulary.kinds[agent]:
        return None
    terms = frozenset((*view.terms[task.id], *READER.terms(task.kind))) - EMPTY_WORDS
    if terms & vocabulary.words[agent]:
        return None
    able = [n for n in vocabulary.words if n != agent and not view.roster.absent(n)]
    claims = [n for n in able if kind and kind in vocabulary.kinds[n]]
    shared = {n: len(terms & vocabulary.words[n]) for n in able}
    best = max(claims or able, key=lambda n: sum(map(vocabulary.weight, terms & vocabulary.words[n])), default=None)
    return best if best is not None and (claims or shared[best] >= _LEAST_SHARED) else None


class Vocabulary:
    """The words and kinds of each card, and how telling each word is."""

    def __init__(self, roster: Roster) -> None:
        self.words: Mapping[str, frozenset[str]] = {n: _words(card) for n, card in roster.cards.items()}
        self.kinds = {n: frozenset(map(normal, card.kinds)) for n, card in roster.cards.items()}

    def weight(self, term: str) -> float:
        """Return how telling *term* is: the fewer cards say it, the more."""
        return math.log(1 + len(self.words) / max(self._sayers.get(term, 0), 1))

    @cached_property
    def _sayers(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for words in self.words.values():
            for word in words:
                found[word] = found.get(word, 0) + 1
        return found


def _words(card: AgentCard) -> frozenset[str]:
    texts = [card.name, card.description, *card.kinds, *card.tools]
    texts += [t for s in card.skills for t in (s.id, s.name, s.description, *s.tags)]
    return frozenset(READER.terms(" ".join(texts).replace("-", " ").replace("_", " "))) - EMPTY_WORDS
