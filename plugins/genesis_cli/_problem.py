"""Why something did not work: three lines for people, one object for programs."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from . import _streams as streams

__all__ = ["Problem", "Stopped"]


@dataclass(frozen=True)
class Problem:
    """Why something did not work: three lines for people, one object for programs."""

    message: str
    cause: str = ""
    hint: str = ""
    code: str = "error"
    exit_code: int = 1
    correlation_id: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the ``error`` of the envelope."""
        from genesis_core import redacted

        return {"code": self.code, "message": redacted(self.message), "cause": redacted(self.cause),
                "hint": redacted(self.hint), "correlation_id": self.correlation_id}

    def lines(self) -> str:
        """Return the three lines."""
        from genesis_core import redacted

        rows = (("error", self.message, "red"), ("cause", self.cause or "unknown", "dim"),
                ("hint", self.hint or "genesis --help", "cyan"))
        return "\n".join(f"{streams.paint(f'{name}:', tone, stream=sys.stderr)} {streams.one_line(redacted(text))}"
                         for name, text, tone in rows)


class Stopped(BaseException):
    """A signal came before there was a run to cancel."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number
