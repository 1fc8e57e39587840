"""Ask for permission and screen texts: the kernel's side of security, outside the order of plugins.

Decisions merge "most restrictive wins": any deny wins; an allow counts only from a plugin whose trust level is
"security"; silence denies; an exception denies. No plugin can loosen what another one says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._plugins import Plugins
from .errors import AccessDenied, PluginError
from .plans import Outcome, PlanContext, Screening
from .policy import Action, Decision, Effect, Identity, Label, Ruling, Secrecy, Trust

__all__ = ["CHANGES", "Authority", "Waiting", "merge_decisions", "merge_screenings"]


CHANGES = (Effect.WRITE, Effect.SEND)
"""What a tool may do to the world that text from outside must not choose."""


APPROVE = "genesis approvals grant RUN TASK, then genesis resume RUN"
POLICY = "genesis config --origin shows the policy in force"
SCREENING = "[policy.screening] of your own settings file says from which score on texts are blocked"
PROVENANCE = "kernel.provenance"
"""The rule that untrusted text chooses nothing; a yes to everything (``--yes``) does not cover it."""
SILENCE = "default-deny"
"""The rule by which the guard denies what no rule allows."""
WAY_OUT = {
    PROVENANCE: "grant the task exactly this call in a plan file: docs/provenance.md of the source shows how",
    "approvals": "that answer stands for this run; genesis run --again RUN asks anew",
    "kernel.secrecy": "docs/provenance.md of the source says what is secret, and why",
}
"""Hints by rule."""


class Waiting(AccessDenied):
    """A person must approve this first; the task waits."""


class Authority:
    """Decides actions and screens texts for one run."""

    def __init__(self, plugins: Plugins, context: PlanContext, *, yes: bool = False) -> None:
        self._plugins, self._context, self._yes = plugins, context, yes
        own = context.settings.get("guard", {})
        self._untrusted = Ruling.ASK if own.get("untrusted") == Ruling.ASK.value else Ruling.DENY
        self._judges = [
            (impl, plugins.info(impl.plugin_name).trust == "security") for impl in plugins.hook("genesis_authorize")
        ]

    async def decide(self, action: Action, identity: Identity, label: Label) -> Decision:
        """Return the merged decision on *action*: what the label forbids, no plugin can allow."""
        forbidden = None
        if label.trust is Trust.UNTRUSTED or label.secrecy is Secrecy.SECRET:
            forbidden = _forbidden(action, label, self._untrusted)
            if forbidden is not None and forbidden.effect is Ruling.DENY:
                return forbidden
        if action.arguments and _hands_over(action):
            label = replace(label, secrecy=Secrecy.SECRET)  # a rule that lets a secret go must say so
        arguments = {"action": action, "identity": identity, "label": label, "context": self._context}
        answers: list[tuple[Decision, bool]] = []
        for impl, trusted in self._judges:
            try:
                answer: Any = impl.function(*[arguments[a] for a in impl.argnames])
                if answer.__class__ is not Decision and answer is not None:
                    answer = _decision(await answer)
            except Exception as error:  # noqa: BLE001  # whatever a guard raises, the answer is no
                return Decision.deny(f"{impl.plugin_name}: error", f"{type(error).__name__}: {error}")
            if answer is not None:
                answers.append((answer, trusted))
        merged = merge_decisions(answers)
        return merged if forbidden is None or merged.effect is Ruling.DENY else forbidden

    def enforce(self, action: Action, decision: Decision) -> None:
        """Let an allowed action pass; raise AccessDenied, or Waiting when a person must approve it."""
        if decision.effect is Ruling.ALLOW or self.covers(decision):
            return
        kind = Waiting if decision.effect is Ruling.ASK else AccessDenied
        raise kind(
            f"{action.verb} {action.resource!r} is {'not approved yet' if kind is Waiting else 'denied'}",
            cause=f"rule {decision.rule!r}" + (f": {decision.reason}" if decision.reason else ""),
            hint=_way_out(action, decision) if kind is AccessDenied else APPROVE,
        )

    def covers(self, decision: Decision) -> bool:
        """Return whether ``--yes`` answers what *decision* leaves to a person."""
        return decision.effect is Ruling.ASK and self._yes and decision.rule != PROVENANCE

    async def screen(self, text: str, label: Label, what: str) -> Screening:
        """Return the merged screening of *text*; raises AccessDenied when it is blocked."""
        screening = await self.screened(text, label)
        if screening.outcome is Outcome.BLOCK:
            raise AccessDenied(f"{what} was blocked by screening", cause="; ".join(screening.reasons),
                               hint=f"reword {what}, without what the cause names; {SCREENING}")
        return screening

    async def screened(self, text: str, label: Label) -> Screening:
        """Return what all guards together say of *text*, whatever that is."""
        arguments = {"text": text, "label": label, "context": self._context}
        found: list[Screening] = []
        for impl in self._plugins.hook("genesis_screen"):
            answer = await self._plugins.ask(impl, arguments)
            if answer is not None:
                found.append(_screening(answer, impl.plugin_name))
        return merge_screenings(found)


def _way_out(action: Action, decision: Decision) -> str:
    if decision.rule == SILENCE:
        return (f'in your settings file: [[policy.rules]] id = "mine", verbs = ["{action.verb}"], '
                f'resources = ["{action.resource}"], decision = "allow"')
    return WAY_OUT.get(decision.rule, POLICY)


def _forbidden(action: Action, label: Label, untrusted: Ruling = Ruling.DENY) -> Decision | None:
    """Return what stands against a call that untrusted text would choose, or that secret data would leave by."""
    if action.verb == "endorse" and label.trust is Trust.UNTRUSTED:
        return Decision.deny(PROVENANCE, "text from outside endorses nothing")
    if action.verb == "grant" and label.trust is Trust.UNTRUSTED:
        return Decision(untrusted, PROVENANCE, f"text from outside would choose what it may do: {_sources(label)}")
    if action.verb != "call" or (action.effect not in CHANGES and not _hands_over(action)):
        return None
    if action.effect is Effect.SEND and label.secrecy is Secrecy.SECRET:
        return Decision.deny("kernel.secrecy", f"secret data would leave by it: {_sources(label)}")
    if label.trust is Trust.UNTRUSTED:
        return Decision(untrusted, PROVENANCE, f"text from outside would choose it: {_sources(label)}")
    return None


def _hands_over(action: Action) -> bool:
    """Return whether the call is handed a secret by name: whoever chooses it could have it carried anywhere."""
    return any(isinstance(value, Mapping) and set(value) == {"secret"} for value in (action.arguments or {}).values())


def _sources(label: Label) -> str:
    named = sorted(label.sources)
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return (", ".join(named[:3]) or "the goal") + more


def _screening(answer: Any, plugin: str) -> Screening:
    """Return *answer*; raises PluginError for what is none: the text does not pass."""
    if isinstance(answer, Screening):
        return answer
    raise PluginError(f"plugin {plugin!r} answered a {type(answer).__name__} in genesis_screen",
                      cause="it takes a Screening or None", hint=f"genesis -p no:{plugin} ... runs without it")


def _decision(answer: Any) -> Decision | None:
    if answer is None or isinstance(answer, Decision):
        return answer
    raise TypeError(f"genesis_authorize takes a Decision or None, not {type(answer).__name__}")


def merge_decisions(answers: Sequence[tuple[Decision, bool]]) -> Decision:
    """Return the most restrictive of (decision, from a plugin of trust "security") pairs; silence denies.

    An ask of an ordinary plugin tightens an allow; it does not make up for a missing one, or ``--yes`` would turn it
    into a permission that nobody with authority gave.
    """
    if len(answers) == 1 and answers[0][1]:
        return answers[0][0]  # one guard and nobody else: nearly always
    for decision, _ in answers:
        if decision.effect is Ruling.DENY:
            return decision
    if not any(trusted for _, trusted in answers):
        return _nobody(answers)
    for decision, _ in answers:
        if decision.effect is Ruling.ASK:
            return decision
    return next(decision for decision, trusted in answers if trusted)


def _nobody(answers: Sequence[object]) -> Decision:
    if answers:
        return Decision.deny("kernel: untrusted allow", "only plugins of trust level 'security' can allow")
    return Decision.deny("kernel: silence", "no plugin allowed this")


def merge_screenings(found: Sequence[Screening]) -> Screening:
    """Return one screening with the most restrictive outcome, the highest score and all reasons."""
    if not found:
        return Screening()
    order = (Outcome.ALLOW, Outcome.QUARANTINE, Outcome.BLOCK)
    return Screening(
        outcome=max((s.outcome for s in found), key=order.index),
        score=max(s.score for s in found),
        spans=tuple(span for s in found for span in s.spans),
        reasons=tuple(r for s in found for r in s.reasons),
    )
