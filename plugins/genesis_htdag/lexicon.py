"""What the planner knows of English: classes of verbs, words without weight, and words that stand for each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from .stems import stem


class Deed(StrEnum):
    """What a verb asks for."""

    ASK = "ask"
    """To see or know something: harmless, and its object says which skill is wanted."""
    MAKE = "make"
    """To bring something forth."""
    ACT = "act"
    """To do anything else; only a skill that names this deed may be asked for it."""


ASK, MAKE, ACT = Deed


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The committed word lists, by stem where inflection matters."""

    verbs: dict[str, Deed]
    """By stem, for inflected forms."""
    infinitives: dict[str, Deed]
    """By the word itself: "document" is a verb, "documentation" is not."""
    infinitive: dict[str, str]
    """The verb of a stem."""
    stop: frozenset[str]
    generic: frozenset[str]
    either: frozenset[str]
    form: frozenset[str]
    relation: frozenset[str]
    """Stems that hold one thing against another."""
    quality: frozenset[str]
    """Stems that say what is wrong with a thing, or how good it is in some respect."""
    judgement: frozenset[str]
    """Stems that ask how good a thing is, in whatever respect."""
    event: frozenset[str]
    """Stems of nouns that say what happens to a thing, which stands before them."""
    back: frozenset[str]
    idioms: dict[tuple[str, str], str]
    """Stem of the word that two words together stand for."""
    concepts: dict[str, tuple[str, ...]]
    """Names of the concepts, each with ``#``, that a stem belongs to."""
    local: frozenset[str]
    extensions: dict[str, str]
    """Concept of a file's extension."""
    phases: dict[str, int]
    """Stage of the life of a product that a verb's stem belongs to."""


@cache
def lexicon() -> Lexicon:
    """Return the lexicon; the file is read once."""
    import tomllib
    from importlib.resources import files

    raw = tomllib.loads((files(__package__) / "lexicon.toml").read_text(encoding="utf-8"))
    weakest_first = (Deed.ACT, Deed.MAKE, Deed.ASK)
    infinitives = {word: deed for deed in weakest_first for word in _spellings(raw["verbs"][deed.value])}
    return Lexicon(
        verbs={stem(word): deed for word, deed in infinitives.items()},
        infinitives=infinitives,
        infinitive={stem(word): word for word in reversed(infinitives)},
        stop=frozenset(raw["words"]["stop"].split()),
        generic=_stems(raw["words"]["generic"]),
        either=_stems(raw["words"]["either"]),
        form=_stems(raw["words"]["form"]),
        relation=_stems(raw["words"]["relation"]),
        quality=_stems(raw["words"]["quality"]),
        judgement=_stems(raw["words"]["judgement"]),
        event=_stems(raw["words"]["event"]),
        back=frozenset(raw["words"]["back"].split()),
        idioms={(pair.split()[0], pair.split()[1]): stem(word) for pair, word in raw["idioms"].items()},
        concepts=_concepts(raw["concepts"]),
        local=_stems(raw["places"]["local"]),
        extensions={e: "#" + n for n in ("code", "table", "document") for e in raw["places"][n].split()},
        phases={stem(w): i for i, n in enumerate(raw["phases"]["order"]) for w in raw["phases"][n].split()},
    )


def _spellings(words: str) -> list[str]:
    """Return *words* with the American spelling beside the British one."""
    both = words.split()
    return both + [w[:-3] + ("ize" if w.endswith("ise") else "yze") for w in both if w.endswith(("ise", "yse"))]


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words.split())


def _concepts(raw: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, words in raw.items():
        for word in words.split():
            found.setdefault(stem(word), {})["#" + name] = None
    return {root: tuple(names) for root, names in found.items()}
