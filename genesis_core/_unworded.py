"""What planning hooks see of outcomes: figures, and names that are registered here.

A task's name may come from a file's name, a skill or an error's code from what an agent read. Words that text from
outside once led to are no more to be believed in a later run: in their place stands what is the same for the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING

from . import errors
from .outcomes import TaskOutcome

if TYPE_CHECKING:
    from ._provided import Provided
    from ._records import Records

__all__ = ["told", "unworded"]

OWN_CODES = ("blocked", "no_model", "not_accepted", "skipped", "task_failed", "unexpected", "unrouted")


def told(records: Records, given: Provided) -> tuple[TaskOutcome, ...]:
    """Return the outcomes of earlier runs as planning hooks see them."""
    skills = {skill.id for card in given.cards.values() for skill in card.skills}
    return unworded(records.outcomes(), agents=given.cards, skills=skills, models=given.models)


def unworded(
    outcomes: Iterable[TaskOutcome], *, agents: Collection[str], skills: Collection[str], models: Collection[str]
) -> tuple[TaskOutcome, ...]:
    """Return *outcomes* with a digest in place of each name that is none of *agents*, *skills* or *models*."""
    codes = _codes()
    return tuple(
        o._replace(task=_instead(o.task), agent=_known(o.agent, agents), model=_known(o.model, models),
                   skills=tuple(_known(skill, skills) for skill in o.skills), code=_known(o.code, codes))
        for o in outcomes
    )


def _known(name: str, names: Collection[str]) -> str:
    return name if not name or name in names else _instead(name)


@cache
def _instead(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@cache
def _codes() -> frozenset[str]:
    """Return the codes that the kernel itself gives."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GenesisError))
    return frozenset((*OWN_CODES, *(kind("").code for kind in kinds)))
