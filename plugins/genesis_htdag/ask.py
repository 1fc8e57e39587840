"""Let a model break a goal down, hold its answer against the catalogue, and go on without it when it fails.

Asked once for the goal and once for each part that is to be broken down further; a part that fails is planned by its
words alone, and the others keep what the model said. What the model sees is the goal and the skills of the catalogue,
never the contents of a file. Its answer counts only whole: known skills, every id once, no circle; one that does not
hold is repaired once. Places (folders, files, what to leave out) are read out of its words the
way they are read out of a goal, so that a task gets no input that nobody named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from genesis_core import (
    AccessDenied,
    BudgetExceeded,
    Decomposition,
    DependencyDown,
    GraphError,
    Input,
    Label,
    LimitExceeded,
    Message,
    ModelError,
    ModelReply,
    ModelRequest,
    PlanContext,
    SettingsError,
    Task,
    TaskGraph,
    TimedOut,
    Trust,
    fenced,
)

from .catalogue import WANTS_MODEL, Ability, Catalogue, catalogue
from .plan import decompose
from .stems import stem
from .unfold import TAKEN
from .words import name_words

__all__ = ["PROMPT_VERSION", "asked", "prompt"]

PROMPT_VERSION = 1
FAILED = (DependencyDown, ModelError, TimedOut, AccessDenied, BudgetExceeded, LimitExceeded)
"""How asking can fail: a plan without a model is better than none, and says that it is one."""
MAX_TASKS, MAX_PART = 20, 10
MAX_SKILLS = 100
MAX_TOKENS, SECONDS = 1500, 240.0
MOST_SECONDS = 3600
MAX_WORDS = 8
MAX_ID = 36
"""Characters of an id: three levels of them are one id."""
MAX_SHOWN = 4000
"""Characters of an answer that does not hold that the model is shown again."""
REPAIR = "That plan can't be used, for the reason above. Answer again, with the whole plan."
_NO_ID = re.compile(r"[^a-z0-9]+")


class _Refused(Exception):
    """An answer that does not hold, in words."""


@cache
def prompt() -> str:
    """Return the text by which a model plans."""
    file = Path(__file__).parent / "prompts" / f"decompose.v{PROMPT_VERSION}.md"
    return file.read_text(encoding="utf-8").strip()


async def asked(task: Task, context: PlanContext) -> Decomposition | None:
    """Return the tasks that a model breaks *task* down into; those of the words alone, and why, when it can't.

    No tasks, as without a model, for a part of which the words make no more than one.
    """
    why = ""
    if context.agents:
        try:
            return await _by_model(task, context)
        except FAILED as error:
            why = error.told
        except _Refused as error:
            why = f"the model's plan does not hold: {error}"
    depth = 0 if task.kind == "goal" else task.id.count("/") + 1
    answer = decompose(task.description, context, depth=depth).replace(degraded=why)
    return answer if task.kind == "goal" or len(answer.tasks) > 1 else Decomposition(tasks=(), degraded=why)


async def _by_model(task: Task, context: PlanContext) -> Decomposition:
    """Return the tasks of the model's answer, or of its second one when the first does not hold (raises _Refused)."""
    index = catalogue(context.agents, context.tools, models=True)
    reading, request = _Reading(task, context, index), _request(task, context, index)
    reply = await context.ask(request)
    try:
        return reading.of(reply.data)
    except _Refused as error:
        reply = await context.ask(_repaired(request, reply, str(error)))
    return reading.of(reply.data)


# -- the question ------------------------------------------------------------------------------------------------------


def seconds_of(context: PlanContext) -> float:
    """Return how long one answer may take: plugin.htdag.seconds."""
    section = context.settings.get("htdag", {})
    value = section.get("seconds", SECONDS) if isinstance(section, Mapping) else SECONDS
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST_SECONDS:
        return float(value)
    raise SettingsError(f"the setting plugin.htdag.seconds is a number above 0 and up to {MOST_SECONDS}, not {value!r}",
                        cause="it says how long a model may take to break down a goal or one part of it",
                        hint=f"seconds = {SECONDS:g} below [plugin.htdag]")


