"""Learned rewards on simulated histories whose truth is known: are estimates right, and are plans ranked better?

Each world draws agents with true chances of success by skill, cards that are off, a history of runs, and runs that come
after it. Told are the calibration error of the learned chances against the true ones of later tasks (ten groups of
equal size in the order of what was foretold), the same for the cards, and how many pairs of later runs each score puts
in their order; as means over worlds drawn with several seeds, and the worst of the errors.

usage: rewards.py [--repeat N] [--seed N] [--later N]
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
import statistics
from dataclasses import dataclass, field

from _common import cpu, options, show

from genesis_aop.rewards.facts import Done, Part, tries_of
from genesis_aop.rewards.known import Rewards, Success
from genesis_aop.rewards.learn import rewards_of
from genesis_aop.rewards.measures import calibration_error, chance, pairwise
from genesis_aop.rewards.terms import ENOUGH, FIXED, success_of, terms_of, weighed
from genesis_core import AgentCard, Skill, TaskOutcome

NODES = (-1.9, -1.3, -0.9, -0.6, -0.2, 0.2, 0.6, 0.9, 1.3, 1.9)
"""Luck of a run, in standard deviations: the middles of ten equal parts, roughly."""
PLAIN = Success(used=False, why="")
WAYS = ("fixed", "learned success", "as used")


@dataclass(frozen=True, slots=True)
class World:
    """What is true in a history."""

    name: str
    runs: int = 200
    tasks: tuple[int, int] = (2, 8)
    agents: int = 8
    skills: int = 3
    steepness: float = 0.0
    """How unequally work is spread: the n-th agent gets 1 / n ** steepness."""
    spread: float = 1.0
    """How far agents differ, in log-odds; skills of one agent differ half as much."""
    boast: float = 0.4
    """By how much cards promise too much."""
    noise: float = 0.5
    """How far each card is off besides."""
    drift: float = 0.0
    """How far each agent moves over the history, up or down."""
    slope: float = 0.0
    """What difficulty does to the log-odds; it rises over the history from 0.3 to 0.7."""
    luck: float = 0.0
    """How far all tasks of one run are lucky or unlucky together."""
    shared: float = 0.0
    """What all agents have in common that no card knows of."""
    fit: float = 1.5
    """What the fit of agent and task does to the log-odds."""
    costs: float = 0.0
    """How often money ends a run before its last tasks, by what it costs."""


WORLDS = (
    World("many", runs=400),
    World("few", runs=25, tasks=(2, 4)),
    World("some", runs=60, tasks=(2, 8)),
    World("agents drift", runs=400, drift=1.0),
    World("agents drift far", runs=400, drift=2.5),
    World("difficulty drifts", runs=300, slope=-4.0),
    World("agents hang together", runs=250, luck=1.0, shared=0.8),
    World("luck decides", runs=150, tasks=(10, 20), agents=6, luck=2.0),
    World("unbalanced", runs=250, agents=14, steepness=1.5),
    World("fit hardly matters", runs=300, fit=0.2),
    World("money runs out", runs=400, fit=0.5, costs=6.0),
    World("cards are right", runs=200, boast=0.0, noise=0.0, spread=0.7),
)


@dataclass
class Drawn:
    """A world with its agents drawn, from which runs can be drawn."""

    world: World
    lot: random.Random
    cards: dict[str, AgentCard] = field(default_factory=dict)
    ability: dict[tuple[str, str], float] = field(default_factory=dict)
    moves: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Draw who is there, how good each is, and what the cards say."""
        world, lot = self.world, self.lot
        common = lot.gauss(0, world.shared)
        for number in range(world.agents):
            name, skills = f"agent{number}", [f"skill{k}" for k in range(world.skills)]
            able = 1.2 + lot.gauss(0, world.spread)
            prior = chance(able + world.boast + lot.gauss(0, world.noise))
            self.cards[name] = AgentCard(name=name, prior=prior, skills=tuple(Skill(id=s, name=s) for s in skills))
            self.moves[name] = lot.gauss(0, 1) * world.drift / 2
            for skill in skills:
                self.ability[name, skill] = able + common + lot.gauss(0, world.spread / 2)
        shares = [1 / (n + 1) ** world.steepness for n in range(world.agents)]
        self._upto = list(itertools.accumulate(shares))

    def odds(self, part: Part, at: float, fit: float, luck: float) -> float:
        """Return the true log-odds of a task at a time (0..1) of the history."""
        world = self.world
        return (self.ability[part.agent, part.skills[0]] + self.moves[part.agent] * (2 * at - 1)
                + world.slope * (part.difficulty - 0.5) + world.fit * (fit - 0.7) + luck)

    def true(self, part: Part, at: float) -> float:
        """Return the true chance of a task whose fit and luck nobody knows."""
        fits = (0.42, 0.5, 0.58, 0.66, 0.74, 0.82, 0.9, 0.98)
        lucks = NODES if self.world.luck else (0.0,)
        return statistics.fmean(chance(self.odds(part, at, f, self.world.luck * u)) for f in fits for u in lucks)

    def run(self, number: int, at: float) -> tuple[list[TaskOutcome], Done, list[Part]]:
        """Draw one run: what came of its tasks, and of the whole."""
        world, lot, name = self.world, self.lot, f"r{number:05d}"
        count, luck = lot.randint(*world.tasks), lot.gauss(0, world.luck) if world.luck else 0.0
        cost, time = lot.random() * 0.8, lot.random() * 0.8
        parts, fits, found = [], [], []
        for _ in range(count):
            agent = f"agent{bisect.bisect(self._upto, lot.random() * self._upto[-1])}"
            hard = min(max(0.3 + 0.4 * at + lot.gauss(0, 0.12), 0.0), 1.0) if world.slope else 0.5
            parts.append(Part(agent, (f"skill{lot.randrange(world.skills)}",), hard))
            fits.append(0.38 + 0.64 * lot.random())
        begun = count if lot.random() >= chance(world.costs * (cost - 0.4)) or not world.costs else lot.randrange(count)
        for place, (part, fit) in enumerate(zip(parts[:begun], fits, strict=False)):
            good = lot.random() < chance(self.odds(part, at, fit, luck))
            state, code = ("completed", "") if good else ("failed", "task_failed")
            found.append(TaskOutcome(name, f"t{place}", part.agent, part.skills, state=state, code=code,
                                     difficulty=part.difficulty))
        done = sum(o.done for o in found) / count
        return found, Done(name, tuple(parts), 1.0, statistics.fmean(fits), cost, time, done), parts


