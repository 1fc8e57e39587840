"""Learn from tries and runs, and compare with what is fixed on runs that came later than what it was learned from.

The runs, in the order of time, are cut into FOLDS blocks. Each but the first is foretold by what those before it teach
(rolling origin); the weights need terms that were foretold so, and are tried one block later. Whether a block's plans
are foretold by learned success is decided on the blocks before it, too. What does not do better there than what is
fixed is not used, and the result says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genesis_core import digest

from .facts import Done, Try
from .known import Compared, Measured, Origin, Rewards, Success, Weights
from .measures import calibration_error, error_of_mean, log_loss, losses, mean, pairwise, squares, surely
from .success import foretold, learned
from .terms import ENOUGH, FIXED, Four, success_of, terms_of, weighed
from .weights import likely, scale_of, weights_of

__all__ = ["FOLDS", "LATER", "rewards_of"]

FOLDS = 6
LATER = 10
"""Held-out runs below which nobody can say how learned success did: the error of fewer gains is luck itself."""
TRIED_FROM = ENOUGH // 2
"""Runs that weights are learned from when they are tried on the block after those."""
MOST_RANKED = 1_000
"""Held-out tasks whose pairs are counted: the newest."""

@dataclass(slots=True)
class _Fold:
    """One block of runs, foretold by what was learned before it."""

    tries: list[Try]
    runs: list[Done]
    success: Success
    by_card: list[float]
    by_past: list[float]

    @property
    def came(self) -> list[float]:
        return [float(t.done) for t in self.tries]

    @property
    def gains(self) -> list[float]:
        """What learned success gained on each run (log-loss): tries of one run share its luck, and count as one."""
        found: dict[str, float] = defaultdict(float)
        before, after = losses(self.by_card, self.came), losses(self.by_past, self.came)
        for one, a, b in zip(self.tries, before, after, strict=True):
            found[one.run] += a - b
        return list(found.values())


def rewards_of(tries: Sequence[Try], runs: Sequence[Done], cards: Mapping[str, float], *, seed: int = 0) -> Rewards:
    """Return what *tries* (oldest run first) and *runs* teach of the agents whose priors *cards* holds.

    The same in, the same out. Whoever calls it has at least ENOUGH tries.
    """
    runs = sorted(runs, key=lambda done: done.run)
    folds = _folds(tries, runs, cards)
    success, tasks = _judged(learned(tries, cards), folds)
    weights, whole = _weights(folds, success.used, cards, seed)
    return Rewards(origin=_origin(tries, runs, seed), success=success, weights=weights, tasks_held_out=tasks,
                   runs_held_out=whole)


def _origin(tries: Sequence[Try], runs: Sequence[Done], seed: int) -> Origin:
    names = sorted({*(t.run for t in tries), *(done.run for done in runs)})
    facts = [[list(t) for t in tries], [list(done) for done in runs]]
    return Origin(outcomes=len(tries), runs=len(names), first=names[0] if names else "",
                  last=names[-1] if names else "", digest=digest(facts), seed=seed)


def _folds(tries: Sequence[Try], runs: Sequence[Done], cards: Mapping[str, float]) -> list[_Fold]:
    """Return the blocks that have ENOUGH tries before them, each with what was learned from those."""
    names = list(dict.fromkeys(sorted({*(t.run for t in tries), *(done.run for done in runs)})))
    block = {name: place * FOLDS // len(names) for place, name in enumerate(names)}
    found = []
    for k in range(1, FOLDS):
        before = [t for t in tries if block[t.run] < k]
        if len(before) >= ENOUGH:  # from fewer nothing is learned in earnest either
            own, success = [t for t in tries if block[t.run] == k], learned(before, cards)
            found.append(_Fold(own, [r for r in runs if block[r.run] == k], success, [cards[t.agent] for t in own],
                               foretold(success, own, cards)))
    return found


# ---- success -------------------------------------------------------------------------------------------------------


def _judged(success: Success, folds: Sequence[_Fold]) -> tuple[Success, Compared]:
    """Return *success* with whether it is used, and how it did beside the cards."""
    came = [y for fold in folds for y in fold.came]
    by_card, by_past = [p for fold in folds for p in fold.by_card], [p for fold in folds for p in fold.by_past]
    ways = (_of_tasks("cards", by_card, came), _of_tasks("learned", by_past, came)) if came else ()
    used, why = _verdict(folds)
    return success.replace(used=used, why=why), Compared(count=len(came), ways=ways)


def _verdict(folds: Sequence[_Fold]) -> tuple[bool, str]:
    """Return whether learned success is to be used, from how it did in *folds*, and why."""
    gains = [gain for fold in folds for gain in fold.gains]
    foretold_ = f"it foretold {sum(len(fold.tries) for fold in folds)} later tasks"
    if len(gains) < LATER:
        return False, f"too few later runs to try it on: {len(gains)}, and {LATER} are needed"
    if mean(gains) > 0:
        return True, f"{foretold_} better than the cards"
    if mean(gains) >= -error_of_mean(gains):  # the cards are part of it: a tie is no loss, and more runs will tell
        return True, f"{foretold_} as well as the cards, as far as so few can tell"
    return False, f"{foretold_} worse than the cards"


def _of_tasks(way: str, expected: Sequence[float], came: Sequence[float]) -> Measured:
    ranking = pairwise(expected[-MOST_RANKED:], came[-MOST_RANKED:])
    return Measured(way=way, log_loss=_short(log_loss(expected, came)), brier=_short(squares(expected, came)),
                    calibration=_short(calibration_error(expected, came)), ranking=_short(ranking))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


# ---- weights -------------------------------------------------------------------------------------------------------


def _weights(folds: Sequence[_Fold], learns: bool, cards: Mapping[str, float], seed: int) -> tuple[Weights, Compared]:
    """Return the weights, and how plans were ranked by the fixed score, with learned success, and with both."""
    plain = Success(used=False, why="")
    fixed = [[_terms(r, plain, cards) for r in fold.runs] for fold in folds]
    past = [[_terms(r, fold.success, cards) for r in fold.runs] for fold in folds]
    came = [[r.done for r in fold.runs] for fold in folds]
    count = sum(map(len, came))
    if count < ENOUGH:
        why = f"too few later runs to learn from: {count}, and {ENOUGH} are needed"
        return Weights(used=False, why=why, runs=count), Compared(count=0)
    held = _Held(fixed, past, came, [_verdict(folds[:k])[0] for k in range(len(folds))])
    held.run()
    if not held.came:
        return Weights(used=False, why="no later runs to try them on", runs=count), Compared(count=0)
    found = weights_of(_joined(past if learns else fixed), _flat(came))
    sure = surely(held.gains, seed)
    ranks = held.ranking("learned success"), held.ranking("learned success and weights")
    better = sure > 0 and ranks[0] is not None and ranks[1] is not None and ranks[1] >= ranks[0]
    why = (f"foretold {len(held.came)} later runs {'better than' if better else 'not surely better than'} "
           f"the fixed weights")
    return Weights(used=better, why=why, learned=found, runs=count), Compared(count=len(held.came), ways=held.ways)


def _terms(done: Done, success: Success, cards: Mapping[str, float]) -> Four:
    return terms_of(done, success_of(done, lambda part: success.chance(part, cards.get(part.agent))))


class _Held:
    """Scores of held-out runs by three ways, each with the scale that earlier runs give it.

    *learns* says of each block whether what came before it speaks for learned success; the cards count where not.
    """

    def __init__(self, fixed: list[list[Four]], past: list[list[Four]], came: list[list[float]],
                 learns: list[bool]) -> None:
        self._fixed, self._past, self._came, self._learns = fixed, past, came, learns
        self.came: list[float] = []
        self._scores: dict[str, list[float]] = {}
        self._expected: dict[str, list[float]] = {}

    def run(self) -> None:
        """Foretell each block from the first that has TRIED_FROM runs before it."""
        for k in range(1, len(self._came)):
            seen = _flat(self._came[:k])
            if len(seen) < TRIED_FROM or not self._came[k]:
                continue
            rows = self._past if self._learns[k] else self._fixed
            self._try("fixed", self._fixed, k, FIXED, seen)
            self._try("learned success", rows, k, FIXED, seen)
            self._try("learned success and weights", rows, k, weights_of(_joined(rows[:k]), seen), seen)
            self.came += self._came[k]

    def _try(self, way: str, rows: list[list[Four]], k: int, weights: Sequence[float], seen: Sequence[float]) -> None:
        scale = scale_of([weighed(row, weights) for row in _joined(rows[:k])], seen)
        scores = [weighed(row, weights) for row in rows[k]]
        self._scores.setdefault(way, []).extend(scores)
        self._expected.setdefault(way, []).extend(likely(score, scale) for score in scores)

    @property
    def gains(self) -> list[float]:
        """What the learned weights gained on each run (log-loss)."""
        return [a - b for a, b in zip(losses(self._expected["learned success"], self.came),
                                      losses(self._expected["learned success and weights"], self.came), strict=True)]

    def ranking(self, way: str) -> float | None:
        """Return the share of pairs of runs that the scores of *way* put in their order."""
        return pairwise(self._scores[way], self.came)

    @property
    def ways(self) -> tuple[Measured, ...]:
        """How good each was."""
        return tuple(
            Measured(way=way, log_loss=_short(log_loss(expected, self.came)),
                     brier=_short(squares(expected, self.came)),
                     calibration=_short(calibration_error(expected, self.came)), ranking=_short(self.ranking(way)))
            for way, expected in self._expected.items()
        )


def _joined(blocks: Sequence[Sequence[Four]]) -> list[Four]:
    return [row for block in blocks for row in block]


def _flat(blocks: Sequence[Sequence[float]]) -> list[float]:
    return [value for block in blocks for value in block]

