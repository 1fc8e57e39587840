"""The evaluation ``routing``: task statements to the agents that should do them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genesis_core import Genesis, GenesisError

from ._pipeline import agent_for
from ._predictions import Prediction, Predictions
from ._rows import Row, has_gold, read_rows, shown

SHOWN = ("id", "task")
"""Fields of a row that reach a predictor; agent and occupation are gold."""


class Routing:
    """Predicts a ranking of the installed agents a row, and scores them where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Callable[[int, int], None],
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, predictions, scores}``; raises SettingsError for data that can't be used."""
        rows = read_rows(data, ("id", "task"))
        errors = 0
        with Predictions(predictions, [row["id"] for row in rows]) as made:
            for at, row in enumerate(rows[made.resumed :], made.resumed):
                prediction, failed = await _predict(genesis, shown(row, SHOWN))
                errors += failed
                made.add(prediction)
                progress(at + 1, len(rows))
        return {
            "rows": len(rows), "errors": errors, "resumed": made.resumed,
            "variant": _variant(genesis),
            "predictions": str(predictions) if predictions else None,
            "scores": _scores(rows, made.made),
        }  # fmt: skip


def _variant(genesis: Genesis) -> str:
    """Return what routes, as the routers name themselves: a model where one is configured, else what reads words."""
    offered: Mapping[str, Any] = genesis.provided.offers.get("router", {})
    return ", ".join(["model"] * bool(genesis.provided.models) + [name() for name in offered.values()]) or "heuristics"


async def _predict(genesis: Genesis, row: Row) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether planning failed."""
    try:
        found = await agent_for(genesis, str(row["task"]))
    except GenesisError as error:
        return {"id": row["id"], "ranked": [], "confidence": 0.0, "reason": f"not planned: {error}"}, True
    if found is None:
        return {"id": row["id"], "ranked": [], "confidence": 0.0, "reason": "unrouted: no agent fits"}, False
    ranked = list(dict.fromkeys((found.agent, *(name for name, _ in found.alternatives))))
    reason = "; ".join(f"{r.rule}: {r.text}" if r.text else r.rule for r in found.reasons)
    return {"id": row["id"], "ranked": ranked, "confidence": found.score, "reason": reason}, False


def _scores(rows: list[Row], made: list[Prediction]) -> dict[str, Any] | None:
    from .routing_scores import score

    return score(rows, made) if has_gold(rows, "agent") else None
