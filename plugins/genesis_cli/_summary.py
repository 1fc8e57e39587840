"""What a run came to, in words: the result on stdout, and what to type next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genesis_core import RunEvent, RunResult, RunState, TaskResult, TaskState

from . import _streams as streams
from ._amounts import duration
from ._document import ends, made
from ._problem import Problem
from ._progress import MARKS, Progress

__all__ = ["lost", "next_steps", "problem_of_run", "summary"]

HEADLINES: Mapping[RunState, str] = {
    RunState.COMPLETED: "done", RunState.PARTIAL: "done in part", RunState.FAILED: "failed",
    RunState.CANCELED: "stopped", RunState.INTERRUPTED: "interrupted", RunState.WAITING: "waiting for approval",
    RunState.OUT_OF_BUDGET: "stopped: the budget is spent", RunState.DENIED: "denied", RunState.REJECTED: "rejected",
}
CAUSES: Mapping[RunState, str] = {
    RunState.CANCELED: "somebody asked for it; what is recorded is kept",
    RunState.INTERRUPTED: "its process ended before it did; what is recorded is kept",
}
LIMIT = "limit_exceeded"
"""Code of the error of a run that a limit has ended: a budget does not move it."""
NOT_BY_YES = "kernel.provenance"
"""The rule whose questions ``--yes`` does not answer: each is answered by itself, or by a grant in a plan file."""
MAX_OUTPUT_LINES = 40
_LACK = re.compile(
    r"\b(?:not|no|none|nothing|left out|skipped|unreadable|can't|cannot|unknown|too (?:large|many))\b", re.IGNORECASE)
"""How a note begins that says what is missing; the others say how something was measured."""
MAX_NOTES = 3
WAY_OUT = " (hint: "
"""Where the kernel's word on why something is degraded goes over to the way out."""
"""Notes of one task that the summary tells."""


