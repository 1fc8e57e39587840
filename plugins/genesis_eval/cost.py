"""The evaluation ``cost``: which questions need a strong model, and what is saved by asking it only those."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError, SettingsError

from ._baselines import prompt_length
from ._fields import NUMBER, having
from ._pipeline import difficulty_of
from ._predictions import Prediction
from ._rows import Row, check_texts, read_table, shown, wrong
from ._study import Made, Progress, Simple, Study, check_options, measured
from .cost_scores import OUTCOMES, gold, score, thresholds
from .cost_spread import figures, parts_of

SHOWN = ("id", "prompt")
"""Fields of a row that reach a predictor; strong_* and weak_* are gold, and dataset and subject would help it."""
FAILED = 1.0
"""The score of what could not be estimated: when in doubt, the strong model."""


class Costing:
    """Predicts the difficulty of each row, and scores the saving where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what :func:`measured` says, and ``thresholds``; raises SettingsError for data that can't be used.

        With ``options["freeze"]`` the threshold of each data set is chosen on that file alone.
        """
        check_options("cost", options, "freeze")
        rows, before = read_table(data, SHOWN, _check), _frozen_rows(options.get("freeze"))
        known = all(gold(row) for row in rows)
        study = Study(
            rows=rows, before=before, sees=partial(shown, names=SHOWN),
            predict=partial(_predict, genesis), variant=variant(genesis),
            lacks=having(score=NUMBER),
            simple=Simple("length of the prompt", prompt_length),
            score=lambda made: score(rows, made.rows, _chosen(before, made)) if known else None,
            figures=lambda made: figures(rows, before, made), parts=parts_of,
            more=lambda made: {"thresholds": _chosen(before, made)},
        )  # fmt: skip
        return await measured(study, options, predictions, progress)


def _check(row: Row, place: str) -> None:
    check_texts(row, place, "prompt")
    for name in OUTCOMES:
        if row.get(name) not in (None, "") and not _is_number(row[name]):
            raise wrong(place, name, row[name], "a number, or nothing where it is not known")


def _is_number(text: object) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def _chosen(before: Sequence[Row], made: Made) -> dict[str, float] | None:
    return thresholds(before, made.before) if made.before else None


def _frozen_rows(path: str | None) -> list[Row]:
    if path is None:
        return []
    rows = read_table(Path(path), SHOWN, _check)
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
