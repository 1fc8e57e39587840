"""What ``genesis tools`` does from a need to a tool that plans may use: propose, try, promote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genesis_core import Admission, Effect, Genesis, Made, MadeState, Need, Proposal, ToolError, ToolSpec

from ._lists import confirmed
from ._made import chosen, detail, offered_by, workshop_of
from ._problem import Problem
from ._session import Session
from ._tools_text import asking, check_lines, refused_by

__all__ = ["promoted", "proposed", "tried"]

BY = "user"
"""Who grants what is granted on the command line."""


async def proposed(session: Session, need: Need, source: str | None, asks: dict[str, list[str]]) -> int:
    """Keep what is written for *need*, or *source*, as proposed."""
    async with workshop_of(session) as (genesis, workshop):
        proposal = await _written(genesis, need) if source is None else _by_hand(need, source, asks)
        made = await workshop.propose(need, proposal)
        offered = made.digest in offered_by(workshop)
    name = made.digest[:12]
    new = made.state is MadeState.PROPOSED
    more = "nothing of it has run yet" if new else "it was made before, and stays as it is"
    status = session.answer(detail(made, offered=offered),
                            f"{made.name} {name} is {made.state.value}; by {made.author}; {more}")
    steps = {MadeState.PROPOSED: (f"genesis tools trial {name}", "run its trial"),
             MadeState.ACTIVE: (f"genesis tools call {made.name} JSON", "call it")}
    session.next_steps([(f"genesis tools show {name}", "read it"),
                        steps.get(made.state, (f"genesis tools promote {name}", "let plans use it"))])
    return status


async def _written(genesis: Genesis, need: Need) -> Proposal:
    found = await genesis.generate(need)
    if not isinstance(found, Proposal):
        how = "no program was found that is right on each of its examples" if need.examples else "it has no examples"
        more = "" if genesis.provided.models else ", and no model is configured that could write one"
        raise ToolError(f"no tool {need.name!r} could be made", cause=how + more,
                        hint="add examples, or give the source: --code FILE.py")
    return found


def _by_hand(need: Need, source: str, asks: dict[str, list[str]]) -> Proposal:
    effect = Effect.READ if asks.get("read") or asks.get("env") else Effect.PURE
    spec = ToolSpec(name=need.name, version="1.0.0", description=need.description, input_schema=need.input_schema,
                    output_schema=need.output_schema, effect=effect, capabilities=asks)
    return Proposal(spec=spec, code=source, author="file")


async def tried(session: Session, name: str, yes: bool) -> int:
    """Run the trial of *name*, with what it asks for if a person lets it."""
    async with workshop_of(session) as (_, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.PROPOSED, MadeState.TRIALLED, MadeState.ACTIVE)
        asks = asking(made)
        if asks and not yes and not confirmed(f"try {made.name} {made.digest[:12]} with that?", asks):
            return session.answer({"passed": None, "digest": made.digest}, "nothing was tried")
        admission = await workshop.trial(made.digest, approved=BY if asks else "")
    problem = None
    if admission.tool is None:
        layer, why = refused_by(admission)
        problem = Problem(f"{made.name} {made.digest[:12]} is refused by layer {layer}", why,
                          "mend it, or add examples, and propose it again", code="refused", exit_code=1)
    status = session.answer(_admission(made, admission), lambda: "\n".join(check_lines(admission.checks)), problem)
    if problem is None:
        session.next_steps([(f"genesis tools promote {made.digest[:12]}", "let plans use it")])
    return status


def _admission(made: Made, admission: Admission) -> dict[str, Any]:
    return {"name": made.name, "digest": made.digest, "passed": admission.tool is not None, "why": admission.why,
            "checks": [check.model_dump(mode="json") for check in admission.checks]}


async def promoted(session: Session, name: str, yes: bool) -> int:
    """Let plans use *name*, if a person lets it have what it asks for and take whose place it takes."""
    async with workshop_of(session) as (_, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.TRIALLED, MadeState.PROPOSED, MadeState.ACTIVE)
        doubts = _doubts(made, workshop.made())
        if doubts and not yes and made.state is not MadeState.PROPOSED and not confirmed(
                f"let plans use {made.name} {made.digest[:12]}?", doubts):
            return session.answer({"promoted": False, "digest": made.digest}, "nothing was promoted")
        done = workshop.promote(made.digest, approved=BY if doubts else "")
        offered = done.digest in offered_by(workshop)
    return session.answer({"promoted": True, **detail(done, offered=offered)},
                          f"{done.name} {done.digest[:12]} is {done.state.value}")


def _doubts(made: Made, others: Sequence[Made]) -> list[str]:
    """Return what a person should say yes to before *made* is used: what it asks for, and whom it would replace."""
    found = asking(made)
    found += [f"it takes the place of {other.digest[:12]}, which may be believed further" for other in others
              if other.name == made.name and other.kind == "tool" and other.state is MadeState.ACTIVE
              and other.label.trust > made.label.trust]
    return found
