"""Decide what may be done, and screen what enters a prompt or a decision.

The kernel asks before every action. This plugin answers from a policy file (``policy.toml``) that the operator's
``[policy]`` section (never a project's) can only tighten. ``docs/policy.md`` shows the file and the words in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_core import Action, Decision, PlanContext, Screening, hookimpl

from ._policy import policy_for
from ._screen import screen

genesis_api = 1


@hookimpl
def genesis_provide(settings: Mapping[str, Any]) -> None:
    """Offer nothing; refuse to open with a section of settings that could not be enforced."""
    policy_for(settings)


@hookimpl
def genesis_authorize(action: Action, context: PlanContext) -> Decision:
    """Return what the policy says of *action*; what no rule allows is denied."""
    return policy_for(context.settings.get("guard")).decide(action, context.models)


@hookimpl
def genesis_screen(text: str) -> Screening:
    """Return whether *text* may pass; this version looks at its length alone."""
    return screen(text)
