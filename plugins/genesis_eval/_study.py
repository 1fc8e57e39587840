"""What every evaluation does: rows to predictions, each on disk before the next is begun, and predictions to scores.

A baseline is scored beside them: a simple predictor that sees the same fields, or predictions that were made earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis_core import SettingsError

from ._fields import Lacks, check_kind
from ._intervals import Figures, Spread, comparing, nested
from ._intervals import Path as FigurePath
from ._predictions import Begun, Prediction, Predictions, begun, read_predictions
from ._rows import Row

__all__ = ["SIMPLE", "Made", "Progress", "Simple", "Study", "check_options", "measured"]

SIMPLE = ""
"""The option ``baseline`` without a file: the simple predictor."""
FOR = {"catalogue": "decomposition and routing", "freeze": "cost", "programs": "sandbox", "tools": "decomposition"}
"""What each option is for."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """Predictions of the rows, and of the rows that something is chosen on."""

    rows: Sequence[Prediction]
    before: Sequence[Prediction] = ()


@dataclass(frozen=True, slots=True)
class Simple:
    """A predictor to be better than: what it goes by, and what it makes of the fields of a row that may be seen."""

    name: str
    predict: Callable[[Row], Prediction]


def _whole(rows: Sequence[Row], before: Sequence[Row]) -> Sequence[Sequence[int]]:
    return [range(len(rows)), range(len(rows), len(rows) + len(before))]


@dataclass(frozen=True)
class Study:
    """One evaluation of some rows: how they are predicted, and what the predictions come to."""

    rows: Sequence[Row]
    sees: Callable[[Row], Row]
    """Return what of a row reaches a predictor; all else is gold."""
    predict: Callable[[Row], Awaitable[tuple[Prediction, bool]]]
    """Makes a prediction, and says whether that failed."""
    lacks: Lacks
    """Says what field of such a prediction one has not that was read from a file."""
    variant: str
    """What predicts, as it names itself."""
    simple: Simple
    score: Callable[[Made], dict[str, Any] | None]
    """Return the scores; None where the rows carry no gold."""
    figures: Callable[[Made], Figures]
    """Return what gives the headline scores of the rows, each counted as often as it was drawn."""
    before: Sequence[Row] = ()
    """Rows that something is chosen on: predicted too, and not written."""
    shares: Callable[[Mapping[str, Any]], Mapping[FigurePath, int]] = field(default=lambda scores: {})
    """Return the scores that are shares, and of how many rows."""
    parts: Callable[[Sequence[Row], Sequence[Row]], Sequence[Sequence[int]]] = _whole
    """Return the rows that are drawn among each other, by their numbers."""
    more: Callable[[Made], Mapping[str, Any]] = field(default=lambda made: {})
    """Return what else there is to tell."""
    silent: Callable[[Sequence[Prediction]], Sequence[str]] = field(default=lambda made: ())
    """Return the names of scores of which no prediction says anything: they are nothing, and not wrong."""
    at_once: int = 1


def check_options(kind: str, options: Mapping[str, str], *known: str) -> None:
    """Raise SettingsError for an option that the evaluation *kind* does not take."""
    wrong = sorted(options.keys() - {*known, "baseline"})
    if wrong:
        takes = " ".join(["--data FILE", *(f"[--{name} ...]" for name in known), "[--baseline]"])
        raise SettingsError(f"genesis eval {kind} takes no --{wrong[0]}",
                            cause=f"it would not be read: it is for {FOR.get(wrong[0], 'another evaluation')}",
                            hint=f"genesis eval {kind} {takes}")


async def measured(
    study: Study, options: Mapping[str, str], predictions: Path | None, progress: Progress
) -> dict[str, Any]:
    """Return ``{rows, errors, resumed, variant, predictions, scores, intervals}``, and with the option ``baseline``.

    Raises SettingsError for earlier predictions that can't be used, before anything is predicted.
    """
    earlier = _earlier(study, predictions)
    other = await _other(study, options["baseline"], predictions) if "baseline" in options else None
    made, errors, resumed = await _predicted(study, predictions, earlier, progress)
    scores = study.score(made)
    found: dict[str, Any] = {
        "rows": len(study.rows), "errors": errors, "resumed": resumed, "variant": study.variant,
        "predictions": str(predictions) if predictions else None, "scores": scores, "intervals": None,
        **study.more(made),
    }  # fmt: skip
    differences = None
    if scores is not None:
        spread = await _interruptible(comparing(
            study.figures(made), None if other is None else study.figures(other[1]),
            study.parts(study.rows, study.before), study.shares(scores),
        ))  # fmt: skip
        found["intervals"], differences = nested(spread.intervals), nested(spread.differences)
        found["silent"] = {"scores": list(study.silent(made.rows)),
                           "baseline": [] if other is None else list(study.silent(other[1].rows))}
    if other is not None:
        found["baseline"] = {"name": other[0], "scores": study.score(other[1]), "differences": differences}
    return found


async def _interruptible(steps: Generator[None, None, Spread]) -> Spread:
    """Return what *steps* come to; between two of them whoever asks for an end is heard."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            spread: Spread = done.value
            return spread
        await asyncio.sleep(0)


