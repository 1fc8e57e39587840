"""What an author hands to a task beside its words: can its grants be used, and are its secrets there?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from genesis_core import Grant, Task, ToolSpec

from ._diagnosis import Diagnosis, by_hand, named
from ._view import View

__all__ = ["check"]


def check(view: View) -> Iterator[Diagnosis]:
    """Yield grants that no call can match, and secrets that nobody has named."""
    tools = {tool.name: tool for tool in view.context.tools}
    for task in view.graph.tasks:
        for grant in task.grants:
            if (why := _dead(view, task, grant, tools.get(grant.tool))):
                yield by_hand("dead-grant", f"a grant of {task.id!r} covers no call: {why}", [task.id],
                              _takes(tools.get(grant.tool)))
        for name, item in task.inputs.items():
            if item.secret is not None and item.secret not in view.context.secrets:
                near = _near(item.secret, view.context.secrets)
                yield by_hand("unknown-secret", f"the input {name!r} of {task.id!r} is the secret {item.secret!r}, "
                              f"which the operator's settings do not name{near}", [task.id],
                              f'[secrets] {item.secret} = "VARIABLE" in your own settings file')


def _dead(view: View, task: Task, grant: Grant, tool: ToolSpec | None) -> str:
    """Return why no call can match *grant*; empty when one can."""
    if task.id in view.graph.children:
        return "the tasks below it run, and it does not"
    given = view.assigned.get(task.id)
    card = None if given is None else view.roster.cards.get(given.agent)
    if tool is None:
        offered = [t.name for t in view.context.tools]
        return f"there is no tool {grant.tool!r}{_near(grant.tool, offered if card is None else card.tools or offered)}"
    if card is not None and tool.name not in card.tools:
        return f"agent {card.name!r} does not have the tool {tool.name!r}{_near(tool.name, card.tools)}"
    return _unfit(grant, tool.input_schema)


def _unfit(grant: Grant, schema: Mapping[str, Any]) -> str:
    """Return what in *grant* the parameters of its tool rule out."""
    known = schema.get("properties")
    if not isinstance(known, Mapping):
        return ""
    strange = [name for name in (*grant.arguments, *grant.free) if name not in known]
    if strange and schema.get("additionalProperties") is False:
        return f"{grant.tool!r} has no argument {strange[0]!r}{_near(strange[0], known)}"
    lacks = [name for name in schema.get("required", ()) if name not in grant.arguments and name not in grant.free]
    return f"{grant.tool!r} always has {named(lacks)}, which the grant leaves out" if lacks else ""


def _takes(tool: ToolSpec | None) -> str:
    known = {} if tool is None else tool.input_schema.get("properties")
    if tool is None or not isinstance(known, Mapping):
        return "genesis agents shows the tools of each agent"
    return f"{tool.name} takes {named(list(known))}" if known else f"{tool.name} takes no arguments"


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name[:200], list(known)[:2000], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
