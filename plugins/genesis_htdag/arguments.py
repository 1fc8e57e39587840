"""Fill the parameters of a tool from the words of a text: each value to the parameter that its neighbours speak of.

A value and a parameter meet in the words beside the value ("a radius of 5", "from London"), which are those of the
parameter's name and description, and in what the value looks like. What no word speaks for is left open, but where
there are as many values of a kind as parameters that can't do without one. What is open then may be what an earlier
call gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from genesis_core import Input, ToolSpec

from .lexicon import lexicon
from .stems import stem
from .values import Shape, Value, values
from .words import name_words

__all__ = ["arguments", "filled"]

ENOUGH = 0.35
"""What must speak for a value."""
SURE = 0.9
"""What must speak for a value that another part of the goal names: a word of the parameter's name right beside it."""
SPARE = 0.7
"""What must speak for the value of a parameter that may be left out."""
HINT = 0.4
"""What a word of the description counts, as a share of one of the name."""
MOST = 200
"""Values of a text that are looked at: a call has a handful."""
LEFT, RIGHT = 6, 3
"""Words that are looked at before a value, and behind it."""
FADE = 0.25
"""How much less a word counts the further away it stands, from word to word."""
ROLE = 0.8
"""What a preposition counts before a value whose parameter plays that role."""
_IDENTIFIER = re.compile(r"(?:Ids?|ID|_ids?|_key)\Z|^id\Z")
"""A name of what is no name: another call gives it."""
_WORD = re.compile(r"[^\W_][\w']*")
_BREAK = re.compile(r"[.;!?](?:\s|\Z)")
_EMPTY = frozenset({"name", "valu", "id", "string", "text", "inform", "data", "type", "paramet", "option"})
_ROLES: Mapping[str, frozenset[str]] = {
    "from": frozenset(map(stem, "origin source start from departure pickup begin base".split())),
    "to": frozenset(map(stem, "destination target to end recipient arrival dropoff".split())),
    "in": frozenset(map(stem, "location city place country state region area language year".split())),
    "at": frozenset(map(stem, "location place address time rate".split())),
    "near": frozenset(map(stem, "location city place".split())),
    "by": frozenset(map(stem, "artist author by director".split())),
    "on": frozenset(map(stem, "date day on".split())),
    "titled": frozenset(map(stem, "title name".split())), "named": frozenset(map(stem, "title name".split())),
    "called": frozenset(map(stem, "title name".split())),
    "into": frozenset(map(stem, "target destination to".split())),
    "for": frozenset(map(stem, "duration period query user name".split())),
}
"""What a preposition says of the value behind it, by the words of names of parameters."""
_SHAPED: Mapping[Shape, frozenset[str]] = {
    Shape.DATE: frozenset(map(stem, "date day birthday deadline".split())),
    Shape.TIME: frozenset(map(stem, "time hour clock".split())),
    Shape.ADDRESS: frozenset(map(stem, "email mail recipient address sender".split())),
    Shape.URL: frozenset(map(stem, "url link website site uri".split())),
    Shape.PATH: frozenset(map(stem, "path file folder directory filename".split())),
}
"""Words of names of parameters that want a value of one look, and what looks so wants one of them."""
_NUMBERS, _TEXTS = frozenset({Shape.NUMBER, Shape.SHARE, Shape.COUNT}), frozenset({Shape.QUOTED, Shape.NAME})
_COUNTED = frozenset(map(stem, (
    "amount number num count size length width height depth radius base weight mass distance age year total price cost "
    "percentage percent rate ratio probability score quantity salary income revenue capacity volume speed velocity "
    "temperature pressure limit hours days months years minutes seconds duration mean deviation sum term factor degree "
    "level population principal discount budget n x y").split()))  # fmt: skip
"""Words of names of parameters that want a number, where no type is declared."""
_COUNTS = frozenset(map(stem, "number num count quantity amount size".split()))
_FRACTIONS = frozenset(map(stem, "rate ratio fraction probability share".split()))
_MANY = frozenset({"list", "array", "locat", "number", "item", "valu"})


class Parameter(NamedTuple):
    """What is known of one parameter."""

    name: str
    words: frozenset[str]
    """The stems of its name."""
    hints: frozenset[str]
    """Those of its description."""
    kind: str
    """Its type in JSON Schema, as it is declared or as the name tells; empty: neither."""
    choices: tuple[Any, ...]
    required: bool


