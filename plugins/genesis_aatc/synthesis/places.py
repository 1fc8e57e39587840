"""Every way to take a piece out of a text: places between two patterns, and what stands between two places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from .budget import Budget
from .expressions import Atom, Expr, apply
from .operations import OPS
from .weights import weight

__all__ = ["Pool", "common_marks", "patterns", "pieces"]

# What a text is made of: a name for the ranking and a pattern without nested repetition.
CLASSES = (
    ("digits", r"[0-9]+"), ("letters", r"[^\W\d_]+"), ("capitalised", r"[A-Z][^\W\d_A-Z]+"), ("upper", r"[A-Z]+"),
    ("lower", r"[a-z]+"), ("alnum", r"[^\W_]+"), ("blank", r"\s+"), ("solid", r"\S+"), ("amount", r"[0-9][0-9.,]*"),
)  # fmt: skip
LONGEST = 240
NUMBERS = (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5)


def common_marks(texts: Sequence[str]) -> list[str]:
    """Return the characters that are no letter, digit or blank and stand in every text, in the order of the first."""
    return [mark for mark in dict.fromkeys(texts[0])
            if not mark.isalnum() and not mark.isspace() and all(mark in text for text in texts)]  # fmt: skip


def common_words(texts: Sequence[str]) -> list[str]:
    """Return the words of at least two letters that stand in every text as a whole."""
    sets = [set(re.findall(r"[^\W_]+", text)) for text in texts]
    shared = set.intersection(*sets)
    return [word for word in dict.fromkeys(re.findall(r"[^\W_]+", texts[0])) if word in shared and len(word) > 1][:8]


def patterns(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return the patterns that are worth looking for in these texts, each with its name."""
    found = [(name, pattern) for name, pattern in CLASSES if all(re.search(pattern, text) for text in texts)]
    if all(" " in text for text in texts):
        found.append(("space", " "))
    found += [("mark", re.escape(mark)) for mark in common_marks(texts)]
    for word in common_words(texts):
        found.append(("literal", rf"\b{word}\b"))
    return found


Offer = Callable[[str, tuple[object, ...], Sequence[str], float], None]


class Pool:
    """Pieces by their values in the examples: the cheapest few ways to each."""

    __slots__ = ("atoms", "keep")

    def __init__(self, keep: int = 4) -> None:
        self.atoms: dict[tuple[object, ...], list[Atom]] = {}
        self.keep = keep

    def add(self, atom: Atom) -> None:
        """Add *atom* unless there are enough cheaper ones with its values."""
        known = self.atoms.setdefault(atom.values, [])
        if any(one.expr == atom.expr for one in known):
            return
        known.append(atom)
        known.sort(key=lambda one: one.expr.cost)
        del known[self.keep :]

    def __iter__(self) -> Iterator[Atom]:
        for known in list(self.atoms.values()):
            yield from known


def _ordinal_cost(number: int) -> float:
    return weight("number") * (number if number >= 0 else -number - 1 + weight("from the end"))


def _marked(texts: Sequence[str], tokens: Sequence[tuple[str, str]]) -> list[list[tuple[set[int], set[int]]]]:
    """Return for each token and each text where the token starts and where it ends."""
    found = []
    for _, pattern in tokens:
        spans = [[match.span() for match in re.finditer(pattern, text)] for text in texts]
        found.append([({a for a, _ in span}, {b for _, b in span}) for span in spans])
    return found


