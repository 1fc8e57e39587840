"""Route tasks to a catalogue that nothing was learned for: one built-in's card under another name, all fifteen in turn.

    python benchmarks/halo_strangers.py [DATA.jsonl] [--unlearned]

DATA holds rows ``{"task", "agent"}``; without it the descriptions of the cards' own skills are the tasks. For each
agent its card is registered again as a stranger's, the built-in is left out, and its rows are routed by the hook; with
``--unlearned`` also with what is learned from the rows of all others, so that nothing was ever learned about the
stranger's work. Prints JSON: for each agent the share of its rows that come to it first, and within the first three,
before and after. Standard library and Genesis only; every repetition comes to the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import fit_halo as fit

from genesis_agents._cards import cards
from genesis_core import AgentCard, Task
from genesis_core.testing import context_for
from genesis_halo import _match, genesis_route
from genesis_halo._words import Reader

STRANGER = "qx-contractor"
"""No word of it says what it does."""
ANY_MODEL = ("benchmark",)


def own_words() -> list[fit.Row]:
    """Return what the cards say that each agent can do, as rows."""
    return [{"task": skill.description, "agent": card.name} for card in cards() for skill in card.skills]


def renamed(name: str) -> tuple[AgentCard, ...]:
    """Return the built-in cards with that of *name* under a stranger's name."""
    return tuple(card.replace(name=STRANGER) if card.name == name else card for card in cards())


def by_hook(catalogue: Sequence[AgentCard], rows: Sequence[fit.Row], name: str) -> tuple[float, float]:
    """Return the share of *rows* that the hook gives to *name* first, and within the first three."""
    first = third = 0
    for row in rows:
        context = context_for(agents=tuple(catalogue), models=ANY_MODEL, settings={"halo": {"margin": 0}})
        answers = genesis_route((Task(id="task", description=row["task"]),), tuple(catalogue), context)
        assert isinstance(answers, list)  # with a margin of 0 no model is asked, and there is nothing to wait for
        [found] = answers
        ranked = [found.agent, *(other for other, _ in found.alternatives)]
        first, third = first + (ranked[0] == name), third + (name in ranked[:3])
    return round(first / len(rows), 4), round(third / len(rows), 4)


def unlearned(world: fit.Setup, rows: Sequence[fit.Row], name: str) -> tuple[float, float]:
    """Return the same shares when the rows of *name* were left out of what is learned, and its card is a stranger's."""
    kept, held = [row for row in rows if row["agent"] != name], [row for row in rows if row["agent"] == name]
    lexicon = fit.counted(world, kept)
    full = fit.with_weights(lexicon, fit.learn(world, lexicon, kept))
    views = [_match.profile(card, full, Reader()) for card in renamed(name)]
    strange = fit.Setup(world.names, tuple(views), world.reader, world.written)
    hits = fit.judge(strange, full, held)
    return round(sum(h[1] for h in hits) / len(hits), 4), round(sum(h[2] for h in hits) / len(hits), 4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=1, help="As other benchmarks take it; once is enough.")
    parser.add_argument("--unlearned", action="store_true", help="Also leave each agent's rows out of what is learned.")
    options = parser.parse_args()
    rows = fit.read(options.data) if options.data else own_words()
    world = fit.setup()
    found: dict[str, dict[str, object]] = {}
    falls, hits = list[float](), [0.0, 0.0]
    for name in world.names:
        own = [row for row in rows if row["agent"] == name]
        before, after = by_hook(cards(), own, name), by_hook(renamed(name), own, STRANGER)
        found[name] = {"rows": len(own), "known": before, "renamed": after}
        if options.unlearned:
            found[name]["nothing_learned"] = unlearned(world, rows, name)
        falls.append(max(before[0] - after[0], before[1] - after[1]))
        hits = [hits[0] + len(own) * before[0], hits[1] + len(own) * after[0]]
    print(json.dumps({
        "benchmark": "halo_strangers", "rows": len(rows), "worst_fall_in_points": round(100 * max(falls), 2),
        "ratio": round(hits[1] / max(1.0, hits[0]), 4), "aim": {"worst_fall_in_points": 10}, "agents": found,
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