def learned(drawn: Drawn) -> tuple[Rewards | None, int]:
    """Return what the world's history teaches, and how many outcomes it has."""
    history = [drawn.run(n, n / drawn.world.runs) for n in range(drawn.world.runs)]
    outcomes = [o for found, _, _ in reversed(history) for o in found]
    tries = tries_of(outcomes, drawn.cards)
    priors = {name: card.prior for name, card in drawn.cards.items()}
    whole = [done for _, done, _ in history]
    return (rewards_of(tries, whole, priors) if len(tries) >= ENOUGH else None), len(tries)


def judged(world: World, seed: int, later: int) -> dict[str, float]:
    """Return the figures of one world drawn with one seed."""
    drawn = Drawn(world, random.Random(f"{world.name} {seed}"))
    rewards, outcomes = learned(drawn)
    runs = [drawn.run(world.runs + n, 1.0) for n in range(later)]
    success = PLAIN if rewards is None else rewards.success
    weights = FIXED if rewards is None else rewards.weights_in_force
    parts = [part for _, _, found in runs for part in found]
    true = [drawn.true(part, 1.0) for part in parts]
    priors = {name: card.prior for name, card in drawn.cards.items()}
    by_card = [priors[part.agent] for part in parts]
    by_past = [success.of(part, priors[part.agent]) for part in parts] if success.used else by_card
    came = [done.done for _, done, _ in runs]
    ranked = {}
    for way, known, four in zip(WAYS, (PLAIN, success, success), (FIXED, FIXED, weights), strict=True):
        expected = [success_of(d, lambda part, known=known: known.chance(part, priors[part.agent])) for _, d, _ in runs]
        scores = [weighed(terms_of(d, s), four) for (_, d, _), s in zip(runs, expected, strict=True)]
        ranked[way] = pairwise(scores, came) or 0.0
    return {
        "outcomes": outcomes, "success_used": float(success.used), "weights_used": float(weights != FIXED),
        "error_cards": calibration_error(by_card, true), "error_learned": calibration_error(by_past, true),
        "miss_cards": rms(by_card, true), "miss_learned": rms(by_past, true),
        "half_life": rewards.success.half_life or 0 if rewards else 0,
        "calibrated": float(bool(rewards and rewards.success.calibration)),
        "inside": inside(rewards, drawn), **{f"ranked {way}": value for way, value in ranked.items()},
    }


def rms(expected: list[float], true: list[float]) -> float:
    """Return the root of the mean squared distance."""
    return math.sqrt(statistics.fmean((p - t) ** 2 for p, t in zip(expected, true, strict=True)))


def inside(rewards: Rewards | None, drawn: Drawn) -> float:
    """Return the share of pairs whose true chance at the end lies in the interval that was told."""
    known = [] if rewards is None else [k for k in rewards.success.pairs if k.skill]
    held = [k.low <= drawn.true(Part(k.agent, (k.skill or "",), k.difficulty), 1.0) <= k.high for k in known]
    return statistics.fmean(held) if held else 0.0


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__, seed=0, later=300)
    found, seconds = {}, 0.0
    for world in WORLDS:
        rows: list[dict[str, float]] = []
        seconds += cpu(lambda w=world, kept=rows: kept.extend(
            judged(w, chosen.seed + k, chosen.later) for k in range(chosen.repeat)))
        means = {name: round(statistics.fmean(row[name] for row in rows), 4) for name in rows[0]}
        found[world.name] = {**means, "error_worst": round(max(row["error_learned"] for row in rows), 4)}
    gains = [row["ranked as used"] - row["ranked fixed"] for row in found.values()]
    show("rewards", worlds=found, seeds=chosen.repeat, worst_mean_error=max(r["error_learned"] for r in found.values()),
         least_gain=round(min(gains), 4), ratio=round(statistics.fmean(
             row["ranked as used"] / row["ranked fixed"] for row in found.values()), 4),
         seconds=round(seconds, 1), aim={"error": 0.05, "least_gain": 0.0})


if __name__ == "__main__":
    main()