def places(texts: Sequence[str], text: Expr, budget: Budget) -> dict[tuple[int, ...], list[Expr]]:
    """Return the places that can be described in every text, with the cheapest two descriptions of each."""
    found: dict[tuple[int, ...], list[Expr]] = {}

    def note(where: tuple[int, ...], op: str, args: tuple[object, ...], cost: float) -> None:
        known = found.setdefault(where, [])
        known.append(Expr(op, (text, *args), cost))
        known.sort(key=lambda one: one.cost)
        del known[2:]

    shortest = min(map(len, texts))
    for number in range(-min(shortest, 30) - 1, min(shortest, 30) + 1):
        where = tuple(number if number >= 0 else len(one) + 1 + number for one in texts)
        edge = number in {0, -1}
        cost = weight("edge") if edge else weight("index") + weight("index far") * min(abs(number), 12)
        note(where, "index", (number,), cost)
    tokens = patterns(texts)
    spans = _marked(texts, tokens)
    everywhere = [set(range(len(one) + 1)) for one in texts]
    sides: list[int | None] = [None, *range(len(tokens))]
    for left, right in list(product(sides, sides))[1:]:
        if not budget.step(4):
            break
        ends = everywhere if left is None else [span[1] for span in spans[left]]
        starts = everywhere if right is None else [span[0] for span in spans[right]]
        listed = [sorted(a & b) for a, b in zip(ends, starts, strict=True)]
        names = [tokens[side][0] for side in (left, right) if side is not None]
        args = tuple("" if side is None else tokens[side][1] for side in (left, right))
        cost = sum(weight(f"token {name}") for name in names) + (weight("both sides") if len(names) == 2 else 0.0)
        fewest = min(map(len, listed))
        for number in NUMBERS:
            if -fewest <= number < fewest:
                note(tuple(one[number] for one in listed), "place", (*args, number), cost + _ordinal_cost(number))
    return found


