"""Texts that benchmarks/fit_guard.py learns from besides its data: made from phrases, disguised, put into documents."""

from __future__ import annotations

import base64
import codecs
import os
import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PHRASES = Path(__file__).with_name("guard_phrases.toml")
MIN_PIECE = 250
_SLOT = re.compile(r"\{([a-z_0-9]+)\}")
_LOOKS = str.maketrans("aeopcxyi", "аеорсхуі")
_LEET = str.maketrans("oieast", "013457")
DISGUISED = 0.12
"""Share of texts, of both kinds alike, so that a disguise alone says nothing."""
DOCUMENTS, EMBEDDED = 500, 260
"""Pieces of documents and sources taken as harmless, and such pieces that an attack was put into."""


def made(seed: int) -> list[dict[str, Any]]:
    """Return rows ``{text, label, source}`` made with *seed*."""
    data = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    rng, lists = random.Random(seed), data["lists"]  # reproducible, nothing secret
    rows: list[dict[str, Any]] = []
    for label, kind in ((1, "attack"), (0, "benign")):
        for name, count in data[kind].items():
            for _ in range(count):
                text = _styled(_filled("{" + name + "}", lists, rng), rng)
                if rng.random() < DISGUISED:
                    text = rng.choice(DISGUISES)(text, rng)
                rows.append({"text": text, "label": label, "source": f"made-{name}"})
    notes = [_filled("{hidden_note}", {**lists, "doc": [""]}, rng) for _ in range(EMBEDDED)]
    for at, piece in enumerate(_pieces(DOCUMENTS + EMBEDDED, rng)):
        if at < DOCUMENTS:
            rows.append({"text": piece, "label": 0, "source": "made-library"})
        else:
            lines = piece.split("\n")
            lines.insert(rng.randrange(len(lines) + 1), notes[at - DOCUMENTS])
            rows.append({"text": "\n".join(lines), "label": 1, "source": "made-embedded"})
    return rows


def pieces(count: int, seed: int) -> list[str]:
    """Return *count* pieces of documentation and sources, taken with *seed*."""
    return _pieces(count, random.Random(seed))


def _pieces(count: int, rng: random.Random) -> list[str]:
    """Return pieces of the documentation and the sources of the standard library that runs this."""
    from pydoc_data.topics import topics

    prose = [text for _, text in sorted(topics.items()) if len(text) > MIN_PIECE]
    code = [path.read_text(encoding="utf-8") for path in sorted(Path(os.__file__).parent.glob("*.py"))]
    whole = [text for text in code if len(text) > MIN_PIECE]
    found = []
    for at in range(count):
        text = rng.choice(prose if at % 2 else whole)
        size = int(MIN_PIECE * 2 ** rng.uniform(0, 5))
        start = rng.randrange(max(1, len(text) - size))
        found.append(text[start : start + size])
    return found


def _filled(text: str, lists: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Return *text* with an entry for each slot; a name keeps its value within one text."""
    kept: dict[str, str] = {}

    def fill(m: re.Match[str]) -> str:
        name = m[1]
        if name not in lists:
            return m[0]
        if name == "pname" and name in kept:
            return kept[name]
        found = _SLOT.sub(fill, rng.choice(lists[name]))
        kept.setdefault(name, found)
        return found

    return re.sub(r" {2,}", " ", _SLOT.sub(fill, text)).strip()


def _styled(text: str, rng: random.Random) -> str:
    """Return *text* as somebody types it: in capitals, without them, without a full stop, or as it is."""
    pick = rng.random()
    if pick < 0.06:
        return text.upper()
    if pick < 0.2:
        return text.lower()
    if pick < 0.3:
        return text.rstrip(".!?")
    return text[:1].upper() + text[1:] if pick < 0.75 else text


def _some_words(change: Callable[[str], str]) -> Callable[[str, random.Random], str]:
    def disguise(text: str, rng: random.Random) -> str:
        return re.sub(r"[A-Za-z]{3,}", lambda m: change(m[0]) if rng.random() < 0.5 else m[0], text)

    return disguise


def _encoded(text: str, rng: random.Random) -> str:
    code = rng.choice((
        lambda t: base64.b64encode(t.encode()).decode(), lambda t: t.encode().hex(),
        lambda t: codecs.encode(t, "rot13"),
        lambda t: "".join(f"%{b:02x}" for b in t.encode()),
    ))  # fmt: skip
    lead = rng.choice(("Decode this: ", "Here is the text: ", "", "data = ", "Please read ", "Attachment: "))
    return lead + code(text)


DISGUISES: tuple[Callable[[str, random.Random], str], ...] = (
    _some_words(lambda w: w.translate(_LOOKS)), _some_words(lambda w: w.translate(_LEET)), _some_words(" ".join),
    _some_words("\u200b".join), _some_words("-".join), _encoded, _encoded,
    lambda text, rng: "".join(chr(0xFEE0 + ord(c)) if "!" <= c <= "~" else c for c in text),
    lambda text, rng: re.sub("[a-z]", lambda m: m[0].upper() if rng.random() < 0.4 else m[0], text),
)  # fmt: skip
