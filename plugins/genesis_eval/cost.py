"""The evaluation ``cost``: which questions need a strong model, and what is saved by asking it only those."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, SettingsError

from ._pipeline import difficulty_of
from ._predictions import Prediction, Predictions
from ._rows import Row, read_table, shown
from .cost_scores import gold, intervals, score, thresholds

SHOWN = ("id", "prompt")
"""Fields of a row that reach a predictor; strong_* and weak_* are gold, and dataset and subject would help it."""
FAILED = 1.0
"""The score of what could not be estimated: when in doubt, the strong model."""


class Costing:
    """Predicts the difficulty of each row, and scores the saving where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Callable[[int, int], None],
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, variant, predictions, thresholds, scores, intervals}``.

        With ``options["freeze"]`` the threshold of each data set is chosen on that file alone. Raises SettingsError
        for data that can't be used.
        """
        rows, frozen = read_table(data, SHOWN), _frozen_rows(options.get("freeze"))
        errors = 0
        with Predictions(predictions, [row["id"] for row in rows]) as made:
            for at, row in enumerate(rows[made.resumed :], made.resumed):
                prediction, failed = await _predict(genesis, shown(row, SHOWN))
                errors += failed
                made.add(prediction)
                progress(at + 1, len(rows))
        known = [(await _predict(genesis, shown(row, SHOWN)))[0] for row in frozen]
        chosen = thresholds(frozen, known) if frozen else None
        scored = all(gold(row) for row in rows)
        return {
            "rows": len(rows), "errors": errors, "resumed": made.resumed, "variant": variant(genesis),
            "predictions": str(predictions) if predictions else None, "thresholds": chosen,
            "scores": score(rows, made.made, chosen) if scored else None,
            "intervals": intervals(rows, made.made, frozen, known) if scored and frozen else None,
        }  # fmt: skip


def _frozen_rows(path: str | None) -> list[Row]:
    if path is None:
        return []
    rows = read_table(Path(path), SHOWN)
    if not all(gold(row) for row in rows):
        raise SettingsError(f"{path} can't say where the threshold lies", cause="rows without outcomes",
                            hint="--freeze takes a file with the columns strong_correct and weak_correct")  # fmt: skip
    return rows


async def _predict(genesis: Genesis, row: Row) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether estimating failed."""
    try:
        return {"id": row["id"], "score": await difficulty_of(genesis, str(row["prompt"]))}, False
    except GenesisError:
        return {"id": row["id"], "score": FAILED}, True


def variant(genesis: Genesis) -> str:
    """Return which estimators are installed, as they name themselves; without one the agents' cards speak."""
    offered: Mapping[str, Any] = genesis.provided.offers.get("estimator", {})
    return ", ".join(f"{name}: {said()}" for name, said in sorted(offered.items())) or "card"


__all__: Sequence[str] = ["Costing", "variant"]
