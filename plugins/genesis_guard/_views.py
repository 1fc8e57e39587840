"""Read a text in all the ways that it can be read: plain, and decoded; with the families that stand in each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from operator import itemgetter

from ._decode import decoded
from ._families import Families, Hit
from ._normalise import View, reveal
from ._scorer import Known
from ._words import split

__all__ = ["Look", "Sight", "readings"]

_CLASSES = itemgetter(2)
Look = Callable[[Sequence[str]], list[Known]]


@dataclass(frozen=True, slots=True)
class Sight:
    """One way to read a text: its words, what they are known as, and the families found."""

    view: View
    words: Sequence[str]
    distinct: Collection[str]
    known: Sequence[Known]
    hits: Sequence[Hit]


def readings(text: str, families: Families, look: Look) -> list[Sight]:
    """Return the plain reading of *text* first, then one for each encoding that stands in it."""
    main = _sight(reveal(text, families.lexicon.words), families, look)
    others = decoded(text, main.distinct)
    return [main, *(_sight(reveal(view, families.lexicon.words), families, look) for view in others)]


def _sight(view: View, families: Families, look: Look) -> Sight:
    words = split(view.text)
    distinct, known = set(words), look(words)
    return Sight(view, words, distinct, known, families.find(view.text, distinct, list(map(_CLASSES, known))))