def pieces(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add to *pool* every piece of the texts of *atom* that stands in the outputs, as it is or in another case."""
    texts = [text for text in atom.values if isinstance(text, str) and 0 < len(text) <= LONGEST]
    if len(texts) < len(outputs):
        return
    lowered = [output.lower() for output in outputs]

    def wanted(values: Sequence[str]) -> bool:
        bare = len(set(values)) == 1 and not any(char.isalnum() for char in values[0])
        return not bare and all(value and value.lower() in out for value, out in zip(values, lowered, strict=True))

    def offer(op: str, args: tuple[object, ...], values: Sequence[str], cost: float) -> None:
        if wanted(values):
            pool.add(Atom(Expr(op, (atom.expr, *args), atom.expr.cost + cost), tuple(values)))

    if wanted(texts):
        pool.add(atom)
    _named(texts, offer)
    _ends(atom, outputs, pool, budget)
    _shaped(texts, outputs, offer)
    _cuts(texts, atom, lowered, pool, budget)


def _named(texts: Sequence[str], offer: Offer) -> None:
    """Offer parts between marks, words and matches of patterns."""
    for mark in [*common_marks(texts), *([" "] if all(" " in one for one in texts) else [])]:
        rows = [[part.strip() for part in text.split(mark)] for text in texts]
        op, args = "part", [mark]
        if mark == " ":
            rows, op, args = [text.split() for text in texts], "word", []
        for number in NUMBERS:
            if all(-len(row) <= number < len(row) for row in rows):
                offer(op, (*args, number), [row[number] for row in rows], weight(op) + _ordinal_cost(number))
    for name, pattern in (*CLASSES, *SHAPES):
        rows = [re.findall(pattern, text) for text in texts]
        for number in NUMBERS:
            if all(-len(row) <= number < len(row) for row in rows):
                offer("match", (pattern, number), [row[number] for row in rows],
                      weight("match") + weight(f"token {name}") + _ordinal_cost(number))  # fmt: skip
    for left, right in _pairs(texts):
        inner = [text.partition(left)[2].partition(right) for text in texts]
        if all(found for _, found, _ in inner):
            offer("between", (left, right), [one for one, _, _ in inner], weight("between"))


def _ends(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add the first and the last characters of a text and of its parts, as many in every example."""
    wholes = [apply("word", OPS, atom, number, cost=weight("word") + _ordinal_cost(number)) for number in NUMBERS[:6]]
    for mark in common_marks(atom.values):
        wholes += [apply("part", OPS, atom, mark, at, cost=weight("part") + _ordinal_cost(at)) for at in NUMBERS[:4]]
    letters = CLASSES[1][1]
    wholes += [apply("match", OPS, atom, letters, at, cost=weight("match") + _ordinal_cost(at)) for at in NUMBERS[:4]]
    for whole in [one for one in wholes if one is not None and all(one.values)]:
        for op, length in product(("head", "last"), range(1, 6)):
            end = apply(op, OPS, whole, length, cost=weight("head") + 0.1 * length)
            if end is None or not budget.step():
                break
            if all(value.lower() in out.lower() for value, out in zip(end.values, outputs, strict=True)):
                pool.add(end)


def _shaped(texts: Sequence[str], outputs: Sequence[str], offer: Offer) -> None:
    """Offer what has the shape that the outputs share: words, numbers and marks in the same order."""
    rows = [re.findall(r"[^\W\d_]+|[0-9]+|[\W_]", output) for output in outputs]
    if not 1 < len(rows[0]) < 12 or any(len(row) != len(rows[0]) for row in rows):
        return
    shape = ""
    for column in zip(*rows, strict=True):
        if all(re.fullmatch(r"[0-9]+", one) for one in column):
            shape += "[0-9]+"
        elif all(re.fullmatch(r"[^\W\d_]+", one) for one in column):
            shape += r"[^\W\d_]+"
        elif any(one.isalnum() for one in column):
            return
        else:
            shape += re.escape(column[0]) if len(set(column)) == 1 else r"[\W_]"
    # A match begins where a word begins, so that no run of letters or digits is tried from its middle.
    shape = (r"(?<![^\W_])" if rows[0][0].isalnum() else "") + shape
    found = [[match.group() for match in re.finditer(shape, text)] for text in texts]
    for number in NUMBERS[:4]:
        if all(-len(row) <= number < len(row) for row in found):
            offer("match", (shape, number), [row[number] for row in found], weight("shape") + _ordinal_cost(number))


SHAPES = (
    ("signed", r"[+-]?[0-9]+(?:\.[0-9]+)?"), ("joined", r"[^\W_]+(?:[-'][^\W_]+)*"),
    ("dotted", r"(?<![0-9.])[0-9]+(?:\.[0-9]+)+"),
)  # fmt: skip


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of marks between which something may stand."""
    marks = common_marks(texts) + ([" "] if all(" " in text for text in texts) else [])
    return list(product(marks, marks)) if len(marks) <= 8 else [(mark, mark) for mark in marks]


def _cuts(texts: Sequence[str], atom: Atom, lowered: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add what stands between any two places, when it stands in the outputs."""
    known = list(places(texts, atom.expr, budget).items())
    lows = [text.lower() for text in texts]
    by_start: dict[int, list[tuple[tuple[int, ...], list[Expr]]]] = {}
    for where, exprs in known:
        by_start.setdefault(where[0], []).append((where, exprs))
    for start, end in _spans(lows[0], lowered[0]):
        if len(texts[0]) != len(lows[0]) or not budget.step(len(by_start.get(start, ())) // 8 + 1):
            break
        for left, lefts in by_start.get(start, ()):
            for right, rights in by_start.get(end, ()):
                if not all(a < b and low[a:b] in out
                           for a, b, low, out in zip(left, right, lows, lowered, strict=True)):  # fmt: skip
                    continue
                values = tuple(text[a:b] for text, a, b in zip(texts, left, right, strict=True))
                if len(set(values)) == 1 and not any(char.isalnum() for char in values[0]):
                    continue
                # Blanks around a piece are no part of it when it never had any.
                neat = all(value == value.strip() for value in values)
                op = "trim" if neat else "cut"
                for one, other in product(lefts, rights):
                    cost = atom.expr.cost + one.cost + other.cost + weight("cut") + (0.0 if neat else weight("ragged"))
                    pool.add(Atom(Expr(op, (atom.expr, one, other), cost), values))


def _spans(text: str, output: str) -> Iterator[tuple[int, int]]:
    """Give the start and end of each piece of *text* that stands in *output*."""
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if text[start:end] not in output:
                break
            yield start, end
