"""Which folders are never written to, whoever grants them: those whose files somebody runs, or reads as settings."""

from __future__ import annotations

import os
import sys

from .errors import SandboxUnavailable

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_places"]

SYSTEM = ("/usr", "/etc", "/boot", "/lib", "/lib64", "/bin", "/sbin",
          "/var/lib", "/var/spool", "/var/log", "/var/cache")  # fmt: skip


def check_places(write: Sequence[str], read: Sequence[str]) -> None:
    """Raise SandboxUnavailable unless every path of `write` is a folder that files may be put into."""
    for at, path in enumerate(write):
        if not os.path.isdir(path) or not os.access(path, os.W_OK | os.X_OK):
            raise _no(path, "is not a folder that you may write to")
        if any(_below(path, upper) for upper in SYSTEM):
            raise _no(path, "belongs to the system")
        for code in (sys.prefix, sys.base_prefix, os.path.dirname(__file__)):
            if _below(path, os.path.realpath(code)) or _below(os.path.realpath(code), path):
                raise _no(path, "holds programs that run here")
        if any(_below(os.path.realpath(code), path) for code in sys.path):
            raise _no(path, "holds modules that are imported here")
        for other in [*write[:at], *write[at + 1:]]:
            if _below(path, other):
                raise _no(path, f"lies in {other}, which is granted, too")
        for other in read:
            if _below(other, path):
                raise _no(path, f"would hide {other}, which is granted for reading")


def _below(path: str, upper: str) -> bool:
    return path == upper or path.startswith(upper.rstrip("/") + "/")


def _no(path: str, why: str) -> SandboxUnavailable:
    return SandboxUnavailable(f"write: {path} {why}", "grant a folder that is made for what the program writes")
