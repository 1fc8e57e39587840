"""The evaluation ``tools``: from three examples each to a tool, through all layers, and what it gives for others.

Every tool is proposed, proved and called as in a run, in a state folder that is gone afterwards. Whoever proposes sees
the given examples; the unseen ones reach the finished tool alone, without what they should give.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any

from genesis_core import Example, Genesis, GenesisError, Need, Proposal, SettingsError, ToolError, ToolSpec, Workshop

from ._baselines import constant_or_same
from ._fields import NUMBER, having
from ._intervals import Figures
from ._intervals import Path as FigurePath
from ._predictions import Prediction
from ._rows import Row, read_rows, repeated, shown, wrong
from ._study import Made, Progress, Simple, Study, check_options, measured
from .tools_scores import score

__all__ = ["Toolmaking"]

NEEDED = ("id", "given", "unseen")
SHARES = ("solved", "refused", "wrong")
CALL_SECONDS = 10.0
MOST_AT_ONCE = 2
"""A search takes a core, and the sandbox another: more would make each other slow, and be counted as slow."""


class Toolmaking:
    """Predicts what tools that were made give for unseen examples, and scores it where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return what :func:`measured` says; raises SettingsError for unusable data.

        Raises SettingsError, too, where nobody makes tools, or nothing generated may run.
        """
        check_options("tools", options)
        rows = read_rows(data, NEEDED, _check)
        gold = all("output" in e for row in rows for e in row["unseen"])
        with tempfile.TemporaryDirectory() as home:
            async with Genesis.open(home, settings=genesis.settings) as own:
                study = Study(
                    rows=rows, sees=_asked, predict=partial(_predict, own, _opened(own)),
                    variant=", ".join(genesis.provided.models) or "examples alone",
                    lacks=having(outputs=(list, NoneType), seconds=NUMBER),
                    simple=Simple("a constant, or the first argument", constant_or_same),
                    score=lambda made: score(rows, made.rows) if gold else None, figures=partial(_figures, rows),
                    shares=lambda scores: {(name,): len(rows) for name in SHARES},
                    at_once=max(1, min(MOST_AT_ONCE, os.cpu_count() or 1)),
                )  # fmt: skip
                return await measured(study, options, predictions, progress)


def _asked(row: Row) -> Row:
    """Return *row* without what should come out for the unseen examples."""
    return {**shown(row, NEEDED), "unseen": [{"input": e["input"]} for e in row["unseen"]]}


def _figures(rows: Sequence[Row], made: Made) -> Figures:
    def drawn(times: Sequence[int]) -> Mapping[FigurePath, float | None]:
        found = score(repeated(rows, times), made.rows)
        return {(name,): found[name] for name in (*SHARES, "partial")}

    return drawn


def _opened(genesis: Genesis) -> Workshop:
    workshop = genesis.workshop()
    why = "nobody makes tools here" if workshop is None else workshop.refuses()
    if workshop is None or why:
        raise SettingsError("no tool can be made", cause=why, hint="genesis sandbox doctor")
    return workshop


def _check(row: Row, place: str) -> None:
    """Raise SettingsError unless the examples of *row* are lists of arguments, and all of one length."""
    features = row.get("features", [])
    if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
        raise wrong(place, "features", features, "a list of texts")
    for field in ("given", "unseen"):
        examples = row[field]
        if not isinstance(examples, list) or not examples or not all(isinstance(e, Mapping) for e in examples):
            raise _wrong(place, f"{field!r} is no list of objects")
        if any(not isinstance(e.get("input"), list) for e in examples):
            raise _wrong(place, f"an 'input' of {field!r} is no list of arguments")
        if any(len(e["input"]) != len(row["given"][0]["input"]) or not e["input"] for e in examples):
            raise _wrong(place, f"an 'input' of {field!r} has none, or another number of arguments than the first")
    if any("output" not in e for e in row["given"]):
        raise _wrong(place, "an example of 'given' has no 'output'")


def _wrong(place: str, why: str) -> SettingsError:
    return SettingsError(f"{place} can't be used: {why}", cause="each is {\"input\": [...], \"output\": ...}",
                         hint="mend that row")


def _need(row: Row) -> Need:
    """Return the need of one row: its given examples, under names for their arguments."""
    count = len(row["given"][0]["input"])
    names = ["text"] if count == 1 else [f"text{n}" for n in range(1, count + 1)]
    examples = tuple(Example(arguments=dict(zip(names, e["input"], strict=True)), value=e["output"])
                     for e in row["given"])
    return Need(name="made", examples=examples)


async def _predict(genesis: Genesis, workshop: Workshop, row: Row) -> tuple[Prediction, bool]:
    """Return what the tool for *row* gives for its unseen inputs, null where there is none; and whether that failed."""
    began, need = time.monotonic(), _need(row)
    tool, status = await _made(genesis, workshop, need)
    took = round(time.monotonic() - began, 3)
    asked = [e["input"] for e in row["unseen"]]
    outputs = None if tool is None else [await _given(workshop, tool, need, inputs) for inputs in asked]
    return {"id": row["id"], "outputs": outputs, "status": status, "seconds": took}, status.startswith("error")


async def _made(genesis: Genesis, workshop: Workshop, need: Need) -> tuple[ToolSpec | None, str]:
    """Return the tool for *need*, and how it came to that."""
    try:
        proposal = await genesis.generate(need)
        if not isinstance(proposal, Proposal):
            return None, "none found"
        admission = await workshop.admit(need, proposal)
    except ToolError as error:
        return None, f"none found: {error.message}"
    except GenesisError as error:
        return None, f"error: {error.message}"
    return admission.tool, f"refused by {admission.why}" if admission.tool is None else "admitted"


async def _given(workshop: Workshop, tool: ToolSpec, need: Need, inputs: Sequence[Any]) -> Any:
    """Return what *tool* gives; null where it fails or says that the input is not for it."""
    names = list(need.examples[0].arguments)
    try:
        return await workshop.call(tool, dict(zip(names, inputs, strict=True)), CALL_SECONDS)
    except GenesisError:
        return None
