"""Decide what may be done, and screen what enters a prompt or a decision.

The kernel asks before every action. This plugin answers from a policy file (``policy.toml``) under the operator's own
``[policy]`` section (never a project's). ``docs/policy.md`` shows the file and the words in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_core import Action, Decision, Identity, Label, PlanContext, Screening, hookimpl

from ._policy import Asked, policy_for

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> None:
    """Offer nothing; refuse to open with a section of settings that could not be enforced."""
    policy_for(settings)


@hookimpl
def genesis_authorize(action: Action, identity: Identity, label: Label, context: PlanContext) -> Decision:
    """Return what the policy says of *action*; what no rule allows is denied."""
    return policy_for(context.settings.get("guard")).decide(Asked(action, identity.subject, label, context.models))


@hookimpl
def genesis_screen(text: str, label: Label, context: PlanContext) -> Screening:
    """Return whether *text* may pass: how much it reads like an attack, where, and why."""
    from ._screen import screen, thresholds_of

    return screen(text, label, thresholds_of(context.settings.get("guard")))
