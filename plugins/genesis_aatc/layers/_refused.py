"""How a layer says no, and the version of the rules that all of them go by."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["POLICY", "Refused"]

POLICY = "2026.11.1"
"""Changes whenever a layer starts to refuse, or to let pass, something else."""


class Refused(Exception):
    """A candidate does not pass; each finding says what to mend, in a sentence."""

    def __init__(self, *findings: str) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings

    @classmethod
    def when(cls, findings: Sequence[str]) -> None:
        """Raise with *findings* when there are any."""
        if findings:
            raise cls(*findings)