def _request(task: Task, context: PlanContext, index: Catalogue) -> ModelRequest:
    skills = _offered(task.description, index)
    listed = "\n".join(f"- {ability.id}: {words}" for ability, words in _told(skills, context))
    what = "Break this goal down." if task.kind == "goal" else "Break this part of a goal down. It must become tasks."
    label = context.goal.label  # who asks the model fences what is not trusted as a whole
    goal = task.description if label.trust is Trust.UNTRUSTED else fenced("goal", task.description)
    return ModelRequest(
        role="orchestrate", answer_schema=_schema(task, skills), max_output_tokens=MAX_TOKENS,
        seconds=seconds_of(context),
        messages=(Message(role="system", text=prompt(), label=Label(Trust.TRUSTED)),
                  Message(role="user", text=f"Skills:\n{listed}\n\n{what}", label=Label(Trust.TRUSTED)),
                  Message(role="user", text=goal, label=label)),
    )


def _repaired(request: ModelRequest, reply: ModelReply, why: str) -> ModelRequest:
    """Return *request* with the answer that does not hold, and why: as data, since that may quote the answer."""
    label = Label(Trust.UNTRUSTED, sources=frozenset({f"model:{reply.model}"}))
    said = reply.text or json.dumps(reply.data, ensure_ascii=False, default=str)
    return request.replace(messages=(
        *request.messages,
        Message(role="assistant", text=said[:MAX_SHOWN], label=label),
        Message(role="user", text=f"Why the plan can't be used: {why}"[:500], label=label),
        Message(role="user", text=REPAIR, label=Label(Trust.TRUSTED)),
    ))


def _schema(task: Task, skills: Sequence[Ability]) -> dict[str, object]:
    text, ids = {"type": "string"}, list(dict.fromkeys(ability.id for ability in skills))
    fields = {
        "id": text, "description": text,
        "skills": {"type": "array", "items": {"type": "string", "enum": ids}},
        "depends_on": {"type": "array", "items": text},
    }
    one = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    tasks = {"type": "array", "items": one, "maxItems": _most(task)}
    parts = {"tasks": tasks, "not_understood": {"type": "array", "items": text}}
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


def _most(task: Task) -> int:
    return MAX_TASKS if task.kind == "goal" else MAX_PART


def _offered(text: str, index: Catalogue) -> Sequence[Ability]:
    """Return the abilities to choose from: of a very large catalogue those that the words speak for most."""
    if len(index.abilities) <= MAX_SKILLS:
        return index.abilities
    worth: dict[int, float] = {}
    for root in dict.fromkeys(stem(word) for word in name_words(text)):
        for ability, strength in index.evidence(root).worth.items():
            worth[ability] = worth.get(ability, 0.0) + strength
    best = sorted(range(len(index.abilities)), key=lambda at: -worth.get(at, 0.0))[:MAX_SKILLS]
    return [index.abilities[at] for at in sorted(best)]


def _told(skills: Sequence[Ability], context: PlanContext) -> list[tuple[Ability, str]]:
    """Return each ability once with a few words of its skill."""
    texts = {(card.name, skill.id): skill.description or skill.name for card in context.agents for skill in card.skills}
    first = {ability.id: ability for ability in reversed(skills)}
    return [
        (ability, " ".join(texts.get((ability.owner, ability.id), ability.owner).split()[:MAX_WORDS]))
        for ability in skills if first[ability.id] is ability
    ]


# -- the answer --------------------------------------------------------------------------------------------------------