def summary(
    result: RunResult, progress: Progress | None = None, seconds: float = 0.0, can: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the result as people read it: what came of each part, where the report is, what is missing.

    *can* are abilities that are there, name and description: told when nothing at all was understood.
    """
    parts = [_headline(result, progress, seconds), *_answers(result), *_files(result), *_not_understood(result),
             *(_abilities(can) if lost(result) else ()), *_withheld(result), *_troubles(result)]
    return "\n".join(parts)


def _headline(result: RunResult, progress: Progress | None, seconds: float) -> str:
    leaves = [] if result.plan is None else [t.id for t in result.plan.graph.leaves]
    done = sum(result.tasks[t].state is TaskState.COMPLETED for t in leaves if t in result.tasks)
    word = "blocked" if result.state is RunState.PARTIAL and not done else _word(result)
    facts = [f"{done} of {len(leaves)} tasks", *([duration(seconds)] if seconds else [])]
    if later := sum(result.tasks[t].attempt > 1 for t in leaves if t in result.tasks):
        facts.append(f"{later} not at the first attempt")
    if progress is not None and (reused := sum(line.reused for line in progress.leaves)):
        facts.append(f"{reused} re-used")
    if result.usage.cost:
        facts.append(f"${result.usage.cost:.4f}")
    if result.replayed is not None:
        had = result.replayed.usage.cost
        facts += ["replayed", *([] if had == 0 else [f"had cost {'an unknown sum' if had is None else f'${had:.4f}'}"])]
    tone = MARKS.get(result.state.value, ("", "", "dim"))[2]
    return f"{streams.paint(word, 'bold', tone)}  {', '.join(facts)}  {streams.paint(result.run_id, 'dim')}"


def _word(result: RunResult) -> str:
    if _at_limit(result):
        return "stopped: a limit is reached"
    return HEADLINES.get(result.state, result.state.value)


def _at_limit(result: RunResult) -> bool:
    return result.state is RunState.OUT_OF_BUDGET and result.error is not None and result.error.code == LIMIT


def _answers(result: RunResult) -> Iterator[str]:
    """Yield a paragraph for each report, or the output when there is none to read."""
    told = [(name, task.output) for name, task in result.tasks.items()
            if task.state is TaskState.COMPLETED and _is_report(task.output) and _is_leaf(result, name)]
    if told:
        for name, output in told:
            head = streams.paint(streams.one_line(_title(name, output)), "bold")
            yield f"\n{head}\n{_wrapped(str(output.get('summary', '')))}"
            yield from _notes(output)
    elif result.output is not None and any(_completed(result, name) for name in ends(result.plan)):
        yield "\n" + _output(result.output)


def _notes(output: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a report says is missing, was skipped or not looked at."""
    given = output.get("notes")
    said = [str(note) for note in given] if isinstance(given, list | tuple) else []
    notes = [note for note in said if _LACK.search(note.partition(". ")[0])]
    for note in notes[:MAX_NOTES]:
        yield _wrapped(note, "  note: ")
    if len(notes) > MAX_NOTES:
        yield f"  and {len(notes) - MAX_NOTES} more in the report"


def _wrapped(text: str, head: str = "  ") -> str:
    """Return a paragraph, indented and no wider than is easy to read."""
    import textwrap

    room = min(100, streams.width() or 100)
    return textwrap.fill(streams.one_line(text), room, initial_indent=head, subsequent_indent=" " * len(head),
                         break_long_words=False, break_on_hyphens=False)


def _completed(result: RunResult, name: str) -> bool:
    return name in result.tasks and result.tasks[name].state is TaskState.COMPLETED


def _is_leaf(result: RunResult, name: str) -> bool:
    return result.plan is None or name not in result.plan.graph.children


def _is_report(output: object) -> bool:
    return isinstance(output, Mapping) and "summary" in output and "title" in output


def _title(name: str, output: Mapping[str, Any]) -> str:
    return str(output.get("title") or name)


def _output(output: object) -> str:
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
    lines = streams.clean(text).splitlines()
    if len(lines) > MAX_OUTPUT_LINES and streams.terminal():
        return "\n".join([*lines[:MAX_OUTPUT_LINES], f"({len(lines) - MAX_OUTPUT_LINES} more lines: --json has all)"])
    return "\n".join(lines)


def _files(result: RunResult) -> Iterator[str]:
    """Yield where the artefacts of the last tasks are."""
    found = list(made(result, ends(result.plan))) or list(made(result))
    for number, (_, _, path) in enumerate(found):
        yield ("\n" if number == 0 else "") + ("report  " if number == 0 else "        ") + streams.clean(str(path))


def _not_understood(result: RunResult) -> Iterator[str]:
    words = () if result.plan is None else result.plan.not_understood
    if words:
        yield "\n" + streams.paint("not understood:", "yellow") + " " + ", ".join(
            f'"{streams.one_line(word)}"' for word in words)


def lost(result: RunResult) -> bool:
    """Whether nothing was done because nothing was understood."""
    words = () if result.plan is None else result.plan.not_understood
    return bool(words) and not any(task.state is TaskState.COMPLETED for task in result.tasks.values())


def _abilities(can: Sequence[tuple[str, str]]) -> Iterator[str]:
    for number, (name, words) in enumerate(can):
        yield ("what can be done here, for example:\n" if number == 0 else "") + \
            f"  {streams.paint(streams.one_line(name), 'bold')}  {streams.one_line(words, 100)}"


def _withheld(result: RunResult) -> Iterator[str]:
    """Yield what screening kept out of the prompts of each task."""
    for name, task in result.tasks.items():
        for text in task.warnings if _is_leaf(result, name) else ():
            yield f"\n{streams.paint('warning', 'yellow')}  {name}: {streams.one_line(text)}"


def _troubles(result: RunResult) -> Iterator[str]:
    told = {" ".join(words.split()) for words in result.plan.not_understood} if result.plan and lost(result) else set()
    for name, task in result.tasks.items():
        if task.state is TaskState.BLOCKED and result.plan is not None and \
                " ".join(result.plan.graph[name].description.split()) in told:
            continue  # these words stand under "not understood" already
        if _is_leaf(result, name) and task.state not in (TaskState.COMPLETED, TaskState.CANCELED):
            yield from _trouble(name, task, result.run_id)
    waiting = [] if result.plan is None else [t.id for t in result.plan.graph.leaves if t.id not in result.tasks]
    if waiting and result.state is not RunState.COMPLETED:
        yield f"\nnot done: {', '.join(waiting[:10])}" + (f" and {len(waiting) - 10} more" if len(waiting) > 10 else "")


def _trouble(name: str, task: TaskResult, run_id: str) -> Iterator[str]:
    word = streams.paint(task.state.value, MARKS.get(task.state.value, ("", "", "dim"))[2])
    error = task.error
    yield f"\n{word}  {name}: {streams.one_line(error.message if error else 'no reason was given')}"
    if error is not None and error.cause:
        yield f"  cause: {streams.one_line(error.cause)}"
    if error is not None and error.hint:
        yield f"  hint: {streams.one_line(_real(error.hint, run_id))}"
    order = task.work_order
    if order is not None:
        yield from (f"  to do: {streams.one_line(text)}" for text in (order.goal,) if text)
        yield from (f"  tried: {streams.one_line(text)}" for text in order.tried)
        yield from (f"  accepted when: the output has {streams.one_line(text)}" for text in order.acceptance)


def problem_of_run(result: RunResult, code: int) -> Problem | None:
    """Return why the exit code is not 0, or None."""
    if code == 0:
        return None
    error = result.error
    first = next((t for t in result.tasks.values() if t.state in (TaskState.FAILED, TaskState.BLOCKED)), None)
    why = error or (None if first is None else first.error)
    hint = _real(why.hint, result.run_id) if why is not None and result.state not in CAUSES else ""
    stopped = CAUSES.get(result.state, "") if error is None else ""
    cause = stopped or ("" if why is None else why.message)
    if code == 8 and why is None and (degraded := _degraded(result))[0]:
        return Problem("the run is done, in part without the model", *degraded, code="degraded",
                       exit_code=code, correlation_id=result.run_id)
    if lost(result) and code == 8:
        words = ", ".join(f'"{streams.one_line(word)}"' for word in result.plan.not_understood) if result.plan else ""
        unread = _way_out(result.plan.degraded)[0] if result.plan else ""
        return Problem("nothing was done: nobody here understood the goal",
                       f"{words}; no model read it: {unread}"[:500] if unread else words,
                       _degraded(result)[1] if unread else "genesis agents shows what can be done",
                       code=result.state.value, exit_code=code, correlation_id=result.run_id)
    return Problem(
        f"the run is {_word(result)}" if result.state is not RunState.FAILED else "the run failed",
        cause, hint or _way_on(result), code=(error.code if error else "") or result.state.value,
        exit_code=code, correlation_id=result.run_id,
    )


def _degraded(result: RunResult) -> tuple[str, str]:
    """Return what was done below the configured level and why, empty when nothing was, and the way out."""
    found = {t.task_id: t.degraded for t in result.tasks.values() if t.degraded}
    if result.plan is not None and result.plan.degraded:
        found = {"the plan": result.plan.degraded, **found}
    names = ", ".join(list(found)[:5]) + (" and more" if len(found) > 5 else "")
    told = [_way_out(why) for why in found.values()]
    hint = next((hint for _, hint in told if hint), "genesis models test")
    whys = "; ".join(dict.fromkeys(why for why, _ in told))
    return f"{names}: {whys}"[:500] if found else "", _real(hint, result.run_id)


def _way_out(degraded: str) -> tuple[str, str]:
    """Return why something was done without the model, and what the failure gave as the way out."""
    why, _, hint = degraded.partition(WAY_OUT)
    return why, hint.removesuffix(")")


def _real(hint: str, run_id: str) -> str:
    """Return *hint* with the id where it says RUN."""
    return re.sub(r"\bRUN\b", run_id, hint)


def _way_on(result: RunResult) -> str:
    return f"genesis {'explain' if result.state in (RunState.PARTIAL, RunState.FAILED) else 'resume'} {result.run_id}"


def _wants_model(result: RunResult) -> bool:
    """Whether a task is blocked that a model may help, and none is configured."""
    errors = (t.error for t in result.tasks.values() if t.state is TaskState.BLOCKED)
    return not lost(result) and any("--model NAME" in e.hint for e in errors if e is not None)


def next_steps(result: RunResult, waiting: Sequence[RunEvent] = ()) -> list[tuple[str, str]]:
    """Return what to type next, and what it does; *waiting* are the decisions that are left to a person."""
    run, state = result.run_id, result.state
    explain = (f"genesis explain {run}", "why each task went to its agent")
    if state is RunState.COMPLETED:
        return [explain, (f"genesis run --again {run}", "run again only what has changed"),
                (f"genesis verify {run}", "check the record")]
    if state is RunState.WAITING:
        return [*_answers_to(run, waiting), explain]
    if _at_limit(result):
        return [(f"genesis resume {run}", "go on, once the limit is raised in your own settings file"), explain]
    if state is RunState.OUT_OF_BUDGET:
        return [(f"genesis resume {run} --budget ...", "go on with more"), explain]
    if state in (RunState.CANCELED, RunState.INTERRUPTED):
        return [(f"genesis resume {run}", "go on; what is recorded does not run again")]
    if state is RunState.PARTIAL:
        if _wants_model(result):
            return [explain, (f"genesis resume {run} --model NAME", "have a model do what is blocked")]
        return [explain, (f"genesis resume {run}", "try the blocked tasks again")]
    return [explain, (f"genesis run --again {run}", "run again what did not complete")]


def _answers_to(run: str, waiting: Sequence[RunEvent]) -> Iterator[tuple[str, str]]:
    """Yield how a person answers what waits; ``--yes`` only where it answers something."""
    yield f"genesis approvals list {run}", "see exactly what waits for you, and say yes or no"
    by_policy = [event for event in waiting if event.data["rule"] != NOT_BY_YES]
    if by_policy or not waiting:
        rest = "; what text from outside chose still waits" if len(by_policy) < len(waiting) else ", and go on"
        yield f"genesis resume {run} --yes", f"approve all that policy asks for{rest}"
