"""The evaluation ``guard``: which texts are attacks on whoever reads them, and which only look like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, Outcome

from ._pipeline import screening_of
from ._predictions import Prediction, Predictions
from ._rows import Row, has_gold, read_rows, shown

SHOWN = ("id", "text")
"""Fields of a row that reach a predictor; label is gold, and source and kind would help it."""
FAILED = 1.0
"""The score of what could not be screened: a text that breaks the guard does not pass it."""


class Guarding:
    """Predicts a score and a decision for each text, and scores them where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Callable[[int, int], None],
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, variant, predictions, scores}``; raises SettingsError for unusable data."""
        rows = read_rows(data, SHOWN)
        errors = 0
        with Predictions(predictions, [row["id"] for row in rows]) as made:
            for at, row in enumerate(rows[made.resumed :], made.resumed):
                prediction, failed = await _predict(genesis, shown(row, SHOWN))
                errors += failed
                made.add(prediction)
                progress(at + 1, len(rows))
        return {
            "rows": len(rows), "errors": errors, "resumed": made.resumed, "variant": variant(genesis),
            "predictions": str(predictions) if predictions else None, "scores": _scores(rows, made.made),
        }  # fmt: skip


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


def _scores(rows: list[Row], made: list[Prediction]) -> dict[str, Any] | None:
    from .guard_scores import score

    return score(rows, made) if has_gold(rows, "label") else None
