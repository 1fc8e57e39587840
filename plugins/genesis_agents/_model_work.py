"""Work with a model: a bounded loop over an agent's tools, its words checked against what the tools gave.

An agent with offline work has done it before it comes here: figures and observations stay as the tools gave them, and
the model writes the summary and what to do about it. The others do their whole task here. Without an answer the first
keep what they have, and the second end blocked, with a work order that says what was tried.
"""

from __future__ import annotations

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

from ._briefing import ROOM, briefed, findings, plain
from ._model_words import Words
from ._prompts import Prompt, prompt

__all__ = ["improved", "only_with_model", "worked"]

FAILED = (DependencyDown, ModelError, TimedOut)
SECONDS = 300.0
SUMMARY_TOKENS, WORK_TOKENS = 800, 4000
SUMMARY_TURNS, WORK_TURNS = 4, 8
_CODE = frozenset({"builder", "frontend", "backend", "qa", "deploy"})
_TEXT: Mapping[str, object] = {"type": "string"}
_LIST: Mapping[str, object] = {"type": "array", "items": _TEXT}


def _object(**fields: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


SUMMARY_ANSWER = _object(summary=_TEXT, recommendations=_LIST)
DESIGN_ANSWER = _object(summary=_TEXT, recommendations=_LIST, document=_TEXT)
WORK_ANSWER = _object(title=_TEXT, summary=_TEXT, document=_TEXT, notes=_LIST)


def only_with_model(card: AgentCard, task: Task) -> bool:
    """Return whether *task* requires nothing of *card* but what nobody does without a model."""
    required = [skill for skill in card.skills if skill.id in task.requires]
    return bool(required) and all("needs-model" in skill.tags for skill in required)


async def improved(card: AgentCard, task: Task, context: TaskContext, offline: TaskResult) -> TaskResult:
    """Return *offline* with a model's summary and recommendations; as it is when there is none, or it fails.

    The tools' own sentence stays first: a weak model may say the opposite of what they found.
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
    better = report.replace(
        summary=" ".join(part for part in (report.summary, words.attributed("summary")) if part),
        tables=(*report.tables, *words.recommendations()),
        notes=(*report.notes, *words.notes(follows=bool(report.summary))),
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
        tables=words.sections(), notes=(*words.listed("notes"), *words.notes()),
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
    schema = WORK_ANSWER if report is None else SUMMARY_ANSWER if offline else DESIGN_ANSWER
    found = await tool_loop(
        context, system=its.text, prompt=_brief(task, context, offline=offline), data=_data(context, report),
        tools=_offered(task, context),
        answer_schema=schema, seconds=SECONDS,
        role="code" if card.name in _CODE else "orchestrate",
        max_turns=SUMMARY_TURNS if offline else WORK_TURNS,
        max_output_tokens=SUMMARY_TOKENS if offline else WORK_TOKENS,
        max_chars=ROOM if offline else 4 * ROOM,
    )
    return _checked(found, its, task, context, report)


def _offered(task: Task, context: TaskContext) -> list[str]:
    """Return the tools that a model may call: in place of what composed the page it is given what the parts found.

    Called by a model, that gives it the markup, which a small one copies instead of summing it up.
    """
    from .analytics import compose_report, composes

    return [spec.name for spec in context.tools if spec.name != compose_report.name or not composes(task)]


def _checked(found: LoopResult, its: Prompt, task: Task, context: TaskContext, report: Report | None) -> Words:
    given = [context.goal, task.description, dict(context.inputs), None if report is None else report.to_json()]
    results = [value for result in found.results for value in (result.value, result.error)]
    return Words.of(found, its, [plain(value) for value in (*given, *results)])


DONE = (
    "The tools have done this already: what they found are the facts. Don't contradict them; call a tool or read a "
    "file only for what they don't say. Write the summary and the recommendations."
)


def _brief(task: Task, context: TaskContext, *, offline: bool) -> str:
    """Say what is to be done, in the task's own words."""
    from ._team import acceptance

    lines = [f"Task: {task.description or task.id}"]
    if context.goal and context.goal != task.description:
        lines.append(f"It serves this goal: {context.goal}")
    lines.append(DONE if offline else f"It is done when {'; '.join(acceptance(task))}.")
    return "\n".join(lines)


def _data(context: TaskContext, report: Report | None) -> dict[str, str]:
    """Return what is known so far: what the task was given, and what the tools found."""
    data = {"What the task was given": briefed(context.inputs),
            "What the tools found": "" if report is None else findings(report)}
    return {name: text for name, text in data.items() if text}


def _read(found: LoopResult) -> Sequence[Evidence]:
    """Return the files that the model read as the places where its words can be checked."""
    read = (call.arguments["path"] for call, result in zip(found.calls, found.results, strict=True)
            if call.tool == "read_file" and not result.error)
    return [Evidence(source=str(path)) for path in read]
