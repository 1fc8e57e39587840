"""How likely an agent does a skill's tasks: its own tries, drawn towards its other tasks, and these towards its card.

Empirical Bayes with beta priors ("beta-binomial"; Gelman and others, Bayesian Data Analysis, chapter 5; Casella, An
Introduction to Empirical Bayes Data Analysis, 1985): an estimate is a weighted mean of what was seen and of what it is
drawn towards, and how strongly it is drawn is read off how much agents and skills differ. Besides:

- *shift*: cards as a whole may promise too much; all of them are moved by the log-odds that fit the outcomes best;
- *half_life*: where newer runs are foretold better by newer ones, old tries fade (``fading``);
- *alike*: tries of one run share its luck; so far they count for fewer, and those of a run never for more than MOST;
- *calibration* (Platt, Probabilistic Outputs, 1999, with the difficulty of the task besides): learned on tries that
  came later than the estimates, and used where it explains more of them than chance would (``fading``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .facts import Part, Try
from .fading import PULL, Forecast, calibration_of, half_life_of
from .known import Known, Success
from .measures import chance, log_odds

__all__ = ["foretold", "interval", "learned"]

MOST = 20.0
"""Tries that one run may count for, however many tasks it had: no single run decides."""
_PULLS = tuple(2.0**k for k in range(9))
_SHIFTS = tuple(k / 10 for k in range(-30, 31))
_LOG_SPREAD, _SHIFT_SPREAD = 1.5, 1.0
_GRID = 240
_SURE = 0.9

Pair = tuple[str, str]


@dataclass(slots=True)
class _Tally:
    """What was seen of a pair or an agent."""

    tries: int = 0
    successes: int = 0
    checked: int = 0
    runs: set[str] = field(default_factory=set)
    weight: float = 0.0
    won: float = 0.0
    hard: float = 0.0
    shared: float = 0.0
    """Of a pair: how much of its agent's weight is of the same tries."""
    shared_won: float = 0.0

    def add(self, one: Try, weight: float, of_agent: float) -> None:
        self.tries, self.successes, self.checked = (
            self.tries + 1, self.successes + one.done, self.checked + one.checked)
        self.runs.add(one.run)
        self.weight, self.won = self.weight + weight, self.won + weight * one.done
        self.hard += weight * one.difficulty
        self.shared, self.shared_won = self.shared + of_agent, self.shared_won + of_agent * one.done


@dataclass(frozen=True, slots=True)
class _Seen:
    """All tallies, and the cards of their agents."""

    cards: Mapping[str, float]
    agents: Mapping[str, _Tally]
    pairs: Mapping[Pair, _Tally]

    def card(self, agent: str, shift: float) -> float:
        return chance(log_odds(self.cards[agent]) + shift)

    def others(self, pair: Pair, card: float, pull: float) -> float:
        """Return what the agent's tasks without that skill say, drawn towards its *card*."""
        whole, own = self.agents[pair[0]], self.pairs[pair]
        left, won = max(whole.weight - own.shared, 0.0), max(whole.won - own.shared_won, 0.0)
        return (min(won, left) + pull * card) / (left + pull)


def learned(tries: Sequence[Try], cards: Mapping[str, float]) -> Success:
    """Return how likely agents succeed, learned from *tries* (oldest run first); *cards* are their priors."""
    half_life = half_life_of(tries, cards)
    calibration = calibration_of(tries, lambda before, later: _forecasts(before, later, cards, half_life))
    return _estimates(tries, cards, half_life, ends=True).replace(calibration=calibration)


def foretold(success: Success, tries: Iterable[Try], cards: Mapping[str, float]) -> list[float]:
    """Return for each of *tries* how likely it was taken to succeed."""
    return [success.of(Part(t.agent, t.skills, t.difficulty), cards[t.agent]) for t in tries]


def _forecasts(before: Sequence[Try], later: Sequence[Try], cards: Mapping[str, float], half_life: int | None,
               ) -> list[Forecast]:
    """Return how likely *later* tries are after those *before*, each with how much harder it is than those were."""
    success = _estimates(before, cards, half_life)
    parts = [Part(t.agent, t.skills, t.difficulty) for t in later]
    return [(success.of(part, cards[part.agent]), success.harder(part)) for part in parts]


def _estimates(
    tries: Sequence[Try], cards: Mapping[str, float], half_life: int | None, *, ends: bool = False
) -> Success:
    alike = _alike(tries, _success(_tallied(tries, cards, half_life, 0.0)))
    seen = _tallied(tries, cards, half_life, alike)
    return _success(seen, half_life, alike, ends=ends)


def _success(seen: _Seen, half_life: int | None = None, alike: float = 0.0, *, ends: bool = False) -> Success:
    """Return the estimates from what was *seen*; with the *ends* of their intervals, which take longest, if asked."""
    shift, card_pull = _of_cards(seen)
    agent_pull = _of_skills(seen, shift, card_pull)
    agents = [_known(agent, None, tally, seen.card(agent, shift), card_pull, seen.cards[agent], ends)
              for agent, tally in sorted(seen.agents.items())]
    pairs = [_known(pair[0], pair[1], tally, seen.others(pair, seen.card(pair[0], shift), card_pull), agent_pull,
                    seen.cards[pair[0]], ends) for pair, tally in sorted(seen.pairs.items())]
    return Success(used=True, why="", shift=shift, card_pull=card_pull, agent_pull=agent_pull, half_life=half_life,
                   alike=round(alike, 6), agents=tuple(agents), pairs=tuple(pairs))


