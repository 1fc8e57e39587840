"""Work with a model: a bounded loop over an agent's tools, its words checked against what the tools gave.

An agent with offline work has done it before it comes here: figures and observations stay as the tools gave them, and
the model writes the summary and what to do about it. The others do their whole task here. Without an answer the first
keep what they have, and the second end blocked, with a work order that says what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from genesis_core import (
    AccessDenied,
    AgentCard,
    DependencyDown,
    Evidence,
    Level,
    LoopResult,
    ModelError,
    Report,
    Task,
    TaskContext,
    TaskResult,
    TaskState,
    TimedOut,
    tool_loop,
)

from ._model_words import OWN_SUMMARY, Words
from ._prompts import Prompt, prompt

__all__ = ["improved", "only_with_model", "worked"]

FAILED = (DependencyDown, ModelError, TimedOut)
SECONDS = 300.0
SUMMARY_TOKENS, WORK_TOKENS = 1200, 4000
SUMMARY_TURNS, WORK_TURNS = 4, 8
MAX_DATA = 12_000
MAX_OBSERVATIONS, MAX_ROWS = 40, 20
_CODE = frozenset({"builder", "frontend", "backend", "qa", "deploy"})
_TEXT: Mapping[str, object] = {"type": "string"}
_LIST: Mapping[str, object] = {"type": "array", "items": _TEXT}


def _object(**fields: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


SUMMARY_ANSWER = _object(summary=_TEXT, recommendations=_LIST, document=_TEXT)
WORK_ANSWER = _object(title=_TEXT, summary=_TEXT, document=_TEXT, notes=_LIST)


def only_with_model(card: AgentCard, task: Task) -> bool:
    """Return whether *task* requires nothing of *card* but what nobody does without a model."""
    required = [skill for skill in card.skills if skill.id in task.requires]
    return bool(required) and all("needs-model" in skill.tags for skill in required)


async def improved(card: AgentCard, task: Task, context: TaskContext, offline: TaskResult) -> TaskResult:
    """Return *offline* with a model's summary and recommendations; as it is when there is none, or it fails.

    A task that requires what takes a model ends blocked when it fails: the tools alone did not do it.
    """
    if not context.models or offline.state is not TaskState.COMPLETED:
        return offline
    report = Report.model_validate(offline.output)
    try:
        words = await _asked(card, task, context, report)
    except FAILED as error:
        return _blocked(card, task, context, error.message) if only_with_model(card, task) else offline
    except AccessDenied as error:
        if context.halt is not None:
            raise
        return _noted(offline, report, f"No model wrote the summary: {error.message}.")
    if not words.usable:
        return _noted(offline, report, "A model was asked for a summary; its answer held none.")
    files = words.files(task, card.name)
    artifacts = [await context.write(name, text, media_type=kind) for name, text, kind in files]
    own = f"{OWN_SUMMARY}{report.summary}"
    better = report.replace(
        summary=words.text("summary"),
        tables=(*report.tables, *words.recommendations()),
        notes=(*report.notes, *([own] if report.summary else []), *words.notes(figures="the tools'")),
    )
    # The offline work was done by this attempt, too: its result knows nothing yet of what came after it.
    return context.result(better, evidence=(*offline.evidence, *_read(words.found)), level=Level.MODEL,
                          artifacts=(*offline.artifacts, *artifacts))


def _noted(offline: TaskResult, report: Report, note: str) -> TaskResult:
    return offline.replace(output=report.replace(notes=(*report.notes, note)).to_json())


async def worked(card: AgentCard, task: Task, context: TaskContext) -> TaskResult:
    """Return what a model made of the whole task; blocked, with a work order, when none answers."""
    try:
        words = await _asked(card, task, context, None)
    except FAILED as error:
        return _blocked(card, task, context, error.message)
    if not words.usable:
        return _blocked(card, task, context, "the answer holds neither a summary nor a document")
    files = words.files(task, card.name)
    artifacts = [await context.write(name, text, media_type=kind) for name, text, kind in files]
    report = Report(
        title=words.title or task.description[:80] or card.name.capitalize(), summary=words.text("summary"),
        tables=words.sections(), notes=(*words.listed("notes"), *words.notes(figures="")),
    )
    return context.result(report, evidence=_read(words.found), artifacts=artifacts, level=Level.MODEL)


def _blocked(card: AgentCard, task: Task, context: TaskContext, why: str) -> TaskResult:
    from ._team import acceptance

    return context.blocked(
        f"the agent {card.name!r} needs a model for this, and none gave an answer",
        tried=(f"asked {', '.join(context.models)}: {why}",), acceptance=acceptance(task),
    )


async def _asked(card: AgentCard, task: Task, context: TaskContext, report: Report | None) -> Words:
    """Let a model work on *task*, and return its words; raises what ``context.ask`` raises."""
    its = prompt(card.name)
    offline = report is not None and not only_with_model(card, task)
    found = await tool_loop(
        context, system=its.text, prompt=_brief(task, context), data=_data(context, report), seconds=SECONDS,
        answer_schema=WORK_ANSWER if report is None else SUMMARY_ANSWER,
        role="code" if card.name in _CODE else "orchestrate",
        max_turns=SUMMARY_TURNS if offline else WORK_TURNS,
        max_output_tokens=SUMMARY_TOKENS if offline else WORK_TOKENS,
    )
    return _checked(found, its, task, context, report)


def _checked(found: LoopResult, its: Prompt, task: Task, context: TaskContext, report: Report | None) -> Words:
    given = [context.goal, task.description, dict(context.inputs), None if report is None else report.to_json()]
    results = [value for result in found.results for value in (result.value, result.error)]
    return Words.of(found, its, [_plain(value) for value in (*given, *results)])


def _plain(value: object) -> object:
    """Return JSON: an input may be an artefact, which says nothing to a model."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value if isinstance(value, str | int | float | list | tuple) else None


def _brief(task: Task, context: TaskContext) -> str:
    """Say what is to be done, in the task's own words."""
    from ._team import acceptance

    lines = [f"Task: {task.description or task.id}"]
    if context.goal and context.goal != task.description:
        lines.append(f"It serves this goal: {context.goal}")
    return "\n".join((*lines, f"It is done when {'; '.join(acceptance(task))}."))


def _data(context: TaskContext, report: Report | None) -> dict[str, str]:
    """Return what is known so far: what the task was given, and what the tools found."""
    data: dict[str, str] = {}
    inputs = {name: value for name, given in context.inputs.items() if (value := _plain(given)) is not None}
    if inputs:
        data["What the task was given"] = _json(inputs)
    if report is not None:
        data["What the tools found"] = _json(_shown(report))
    return data


def _shown(report: Report) -> dict[str, object]:
    """Return as much of *report* as a model can take in; all of it stays in the result."""
    return {
        "summary": report.summary,
        "figures": dict(report.figures),
        "observations": [o.to_json() for o in report.observations[:MAX_OBSERVATIONS]],
        "observations_not_shown": max(0, len(report.observations) - MAX_OBSERVATIONS),
        "tables": [t.replace(rows=t.rows[:MAX_ROWS]).to_json() for t in report.tables],
        "notes": list(report.notes),
    }


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_DATA else f"{text[:MAX_DATA]}\n[cut: {len(text) - MAX_DATA} more characters]"


def _read(found: LoopResult) -> Sequence[Evidence]:
    """Return the files that the model read as the places where its words can be checked."""
    read = (call.arguments["path"] for call, result in zip(found.calls, found.results, strict=True)
            if call.tool == "read_file" and not result.error)
    return [Evidence(source=str(path)) for path in read]
