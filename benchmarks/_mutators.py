"""One defect a plan: missing task, wrong agent, duplicate, cycle, dangling input, budget, number, order.

Each mutator knows what a reader would have to be told: of which kind the finding is, and which task or which word of
the goal it has to name. It draws everything from the generator that it is given, and says None for a plan that it
can't break in a way that a reader could see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from _good_plans import NUMBER, Case, RawTask, numbers_in, text_of

from genesis_core import AgentCard, Budget, PlanReport

__all__ = ["MUTATORS", "Mutant", "fixed"]

_WORD = re.compile(r"[a-z]{4,}|\d+(?:[.,:/-]\d+)*")
_COMMON = frozenset("""about after also another call could each every find first from give have help into just like list
    make more need next once other please provide show such tell than that their them then there these this those
    user want well were what when where which will with would your using given specified information details data
    retrieve search check query obtain based""".split())
_LITTLE = frozenset("""a an and any api are as at be by can do each for from get has his how if in into is it its my me
    no not of off on or our out per set so the to two up use was we who why yes you""".split())
_NEXT = re.compile(r"\b(?:then|after (?:that|which|this)|afterwards|finally|next|subsequently|lastly|followed by"
                   r"|at the end|once done|(?:and|of|use|with|for) (?:it|them|its|their|these|this|that)"
                   r"|the results?)\b", re.I)
"""Words that say that one thing comes after another one, or takes up what it gave."""


@dataclass(frozen=True)
class Mutant:
    """A broken plan, and what is right to say of it."""

    kind: str
    case: Case
    good: Case
    tasks: tuple[str, ...] = ()
    """The finding names one of these."""
    words: tuple[str, ...] = ()
    """Or its message holds one of these."""
    mendable: bool = True


Mutator = Callable[[Case, PlanReport, Sequence[AgentCard], Random], Mutant | None]


def _stems(text: str) -> set[str]:
    return {word[:6] for word in _WORD.findall(text.lower()) if word not in _COMMON}


def _short(text: str) -> set[str]:
    """Return the stems of *text*, those of short words too: TV, SMS, car."""
    return _stems(text) | set(re.findall(r"\b[a-z]{2,3}\b", text.lower())) - _LITTLE


def _own_words(case: Case, task_id: str) -> set[str]:
    """Return the words of the goal that only this task takes up."""
    others = " ".join(text_of(task) for task in case.tasks if task["id"] != task_id)
    mine = next(text_of(task) for task in case.tasks if task["id"] == task_id)
    return (_stems(mine) - _stems(others)) & _stems(case.goal)


def _needs(task: RawTask) -> set[str]:
    named = {i["task"] for i in task.get("inputs", {}).values() if "task" in i}
    return named | set(task.get("depends_on", ()))


def _without(task: RawTask, gone: str, instead: Sequence[str] = ()) -> RawTask:
    """Return *task* that no longer waits for *gone*, but for what is there *instead*, if it did."""
    if gone not in _needs(task):
        return task
    inputs = {name: i for name, i in task.get("inputs", {}).items() if i.get("task") != gone}
    waits = dict.fromkeys((*(n for n in task.get("depends_on", ()) if n != gone), *instead))
    return {**task, "inputs": inputs, "depends_on": list(waits)}


def _with(task: RawTask, more: str) -> RawTask:
    return {**task, "depends_on": [*task.get("depends_on", ()), more]}


# -- the mutators ---------------------------------------------------------------------------------------------------


def missing(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Leave out a task that alone takes up two words of the goal at least; who waited for it waits for its needs.

    It can be mended when one of these words stands on the card of its agent: nothing else leads there.
    """
    able = [task for task in case.tasks if len(_own_words(case, task["id"])) >= 2]
    if not able:
        return None
    gone = draw.choice(able)
    kept = tuple(_without(t, gone["id"], sorted(_needs(gone))) for t in case.tasks if t["id"] != gone["id"])
    card = next((c for c in cards if c.name == case.agents.get(gone["id"])), None)
    leads = card is not None and bool(_own_words(case, gone["id"]) & _stems(_said(card)))
    agents = {task: agent for task, agent in case.agents.items() if task != gone["id"]}
    return Mutant("missing", case.replace(tasks=kept, agents=agents), case,
                  words=tuple(sorted(_own_words(case, gone["id"]))), mendable=leads)


