"""One call of a tool in the sandbox: what it took, and how its end is told to whoever called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesis_core import Category, GenesisError, TimedOut, ToolError, ToolSpec

from .schemas import value_problem

if TYPE_CHECKING:
    from genesis_sandbox import Outcome

__all__ = ["failure_of", "plain"]

MAX_SAID = 300
"""Characters of what a program says of its own failure: they are nobody's words but its."""
LIMITS = {"cpu": "its processor time", "memory": "its memory", "output": "what it may write",
          "result": "what it may return"}
HINT = "genesis tools show {name}"


def failure_of(tool: ToolSpec, outcome: Outcome, seconds: float) -> GenesisError | None:
    """Return the error that *outcome* is; None: it gave a value, and one of the kind that the tool promises."""
    hint = HINT.format(name=tool.name)
    if outcome.limit == "time":
        return TimedOut(f"the tool {tool.name} was stopped after {seconds:g} s", hint=hint,
                        cause="it had not ended by then")
    if outcome.limit:
        return ToolError(f"the tool {tool.name} was stopped: it used up {LIMITS.get(outcome.limit, outcome.limit)}",
                         cause="its limits are four times what its trial took, or the default", hint=hint)
    if outcome.failure is not None:
        return ToolError(f"the tool {tool.name} failed: {plain(outcome.failure.type)}",
                         cause=plain(outcome.failure.message) or "it said no more", hint=hint)
    if not outcome.ok:
        how = f"signal {outcome.signal}" if outcome.signal else f"status {outcome.exit_code}"
        return ToolError(f"the tool {tool.name} was ended by {how}", hint=hint,
                         cause="it crashed, or asked the system for what no tool needs")
    if problem := value_problem(tool.output_schema, outcome.value):
        return ToolError(f"the tool {tool.name} gave something else than it promises", cause=problem, hint=hint,
                         category=Category.VALIDATION)
    return None


def plain(text: str) -> str:
    """Return a program's own words, short and without what nobody sees."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text[:MAX_SAID])
    return " ".join(kept.split())
