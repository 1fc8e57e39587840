"""Pieces that are texts made over: other case, only some characters, initials, marks replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from .budget import Budget
from .expressions import Atom, Expr, apply
from .operations import OPS
from .places import LONGEST, Pool, common_marks
from .weights import weight

__all__ = ["cased", "kept", "rejoined", "replaced"]

CASES = ("lower", "upper", "capitalise", "title")
KEPT = (("digits", r"[0-9]"), ("letters", r"[^\W\d_]"), ("alnum", r"[^\W_]"), ("upper", r"[A-Z]"))


def cased(pool: Pool, outputs: Sequence[str], budget: Budget) -> None:
    """Add the pieces in other cases, where the outputs hold those."""
    for atoms in list(pool.atoms.values()):
        values = atoms[0].values
        if not all(isinstance(value, str) for value in values) or not budget.step():
            continue
        for case in CASES:
            changed = apply(case, OPS, atoms[0])
            if changed is None or changed.values == values or not _within(changed.values, outputs):
                continue
            for atom in atoms[:2]:
                made = apply(case, OPS, atom, cost=weight("title" if case in {"title", "capitalise"} else "case"))
                if made is not None:
                    pool.add(made)


def kept(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> list[Atom]:
    """Add pieces of what is left of a text when only digits, letters or the like are kept; return those leftovers."""
    left = []
    for name, pattern in KEPT:
        made = apply("only", OPS, atom, pattern, cost=weight("only") + weight(f"token {name}"))
        if made is None or made.values == atom.values or not budget.step():
            continue
        left.append(made)
        _by_index(made, outputs, pool, budget)
    return left


def _by_index(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add what stands between two places counted from the start or the end."""
    shortest = min(len(value) for value in atom.values)
    if shortest > 40:
        return
    numbers = range(-shortest - 1, shortest + 1)
    for start in numbers:
        for end in numbers:
            ends = [(_at(value, start), _at(value, end)) for value in atom.values]
            if not all(a < b for a, b in ends) or not budget.step():
                continue
            values = tuple(value[a:b] for value, (a, b) in zip(atom.values, ends, strict=True))
            if not _within(values, outputs):
                continue
            left = Expr("index", (atom.expr, start), 0.0)
            right = Expr("index", (atom.expr, end), 0.0)
            cost = atom.expr.cost + 2 * weight("index of kept") + 0.02 * (abs(start) + abs(end))
            pool.add(Atom(Expr("cut", (atom.expr, left, right), cost), values))


def _at(text: str, number: int) -> int:
    return number if number >= 0 else len(text) + 1 + number


def rejoined(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add the words of a text, each made over in the same way and joined again: initials, acronyms, slugs."""
    splits: list[tuple[tuple[str, ...], float]] = [
        (("words",), 0.6), (("pieces", r"[^\W_]+"), 0.8), (("pieces", r"[A-Z]"), 1.0), (("pieces", r"[0-9]+"), 0.9),
    ]  # fmt: skip
    splits += [(("parts", mark), 0.7) for mark in common_marks(atom.values)]
    marks = _marks(outputs)
    for (op, *args), extra in splits:
        words = apply(op, OPS, atom, *args, cost=extra)
        if words is None or all(len(value) < 2 for value in words.values):
            continue
        for end in ("longest", "shortest"):
            one = apply(end, OPS, words, cost=weight("longest"))
            if one is not None and _within(one.values, outputs):
                pool.add(one)
        for made in _rows(words):
            for mark in marks:
                whole = apply("joined", OPS, made, mark, cost=weight("initials"))
                if whole is not None and budget.step() and _within(whole.values, outputs):
                    pool.add(whole)


def _rows(words: Atom) -> Iterable[Atom]:
    """Give the list of words as it is, reversed, without its ends, and with each word made over."""
    rows = [words]
    for op in ("backwards", "tail", "front", "sorted", "distinct"):
        made = apply(op, OPS, words, cost=0.8)
        if made is not None:
            rows.append(made)
    for row in rows:
        yield row
        for op in ("lower each", "upper each", "capitalise each", "initials each"):
            made = apply(op, OPS, row, cost=0.5)
            if made is not None:
                yield made
                if op == "initials each":
                    for case in ("lower each", "upper each"):
                        cased_row = apply(case, OPS, made, cost=0.5)
                        if cased_row is not None:
                            yield cased_row


def _marks(outputs: Sequence[str]) -> list[str]:
    """Return what may stand between joined words: nothing, or a run of marks and blanks that every output holds."""
    runs = [set(re.findall(r"[\W_]+", output)) for output in outputs]
    return ["", *sorted(set.intersection(*runs))[:6]]


def replaced(atom: Atom, outputs: Sequence[str], pool: Pool, budget: Budget) -> None:
    """Add a text with one mark replaced by another or dropped throughout."""
    texts = atom.values
    if any(len(text) > LONGEST for text in texts):
        return
    olds = [mark for mark in dict.fromkeys("".join(texts)) if not mark.isalnum()][:10]
    news = ["", *(mark for mark in dict.fromkeys("".join(outputs)) if not mark.isalnum())][:8]
    first = [atom]
    for _ in range(2):
        nexts: list[Atom] = []
        for one, old, new in product(first, olds, news):
            if old == new or not budget.step():
                continue
            made = apply("replace", OPS, one, old, new, cost=weight("replace"))
            if made is None or made.values == one.values:
                continue
            if _within(made.values, outputs):
                pool.add(made)
            if new == "" and len(nexts) < 10:
                nexts.append(made)
        first = nexts
    for op in ("tidy", "strip"):
        made = apply(op, OPS, atom, cost=weight("tidy"))
        if made is not None and _within(made.values, outputs):
            pool.add(made)


def _within(values: Sequence[object], outputs: Sequence[str]) -> bool:
    return all(isinstance(value, str) and value and value in output
               for value, output in zip(values, outputs, strict=True))  # fmt: skip
