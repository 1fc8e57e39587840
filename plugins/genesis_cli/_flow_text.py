"""``genesis explain --flow``: what each task read and did, and the path of what came from outside to what left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genesis_core import EventKind, RunEvent

from . import _streams as streams
from ._explain_text import Story
from ._flow_steps import step_of

__all__ = ["flow_text", "paths"]

CHANGES = ("write", "send")
MAX_PATHS = 12
"""Paths to one action that are shown; ``--json`` has them all."""


def flow_text(told: Sequence[Story], everything: Mapping[str, Story]) -> str:
    """Return what each task read and called, row by row, how its label rose, and the paths to what left it."""
    return "\n\n".join("\n".join(_flow(story, everything)) for story in told)


def _flow(story: Story, everything: Mapping[str, Story]) -> Iterator[str]:
    yield f"flow of {streams.paint(story.task_id, 'bold')}"
    before: dict[str, Any] = {}
    for event in story.events:
        step = step_of(event)
        if step is None:
            continue
        label = step["label"]
        rise = "" if label == before else f"   label {label['trust'].lower()}, {label['secrecy'].lower()}"
        before, what = label, step["what"]
        said = ", ".join(what[:4]) + (f" and {len(what) - 4} more" if len(what) > 4 else "")
        yield f"  row {step['row']:<5} {step['kind']:16} {streams.one_line(said)}{rise}"
    arrow = streams.glyph("→", "->", None)
    for path in paths(story, everything):
        line = f" {arrow} ".join([*path["path"], path["action"]])
        yield f"  path      {streams.one_line(line)}: {path['decision']} by {path['rule']}"


def paths(story: Story, everything: Mapping[str, Story]) -> list[dict[str, Any]]:
    """Return every way from a source outside to something that *story*'s task did with it.

    Each is the source, the tasks on the way, the action, and what was decided of that.
    """
    found: list[dict[str, Any]] = []
    for event in story.events:
        done = _left(event)
        if done is None:
            continue
        action, decision, rule = done
        for source in sorted(event.label.sources)[:MAX_PATHS] or ["the goal"]:
            way = [*_way(story, source, event.seq, everything, set()), story.task_id]
            found.append({"path": [source, *dict.fromkeys(way)], "action": action, "decision": decision, "rule": rule,
                          "row": event.seq})
    return found


def _left(event: RunEvent) -> tuple[str, str, str] | None:
    """Return the action by which something left the task, what was decided, and by which rule."""
    data = event.data
    if event.kind is EventKind.DECIDED and (
            data["effect"] in CHANGES or data["verb"] == "endorse" or data["decision"] != "allow"):
        return f"{data['verb']} {data['resource']}", str(data["decision"]), str(data["rule"])
    return None


def _way(
    story: Story, source: str, row: int, everything: Mapping[str, Story], seen: set[str]
) -> list[str]:
    """Return the tasks before *story*'s by which *source* came to it; none when it met it by itself."""
    if source in story.own_sources(row) or story.task_id in seen:
        return []
    seen.add(story.task_id)
    graph = story.plan.graph
    for need in graph.waits_for(story.task_id):
        for leaf in graph.leaves_of(need):
            other = everything.get(leaf)
            if other is not None and other.result is not None and source in other.result.label.sources:
                return [*_way(other, source, other.events[-1].seq if other.events else row, everything, seen), leaf]
    return []