def _earlier(study: Study, path: Path | None) -> Begun:
    """Return what an interrupted evaluation left at *path*; raises SettingsError for what is not to be written over."""
    if path is None or not path.exists():
        return begun(path, (), ())
    found = begun(path, [row["id"] for row in study.rows], study.simple.predict(study.sees(study.rows[0])))
    check_kind(found.made, study.lacks, str(path))
    return found


async def _predicted(study: Study, path: Path | None, earlier: Begun, progress: Progress) -> tuple[Made, int, int]:
    """Return the predictions, how many failed now, and how many were there already."""
    errors, rows, total = 0, study.rows, len(study.rows) + len(study.before)
    with Predictions(path, earlier) as kept:
        while (done := len(kept.made)) < len(rows):
            for prediction, failed in await _batch(study, rows[done : done + study.at_once]):
                kept.add(prediction)
                errors += failed
            progress(len(kept.made), total)
    before: list[Prediction] = []
    while (done := len(before)) < len(study.before):
        before += [p for p, _ in await _batch(study, study.before[done : done + study.at_once])]
        progress(len(rows) + len(before), total)
    return Made(kept.made, before), errors, kept.resumed


async def _batch(study: Study, rows: Sequence[Row]) -> list[tuple[Prediction, bool]]:
    await asyncio.sleep(0)  # planning without a model never waits, and a signal is heard only by who does
    asked = [study.predict(study.sees(row)) for row in rows]
    return [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked)


async def _simply(study: Study, rows: Sequence[Row]) -> list[Prediction]:
    found: list[Prediction] = []
    for row in rows:
        found.append(study.simple.predict(study.sees(row)))
        await asyncio.sleep(0)
    return found


async def _other(study: Study, source: str, predictions: Path | None) -> tuple[str, Made]:
    """Return what to compare with, and its name."""
    if source == SIMPLE:
        return study.simple.name, Made(await _simply(study, study.rows), await _simply(study, study.before))
    return source, _written(study, source, predictions)


def _written(study: Study, source: str, predictions: Path | None) -> Made:
    """Return the predictions of these rows that the file *source* holds; raises SettingsError for any other file."""
    if predictions is not None and predictions.absolute() == Path(source).absolute():
        raise SettingsError(f"{source} can't be both, what is compared with and what is written",
                            cause="--baseline and --predictions name one file", hint="give them two names")
    made = read_predictions(Path(source))
    if absent := next((row["id"] for row in study.rows if row["id"] not in made), None):
        raise SettingsError(f"{source} holds no prediction for the row {absent!r}",
                            cause="every row is compared with an earlier prediction of it",
                            hint="--baseline takes what --predictions wrote for the same rows")
    known = all(row["id"] in made for row in study.before)
    found = Made([made[row["id"]] for row in study.rows], [made[row["id"]] for row in study.before] if known else ())
    check_kind([*found.rows, *found.before], study.lacks, source)
    return found
