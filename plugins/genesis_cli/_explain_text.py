"""Why each task went to its agent, what it was given, read and decided: from a plan alone, or from a run's journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genesis_core import EventKind, Plan, Reason, RunEvent, TaskResult, TaskState

from . import _streams as streams
from ._amounts import duration
from ._flow_steps import sources_of, step_of
from ._progress import MARKS, making

__all__ = ["Story", "explain_text", "stories"]


SHORT_LINES = 3
"""Lines that a fact takes when not all is shown."""
DECISION = ("verb", "resource", "decision", "rule")


@dataclass
class Story:
    """All that is known of one task."""

    plan: Plan
    task_id: str
    result: TaskResult | None = None
    events: list[RunEvent] = field(default_factory=list)

    @property
    def agent(self) -> str:
        """Who does it; empty: nobody."""
        assignment = self.plan.assigned.get(self.task_id)
        return "" if assignment is None else assignment.agent

    @property
    def why(self) -> tuple[Reason, ...]:
        """The reasons for the choice, or why there was none to make."""
        told = (*self.plan.assignments, *self.plan.unrouted)
        return next((a.reasons for a in told if a.task_id == self.task_id), ())

    @property
    def alternatives(self) -> tuple[tuple[str, float], ...]:
        """The runners-up, best first."""
        return next((reason.alternatives for reason in self.why if reason.alternatives), ())

    def own_sources(self, row: int) -> set[str]:
        """Return what the task itself had taken in from outside by the row of that number."""
        return {source for event in self.events if event.seq <= row for source in sources_of(event)}

    def decisions(self) -> dict[tuple[str, str, str, str], int]:
        """Return how often each decision was made: (verb, resource, decision, rule)."""
        found: dict[tuple[str, str, str, str], int] = {}
        for event in self.events:
            if event.kind is EventKind.DECIDED:
                verb, resource, decision, rule = (str(event.data.get(name)) for name in DECISION)
                key = (verb, resource, decision, rule)
                found[key] = found.get(key, 0) + 1
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the story as JSON."""
        task, assignment = self.plan.graph[self.task_id], self.plan.assigned.get(self.task_id)
        estimate, result = self.plan.estimated.get(self.task_id), self.result
        return {
            "task_id": self.task_id, "description": task.description, "kind": task.kind,
            "requires": list(task.requires), "needs": list(task.needs), "agent": self.agent or None,
            "score": None if assignment is None else assignment.score,
            "reasons": [reason.model_dump(mode="json") for reason in self.why],
            "alternatives": [{"agent": name, "score": score} for name, score in self.alternatives],
            "estimate": None if estimate is None else estimate.model_dump(mode="json"),
            "inputs": {name: item.model_dump(mode="json") for name, item in task.inputs.items()},
            "state": None if result is None else result.state.value,
            "error": None if result is None or result.error is None else result.error.model_dump(mode="json"),
            "label": None if result is None else result.label.to_json(),
            "decisions": [{"verb": v, "resource": r, "decision": d, "rule": u, "times": n}
                          for (v, r, d, u), n in self.decisions().items()],
            "flow": [step for event in self.events if (step := step_of(event)) is not None],
        }


def stories(plan: Plan, results: Mapping[str, TaskResult], events: Sequence[RunEvent]) -> list[Story]:
    """Return the story of each task that runs, in the order of the plan."""
    found = {t.id: Story(plan, t.id, results.get(t.id)) for t in plan.graph.leaves}
    for event in events:
        about = {event.task_id, *changed_tasks(event)} if event.kind is EventKind.PATCHED else {event.task_id}
        for name in about & found.keys():
            found[name].events.append(event)
    return list(found.values())


def changed_tasks(event: RunEvent) -> set[str]:
    """Return the tasks that a change of the plan added or replaced."""
    patch = event.data["patch"]
    return {str(task["id"]) for task in (*patch.get("add", ()), *patch.get("replace", ()))}


def explain_text(told: Sequence[Story], *, full: bool) -> str:
    """Return the stories as people read them; in short form long reasons are cut to three lines."""
    return "\n\n".join("\n".join(_lines(story, full=full)) for story in told)


def _lines(story: Story, *, full: bool) -> Iterator[str]:
    task, assignment = story.plan.graph[story.task_id], story.plan.assigned.get(story.task_id)
    arrow = streams.glyph("→", "->", None)
    who = story.agent or streams.paint("nobody", "yellow")
    fit = "" if assignment is None else f"  fit {assignment.score:.2f}"
    kind = f"  kind {task.kind}" if task.kind else ""
    yield f"{streams.paint(story.task_id, 'bold')} {arrow} {streams.paint(who, 'bold')}{fit}{kind}"
    if task.description:
        yield from _block("task", task.description, full)
    for reason in story.why:
        score = f" {reason.score:.2f}" if reason.score else ""
        yield from _block("why", f"{reason.rule}{score}: {reason.text}", full)
    if story.alternatives:
        shown = story.alternatives if full else story.alternatives[:4]
        yield from _block("others", ", ".join(f"{name} {score:.2f}" for name, score in shown), full)
    yield from _facts(story, full)