def filled(tool: ToolSpec, text: str, goal: str, needs: Mapping[str, ToolSpec]) -> dict[str, Input]:
    """Return the inputs of a call of *tool* that *text* asks for: what it names, what *goal* does, what *needs* give.

    *needs* are the calls that it waits for, by the id of their task.
    """
    said = arguments(text, tool.input_schema)
    if text != goal:
        elsewhere = arguments(goal, tool.input_schema, least=SURE)
        said |= {name: value for name, value in elsewhere.items() if name not in said}
    inputs = {name: Input(value=value) for name, value in said.items()}
    open_ = [p for p in _parameters(tool.input_schema) if p.required and p.name not in said]
    for task, giver in needs.items():
        found = _given_by(giver, open_)
        if found is not None:
            taker, output = found
            inputs[taker.name] = Input(task=task, output=output)
            open_.remove(taker)
    return inputs


def _given_by(giver: ToolSpec, open_: Sequence[Parameter]) -> tuple[Parameter, str] | None:
    """Return which open parameter takes what *giver* gives, and which part of it (a JSON pointer, RFC 6901; "": all).

    One that is called like an output, then one that is called like the tool, else the only one.
    """
    declared = giver.output_schema.get("properties")
    gives = [(str(name), _stems(" ".join(name_words(str(name))))) for name in declared] if isinstance(
        declared, Mapping) else []
    pairs = [(len(said & p.words - _EMPTY) + (said == p.words), -place, -at) for place, p in enumerate(open_)
             for at, (_, said) in enumerate(gives)]
    shared, place, at = max(pairs, default=(0, 0, 0))
    if shared:
        return open_[-place], "/" + gives[-at][0].replace("~", "~0").replace("/", "~1")
    named = _stems(" ".join(name_words(giver.name)))
    alike = [p for p in open_ if p.words & named - _EMPTY] or (open_ if len(open_) == 1 else [])
    return (alike[0], "") if alike else None


def arguments(text: str, schema: Mapping[str, Any], *, least: float = ENOUGH) -> dict[str, Any]:
    """Return what *text* gives of the parameters that *schema* (JSON Schema of an object) declares.

    *least* must speak for a value (1: a word of the parameter's name right beside it).
    """
    wanted = _parameters(schema)
    if not wanted:
        return {}
    given = {p.name: choice for p in wanted if p.choices for choice in _said(text, p.choices)}
    found = values(text)[:MOST]
    beside = [_neighbours(text, value) for value in found]
    open_ = [p for p in wanted if not p.choices]
    taken: set[int] = set()
    scored = sorted(((_fit(p, v, beside[at]), -place, -at) for place, p in enumerate(open_)
                     for at, v in enumerate(found)), reverse=True)
    for score, place, at in scored:
        parameter, value = open_[-place], found[-at]
        if score < max(least, 0.0 if parameter.required else SPARE):
            continue
        if parameter.name not in given and not _overlaps(-at, taken, found):
            given[parameter.name] = _typed(parameter, value)
            taken.add(-at)
    if least <= ENOUGH:
        _by_count(open_, found, taken, given)
    return {p.name: given[p.name] for p in wanted if p.name in given}


# ---- parameters ------------------------------------------------------------------------------------------------------


def _parameters(schema: Mapping[str, Any]) -> tuple[Parameter, ...]:
    declared = schema.get("properties")
    if not isinstance(declared, Mapping):
        return ()
    required = schema.get("required")
    if not isinstance(required, list | tuple):
        required = tuple(declared)  # it is not said which may be left out
    return tuple(_parameter(str(name), about if isinstance(about, Mapping) else {}, name in required)
                 for name, about in declared.items())


def _parameter(name: str, about: Mapping[str, Any], required: bool) -> Parameter:
    kind, choices = about.get("type"), about.get("enum")
    words = _stems(" ".join(name_words(name)))
    known = kind if isinstance(kind, str) else "number" if words & _COUNTED and not words & _SHAPED[Shape.DATE] else ""
    return Parameter(name, words, _stems(str(about.get("description", ""))), known,
                     tuple(choices) if isinstance(choices, list | tuple) else (), required)


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    words = (m.group().lower() for m in _WORD.finditer(text))
    return frozenset(stem(word) for word in words if word not in lexicon().stop or word in _ROLES)


