"""Run Python that nobody has read, so that it reaches nothing: no file, no network, no process, and not for long.

The boundary is the operating system's. Mechanism only: who may run what is decided before :func:`run` is called.
Standard library only, and importing this imports nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from ._launchers import choose as choose
    from .capabilities import Capabilities as Capabilities
    from .errors import SandboxUnavailable as SandboxUnavailable
    from .limits import Limits as Limits
    from .outcome import Ended as Ended
    from .outcome import Failure as Failure
    from .outcome import Outcome as Outcome
    from .outcome import Written as Written
    from .pool import Pool as Pool
    from .running import run as run
    from .selftest import Attack as Attack
    from .selftest import SelfTest as SelfTest
    from .selftest import self_test as self_test

_OWNERS = {
    "Attack": "selftest", "Capabilities": "capabilities", "Ended": "outcome", "Failure": "outcome", "Limits": "limits",
    "Outcome": "outcome", "Pool": "pool", "SandboxUnavailable": "errors", "SelfTest": "selftest", "run": "running",
    "Written": "outcome", "choose": "_launchers", "self_test": "selftest",
}  # fmt: skip

__all__ = [
    "Attack", "Capabilities", "Ended", "Failure", "Limits", "Outcome", "Pool", "SandboxUnavailable", "SelfTest",
    "Written", "choose", "run", "self_test",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _OWNERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_OWNERS[name]}", __name__), name)
