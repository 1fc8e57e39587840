"""Say why: the reasons of an assignment, and of a task that nobody gets."""

from __future__ import annotations

from genesis_core import Reason

from ._board import Board
from ._conditions import near, normal
from ._contest import Contest, Standing

__all__ = ["elected", "nobody", "share"]

_SURE_BY_RULE, _SURE_BY_SKILL = 0.9, 0.95
Ranking = tuple[tuple[str, float], ...]


def elected(contest: Contest, board: Board, winner: int, second: int | None) -> tuple[float, tuple[Reason, ...]]:
    """Return how sure the choice of *winner* is (0..1), and its reasons; the first names who stands behind it."""
    told, key = contest.standing.told, (winner, second, contest.task.requires)
    found = told.get(key)
    if found is None:
        found = _elected(contest, board, winner, second)
        if contest.task.requires or winner in contest.standing.decisive:  # else the reasons quote the task
            told[key] = found
    return found


def _elected(contest: Contest, board: Board, winner: int, second: int | None) -> tuple[float, tuple[Reason, ...]]:
    powers = contest.standing.powers
    others = _others(contest.standing, board, winner, second)
    rule = contest.standing.decisive.get(winner)
    if contest.task.requires:
        sure, name = _SURE_BY_SKILL, "required-skills"
        text = f"has what the task requires: {', '.join(contest.task.requires)}"
        alone = "; nobody else here has that"
    elif rule is not None:
        sure, name = max(share(board, board.names[winner], powers), _SURE_BY_RULE), rule.id
        text = f"the rule decides outright (priority {rule.priority}): {rule.description or rule.then}"
        alone = _alone(contest.standing, board) if second is None else ""
    else:
        sure, name, text = share(board, board.names[winner], powers), "match", _why(contest, board, winner)
        alone = _alone(contest.standing, board) if second is None else ""
    behind = f"; without it {others[0][0]} ({others[0][1]:.2f}) would do it" if others else alone
    decisive = Reason(rule=name, score=board.match(powers[winner]), text=text + behind, alternatives=others)
    return sure, (decisive, board.rules_reason(contest.standing.matched))


def share(board: Board, name: str, powers: list[float]) -> float:
    """Return how much of all there is to share goes to the agent *name*, in 0..1."""
    own = sum([powers[place] for place in board.places[name]])
    return round(own / sum(powers), 4)


def nobody(contest: Contest, board: Board) -> tuple[Reason, ...]:
    """Return why nobody gets the task: skills that nobody has, a model that is not there, or nothing that fits."""
    closest = ", ".join(f"{n} {s:.2f}" for n, s in _ranking(board, contest.standing.order, contest.standing.powers)[:5])
    gone = [rule for rule in contest.standing.matched.outright if rule.then not in board.places]
    named = f"; rule {gone[0].id} names {gone[0].then!r}, which is not here" if gone else ""
    text = f"{_why_nobody(contest, board)}{named}; closest: {closest or 'none'}"
    return Reason(rule="unrouted", text=text), board.rules_reason(contest.standing.matched)


def _why_nobody(contest: Contest, board: Board) -> str:
    if contest.task.requires and not contest.standing.holders:
        return _missing_skills(contest, board)
    if contest.standing.order and contest.standing.may_win(best := contest.standing.order[0], board.floor):
        rule = contest.standing.decisive.get(best)
        why = f"rule {rule.id}" if rule is not None else "the description"
        return f"{why} speaks for {board.names[best]}, which needs a model for that, and none is configured"
    return "no agent's card fits the description"


def _missing_skills(contest: Contest, board: Board) -> str:
    known = board.skills
    wanted = {name: normal(name) for name in contest.task.requires}
    unknown = [f"{name!r}{near(plain, known)}" for name, plain in wanted.items() if plain not in known]
    if unknown:
        return f"no agent has the skill {', '.join(unknown)}"
    return f"no single agent has all of {', '.join(wanted)}: split the task"


def _ranking(board: Board, places: list[int], powers: list[float]) -> Ranking:
    """Return name and match of each seat that is there."""
    there = [place for place in places if place not in board.absent] if board.absent else places
    names = board.names
    return tuple([(names[place], board.match(powers[place])) for place in there])


def _others(standing: Standing, board: Board, winner: int, second: int | None) -> Ranking:
    """Return the other agents, the runner-up first; empty when nobody would do it in the winner's place."""
    if second is None:
        return ()
    out = (second, *board.places[board.names[winner]])
    return _ranking(board, [second, *[place for place in standing.order if place not in out]], standing.powers)


def _alone(standing: Standing, board: Board) -> str:
    nearest = _ranking(board, standing.order[:6], standing.powers)[1:4]
    closest = [f"{name} {match:.2f}" for name, match in nearest]
    return f"; nobody else here would do it ({', '.join(closest) or 'nobody is here'})"


def _why(contest: Contest, board: Board, winner: int) -> str:
    words = board.reader.spelt(board.matcher.telling(contest.facts.words, winner), contest.facts.tokens)
    kind = contest.facts.kind
    claims = f"; it claims the kind {kind!r}" if kind and board.claims(kind, winner) else ""
    priors = [r for r in contest.standing.matched.rules if not r.outright and r.then == board.names[winner]]
    prior = f"; rule {priors[0].id} is in its favour" if priors else ""
    return f"its card fits best: {', '.join(words) or 'by its kind'}{claims}{prior}"
