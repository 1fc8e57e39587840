"""What one attempt may do: by policy, by the grants of its plan, and by what a person has said of the very action.

The label that decides is made of two halves. Its trust is that of who *chose* the action: of all that the task knows
by then, or of the plan's author or the person that let it do exactly this. Its secrecy is that of what would *leave* by
it. So untrusted text can inform an answer, and can't pick a tool that changes or sends something. Keeping the flow of
control apart from that of data is the idea of "Defeating Prompt Injections by Design" (Debenedetti et al., 2025,
arXiv:2503.18813); the labels are a lattice as in Denning's (see ``policy.Label``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ._passed import Passed
from ._policy import PROVENANCE, Authority
from .policy import Action, Approval, Decision, Grant, Identity, Label, Ruling, Secrecy, Trust
from .records import FrozenDict

if TYPE_CHECKING:
    from ._runscope import RunScope
    from .tasks import Task

__all__ = ["Permits", "told"]

NO_APPROVALS: Mapping[str, Approval] = FrozenDict()
UNCOUNTED = ("read", "run", "endorse")
"""What a person may approve that is not used up: each attempt begins with it, or changes nothing by it."""


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
    held: dict[int, tuple[Action, int]] = field(default_factory=dict)
    """The calls that they cover, by identity: each is asked about again when the label has changed before it leaves."""
    done: dict[str, Action] = field(default_factory=dict)
    """What a person approved and this attempt did, by digest."""
    earlier: list[Passed] = field(default_factory=list)
    """What earlier attempts did, and this one has not come to yet."""
    again: dict[int, tuple[Action, Passed]] = field(default_factory=dict)
    """Of those, what this attempt has come to, by the identity of the action."""

    @classmethod
    def of(cls, scope: RunScope, task: Task, said: Label, agent: str) -> Permits:
        """Return those of *agent* at *task*, whose words are labelled *said*: whoever wrote them grants."""
        grants = () if said.trust is Trust.UNTRUSTED else task.grants
        earlier = list(scope.passed.get(task.id, ()))
        used = Counter(passed.grant for passed in earlier if passed.grant is not None)
        return cls(scope.authority, scope.identity.delegate(agent), grants, scope.approvals.get(task.id, NO_APPROVALS),
                   used=used, earlier=earlier)

    async def decide(
        self, action: Action, label: Label, reads: Secrecy = Secrecy.PUBLIC, who: Identity | None = None
    ) -> Decision:
        """Return the decision on *action* of a task labelled *label*, which would take along what it *reads*."""
        if reads > label.secrecy:
            label = replace(label, secrecy=reads)
        said = self.approvals.get(action.digest) if self.approvals else None
        if self.earlier and (before := self._before(action)) is not None:
            return before
        if said is not None and (refused := self._refused(action, said)) is not None:
            return refused
        granted = bool(self.grants) and self._granted(action)  # counted whoever chose it, or a grant would come on top
        if label.trust is Trust.UNTRUSTED and (said is not None or granted):
            label = replace(label, trust=Trust.USER)
        decision = await self.authority.decide(action, who or self.identity, label)
        if said is not None and decision.effect is Ruling.ASK:
            return Decision.allow("approvals", f"{said.by} approved it, row {said.row}")
        if decision.rule == PROVENANCE and (why := self._ungranted(action)):
            return replace(decision, reason=f"{decision.reason}; {why}")
        return decision

    def _ungranted(self, action: Action) -> str:
        """Return why no grant of this very tool covers *action*; empty when the plan grants nothing of it."""
        own = [grant for grant in self.grants if action.verb == "call" and grant.tool == action.resource]
        whys = [grant.misses(action) for grant in own]
        if "" in whys:
            return f"its grant is used up: {sum(grant.times for grant in own if grant.covers(action))} in all"
        return f"its grant does not cover it: {', or '.join(dict.fromkeys(whys))}" if whys else ""

    def passing(self, action: Action) -> dict[str, Any]:
        """Return what the row of *action*, which is allowed, says when a grant or an approval lets it pass."""
        if not self.grants and not self.approvals:
            return {}
        said: dict[str, Any] = {"grant": self.held[id(action)][1]} if id(action) in self.held else {}
        return {**said, "action": action.digest} if said or action.digest in self.approvals else {}

    def given(self, action: Action) -> Passed | None:
        """Return what came of *action* in an earlier attempt, when it is not to be done again."""
        found = self.again.get(id(action)) if self.again else None
        return None if found is None else found[1]

    def _before(self, action: Action) -> Decision | None:
        """Return the decision on what an earlier attempt did: what came of it is given again, where that is kept."""
        name = action.digest
        passed = next((passed for passed in self.earlier if passed.action == name), None)
        if passed is None:
            return None
        self.done.setdefault(name, action)
        if not passed.gave:
            return Decision.deny("approvals", f"an earlier attempt did it, row {passed.row}, and what came of it is "
                                              "not kept")
        self.earlier.remove(passed)
        self.again[id(action)] = action, passed
        return Decision.allow("approvals", f"an earlier attempt did it, row {passed.row}: its answer is given again")

    def _refused(self, action: Action, said: Approval) -> Decision | None:
        """Return the denial of what a person refused, or approved and this attempt has done: a yes is to one time."""
        if not said.granted:
            return Decision.deny("approvals", f"{said.by} refused it, row {said.row}")
        if action.verb in UNCOUNTED:
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
                self.held[id(action)] = action, place
                return True
        return False


def told(action: Action, decision: Decision, *, covered: bool = False) -> dict[str, Any]:
    """Return what the row of a decision says; what waits for a person is written out: that is what it says yes to.

    What ``--yes`` has *covered* waits for nobody.
    """
    said: dict[str, Any] = {
        "verb": action.verb, "resource": action.resource, "effect": action.effect.value,
        "decision": decision.effect.value, "rule": decision.rule, "reason": decision.reason,
    }
    if decision.effect is Ruling.ASK:
        said["action"] = action.digest
        if action.arguments is not None:
            said["arguments"] = action.arguments
        if covered:
            said["yes"] = True
    return said
