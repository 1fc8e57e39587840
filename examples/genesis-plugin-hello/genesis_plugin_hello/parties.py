"""Read who is to be greeted out of a sentence, and say what has to be done for that."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genesis_core import Input, Task

SKILL = "greeting"
_GREETING = re.compile(r"\s*(?:please\s+)?(?:greet|say hello to)\s+(?P<names>.+?)\s*[.!]?\s*", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_a-z][\w'-]*")


def names_in(text: str) -> tuple[str, ...]:
    """Return the people that *text* asks to greet, or nothing when it asks for anything else as well."""
    found = _GREETING.fullmatch(text)
    words = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", found["names"]) if found else []
    names = tuple(dict.fromkeys(words))
    return names if all(_NAME.fullmatch(name) for name in names) else ()


def parts_of(task: Task) -> Sequence[Task] | None:
    """Return one task for each person and one that collects the greetings, or None when *task* is not ours."""
    names = names_in(task.description)
    if not names or "name" in task.inputs:  # a task with a name is one that we made: it needs no further splitting
        return None
    greetings = [_greet(number, name) for number, name in enumerate(names, 1)]
    return [*greetings, _card(greetings)]


def _greet(number: int, name: str) -> Task:
    return Task(
        id=f"greet-{number}",
        description=f"greet {name}",
        kind="greeting",
        requires=(SKILL,),
        inputs={"name": Input(value=name)},
    )


def _card(greetings: Sequence[Task]) -> Task:
    return Task(
        id="card",
        description="write all greetings on one card",
        kind="greeting",
        requires=(SKILL,),
        inputs={task.id: Input(task=task.id, output="/greeting") for task in greetings},
    )
