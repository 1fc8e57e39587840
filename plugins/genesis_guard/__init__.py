"""Decide what may be done, and screen what enters a prompt or a decision.

The kernel asks before every action. This plugin answers from a policy file (``policy.toml``) under the operator's own
``[policy]`` section (never a project's). ``docs/policy.md`` shows the file and the words in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_core import Action, Decision, Effect, Identity, Label, Offer, PlanContext, Screening, hookimpl

from ._policy import Asked, policy_for
from ._thresholds import thresholds_of

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> list[Offer]:
    """Offer the name of the scorer in use; refuse to open with a section of settings that could not be enforced."""
    policy = policy_for(settings)
    thresholds_of(settings)
    return [
        Offer("screener", "guard", _variant, "How texts are scored."),
        Offer("policy", "guard", lambda agent, tool: policy.may_call(agent, tool, Effect.SEND),
              "Whether any rule lets an agent call a tool that sends: what a plan says before it runs."),
    ]


@hookimpl
def genesis_authorize(action: Action, identity: Identity, label: Label, context: PlanContext) -> Decision:
    """Return what the policy says of *action*; what no rule allows is denied."""
    return policy_for(context.settings.get("guard")).decide(Asked(action, identity.subject, label, context.models))


@hookimpl
def genesis_screen(text: str, label: Label, context: PlanContext) -> Screening:
    """Return whether *text* may pass: how much it reads like an attack, where, and why."""
    from ._screen import screen

    thresholds = thresholds_of(context.settings.get("guard"))
    return screen(text, label, thresholds, context.limits.max_goal_chars)


def _variant() -> str:
    from ._encoder import encoder

    return "families+words" if encoder() is None else "families+words+encoder"
