"""The door that the words of a goal, a plan and a change of it pass, and those of strangers' cards and tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ._answers import texts
from ._plain import card_names, card_words, plain_card, plain_tool, tool_names, tool_words
from ._plugins import PluginInfo, Plugins
from ._policy import Authority
from ._provided import PROGRAM, Provided
from .errors import LimitExceeded
from .plans import Finding, Outcome, PlanContext, Screening, Severity
from .policy import Label, Secrecy, Trust
from .runs import EventKind
from .tasks import Goal, Task

__all__ = ["Gate", "leave_out_doubtful_words"]

QUARANTINE = "kernel.quarantine"


@dataclass(slots=True)
class Gate:
    """Screens what planning is given in words; what is doubted becomes a note of the plan."""

    plugins: Plugins
    context: PlanContext
    decide: Callable[..., None]
    doubts: list[Finding] = field(default_factory=list)

    async def goal(self, goal: Goal) -> None:
        """Let the goal's text pass; raises LimitExceeded or AccessDenied."""
        limit = self.context.limits.max_goal_chars
        if len(goal.text) > limit:
            raise LimitExceeded(
                f"the goal has {len(goal.text)} characters; at most {limit} are allowed",
                cause="a goal is a wish, not a document", hint="put the material into a file and name it in the goal",
            )
        await self._screen(goal.text, goal.label, "the goal")

    async def tasks(self, label: Label, tasks: Iterable[Task], what: str) -> None:
        """Let tasks that somebody wrote pass, as one text; raises AccessDenied."""
        text = "\n".join(line for task in tasks for line in texts(task))
        if text:
            await self._screen(text, label, what)

    async def doubted(self, label: Label, tasks: Iterable[Task], goal: str) -> tuple[str, ...]:
        """Return those of *tasks* whose words, led to by text labelled *label*, are doubted; the *goal*'s own are not.

        Each is screened by itself, as what others say must not cover it. Raises AccessDenied for blocked words.
        """
        found: list[str] = []
        for task in tasks:
            text = "\n".join(said for said in texts(task) if said not in goal)
            what = "the words of a task that text from outside led to"
            if text and (screening := await self._screen(text, label, what)).outcome is Outcome.QUARANTINE:
                found.append(task.id)
                self.doubts[-1] = doubt(what, screening).replace(task_ids=(task.id,))
        return tuple(found)

    async def screened(self, text: str, label: Label) -> Screening:
        """Return what the guards say of *text*, for a pipeline that asks; nothing is recorded, refused or noted."""
        return await Authority(self.plugins, self.context).screened(text, label)

    async def _screen(self, text: str, label: Label, what: str) -> Screening:
        screening = await Authority(self.plugins, self.context).screen(text, label, what)
        self.decide(EventKind.SCREENED, what=what, outcome=screening.outcome.value, reasons=list(screening.reasons))
        if screening.outcome is Outcome.QUARANTINE:
            self.doubts.append(doubt(what, screening))
        return screening


def doubt(what: str, screening: Screening) -> Finding:
    why = "; ".join(screening.reasons) or "no reason was given"
    return Finding(rule=QUARANTINE, severity=Severity.NOTE, message=f"screening doubts {what}: {why}")


async def leave_out_doubtful_words(plugins: Plugins, given: Provided, context: PlanContext) -> None:
    """Take the words out of strangers' cards and tools that screening doubts; every plan has a note of it.

    They enter prompts and decide where tasks go. The names stay, so that a plan can still say who is meant; whose very
    names (or values to choose from) are doubted has no part in anything.
    """
    authority, found = Authority(plugins, context), list[Finding]()
    for name, agent in given.agents.items():
        owner, card = given.owners["agent", name], agent.card
        screening = await _of_stranger(authority, owner, card_words(card))
        if screening is None:
            continue
        given.cards[name] = plain_card(card)
        what = f"the card of agent {name!r} of {owner.owner}; its words play no part"
        if (names := await _of_stranger(authority, owner, card_names(card))) is not None:
            del given.cards[name]
            what, screening = f"the names in the card of an agent of {owner.owner}; it is left out", names
        found.append(doubt(what, screening))
    for name, tool in list(given.tools.items()):
        owner = given.owners["tool", name]
        screening = await _of_stranger(authority, owner, tool_words(tool.spec))
        if screening is None:
            continue
        given.tools[name] = plain_tool(tool)
        what = f"the words of tool {name!r} of {owner.owner}; no model is shown them"
        if (names := await _of_stranger(authority, owner, tool_names(tool.spec))) is not None:
            del given.tools[name]
            what, screening = f"the names in a tool of {owner.owner}; it is left out", names
        found.append(doubt(what, screening))
    given.doubts = tuple(found)


async def _of_stranger(authority: Authority, owner: PluginInfo, words: Iterable[str]) -> Screening | None:
    """Return what screening doubts in the *words* of a third party; None: nothing, or they are not a third party's."""
    if owner.builtin or owner.name == PROGRAM:
        return None
    label = Label(Trust.UNTRUSTED, Secrecy.PUBLIC, frozenset({f"plugin:{owner.name}"}))
    text = "\n".join(filter(None, words))
    screening = await authority.screened(text, label)
    if screening.outcome is Outcome.QUARANTINE and all(span == (0, len(text)) for span in screening.spans):
        return None  # a score without a place is too little to take somebody's words away: short texts often have one
    return None if screening.outcome is Outcome.ALLOW else screening