def wrong_agent(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Give a task to an agent that has no skill for it and whose card shares no word with it."""
    task = draw.choice([t for t in case.tasks if t["id"] in case.agents] or [None])
    if task is None:
        return None
    right = next(card for card in cards if card.name == case.agents[task["id"]])
    about = _short(f"{text_of(task)} {task.get('kind', '')} {_said(right)}")
    others = [c for c in cards if not about & _short(_said(c)) and not {s.id for s in c.skills} & _skills(task, right)]
    if not others:
        return None
    agents = {**case.agents, task["id"]: draw.choice(others).name}
    return Mutant("wrong-agent", case.replace(agents=agents), case, tasks=(task["id"],))


def _said(card: AgentCard) -> str:
    skills = " ".join(f"{s.id} {s.name} {s.description} {' '.join(s.tags)}" for s in card.skills)
    spaced = re.sub(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", " ", f"{card.name} {skills} {' '.join(card.kinds)}")
    return f"{spaced} {card.description}"


def _skills(task: RawTask, card: AgentCard) -> set[str]:
    return {*task.get("requires", ()), *(s.id for s in card.skills)}


def duplicate(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Do a task twice: word by word, in other words about it, or a part of it."""
    task = draw.choice(case.tasks)
    if task["id"] not in case.agents:
        return None
    text = task["description"]
    said = {
        "copy": text,
        "polite": f"please {text[:1].lower()}{text[1:]}",
        "again": f"{text.rstrip('.')} once more",
        "part": _part(text),
    }[draw.choice(("copy", "polite", "again", "part"))]
    again = {**task, "id": f"{task['id']}-b", "description": said}
    at = draw.randint(case.tasks.index(task) + 1, len(case.tasks))
    tasks = (*case.tasks[:at], again, *case.tasks[at:])
    agents = {**case.agents, again["id"]: case.agents[task["id"]]}
    return Mutant("duplicate", case.replace(tasks=tasks, agents=agents), case, tasks=(task["id"], again["id"]))


def _part(text: str) -> str:
    """Return the first two thirds of *text*, in words."""
    words = text.split()
    return " ".join(words[: max(3, len(words) * 2 // 3)])


def cycle(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Let a task wait for one that waits for it, or for itself."""
    pairs = [(task["id"], need) for task in case.tasks for need in sorted(_needs(task))]
    later, earlier = draw.choice([*pairs, (case.tasks[0]["id"],) * 2])
    tasks = tuple(_with(t, later) if t["id"] == earlier else t for t in case.tasks)
    return Mutant("cycle", case.replace(tasks=tasks), case, tasks=(later, earlier), mendable=False)


def dangling(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Give a task an input that comes from nowhere: no such task, no such file, no such secret."""
    task = draw.choice(case.tasks)
    source = draw.choice((
        {"task": f"{case.tasks[0]['id']}-gone", "output": ""}, {"file": "inputs/not-there.csv"}, {"secret": "NOT_SET"},
    ))  # fmt: skip
    broken = {**task, "inputs": {**task.get("inputs", {}), "extra": source}}
    tasks = tuple(broken if t["id"] == task["id"] else t for t in case.tasks)
    return Mutant("dangling", case.replace(tasks=tasks), case, tasks=(task["id"],), mendable=False)


def budget(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Allow a part of the money, or of the time along the longest chain, that the plan is expected to take."""
    share = draw.choice((0.2, 0.4, 0.6))
    cost, seconds = report.plan.expected.cost, report.plan.critical_seconds
    limits = [Budget(max_seconds=seconds * share)] if seconds else []
    limits += [Budget(max_cost=round(cost * round(share * 10) / 10, 9))] if cost else []
    if not limits:
        return None
    return Mutant("budget", case.replace(budget=draw.choice(limits)), case, mendable=False)


def number(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Leave a number of the goal out of every task, or write another one."""
    said = [n for n in numbers_in(case.goal) if any(n in numbers_in(text_of(t)) for t in case.tasks)]
    if not said:
        return None
    lost = draw.choice(said)
    other = draw.choice(("", str(draw.randint(4001, 4999))))
    tasks = tuple(_rewritten(task, lost, other) for task in case.tasks)
    if any(lost in numbers_in(text_of(t)) for t in tasks):
        return None
    return Mutant("number", case.replace(tasks=tasks), case, words=(lost,))


def _rewritten(task: RawTask, lost: str, other: str) -> RawTask:
    def swap(value: Any) -> Any:
        text = NUMBER.sub(lambda m: other if m[0] == lost else m[0], value if isinstance(value, str) else str(value))
        return value if text == str(value) else text

    inputs = {name: {"value": swap(i["value"])} if "value" in i else i for name, i in task.get("inputs", {}).items()}
    return {**task, "description": swap(task.get("description", "")), "inputs": inputs}


def order(case: Case, report: PlanReport, cards: Sequence[AgentCard], draw: Random) -> Mutant | None:
    """Turn round two tasks that the goal puts one after the other, with a word that says so between them."""
    edges = [(need, task["id"]) for task in case.tasks for need in sorted(_needs(task))]
    said = [edge for edge in edges if _said_in_order(case, *edge)]
    for earlier, later in draw.sample(said, len(said)):
        tasks = tuple(
            _with(t, later) if t["id"] == earlier else _without(t, earlier) if t["id"] == later else t
            for t in case.tasks
        )
        if not _reaches(tasks, later, earlier):
            return Mutant("order", case.replace(tasks=tasks), case, tasks=(earlier, later))
    return None


def _said_in_order(case: Case, earlier: str, later: str) -> bool:
    goal = case.goal.lower()
    first, second = _places(goal, _own_words(case, earlier)), _places(goal, _own_words(case, later))
    return bool(first and second and max(first) < min(second) and _NEXT.search(goal, max(first), max(second) + 30))


def _places(goal: str, stems: set[str]) -> list[int]:
    return [match.start() for match in _WORD.finditer(goal) if match[0][:6] in stems]


def _reaches(tasks: Sequence[RawTask], start: str, end: str) -> bool:
    """Whether *start* waits for *end*, over others."""
    needs, seen, stack = {t["id"]: _needs(t) for t in tasks}, set[str](), [start]
    while stack:
        new = needs.get(stack.pop(), set()) - seen
        seen |= new
        stack += new
    return end in seen


MUTATORS: Mapping[str, Mutator] = {
    "missing": missing, "wrong-agent": wrong_agent, "duplicate": duplicate, "cycle": cycle, "dangling": dangling,
    "budget": budget, "number": number, "order": order,
}  # fmt: skip


# -- is it mended? --------------------------------------------------------------------------------------------------


def fixed(mutant: Mutant, report: PlanReport) -> bool:
    """Return whether the defect itself is gone from the plan of *report*, whatever any finding says."""
    return _FIXED[mutant.kind](mutant, report)


def _all_text(report: PlanReport) -> str:
    return " ".join(text_of(task.to_json()) for task in report.plan.graph.leaves)


def _covered(mutant: Mutant, report: PlanReport) -> bool:
    """Every word that went missing is said by a task that somebody does, and there is one more than before."""
    done = [t.to_json() for t in report.plan.graph.leaves if t.id in report.plan.assigned]
    told = _stems(" ".join(map(text_of, done)))
    return told.issuperset(mutant.words) and len(done) > len(mutant.case.tasks)


def _reassigned(mutant: Mutant, report: PlanReport) -> bool:
    """Somebody else does it, in whom nothing wrong is found: the right one, or one as able (the plan is accepted)."""
    (task,) = mutant.tasks
    found = report.plan.assigned.get(task)
    return found is not None and found.agent != mutant.case.agents[task]


def _once(mutant: Mutant, report: PlanReport) -> bool:
    """One of the two is left, and every other task of the good plan."""
    kept = {t.id for t in report.plan.graph.leaves}
    others = {t["id"] for t in mutant.good.tasks} - set(mutant.tasks)
    return others <= kept and len(kept & set(mutant.tasks)) == 1


def _told(mutant: Mutant, report: PlanReport) -> bool:
    return set(mutant.words) <= set(numbers_in(_all_text(report)))


def _in_order(mutant: Mutant, report: PlanReport) -> bool:
    raw = [json.loads(json.dumps(t.to_json())) for t in report.plan.graph.tasks]
    earlier, later = mutant.tasks
    return {earlier, later} <= {t["id"] for t in raw} and _reaches(raw, later, earlier)


_FIXED: Mapping[str, Callable[[Mutant, PlanReport], bool]] = {
    "missing": _covered, "wrong-agent": _reassigned, "duplicate": _once, "number": _told, "order": _in_order,
    "cycle": lambda mutant, report: False, "dangling": lambda mutant, report: False,
    "budget": lambda mutant, report: False,
}  # fmt: skip