def _facts(story: Story, full: bool) -> Iterator[str]:
    task, estimate = story.plan.graph[story.task_id], story.plan.estimated.get(story.task_id)
    if estimate is not None:
        yield from _block("expected", f"{duration(estimate.seconds)}, difficulty {estimate.difficulty:.2f}, "
                                      f"confidence {estimate.confidence:.2f}", full)
    for name, item in task.inputs.items():
        given = item.model_dump(mode="json")
        yield from _block("input", f"{name} = " + " ".join(f"{key} {value}" for key, value in given.items()), full)
    if task.depends_on:
        yield from _block("after", ", ".join(task.depends_on), full)
    yield from _made(story, full)
    yield from _earlier(story, full)
    yield from _outcome(story, full)
    for text in _waiting(story):
        yield from _block("waits", text, True)
    for (verb, resource, decision, rule), times in story.decisions().items():
        often = f" ({times} times)" if times > 1 else ""
        yield from _block("decided", f"{verb} {resource}: {decision} by {rule}{often}", full)


def _earlier(story: Story, full: bool) -> Iterator[str]:
    """Yield how earlier attempts ended that no longer stand, and the changes of the plan that the task has had."""
    last = 0 if story.result is None else story.result.attempt
    for event in story.events:
        if event.kind is EventKind.TASK_DONE and event.attempt < last:
            ended = event.data["result"]
            why = (ended.get("error") or {}).get("message", "")
            yield from _block("earlier", f"attempt {event.attempt} by {event.actor}: {ended['state']}"
                                         f"{': ' + why if why else ''}", full)
        elif event.kind is EventKind.PATCHED and story.task_id in changed_tasks(event):
            why = event.data.get("reason", "")
            yield from _block("changed", f"by {event.actor} after {event.task_id}: {why}", full)


def _made(story: Story, full: bool) -> Iterator[str]:
    """Yield what was made for the task, and what each layer had to say."""
    for event in story.events:
        if event.kind is not EventKind.ADMITTED:
            continue
        yield from _block("tool", making(event.data), full)
        if "digest" in event.data and full:
            yield from _block("", f"genesis tools show {event.data['digest'][:12]}", full)
        for check in event.data.get("checks", ()) if full else ():
            said = "; ".join(check.get("findings", ()))
            verdict = "passed" if check["ok"] else "refused"
            yield from _block("layer", f"{check['layer']} {verdict}{': ' + said if said else ''}", full)


def _waiting(story: Story) -> Iterator[str]:
    """Yield what waits for a person, and which rule asks: decisions that nobody has approved."""
    if story.result is not None and story.result.state is not TaskState.WAITING:
        return
    for (verb, resource, decision, rule), _ in story.decisions().items():
        if decision == "ask":
            yield (f"{verb} {resource} waits for approval: the rule {rule} asks for a person; "
                   f"genesis approvals grant RUN {story.task_id} approves it")


def _outcome(story: Story, full: bool) -> Iterator[str]:
    result = story.result
    if result is None:
        return
    label = result.label
    facts = [_many(len(result.artifacts), "artefact"), _many(len(result.evidence), "piece of evidence"),
             f"label {label.trust.name.lower()}, {label.secrecy.name.lower()}"]
    state = streams.paint(result.state.value, MARKS.get(result.state.value, ("", "", "dim"))[2])
    yield f"  {'came to':9} {state}, {', '.join(filter(None, facts))}"
    if result.error is not None:
        yield from _block("error", result.error.message, full)
        yield from _block("cause", result.error.cause, full) if result.error.cause else ()
        yield from _block("hint", result.error.hint, full) if result.error.hint else ()
    if result.work_order is not None:
        for text in result.work_order.tried:
            yield from _block("tried", text, full)


def _many(count: int, word: str) -> str:
    """Return "3 pieces of evidence"; empty for none."""
    first, _, rest = word.partition(" ")
    return "" if not count else f"{count} {first}{'s' if count > 1 else ''} {rest}".rstrip()


def _block(name: str, text: str, full: bool) -> Iterator[str]:
    """Yield a fact under its name: wrapped, and when not shown in full cut to a few lines between words."""
    room = max(40, (streams.width() or 120) - 13)
    flat = streams.one_line(text)
    import textwrap

    lines = textwrap.wrap(flat, room, break_long_words=False) or [""]
    if not full and len(lines) > SHORT_LINES:
        rest = " ".join(lines[SHORT_LINES - 1:])
        lines = [*lines[:SHORT_LINES - 1], textwrap.shorten(rest, room, placeholder=" ...")]
    for number, line in enumerate(lines):
        yield f"  {streams.paint((name if number == 0 else '').ljust(9), 'dim')} {line}"
