"""What a row of a journal says of where values came from and went."""

from __future__ import annotations

from typing import Any

from genesis_core import EventKind, RunEvent

__all__ = ["sources_of", "step_of"]


def step_of(event: RunEvent) -> dict[str, Any] | None:
    """Return what an event says of where values came from and went, or None."""
    data = event.data
    if event.kind is EventKind.READ:
        what = sorted(data.get("files", ())) or [f"{data.get('count', 0)} names that match {data.get('pattern')}"]
    elif event.kind in (EventKind.TOOL_CALLED, EventKind.TOOL_RETURNED):
        what = [str(data.get("tool"))]
    elif event.kind in (EventKind.MODEL_ASKED, EventKind.MODEL_ANSWERED):
        what = [str(data.get("model"))]
    elif event.kind in (EventKind.WROTE, EventKind.ENDORSED, EventKind.PROPOSED, EventKind.ADMITTED):
        what = [str(data.get("name", ""))]
    elif event.kind is EventKind.DECIDED and data.get("verb") in ("call", "ask", "endorse", "make", "grant"):
        what = [f"{data['verb']} {data['resource']}: {data['decision']} by {data['rule']}"]
    elif event.kind is EventKind.APPROVED:
        what = [f"{data['verb']} {data['resource']}: {'yes' if data['granted'] else 'no'} of {event.actor}"]
    elif event.kind in (EventKind.TASK_STARTED, EventKind.TASK_DONE):
        what = [event.task_id]
    else:
        return None
    return {"row": event.seq, "kind": event.kind.value, "what": what, "label": event.label.to_json()}


def sources_of(event: RunEvent) -> tuple[str, ...]:
    """Return what *event* brings into its task from outside, in the words that labels use."""
    data = event.data
    if event.kind is EventKind.READ:
        if "pattern" in data:
            return (f"names {data['pattern']}",)
        files = tuple(sorted(data.get("files", ())))
        return files if len(files) == 1 else (f"{len(files)} files, row {event.seq}",)
    if event.kind is EventKind.TOOL_RETURNED:
        return (f"tool:{data.get('tool')}",)
    if event.kind is EventKind.MODEL_ANSWERED:
        return (f"model:{data.get('model')}",)
    return ()
