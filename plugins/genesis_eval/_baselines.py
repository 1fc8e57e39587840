"""Predictors to be better than: the first thing that one would try, in a few lines, with nothing learned.

They see the fields that the plugins see, and no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import log, sqrt

from genesis_core import AgentCard, ToolSpec

from ._predictions import Prediction
from ._rows import Row

__all__ = ["attack_words", "constant_or_same", "nearest_card", "prompt_length", "words_in_common"]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_ENDINGS = ("ing", "ed", "es", "s")
_LITTLE = frozenset(
    "a an and any are as at be been but by can do does for from get had has have how i if in into is it its like me my "
    "need of on or our please so some that the their them then there these they this to up us want was we were what "
    "when which who will with would you your".split()
)
MOST_TOOLS = 3
ENOUGH = 0.45
"""Share of the best tool's score that another one needs."""


def _words(text: str) -> list[str]:
    """Return the words that say something, without their endings."""
    found = (word.lower() for word in _WORD.findall(text))
    return [_stem(word) for word in found if word not in _LITTLE]


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), "")
    return word.removesuffix(ending)


def _weights(texts: Sequence[Iterable[str]]) -> Mapping[str, float]:
    """Return how much each word tells texts apart (inverse document frequency)."""
    often = Counter(word for text in texts for word in dict.fromkeys(text))
    return {word: log(1 + len(texts) / count) for word, count in often.items()}


# ---- one for each evaluation -----------------------------------------------------------------------------------------


def words_in_common(row: Row, tools: Sequence[ToolSpec]) -> Prediction:
    """Predict the tools that share the most telling words with the request, one after the other as it names them."""
    asked = _words(str(row["request"]))
    first = {word: at for at, word in reversed(list(enumerate(asked)))}
    texts = [[*_words(tool.name), *_words(tool.name), *_words(tool.description)] for tool in tools]
    weights = _weights(texts)
    scored = []
    for at, text in enumerate(texts):
        shared = [word for word in dict.fromkeys(text) if word in first]
        if shared:
            value = sum(weights[word] * text.count(word) for word in shared) / sqrt(len(text))
            scored.append((value, min(first[word] for word in shared), at))
    best = sorted(scored, key=lambda one: (-one[0], one[2]))[:MOST_TOOLS]
    kept = sorted((place, at) for value, place, at in best if value >= ENOUGH * best[0][0])
    nodes = [tools[at].name for _, at in kept]
    return {"id": row["id"], "nodes": nodes, "links": [list(pair) for pair in pairwise(nodes)]}


def nearest_card(cards: Sequence[AgentCard]) -> Callable[[Row], Prediction]:
    """Rank agents by the cosine of their card and the task, each word weighed by how few cards have it."""
    texts = [_words(" ".join((card.name, card.description, *card.kinds, *_skill_texts(card)))) for card in cards]
    weights = _weights(texts)
    vectors = [_vector(text, weights) for text in texts]

    def predict(row: Row) -> Prediction:
        asked = _vector(_words(str(row["task"])), weights)
        near = [sum(value * vector.get(word, 0.0) for word, value in asked.items()) for vector in vectors]
        order = sorted(range(len(cards)), key=lambda at: -near[at])
        return {"id": row["id"], "ranked": [cards[at].name for at in order],
                "confidence": near[order[0]] if order else 0.0, "reason": "words in common with the card"}

    return predict


def _skill_texts(card: AgentCard) -> list[str]:
    return [text for skill in card.skills for text in (skill.name or skill.id, skill.description, *skill.tags)]


def _vector(words: Iterable[str], weights: Mapping[str, float]) -> dict[str, float]:
    found = {word: (1 + log(count)) * weights[word] for word, count in Counter(words).items() if word in weights}
    length = sqrt(sum(value * value for value in found.values())) or 1.0
    return {word: value / length for word, value in found.items()}


def prompt_length(row: Row) -> Prediction:
    """Take a long prompt for a hard one."""
    length = len(str(row["prompt"]))
    return {"id": row["id"], "score": length / (length + 1000)}


_ATTACKS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|prior|above|earlier|all)\b.{0,40}\b(?:instructions?|rules?)",
    r"\bsystem prompt\b", r"\b(?:reveal|show|print|repeat)\b.{0,40}\b(?:instructions|prompt|secret|password)\b",
    r"\byou are now\b|\bact as\b|\bpretend (?:to be|you)\b", r"\b(?:DAN|jailbreak|developer mode)\b",
    r"\bwithout (?:any )?(?:restrictions?|filters?|rules)\b", r"<\|?(?:im_start|system|endoftext)\|?>|\[/?INST\]",
    r"\bdo not (?:tell|mention|inform)\b.{0,40}\buser\b",
))  # fmt: skip


def attack_words(row: Row) -> Prediction:
    """Block a text in which one of eight regular expressions is found."""
    hits = sum(pattern.search(str(row["text"])) is not None for pattern in _ATTACKS)
    return {"id": row["id"], "score": hits / len(_ATTACKS), "blocked": hits > 0}


def constant_or_same(row: Row) -> Prediction:
    """Give what all examples give, or the first argument back, whichever fits the given examples; else nothing."""
    given = row["given"]
    same = all(e["output"] == e["input"][0] for e in given)
    constant = all(e["output"] == given[0]["output"] for e in given)
    asked = [e["input"][0] for e in row["unseen"]]
    outputs = asked if same else [given[0]["output"]] * len(asked) if constant else None
    status = "none found" if outputs is None else "guessed"
    return {"id": row["id"], "outputs": outputs, "status": status, "seconds": 0.0}