class _Reading:
    """Makes tasks of a model's answer to one question; raises _Refused where it does not hold."""

    def __init__(self, task: Task, context: PlanContext, index: Catalogue) -> None:
        self.task, self.context, self.index = task, context, index
        self.owned: dict[str, list[Ability]] = {}
        for ability in index.abilities:
            self.owned.setdefault(ability.id, []).append(ability)

    def of(self, data: object) -> Decomposition:
        """Return the tasks of an answer."""
        rows = _rows(data, "tasks")
        if not rows:
            raise _Refused("it has no task")
        if len(rows) > min(_most(self.task), self.context.limits.max_tasks):
            raise _Refused(f"it has {len(rows)} tasks")
        ids = [_id(row.get("id")) for row in rows]
        tasks = [self._task(name, row, ids[:at]) for at, (name, row) in enumerate(zip(ids, rows, strict=True))]
        try:
            TaskGraph(tasks=tuple(tasks))
        except GraphError as error:
            raise _Refused(error.message) from None
        return Decomposition(tasks=tuple(tasks), not_understood=self._left_over(data))

    def _task(self, name: str, row: Mapping[str, object], before: Sequence[str]) -> Task:
        description = " ".join(str(row.get("description") or "").split())
        if not description:
            raise _Refused(f"task {name!r} has no description")
        abilities = self._abilities(name, [str(skill).strip() for skill in _list(row.get("skills"))])
        needs = tuple(dict.fromkeys(_id(need) for need in _list(row.get("depends_on"))))
        gathers = any(ability.gathers for ability in abilities)
        if gathers and not needs:
            needs = tuple(before)  # a report is of something
        given = needs if gathers or self._reads(abilities) else ()
        inputs = {**self._places(description, abilities), **{need: Input(task=need, output="") for need in given}}
        return Task(
            id=name, description=description, kind=abilities[0].kinds[0] if abilities and abilities[0].kinds else "",
            requires=tuple(ability.id for ability in abilities), inputs=inputs,
            depends_on=tuple(need for need in needs if need not in inputs),
        )

    def _abilities(self, name: str, skills: Sequence[str]) -> list[Ability]:
        """Return the abilities of one agent that *skills* name: that of the agent who has most of them."""
        if not skills and self.task.kind != "goal" and "/" in self.task.id:
            raise _Refused(f"task {name!r} would be broken down too often")
        for skill in skills:
            if skill not in self.owned:
                raise _Refused(f"task {name!r} needs unknown skill {skill!r}")
        found = [ability for skill in dict.fromkeys(skills) for ability in self.owned[skill]]
        owners = [ability.owner for ability in found]
        best = max(owners, key=owners.count, default="")  # of equals the first
        return [ability for ability in found if ability.owner == best]

    def _reads(self, abilities: Sequence[Ability]) -> bool:
        """Whether a model does the work: then it is given what came before, and not only told to wait for it."""
        cards = {card.name: card for card in self.context.agents}
        wants = {(card.name, skill.id) for card in cards.values() for skill in card.skills if WANTS_MODEL in skill.tags}
        return any(cards[a.owner].needs_model or (a.owner, a.id) in wants for a in abilities)

    def _places(self, description: str, abilities: Sequence[Ability]) -> dict[str, Input]:
        """Return the inputs that the words of a task name, as they are read without a model."""
        if not abilities:
            return {}
        ids = {ability.id for ability in abilities}
        read = decompose(description.replace("`", ""), self.context).tasks
        best = [task for task in read if ids.intersection(task.requires)]
        named: dict[str, Input] = {}
        for task in (*best, *read):  # a sentence may read as several tasks, of which one names the place
            named = {**{name: given for name, given in task.inputs.items() if given.task is None}, **named}
        return named

    def _left_over(self, data: object) -> tuple[str, ...]:
        """Return the words that the model did not understand, those that really stand in the goal."""
        text = " ".join(self.task.description.casefold().split())
        said = _list(data.get("not_understood")) if isinstance(data, Mapping) else ()
        words = (" ".join(str(each).split()) for each in said)
        return tuple(dict.fromkeys(each for each in words if each and each.casefold() in text))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _rows(data: object, name: str) -> list[Mapping[str, object]]:
    rows = _list(data.get(name)) if isinstance(data, Mapping) else ()
    return [row for row in rows if isinstance(row, Mapping)]


def _id(value: object) -> str:
    """Return a task id of what a model wrote; raises _Refused when nothing is left of it."""
    name = _NO_ID.sub("-", str(value or "").lower()).strip("-")[:MAX_ID].strip("-")
    if not name:
        raise _Refused(f"{value!r} is no id")
    return f"{name}-task" if name in TAKEN else name
