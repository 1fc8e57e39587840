"""Match 1,000 tasks against the routing rules, descriptions read; and route them whole, with every reason.

Beside it: 1,000 look-ups under a key of four fields that read no text.

usage: rules.py [--repeat N] [--tasks N]
"""

from __future__ import annotations

from _common import cpu, medians, options, show

from genesis_agents._cards import cards
from genesis_core import Goal, PlanContext, Task
from genesis_halo import genesis_route
from genesis_halo._conditions import facts
from genesis_halo._hook import rules_of
from genesis_halo._words import Reader

KINDS = ("implement", "design", "deploy", "test", "security", "analytics", "research", "", "pricing", "support")
WORDS = (
    "Scan the source of service {} for secrets that were committed", "Profile the tables of region {} with outliers",
    "Design how customers of tier {} pay for the API", "Write the regression tests of module {} and run them",
    "Find what the documents promise about failure {}",
)


def made(tasks: int) -> tuple[Task, ...]:
    """Return *tasks* tasks of many kinds, no two with the same description."""
    return tuple(
        Task(id=f"t{n}", kind=KINDS[n % len(KINDS)], description=WORDS[n % len(WORDS)].format(n),
             metadata={"platform": "cloud"} if n % 3 else {"model": "subscription"})
        for n in range(tasks)
    )


def keys(task: Task) -> tuple[object, ...]:
    """Return the four fields that need no reading."""
    return task.kind, task.metadata.get("platform"), task.metadata.get("model"), task.metadata.get("domain")


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, tasks=1_000)
    tasks, context = made(chosen.tasks), PlanContext(goal=Goal(text="benchmark"), agents=tuple(cards()))
    rules, reader = rules_of(context), Reader()
    table = {keys(task): task.kind for task in tasks}
    took = medians({
        "look_up": lambda: cpu(lambda: [table[keys(task)] for task in tasks]),
        "match": lambda: cpu(lambda: [rules.match(facts(task, reader)) for task in tasks]),
        "route": lambda: cpu(lambda: genesis_route(tasks, context.agents, context)),
    }, chosen.repeat)
    matched = sum(bool(rules.match(facts(task, reader)).rules) for task in tasks)
    assigned = sum(bool(found.agent) for found in genesis_route(tasks, context.agents, context))
    show("rules", tasks=len(tasks), rules=len(rules.rules), matched=matched, assigned=assigned,
         ms={name: round(seconds * 1e3, 2) for name, seconds in took.items()},
         ratio=round(took["match"] / took["look_up"], 2), aim={"match_ms": 5})


if __name__ == "__main__":
    main()
