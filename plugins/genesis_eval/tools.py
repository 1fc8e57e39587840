"""The evaluation ``tools``: from three examples each to a tool, through all layers, and what it gives for others.

Every tool is proposed, proved and called as in a run, in a state folder that is gone afterwards. Whoever proposes sees
the given examples; the unseen ones reach the finished tool alone, without what they should give.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_core import Example, Genesis, GenesisError, Need, Proposal, SettingsError, ToolError, ToolSpec, Workshop

from ._predictions import Prediction, Predictions
from ._rows import Row, read_rows

__all__ = ["Toolmaking"]

NEEDED = ("id", "given", "unseen")
CALL_SECONDS = 10.0
MOST_AT_ONCE = 2
"""A search takes a core, and the sandbox another: more would make each other slow, and be counted as slow."""


class Toolmaking:
    """Predicts what tools that were made give for unseen examples, and scores it where the rows carry gold."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Callable[[int, int], None],
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, variant, predictions, scores}``; raises SettingsError for unusable data.

        Raises SettingsError, too, where nobody makes tools, or nothing generated may run.
        """
        if options:
            raise SettingsError(f"genesis eval tools takes no --{min(options)}", cause="its rows hold all it needs",
                                hint="genesis eval tools --data FILE")
        rows = read_rows(data, NEEDED)
        for number, row in enumerate(rows, 1):
            _check(row, f"row {number} of {data}")
        needs = [_need(row) for row in rows]
        at_once = max(1, min(MOST_AT_ONCE, os.cpu_count() or 1))
        with Predictions(predictions, [row["id"] for row in rows]) as made, tempfile.TemporaryDirectory() as home:
            async with Genesis.open(home, settings=genesis.settings) as own:
                workshop = _opened(own)
                while (done := len(made.made)) < len(rows):
                    batch = range(done, min(done + at_once, len(rows)))
                    for found in await asyncio.gather(*(_predict(own, workshop, rows[n], needs[n]) for n in batch)):
                        made.add(found)
                    progress(len(made.made), len(rows))
        return {
            "rows": len(rows), "errors": sum(p["status"].startswith("error") for p in made.made),
            "resumed": made.resumed, "variant": ", ".join(genesis.provided.models) or "examples alone",
            "predictions": str(predictions) if predictions else None, "scores": _scores(rows, made.made),
        }  # fmt: skip


def _opened(genesis: Genesis) -> Workshop:
    workshop = genesis.workshop()
    why = "nobody makes tools here" if workshop is None else workshop.refuses()
    if workshop is None or why:
        raise SettingsError("no tool can be made", cause=why, hint="genesis sandbox doctor")
    return workshop


def _check(row: Row, place: str) -> None:
    """Raise SettingsError unless the examples of *row* are lists of arguments, and all of one length."""
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


async def _predict(genesis: Genesis, workshop: Workshop, row: Row, need: Need) -> Prediction:
    """Return what the tool for *need* gives for the unseen inputs of *row*; null outputs where there is none."""
    began = time.monotonic()
    tool, status = await _made(genesis, workshop, need)
    took = round(time.monotonic() - began, 3)
    asked = [e["input"] for e in row["unseen"]]
    outputs = None if tool is None else [await _given(workshop, tool, need, inputs) for inputs in asked]
    return {"id": row["id"], "outputs": outputs, "status": status, "seconds": took}


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


def _scores(rows: Sequence[Row], made: Sequence[Prediction]) -> dict[str, Any] | None:
    from .tools_scores import score

    return score(rows, made) if all("output" in e for row in rows for e in row["unseen"]) else None
