"""Screen one text: read it plain and decoded, look for families, score it, and say what is to become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genesis_core import Label, Outcome, Screening, Trust

from ._encoder import CLIP, Encoder, clipped, encoder
from ._families import Families, built_in
from ._scorer import Reading, Scorer, learned, share
from ._thresholds import Thresholds
from ._views import Sight, readings
from ._words import spans

__all__ = ["MAX_CHARS", "screen"]

MAX_CHARS = 16_000_000
"""No text that anybody decides by is longer; the goal's own, much lower limit is the kernel's (``max_goal_chars``)."""
MOST_SPANS = 16


def screen(text: str, label: Label, limits: Thresholds, goal_chars: int = 5_000) -> Screening:
    """Return whether *text* may pass.

    What may be a goal (nobody untrusted wrote it, and it has at most *goal_chars*) is refused when its score reaches
    ``block`` and a family says why. A document is never refused: it may well speak of attacks, and it can't select
    anything privileged whatever its score.
    """
    if len(text) > MAX_CHARS:
        return Screening(
            outcome=Outcome.BLOCK, score=1.0, spans=((MAX_CHARS, len(text)),),
            reasons=(f"it has {len(text)} characters; at most {MAX_CHARS} are screened",),
        )  # fmt: skip
    families = built_in()
    scorer = learned(families.lexicon)
    seen = _closer([(sight, _read(sight, scorer)) for sight in readings(text, families, scorer.look)])
    sight, worst = max(seen, key=lambda pair: pair[1].score)
    score = round(worst.score, 6)
    if score < limits.quarantine:
        return Screening(score=score)
    wish = label.trust is not Trust.UNTRUSTED and len(text) <= goal_chars
    refused = wish and score >= limits.block and bool(sight.hits)
    return Screening(
        outcome=Outcome.BLOCK if refused else Outcome.QUARANTINE, score=score,
        spans=_spans(sight, worst), reasons=tuple(_reasons(sight, score, families)),
    )  # fmt: skip


def _read(sight: Sight, scorer: Scorer) -> Reading:
    return scorer.read(sight.known, [hit.family for hit in sight.hits])


def _closer(seen: Sequence[tuple[Sight, Reading]]) -> Sequence[tuple[Sight, Reading]]:
    """Return *seen* with the scores of the encoder, where it is installed: of the plain reading and of the worst."""
    model = encoder()
    if model is None:
        return seen
    worst = max(range(len(seen)), key=lambda at: seen[at][1].score)
    return [(sight, _weighed(sight, reading, model) if at in (0, worst) and reading.end else reading)
            for at, (sight, reading) in enumerate(seen)]  # fmt: skip


def _weighed(sight: Sight, reading: Reading, model: Encoder) -> Reading:
    text = sight.view.text
    text = clipped(text, spans(text)[reading.start][0] if len(text) > CLIP else 0)
    return replace(reading, score=share(model.odds(text, reading.weight, [hit.family for hit in sight.hits])))


def _reasons(sight: Sight, score: float, families: Families) -> list[str]:
    found = {hit.family for hit in sight.hits}
    where = f" once its {sight.view.kind} is decoded" if sight.view.kind != "text" else ""
    return [
        *(f"{family.id}: it {family.says}{where}" for family in families.all if family.id in found),
        f"score {score:.2f} of 1 for how much it reads like an attack{where}",
    ]


def _spans(sight: Sight, worst: Reading) -> tuple[tuple[int, int], ...]:
    """Return the places that speak for an attack in the original text, in order, those that touch as one."""
    places = spans(sight.view.text)
    found = [
        (places[hit.start][0], places[hit.end - 1][1]) if hit.by_word else (hit.start, hit.end) for hit in sight.hits
    ]
    if not found and places:
        found = [(places[worst.start][0], places[worst.end - 1][1])]
    return _merged(sorted(sight.view.origin(start, end) for start, end in found))[:MOST_SPANS]


def _merged(found: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
