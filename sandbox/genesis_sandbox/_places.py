"""Which folders are never written to, whoever grants them: where programs, modules and settings are kept.

Those of the system, of this interpreter and package, every place that modules are imported from, hidden folders below
a home (settings, keys) and ``~/bin``. A folder elsewhere whose files somebody runs is not known for one.
"""

from __future__ import annotations

import os
import sys

from ._homes import hidden, homes
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
        if any(_below(os.path.realpath(code), path) for code in sys.path) or _below_modules(path):
            raise _no(path, "holds modules that are imported here")
        if hidden(path) or any(_below(path, f"{home.rstrip('/')}/bin") for home in homes()):
            raise _no(path, "is where settings, keys or programs of a user are kept")
        for other in [*write[:at], *write[at + 1:]]:
            if _below(path, other):
                raise _no(path, f"lies in {other}, which is granted, too")
        for other in read:
            if _below(other, path):
                raise _no(path, f"would hide {other}, which is granted for reading")


def _below_modules(path: str) -> bool:
    """Tell whether modules may be imported from there; what lies in the current folder is the caller's own work."""
    here = os.path.realpath(os.curdir)
    return any(_below(path, code) for code in map(os.path.realpath, sys.path) if code != here)


def _below(path: str, upper: str) -> bool:
    return path == upper or path.startswith(upper.rstrip("/") + "/")


def _no(path: str, why: str) -> SandboxUnavailable:
    return SandboxUnavailable(f"write: {path} {why}", "grant a folder that is made for what the program writes")
