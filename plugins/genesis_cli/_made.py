"""What was made here, for ``genesis tools`` and ``genesis agents``: which workshop, which version, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from genesis_core import MadeState, SettingsError

from ._group import nearest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from click import Context, Parameter
    from click.shell_completion import CompletionItem

    from genesis_core import Genesis, Made, Workshop

    from ._session import Session

__all__ = ["brief", "chosen", "complete_made", "detail", "offered_by", "workshop_of"]

SHORTEST = 4
"""Characters of a digest that name a version."""
ANY = tuple(MadeState)


@asynccontextmanager
async def workshop_of(session: Session) -> AsyncIterator[tuple[Genesis, Workshop]]:
    """Give the workshop that the operator chose (raises SettingsError when there is none)."""
    async with session.entered() as genesis:
        workshop = genesis.workshop()
        if workshop is None:
            raise SettingsError("nobody makes tools here", cause="no loaded plugin offers a workshop",
                                hint="genesis plugins shows what is loaded")
        yield genesis, workshop


def chosen(made: Sequence[Made], word: str, kind: str, *states: MadeState) -> Made:
    """Return the version that *word* names: by a unique beginning of its digest, or by its name.

    Of one name, a version in the first of *states* that there is one in; those not named come last. Raises
    SettingsError for nothing, and for more than one.
    """
    there = [m for m in made if m.kind == kind]
    named = [m for m in there if m.name == word]
    if not named:
        begun = [m for m in there if len(word) >= SHORTEST and m.digest.startswith(word.lower())]
        return begun[0] if len(begun) == 1 else _nothing(word, kind, there, begun)
    for state in dict.fromkeys((*states, *ANY)):
        found = [m for m in named if m.state is state]
        if len(found) == 1:
            return found[0]
        if found:
            return _nothing(word, kind, there, found)
    raise AssertionError("unreachable")


def _nothing(word: str, kind: str, there: Sequence[Made], found: Sequence[Made]) -> Made:
    if found:
        raise SettingsError(f"{word!r} is more than one {kind}: {', '.join(m.digest[:12] for m in found[:8])}",
                            cause="; ".join(f"{m.digest[:12]} is {m.state.value}, {m.created:%Y-%m-%d %H:%M:%S}"
                                            for m in sorted(found, key=lambda m: m.created, reverse=True)[:8]),
                            hint=f"name one by its digest: genesis {kind}s show {_newest(found)}")
    near = nearest(word, [m.name for m in there])
    raise SettingsError(f"no {kind} {word!r} was made here" + (f"; did you mean {near!r}?" if near else ""),
                        cause=f"known: {', '.join(sorted({m.name for m in there})[:20]) or 'none'}",
                        hint=f"genesis {kind}s show {near}" if near else f"genesis {kind}s list")


def _newest(found: Sequence[Made]) -> str:
    return max(found, key=lambda m: m.created).digest[:12]


def offered_by(workshop: Workshop) -> frozenset[str]:
    """Return the digests of the tools that plans may use."""
    return frozenset(tool.source.removeprefix("sha256:") for tool in workshop.tools())


def brief(made: Made, *, offered: bool) -> dict[str, Any]:
    """Return what a list says of a version."""
    said = made.tool.description if made.tool is not None else made.card.description if made.card is not None else ""
    return {
        "digest": made.digest, "name": made.name, "state": made.state.value, "offered": offered, "author": made.author,
        "created": made.created.isoformat(), "label": made.label.to_json(), "description": said,
        "calls": made.calls, "failures": made.failures, "why": made.why,
    }


def detail(made: Made, *, offered: bool) -> dict[str, Any]:
    """Return everything that is known of a version."""
    return {**made.model_dump(mode="json"), "offered": offered}


def complete_made(context: Context, _: Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a tool that was made, with its state beside it."""
    from click.shell_completion import CompletionItem

    from ._drive import run_async
    from ._session import Session

    session = context.obj if isinstance(context.obj, Session) else Session()

    async def names() -> Sequence[Made]:
        async with workshop_of(session) as (_, workshop):
            return workshop.made()

    try:
        found = run_async(names())
    except Exception:  # noqa: BLE001  # a shell that completes wants names, or nothing
        return []
    return [CompletionItem(m.name, help=m.state.value) for m in found
            if m.kind == "tool" and m.name.startswith(incomplete)]
