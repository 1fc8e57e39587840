"""Ask what a plugin offers for a command: its book of patterns, of rules, of what it learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ._session import Session

if TYPE_CHECKING:
    from genesis_core import Genesis, PlanContext

    from ._problem import Problem

__all__ = ["asked", "faulty", "many", "place"]


def asked(session: Session, kind: str, ask: Callable[[Genesis, Any, PlanContext], Any], lacks: str) -> Any:
    """Return what *ask* says of the first offer of a *kind*; raises SettingsError, *lacks*, where there is none."""
    from genesis_core import Goal, SettingsError

    from ._drive import run_async

    async def answered() -> Any:
        async with session.entered() as genesis:
            offered = genesis.provided.offers.get(kind, {})
            if not offered:
                raise SettingsError(lacks, cause=f"none of them has an offer of kind {kind!r}",
                                    hint="genesis plugins shows what is blocked")
            return ask(genesis, next(iter(offered.values())), genesis.context(Goal(text=kind)))

    return run_async(answered())


def faulty(found: Mapping[str, Any], why: str) -> Problem | None:
    """Return the problem of a file that was checked, its first fault and *why* that counts; None: it has no fault."""
    from ._problem import Problem

    faults = found["faults"]
    if not faults:
        return None
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Problem(f"{place(found['file'], first['line'])} {first['message']}{more}", why, first["hint"],
                   code="settings", exit_code=2)


def place(file: str, line: int | None) -> str:
    """Return where something stands, as an editor reads it."""
    return f"{file}:{line}:" if line else f"{file}:"


def many(count: int, what: str) -> str:
    """Return how many there are of *what*."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
