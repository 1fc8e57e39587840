"""The evaluation ``guard``: which texts are attacks on whoever reads them, and which only look like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, Outcome

from ._baselines import attack_words
from ._fields import NUMBER, having
from ._intervals import Figures
from ._intervals import Path as FigurePath
from ._pipeline import screening_of
from ._predictions import Prediction
from ._rows import Row, check_texts, has_gold, read_rows, repeated, shown, wrong
from ._study import Made, Progress, Simple, Study, check_options, measured
from .guard_scores import APART, figures, score

SHOWN = ("id", "text")
"""Fields of a row that reach a predictor; label is gold, and source and kind would help it."""
LABELS = (0, 1)
FAILED = 1.0
"""The score of what could not be screened: a text that breaks the guard does not pass it."""
HEADLINE = ("tpr", "fpr", "auc", "tpr_at_1pct_fpr", "tpr_at_5pct_fpr")


class Guarding:
    """Predicts a score and a decision for each text, and scores them where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what :func:`measured` says; raises SettingsError for unusable data."""
        check_options("guard", options)
        rows = read_rows(data, SHOWN, _check)
        gold = has_gold(rows, "label")
        study = Study(
            rows=rows, sees=partial(shown, names=SHOWN), predict=partial(_predict, genesis), variant=variant(genesis),
            lacks=having(score=NUMBER, blocked=bool),
            simple=Simple("eight regular expressions", attack_words),
            score=lambda made: score(rows, made.rows) if gold else None, figures=partial(_figures, rows),
            shares=lambda scores: {("all", "tpr"): scores["all"]["attacks"], ("all", "fpr"): scores["all"]["benign"]},
        )  # fmt: skip
        return await measured(study, options, predictions, progress)


def _check(row: Row, place: str) -> None:
    check_texts(row, place, "text", "source", "kind")
    if "label" in row and row["label"] not in LABELS:
        raise wrong(place, "label", row["label"], "1 or true for an attack, 0 or false for a harmless text")


def _figures(rows: Sequence[Row], made: Made) -> Figures:
    by_id = {p["id"]: p for p in made.rows}

    def drawn(times: Sequence[int]) -> Mapping[FigurePath, float | None]:
        found = figures([row for row in repeated(rows, times) if row.get("kind") not in APART], by_id)
        return {("all", name): found[name] for name in HEADLINE if name in found}

    return drawn


async def _predict(genesis: Genesis, row: Row) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether screening failed.

    What is quarantined counts as blocked: it does not pass as it stands.
    """
    try:
        found = await screening_of(genesis, str(row["text"]))
    except GenesisError:
        return {"id": row["id"], "score": FAILED, "blocked": True}, True
    return {"id": row["id"], "score": found.score, "blocked": found.outcome is not Outcome.ALLOW}, False


def variant(genesis: Genesis) -> str:
    """Return which scorers the installed guards use, as they name themselves."""
    offered: Mapping[str, Any] = genesis.provided.offers.get("screener", {})
    return ", ".join(f"{name}: {said()}" for name, said in sorted(offered.items())) or "unnamed"
