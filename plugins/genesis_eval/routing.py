"""The evaluation ``routing``: task statements to the agents that should do them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genesis_core import AgentCard, Genesis, GenesisError

from ._baselines import nearest_card
from ._catalogue import read_catalogue
from ._fields import NUMBER, having
from ._intervals import Figures
from ._intervals import Path as FigurePath
from ._pipeline import agent_for, cards
from ._predictions import Prediction
from ._rows import Row, check_texts, has_gold, read_rows, repeated, shown
from ._study import Made, Progress, Simple, Study, check_options, measured
from .routing_scores import score

SHOWN = ("id", "task")
"""Fields of a row that reach a predictor; agent and occupation are gold."""
HEADLINE = ("top1", "top3", "macro_top1", "coverage_at_92")


class Routing:
    """Predicts a ranking of the installed agents a row, or of those in files, and scores them where there is gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what :func:`measured` says; raises SettingsError for data or descriptions that can't be used."""
        check_options("routing", options, "catalogue")
        rows = read_rows(data, SHOWN, _check)
        catalogue = read_catalogue(options.get("catalogue"))
        agents = None if catalogue is None else catalogue.agents()
        gold = has_gold(rows, "agent")
        study = Study(
            rows=rows, sees=partial(shown, names=SHOWN),
            predict=partial(_predict, genesis, agents), variant=_variant(genesis),
            lacks=having(ranked=list, confidence=NUMBER, reason=str),
            simple=Simple("words in common with the card", nearest_card(agents or cards(genesis))),
            score=lambda made: score(rows, made.rows) if gold else None, figures=partial(_figures, rows),
            shares=lambda scores: {("top1",): len(rows), ("top3",): len(rows)},
        )  # fmt: skip
        return await measured(study, options, predictions, progress)


def _check(row: Row, place: str) -> None:
    check_texts(row, place, "task", "agent")


def _figures(rows: Sequence[Row], made: Made) -> Figures:
    def drawn(times: Sequence[int]) -> Mapping[FigurePath, float | None]:
        found = score(repeated(rows, times), made.rows)
        return {(name,): found[name] for name in HEADLINE}

    return drawn


def _variant(genesis: Genesis) -> str:
    """Return what routes, as the routers name themselves: a model where one is configured, else what reads words."""
    offered: Mapping[str, Any] = genesis.provided.offers.get("router", {})
    return ", ".join(["model"] * bool(genesis.provided.models) + [name() for name in offered.values()]) or "heuristics"


async def _predict(genesis: Genesis, agents: Sequence[AgentCard] | None, row: Row) -> tuple[Prediction, bool]:
    """Return the prediction for one row, and whether planning failed."""
    try:
        found = await agent_for(genesis, str(row["task"]), agents)
    except GenesisError as error:
        return {"id": row["id"], "ranked": [], "confidence": 0.0, "reason": f"not planned: {error}"}, True
    if found is None:
        return {"id": row["id"], "ranked": [], "confidence": 0.0, "reason": "unrouted: no agent fits"}, False
    ranked = list(dict.fromkeys((found.agent, *(name for name, _ in found.alternatives))))
    reason = "; ".join(f"{r.rule}: {r.text}" if r.text else r.rule for r in found.reasons)
    return {"id": row["id"], "ranked": ranked, "confidence": found.score, "reason": reason}, False
