"""Stems of English words: inflections and common derivations fall together.

Suffixes are stripped once, longest first, after M. Porter, "An algorithm for suffix stripping" (1980), but with fewer
steps: words are matched against a catalogue of a few hundred, where over-stemming costs more than under-stemming.
"""

from __future__ import annotations

from functools import lru_cache

_BASE = {
    "written": "write",
    "wrote": "write",
    "writing": "write",
    "found": "find",
    "built": "build",
    "sent": "send",
    "made": "make",
    "making": "make",
    "drawn": "draw",
    "drew": "draw",
    "done": "do",
    "did": "do",
    "does": "do",
    "gone": "go",
    "went": "go",
    "ran": "run",
    "said": "say",
    "told": "tell",
    "taken": "take",
    "took": "take",
    "bought": "buy",
    "sold": "sell",
    "paid": "pay",
    "gave": "give",
    "given": "give",
    "got": "get",
    "gotten": "get",
    "shown": "show",
    "known": "know",
    "knew": "know",
    "seen": "see",
    "saw": "see",
    "dug": "dig",
    "kept": "keep",
    "drove": "drive",
    "driven": "drive",
    "flew": "fly",
    "chosen": "choose",
    "chose": "choose",
    "choice": "choose",
    "understood": "understand",
    "people": "person",
    "children": "child",
    "criteria": "criterion",
    "indices": "index",
    "has": "have",
    "had": "have",
    "was": "be",
    "were": "be",
    "is": "be",
    "are": "be",
    "been": "be",
    "using": "use",
    "used": "use",
    "uses": "use",
    "rewritten": "rewrite",
    "rebuilt": "rebuild",
    "held": "hold",
    "thought": "think",
}
"""Irregular forms and what they are forms of."""
_FIXED = {
    **dict.fromkeys(
        "analysis analyses analyse analyze analysing analyzing analysed analyzed analytics analytic".split(), "analys"
    ),
    **dict.fromkeys("statistics statistical statistic stats".split(), "statist"),
    **dict.fromkeys(
        "summary summaries summarise summarize summarising summarizing summarised summarized".split(), "summar"
    ),
    **dict.fromkeys("security secure secured securing".split(), "secur"),
    **{w: w for w in "data news series address access business process this class css sms gps aws insecure".split()},
}
"""Words that the endings would tear apart, or that they would leave apart."""
_KEPT = ("ss", "us", "is", "ous")
_VOWELS = frozenset("aeiouy")
_ENDINGS = (
    ("ations", "at"),
    ("ation", "at"),
    ("ators", "at"),
    ("ator", "at"),
    ("abilities", "abl"),
    ("ability", "abl"),
    ("ities", ""),
    ("ity", ""),
    ("izing", ""),
    ("ising", ""),
    ("ized", ""),
    ("ised", ""),
    ("ize", ""),
    ("ise", ""),
    ("ness", ""),
    ("ures", "ur"),
    ("ure", "ur"),
    ("ural", "ur"),
    ("ally", ""),
    ("al", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ers", ""),
    ("er", ""),
    ("ors", ""),
    ("or", ""),
    ("ions", ""),
    ("ion", ""),
    ("ive", ""),
    ("ly", ""),
    ("es", ""),
    ("s", ""),
    ("e", ""),
)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case *word*: inflections and common derivations fall together."""
    fixed = _FIXED.get(word)
    if fixed is not None:
        return fixed
    word = _BASE.get(word, word)
    if len(word) <= 3 or not word.isalpha() or _VOWELS.isdisjoint(word):
        return word.removesuffix("s") if len(word) > 3 else word
    for ending, instead in _ENDINGS:
        kept = len(word) - len(ending)
        if kept >= 3 and word.endswith(ending) and not word.endswith(_KEPT) and not _VOWELS.isdisjoint(word[:kept]):
            return _finish(word[:kept] + instead)
    return _finish(word)


def _finish(root: str) -> str:
    """Undo what an ending did to the root: a doubled consonant, ``at`` of ``ate``, ``y`` and ``e`` at the end."""
    if len(root) > 4 and root.endswith("at"):
        root = root[:-2]
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "aeious":
        root = root[:-1]
    if len(root) > 3 and root[-1] in "yie":
        root = root[:-1]
    return root
