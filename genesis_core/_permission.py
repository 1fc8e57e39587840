"""What one attempt may do: by policy, by the grants of its plan, and by what a person has said of the very action.

The label that decides is made of two halves. Its trust is that of who *chose* the action: of all that the task knows
by then, or of the plan's author or the person that let it do exactly this. Its secrecy is that of what would *leave* by
it. So untrusted text can inform an answer, and can't pick a tool that changes or sends something. Keeping the flow of
control apart from that of data is the idea of "Defeating Prompt Injections by Design" (Debenedetti et al., 2025,
arXiv:2503.18813); the labels are a lattice as in Denning's (see ``policy.Label``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ._policy import CHANGES, Authority
from .policy import Action, Approval, Decision, Grant, Identity, Label, Ruling, Secrecy, Trust
from .records import FrozenDict

if TYPE_CHECKING:
    from ._runscope import RunScope
    from .tasks import Task

__all__ = ["Permits", "told"]

NO_APPROVALS: Mapping[str, Approval] = FrozenDict()


@dataclass(slots=True)
class Permits:
    """The permission of one attempt; grants are used up with it."""

    authority: Authority
    identity: Identity
    grants: Sequence[Grant] = ()
    """Those of its task; none when untrusted text wrote the task."""
    approvals: Mapping[str, Approval] = field(default_factory=lambda: NO_APPROVALS)
    """By the digest of the action."""
    used: dict[int, int] = field(default_factory=dict)
    """Calls made by each grant so far, by its place."""
    held: dict[int, Action] = field(default_factory=dict)
    """The calls that they cover, by identity: each is asked about again when the label has changed before it leaves."""
    done: dict[str, Action] = field(default_factory=dict)
    """The changes that a person approved and this attempt made, by digest."""

    @classmethod
    def of(cls, scope: RunScope, task: Task, said: Label, agent: str) -> Permits:
        """Return those of *agent* at *task*, whose words are labelled *said*: whoever wrote them grants."""
        grants = () if said.trust is Trust.UNTRUSTED else task.grants
        return cls(scope.authority, scope.identity.delegate(agent), grants, scope.approvals.get(task.id, NO_APPROVALS))

    async def decide(
        self, action: Action, label: Label, reads: Secrecy = Secrecy.PUBLIC, who: Identity | None = None
    ) -> Decision:
        """Return the decision on *action* of a task labelled *label*, which would take along what it *reads*."""
        if reads > label.secrecy:
            label = replace(label, secrecy=reads)
        said = self.approvals.get(action.digest) if self.approvals else None
        if said is not None and (refused := self._refused(action, said)) is not None:
            return refused
        granted = bool(self.grants) and self._granted(action)  # counted whoever chose it, or a grant would come on top
        if label.trust is Trust.UNTRUSTED and (said is not None or granted):
            label = replace(label, trust=Trust.USER)
        decision = await self.authority.decide(action, who or self.identity, label)
        if said is not None and decision.effect is Ruling.ASK:
            return Decision.allow("approvals", f"{said.by} approved it, row {said.row}")
        return decision

    def _refused(self, action: Action, said: Approval) -> Decision | None:
        """Return the denial of what a person refused, or approved and an attempt has done: a yes is to one change."""
        if not said.granted:
            return Decision.deny("approvals", f"{said.by} refused it, row {said.row}")
        if action.verb != "call" or action.effect not in CHANGES:
            return None
        earlier = self.done.setdefault(action.digest, action)
        return None if earlier is action else Decision.deny(
            "approvals", f"{said.by} approved it once, row {said.row}, and once it was done")

    def _granted(self, action: Action) -> bool:
        """Return whether the plan grants *action*, and count it; asked about the very same one again, it has."""
        if id(action) in self.held:
            return True
        for place, grant in enumerate(self.grants):
            if self.used.get(place, 0) < grant.times and grant.covers(action):
                self.used[place] = self.used.get(place, 0) + 1
                self.held[id(action)] = action
                return True
        return False


def told(action: Action, decision: Decision) -> dict[str, Any]:
    """Return what the row of a decision says; what waits for a person is written out: that is what it says yes to."""
    said: dict[str, Any] = {
        "verb": action.verb, "resource": action.resource, "effect": action.effect.value,
        "decision": decision.effect.value, "rule": decision.rule, "reason": decision.reason,
    }
    if decision.effect is Ruling.ASK:
        said["action"] = action.digest
        if action.arguments is not None:
            said["arguments"] = action.arguments
    return said
