"""Search for a program that fits examples: by the kind of its output, in cases when need be, trusted or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from . import Example, Found, NotFound
from .branches import branched
from .budget import Budget
from .describe import describe
from .emit import emit, reserved
from .expressions import Atom, Expr, given
from .kinds import kind
from .trust import MOST_DOUBT, apart, cases, constant, contrived, doubt, foretold, outcome
from .values import made
from .weights import BY_SIZE, ranked_by
from .writing import written

__all__ = ["search", "solved"]

# The search looks at the clock now and then; what is left of the time is for that, and for writing the program.
SHARE = 0.85
# So many examples sorted into two kinds leave open what makes the kinds.
FEW = 4
# Where the shortest program gives something else than the best for more variations than that, too little is known.
MOST_APART = 0.05


def search(
    examples: tuple[Example, ...], name: str, parameters: tuple[str, ...], probes: tuple[tuple[Any, ...], ...],
    seconds: float,
) -> Found | NotFound:  # fmt: skip
    """Return the best program that fits all *examples*, or why there is none."""
    budget = Budget(seconds * SHARE)
    examples = tuple(Example(tuple(_json(one.inputs)), _json(one.output)) for one in examples)
    probes = tuple(tuple(_json(probe)) for probe in probes)
    why = _unfit(examples, name, parameters)
    programs = [] if why else _programs(examples, budget)
    why = why or _refusal(programs, examples, probes, budget)
    if why:
        return NotFound(why, budget.tried, budget.seconds)
    # What the asker wrote stays out of the code: a docstring is read by those who choose among tools.
    says = describe(programs[0], parameters)
    code = emit(programs[0], name, parameters, [(one.inputs, one.output) for one in examples], says)
    return Found(code, name, says, budget.tried, budget.seconds)


def _json(value: Any) -> Any:
    """Return *value* in plain lists and dicts, as it comes out of JSON."""
    return json.loads(json.dumps(value, allow_nan=False))


def _unfit(examples: Sequence[Example], name: str, parameters: Sequence[str]) -> str:
    """Return what is wrong with the question itself."""
    if not examples or not parameters:
        return "there is nothing to learn from: no example or no parameter"
    if any(len(one.inputs) != len(parameters) for one in examples):
        return "an example has not as many inputs as there are parameters"
    named = all(one.isidentifier() and not iskeyword(one) and not one.startswith("_") for one in (name, *parameters))
    if len({name, *parameters}) <= len(parameters) or not named or name in reserved():
        return "the names are no Python names of their own, or not all different"
    known: dict[str, Any] = {}
    if any(known.setdefault(repr(one.inputs), one.output) != one.output for one in examples):
        return "two examples give different outputs for the same input"
    return ""


def _programs(examples: Sequence[Example], budget: Budget) -> list[Expr]:
    """Return programs that fit all *examples*, best first; each is run on all of them before it counts."""
    sources = [Atom(given(at), tuple(one.inputs[at] for one in examples)) for at in range(len(examples[0].inputs))]
    outputs = [one.output for one in examples]
    programs = solved(sources, outputs, budget) or branched(sources, outputs, solved, budget)
    return [one for one in programs if all(_fits(one, example) for example in examples)]


def _fits(program: Expr, example: Example) -> bool:
    value = outcome(program, example.inputs)
    return bool(value == example.output) and type(value) is type(example.output)


def solved(sources: Sequence[Atom], outputs: Sequence[Any], budget: Budget) -> list[Expr]:
    """Return programs without cases, best first."""
    if kind(outputs) != "text":
        return made(sources, outputs, solved, budget)
    return written(sources, outputs, budget)


def _refusal(
    programs: Sequence[Expr], examples: Sequence[Example], probes: Sequence[tuple[Any, ...]], budget: Budget
) -> str:
    """Return why the best program is not to be trusted, or nothing."""
    if not programs:
        return "the search came to its end before it found a program" if budget.over else (
            "no program over the known operations fits every example")  # fmt: skip
    best = programs[0]
    if constant(best):
        return "every example has the same output, which may depend on the input or not"
    if len(examples) <= FEW and best.op == "branch" and all(one.op == "const" for one in cases(best)):
        return "so few examples do not show when it is one output and when the other: more examples are needed"
    if contrived(best, [one.output for one in examples]):
        return "the best program is no simpler than the examples: more examples are needed"
    if doubt(programs, [one.inputs for one in examples], probes) > MOST_DOUBT:
        return "programs that fit the examples equally well differ on other inputs: more examples are needed"
    # A bound between yes and no can't be foretold by the examples that leave it open.
    open_bound = best.op == "branch" or kind([one.output for one in examples]) == "truth"
    if not open_bound and len(examples) > 2 and not foretold(examples, solved, budget):
        return "no example is foretold by the others: more examples are needed"
    second = _by_size(examples, budget)
    if second and apart(best, second[0], [one.inputs for one in examples]) > MOST_APART:
        return "two ways to rank programs choose different ones: more examples are needed"
    return ""


def _by_size(examples: Sequence[Example], budget: Budget) -> list[Expr]:
    """Return the programs of a ranking that was not taught by any task; none when the time is over before."""
    with ranked_by(BY_SIZE):
        return _programs(examples, budget)