def _known(
    agent: str, skill: str | None, tally: _Tally, toward: float, pull: float, card: float, ends: bool
) -> Known:
    up, down = tally.won + pull * toward, max(tally.weight - tally.won, 0.0) + pull * (1 - toward)
    estimate = round(up / (up + down), 6)
    low, high = interval(up, down) if ends else (0.0, 1.0)
    return Known(
        agent=agent, skill=skill, successes=tally.successes, tries=tally.tries, checked=tally.checked,
        runs=len(tally.runs), counted=round(tally.weight, 6), estimate=estimate, low=min(low, estimate),
        high=max(high, estimate), card=card,
        toward=round(toward, 6), difficulty=round(min(max(tally.hard / tally.weight, 0.0), 1.0), 6),
    )


def interval(up: float, down: float) -> tuple[float, float]:
    """Return the ends of the middle 90 % of a beta distribution, by adding it up over log-odds."""
    centre, width = math.log(up / down), math.sqrt(1 / up + 1 / down)
    odds = [centre + width * 8 * (2 * k / _GRID - 1) for k in range(_GRID + 1)]
    heights = [up * (x - math.log1p(math.exp(x)) if x < 30 else 0.0) - down * math.log1p(math.exp(min(x, 700)))
               for x in odds]
    top = max(heights)
    dense = [math.exp(h - top) for h in heights]
    total, below = math.fsum(dense), 0.0
    ends: list[float] = []
    for x, d in zip(odds, dense, strict=True):
        below += d / total
        if below >= ((1 - _SURE) / 2, (1 + _SURE) / 2)[len(ends)]:
            ends.append(1 / (1 + math.exp(-x)))
            if len(ends) == 2:
                break
    return (round(ends[0], 6), round(ends[1], 6)) if len(ends) == 2 else (0.0, 1.0)


# ---- what was seen -------------------------------------------------------------------------------------------------


def _tallied(tries: Sequence[Try], cards: Mapping[str, float], half_life: int | None, alike: float) -> _Seen:
    order = {run: place for place, run in enumerate(dict.fromkeys(t.run for t in tries))}
    together: dict[tuple[str, ...], int] = defaultdict(int)
    for t in tries:
        together[t.run, t.agent] += 1
        for skill in t.skills:
            together[t.run, t.agent, skill] += 1
    agents: dict[str, _Tally] = defaultdict(_Tally)
    pairs: dict[Pair, _Tally] = defaultdict(_Tally)
    for t in tries:
        age = len(order) - 1 - order[t.run]
        fades = 1.0 if half_life is None else 0.5 ** (age / half_life)
        of_agent = fades * _share(together[t.run, t.agent], alike)
        agents[t.agent].add(t, of_agent, of_agent)
        for skill in t.skills:
            pairs[t.agent, skill].add(t, fades * _share(together[t.run, t.agent, skill], alike), of_agent)
    return _Seen(cards, agents, pairs)


def _share(count: int, alike: float) -> float:
    """Return what one of *count* tries of one run counts, that come out *alike* so far (the design effect)."""
    return min(1 / (1 + (count - 1) * alike), MOST / count)


def _alike(tries: Sequence[Try], success: Success) -> float:
    """Return how far tries of one pair in one run come out alike: the correlation of what was not expected."""
    groups: dict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)
    by_pair = success.by_pair
    for t in tries:
        for skill in t.skills:
            p = by_pair[t.agent, skill].estimate
            groups[t.run, t.agent, skill].append((t.done - p, p * (1 - p)))
    shared = whole = 0.0
    for group in groups.values():
        if len(group) > 1:
            missed, spread = [r for r, _ in group], [math.sqrt(v) for _, v in group]
            shared += math.fsum(missed) ** 2 - math.fsum(r * r for r in missed)
            whole += math.fsum(spread) ** 2 - math.fsum(s * s for s in spread)
    return min(max(shared / whole, 0.0), 1.0) if whole > 0 else 0.0


# ---- how strongly to draw ------------------------------------------------------------------------------------------


def _of_cards(seen: _Seen) -> tuple[float, float]:
    """Return by how much cards are off, and how many tries they are worth: what makes the outcomes likeliest."""
    best = (-math.inf, 0.0, PULL)
    for shift in _SHIFTS:
        prior = -((shift / _SHIFT_SPREAD) ** 2) / 2
        means = [(tally, seen.card(agent, shift)) for agent, tally in sorted(seen.agents.items())]
        for pull in _PULLS:
            value = prior + _pull_prior(pull) + math.fsum(_likely(t.won, t.weight, m, pull) for t, m in means)
            best = max(best, (value, shift, pull), key=lambda row: row[0])
    return best[1], best[2]


def _of_skills(seen: _Seen, shift: float, card_pull: float) -> float:
    """Return how many tries of one skill an agent's other tasks are worth."""
    rows = [(tally, seen.others(pair, seen.card(pair[0], shift), card_pull)) for pair, tally in
            sorted(seen.pairs.items())]
    return max(_PULLS, key=lambda pull: _pull_prior(pull) + math.fsum(
        _likely(t.won, t.weight, m, pull) for t, m in rows))


def _pull_prior(pull: float) -> float:
    return -((math.log(pull / PULL) / _LOG_SPREAD) ** 2) / 2


def _likely(won: float, tries: float, toward: float, pull: float) -> float:
    """Return the log-likelihood of a beta-binomial, but for what does not depend on the last two."""
    lost, up, down = max(tries - won, 0.0), pull * toward, pull * (1 - toward)
    gamma = math.lgamma
    return gamma(won + up) - gamma(up) + gamma(lost + down) - gamma(down) + gamma(pull) - gamma(tries + pull)
