"""Screen one text: read it plain and decoded, look for families, score it, and say what is to become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis_core import Label, Outcome, Screening, SettingsError, Trust

from ._families import Families, built_in
from ._scorer import Reading, Scorer, learned
from ._views import Sight, readings
from ._words import spans

__all__ = ["MAX_CHARS", "Thresholds", "screen", "thresholds_of"]

MAX_CHARS = 16_000_000
"""No text that anybody decides by is longer; the goal's own, much lower limit is the kernel's (``max_goal_chars``)."""
MOST_SPANS = 16
SECTION = "[policy.screening]"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a text is doubted, and from which it is refused."""

    quarantine: float = 0.9
    block: float = 0.9999


def thresholds_of(section: Mapping[str, Any] | None) -> Thresholds:
    """Return the thresholds that the guard's *section* of the settings sets; raises SettingsError for what is none."""
    given = (section or {}).get("screening", {})
    unknown = [name for name in given if name not in Thresholds.__slots__]
    wrong = [name for name, value in given.items() if not isinstance(value, int | float) or not 0 <= value <= 1]
    if unknown or wrong:
        raise SettingsError(f"{SECTION}: {(unknown or wrong)[0]!r} is no threshold in 0..1",
                            hint=f"known: {', '.join(Thresholds.__slots__)}")  # fmt: skip
    return Thresholds(**given)


def screen(text: str, label: Label, limits: Thresholds) -> Screening:
    """Return whether *text* may pass.

    What a person or a plan asks for is refused from ``block`` on. A text that nobody here wrote is never refused: a
    document may well speak of attacks, and what it says can't select anything privileged, whatever its score.
    """
    if len(text) > MAX_CHARS:
        return Screening(
            outcome=Outcome.BLOCK, score=1.0, spans=((MAX_CHARS, len(text)),),
            reasons=(f"it has {len(text)} characters; at most {MAX_CHARS} are screened",),
        )  # fmt: skip
    families = built_in()
    scorer = learned(families.lexicon)
    seen = [(sight, _read(sight, scorer)) for sight in readings(text, families, scorer.look)]
    sight, worst = max(seen, key=lambda pair: pair[1].score)
    score = round(worst.score, 6)
    if score < limits.quarantine:
        return Screening(score=score)
    refused = score >= limits.block and label.trust is not Trust.UNTRUSTED
    return Screening(
        outcome=Outcome.BLOCK if refused else Outcome.QUARANTINE, score=score,
        spans=_spans(sight, worst), reasons=tuple(_reasons(sight, score, families)),
    )  # fmt: skip


def _read(sight: Sight, scorer: Scorer) -> Reading:
    return scorer.read(sight.numbers, sight.own, sight.classes, [hit.family for hit in sight.hits])


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
