"""Which fields a prediction must have, by the kind of evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genesis_core import SettingsError

from ._predictions import Prediction

__all__ = ["NUMBER", "Lacks", "check_kind", "having"]

NUMBER = (int, float)
Lacks = Callable[[Prediction], str]
"""Says which field a prediction of some kind must have, and one has not as it must be; empty: none."""


def having(**kinds: type | tuple[type, ...]) -> Lacks:
    """Return what says which of these fields a prediction has not, or as another kind of value."""

    def lacks(prediction: Prediction) -> str:
        return next((name for name, kind in kinds.items()
                     if name not in prediction or not isinstance(prediction[name], kind)), "")

    return lacks


def check_kind(predictions: Sequence[Prediction], lacks: Lacks, source: str) -> None:
    """Raise SettingsError for a prediction of another kind of evaluation."""
    for prediction in predictions:
        if name := lacks(prediction):
            raise SettingsError(f"{source} holds other predictions: that of the row {prediction['id']!r} has no "
                                f"{name!r} that can be scored", cause="it was written by another kind of evaluation",
                                hint="name one that --predictions wrote for the same kind")