def _said(text: str, choices: Iterable[Any]) -> Iterator[Any]:
    """Yield the choice that the text says; the last wins where it says several."""
    low = f" {' '.join(m.group().lower() for m in _WORD.finditer(text))} "
    for choice in choices:
        words = " ".join(m.group().lower() for m in _WORD.finditer(str(choice)))
        if words and f" {words} " in low:
            yield choice


# ---- what speaks for a value -----------------------------------------------------------------------------------------


class Beside(NamedTuple):
    """The stems before a value, the nearest first, those behind it, and the word right before it."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    role: str


def _neighbours(text: str, value: Value) -> Beside:
    ends = [m.end() for m in _BREAK.finditer(text, max(0, value.start - 120), value.start)]
    begin = ends[-1] if ends else max(0, value.start - 120)
    left = [m.group().lower() for m in _WORD.finditer(text, begin, value.start)]
    stop = _BREAK.search(text, value.end, value.end + 60)
    right = [m.group().lower() for m in _WORD.finditer(text, value.end, stop.start() if stop else value.end + 60)]
    before = left[::-1]
    return Beside(tuple(map(stem, before[:LEFT])), tuple(map(stem, right[:RIGHT])),
                  next((w for w in before[:2] if w in _ROLES), ""))


def _fit(parameter: Parameter, value: Value, beside: Beside) -> float:
    """Return how much speaks for *value* as that of *parameter*; negative: it can't be."""
    look = _look(parameter, value)
    if look < 0:
        return -1.0
    score = look
    for words, share in ((parameter.words - _EMPTY, 1.0), (parameter.hints - parameter.words - _EMPTY, HINT)):
        near = [1 / (1 + FADE * at) for at, word in enumerate(beside.left) if word in words]
        if value.shape is not Shape.COUNT or parameter.words & _COUNTS:
            near += [0.8 / (1 + 2 * FADE * at) for at, word in enumerate(beside.right) if word in words]
        score += share * max(near, default=0.0)
    if parameter.words & _ROLES.get(beside.role, frozenset()):
        score += ROLE
    return score


def _look(parameter: Parameter, value: Value) -> float:
    """Return what the look of *value* says for *parameter*: negative when it can't be one."""
    shape, kind = value.shape, parameter.kind
    if kind in ("number", "integer"):
        return 0.1 if shape in _NUMBERS else -1.0
    if kind == "boolean" or kind == "object":
        return -1.0
    if kind == "array" or shape is Shape.LIST:
        plural = kind == "array" or parameter.name.endswith("s") or bool(parameter.words & {"list", "array"})
        return 0.4 if plural and shape is Shape.LIST else -1.0
    if shape is Shape.NAME and _IDENTIFIER.search(parameter.name):
        return -1.0
    for look, words in _SHAPED.items():
        if parameter.words & words or parameter.name.lower().endswith(look.value) or (
                look is Shape.DATE and "date" in parameter.hints):
            return 0.5 if shape is look else 0.0 if shape in _TEXTS else -0.2
        if shape is look:
            return -0.4
    if kind == "string":
        return 0.15 if shape in _TEXTS else -0.1
    return 0.1 if shape in _TEXTS else 0.0


def _overlaps(at: int, taken: Iterable[int], found: Sequence[Value]) -> bool:
    return any(found[at].start < found[t].end and found[t].start < found[at].end for t in taken)


def _typed(parameter: Parameter, value: Value) -> Any:
    """Return *value* as *parameter* wants it."""
    if value.shape is Shape.SHARE and parameter.words & _FRACTIONS and isinstance(value.value, int | float):
        return round(value.value / 100, 10)
    if parameter.kind == "integer" and isinstance(value.value, float) and value.value.is_integer():
        return int(value.value)
    return value.value


def _by_count(
    wanted: Sequence[Parameter], found: Sequence[Value], taken: set[int], given: dict[str, Any]
) -> None:
    """Give the values that are left to the parameters that can't do without, in order, where the numbers agree."""
    groups = ((_NUMBERS, [p for p in wanted if p.kind in ("number", "integer", "")]),
              (_TEXTS, [p for p in wanted if p.kind in ("string", "")]))
    for shapes, group in groups:
        needed = [p for p in group if p.required and p.name not in given and not _IDENTIFIER.search(p.name)]
        plain = shapes - {Shape.COUNT}
        left = [at for at, v in enumerate(found) if v.shape in plain and not _overlaps(at, taken, found)]
        if needed and len(needed) == len(left):
            for parameter, at in zip(needed, left, strict=True):
                given[parameter.name] = _typed(parameter, found[at])
                taken.add(at)
