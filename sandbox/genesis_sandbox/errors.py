"""The one error of the sandbox: it cannot isolate here, or was asked for something that it cannot enforce."""

from __future__ import annotations

__all__ = ["SandboxUnavailable"]


class SandboxUnavailable(Exception):  # named by the domain
    """Nothing was run: this machine, tier or request does not allow it to be contained."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint or "genesis sandbox doctor tells what this machine allows"
