"""Delegation: who lets whom act for it. Each hop is signed by its giver, and none gives more than it had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from genesis_core import Delegation, EnvelopeRefused, Refusal

from ._strict import check_name, dump

__all__ = ["check_chain", "hop_data", "hops_of", "scopes_of"]

Check = Callable[[str, bytes, str], Refusal | None]
"""Takes an actor, what it is said to have signed, and the MAC in hexadecimal."""
FIELDS = ("expires", "giver", "mac", "scopes", "taker")


def scopes_of(scopes: Iterable[object]) -> tuple[str, ...]:
    """Return *scopes* sorted, each once (raises EnvelopeRefused for one that is no name)."""
    return tuple(sorted({check_name(scope, "the scope") for scope in scopes}))


def hop_data(before: str, giver: str, taker: str, scopes: Sequence[str], expires: int) -> bytes:
    """Return what a giver signs: the hop, and the MAC of the one before it."""
    return b"genesis delegation 1 " + dump([before, giver, taker, list(scopes), expires], 2)


def hops_of(rows: object) -> tuple[Delegation, ...]:
    """Return the hops that a header's list of them says (raises EnvelopeRefused)."""
    if not isinstance(rows, list):
        raise EnvelopeRefused(Refusal.UNREADABLE, "its chain is no list")
    return tuple(_hop(row) for row in rows)


def _hop(row: Any) -> Delegation:
    if not isinstance(row, dict) or tuple(sorted(row)) != FIELDS:
        raise EnvelopeRefused(Refusal.UNREADABLE, "a delegation in it has other fields than it should")
    expires, mac, scopes = row["expires"], row["mac"], row["scopes"]
    if not isinstance(scopes, list) or not isinstance(mac, str) or expires.__class__ is not int:
        raise EnvelopeRefused(Refusal.UNREADABLE, "a delegation in it has a field of another type")
    return Delegation(giver=check_name(row["giver"], "the giver"), taker=check_name(row["taker"], "the taker"),
                      scopes=scopes_of(scopes), expires=expires, mac=mac)


def check_chain(chain: Sequence[Delegation], check: Check, max_hops: int) -> None:
    """Check that each hop follows from the one before, narrower or as wide (raises EnvelopeRefused)."""
    if len(chain) > max_hops:
        raise EnvelopeRefused(Refusal.OVERSIZED, f"{len(chain)} delegations; {max_hops} are allowed")
    before: Delegation | None = None
    for hop in chain:
        _check_hop(hop, before, check)
        before = hop


def _check_hop(hop: Delegation, before: Delegation | None, check: Check) -> None:
    data = hop_data(before.mac if before else "", hop.giver, hop.taker, hop.scopes, hop.expires)
    refusal = check(hop.giver, data, hop.mac)
    if refusal is not None:
        raise EnvelopeRefused(refusal, f"the delegation of {hop.giver} to {hop.taker}: {refusal}")
    if before is None:
        return
    if hop.giver != before.taker:
        raise EnvelopeRefused(Refusal.WRONG_SUBJECT, f"{hop.giver} passes on what {before.taker} was given")
    if not set(hop.scopes) <= set(before.scopes) or hop.expires > before.expires:
        raise EnvelopeRefused(Refusal.WIDENED, f"{hop.giver} gives {hop.taker} more than {before.giver} gave it")
