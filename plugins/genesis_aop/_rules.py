"""The findings of this plugin by name, and what each one says."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["RULES"]

RULES: Mapping[str, str] = {
    "empty": "the plan has no task",
    "limits": "the plan is larger or deeper than a run may be",
    "near-limits": "the plan leaves little room to change while it runs",
    "dangling-input": "an input asks a task for something that it can't give",
    "unused": "one task gathers what the others made, and leaves some out",
    "order": "a task does not wait for what must be there first, or waits for what the goal puts after it",
    "unroutable": "nobody here can do a task; it will be blocked, with a work order",
    "unrouted": "nobody was given a task that somebody here could do",
    "unknown-skill": "a required skill is misspelt",
    "needs-model": "a task can be done with a model only, and none is configured",
    "needs-several-agents": "no single agent has all skills that a task requires, several together have",
    "lacks-skill": "the agent of a task lacks a skill that it requires",
    "odd-agent": "the agent of a task speaks of no such work, and another one may",
    "weak-fit": "a task could as well be somebody else's work",
    "low-success": "an agent fails at many of its tasks",
    "past-outcomes": "an agent has clearly failed at a skill that its task requires, and another one may do better",
    "rewards": "what was learned from outcomes can't be read, and does not count",
    "permission": "an agent has a tool that sends, and no rule of the policy lets it",
    "dead-grant": "a grant that no call of its task can match",
    "unknown-secret": "a task is given a secret that the operator's settings do not name",
    "not-understood": "words of the goal that nobody made a task of",
    "uncovered": "a clause of the goal that no task takes up",
    "left-out": "a phrase, name or number of the goal that no task repeats",
    "missing-file": "a task names a file or folder that is not in the workspace",
    "duplicate": "the same work, or a part of it, is planned twice",
    "repeated": "the same work is planned several times, perhaps on purpose",
    "overlap": "a task says all that another one says",
    "budget": "the plan is expected to cost or take more than it may",
    "unknown-cost": "nobody knows what a task will cost",
    "deadline": "a task is expected to take longer than it may",
}
"""Stable: gates, diffs and settings name findings by these."""
