"""What a rule may test of a task: each entry of ``when`` becomes one Condition, checked when it is read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from genesis_core import SettingsError, Task

from ._words import Reader

__all__ = ["Condition", "Facts", "conditions", "facts", "near", "normal"]

_NONE: frozenset[str] = frozenset()
_LEVELS = {"easy": 0.2, "low": 0.2, "medium": 0.5, "hard": 0.8, "high": 0.8}


@dataclass(slots=True)  # not frozen: one is made for each task, and setting frozen fields is slow
class Facts:
    """What rules and scores read of one task."""

    kind: str
    tokens: list[str]
    """The description as it is spelt, in lower case."""
    words: list[str]
    vocabulary: frozenset[str]
    skills: frozenset[str]
    metadata: Mapping[str, object]
    text: str = ""
    """The words in a row, once somebody has asked for a sequence."""

    def says(self, phrase: str) -> bool:
        """Return whether the description holds *phrase*, several words in a row."""
        self.text = self.text or f" {' '.join(self.words)} "
        return f" {phrase} " in self.text


Holds = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold. *anchors*: words or kinds of which a task must have one for that; empty: no such."""

    subject: str
    holds: Holds
    anchors: tuple[str, ...] = ()


def facts(task: Task, reader: Reader) -> Facts:
    """Return what rules and scores read of *task*; without a description, its id and kind speak for it."""
    tokens = (task.description or f"{task.id} {task.kind}").lower().split()
    words = reader.words_of(tokens)
    skills = frozenset(map(normal, task.requires)) if task.requires else _NONE
    return Facts(normal(task.kind), tokens, words, frozenset(words), skills, task.metadata)


@lru_cache(maxsize=1000)
def normal(name: str) -> str:
    """Return a kind, skill or tier as compared: lower case, spaces for hyphens and underscores."""
    return name.lower().replace("_", " ").replace("-", " ").strip()


def conditions(when: object, reader: Reader, where: str) -> tuple[Condition, ...]:
    """Return the conditions that *when* spells out; raises SettingsError that begins with *where*."""
    if not isinstance(when, Mapping) or not when:
        raise SettingsError(f"{where}: `when` must test something", hint='for example: when = { kind = "design" }')
    found: list[Condition] = []
    for subject, value in when.items():
        if subject not in _READERS:
            raise SettingsError(f"{where}: `when` can't test {subject!r}{near(subject, _READERS)}",
                                cause=f"it tests {', '.join(_READERS)}")
        found += _READERS[subject](value, reader, f"{where}: when.{subject}")
    return tuple(found)


def near(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest of *known*, or nothing."""
    letters = dict.fromkeys(map(ord, name))  # what shares too few letters can't be near: most need no closer look
    shared = {word: len(word) - len(word.translate(letters)) for word in known}
    likely = [word for word in shared if 10 * shared[word] >= 3 * (len(name) + len(word))]
    found = difflib.get_close_matches(name, likely, n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def _kind(value: object, _: Reader, where: str) -> list[Condition]:
    kinds = frozenset(normal(k) for k in _texts(value, where))
    return [Condition("kind", lambda task: task.kind in kinds, tuple(sorted(kinds)))]


def _words(value: object, reader: Reader, where: str) -> list[Condition]:
    def read(text: str) -> str:
        term = " ".join(reader.words(text))
        if not term:
            raise SettingsError(f"{where}: {text!r} is no word that rules read", cause="it is too common or too short")
        return term

    return _sets("words", value, read, where)


def _skills(value: object, _: Reader, where: str) -> list[Condition]:
    return _sets("skills", value, normal, where)


def _tier(value: object, _: Reader, where: str) -> list[Condition]:
    tiers = frozenset(normal(t) for t in _texts(value, where))
    return [Condition("tier", lambda task: normal(str(task.metadata.get("tier", ""))) in tiers)]


def _sets(subject: str, value: object, read: Callable[[str], str], where: str) -> list[Condition]:
    """Return the conditions of a value, a list (any of it), or a table of `any`, `all` and `none`."""
    wanted = _operators(value, ("any", "all", "none"), where) if isinstance(value, Mapping) else {"any": value}
    found: list[Condition] = []
    for operator, given in wanted.items():
        terms = tuple(map(read, _texts(given, where)))
        has = _has_word if subject == "words" else _has_skill
        if operator == "all":
            checks = [has((term,)) for term in terms]
            found.append(Condition(subject, partial(_every, checks), _first_words(terms[:1])))
        elif operator == "any":
            found.append(Condition(subject, has(terms), _first_words(terms)))
        else:
            found.append(Condition(subject, partial(_not, has(terms))))
    return found


def _has_word(terms: tuple[str, ...]) -> Holds:
    """Return whether a task says any of *terms*: by sets where it can, by search only for what could be there."""
    single = frozenset(term for term in terms if " " not in term)
    phrases = tuple(term for term in terms if " " in term)

    def holds(task: Facts) -> bool:
        return not single.isdisjoint(task.vocabulary) or any(map(task.says, phrases))

    return holds if phrases else lambda task: not single.isdisjoint(task.vocabulary)


def _has_skill(terms: tuple[str, ...]) -> Holds:
    wanted = frozenset(terms)
    return lambda task: not wanted.isdisjoint(task.skills)


def _every(checks: Sequence[Holds], task: Facts) -> bool:
    return all(check(task) for check in checks)


def _not(check: Holds, task: Facts) -> bool:
    return not check(task)


def _first_words(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.split(" ", 1)[0] for term in terms))


def _metadata(value: object, _: Reader, where: str) -> list[Condition]:
    if not isinstance(value, Mapping) or not value:
        raise SettingsError(f"{where} is a table of keys and values", hint='for example: { platform = "cloud" }')
    return [_entry(str(key), given, f"{where}.{key}") for key, given in value.items()]


def _entry(key: str, given: object, where: str) -> Condition:
    if isinstance(given, Mapping):
        checks = [_OPERATORS[o](v, where) for o, v in _operators(given, tuple(_OPERATORS), where).items()]
    else:
        checks = [_is(given, where)]
    first, *rest = checks
    if not rest:  # the usual case, without a generator
        return Condition(f"metadata.{key}", lambda task: first(task.metadata.get(key)))
    return Condition(f"metadata.{key}", lambda task: all(check(task.metadata.get(key)) for check in checks))


def _difficulty(value: object, _: Reader, where: str) -> list[Condition]:
    wanted = _operators(value, ("min", "max"), where) if isinstance(value, Mapping) else {"is": value}
    checks = [_OPERATORS[o](_LEVELS.get(str(v), v), where) for o, v in wanted.items()]

    def holds(task: Facts) -> bool:
        given = task.metadata.get("difficulty")
        return all(check(_LEVELS.get(given, given) if isinstance(given, str) else given) for check in checks)

    return [Condition("difficulty", holds)]


Check = Callable[[object], bool]


def _is(wanted: object, _: str) -> Check:
    choices = [_plain(w) for w in wanted] if isinstance(wanted, list | tuple) else [_plain(wanted)]

    def check(given: object) -> bool:
        return given is not None and _plain(given) in choices

    return check


def _min(wanted: object, where: str) -> Check:
    bound = _number(wanted, where)
    return lambda given: _is_number(given) and float(str(given)) >= bound


def _max(wanted: object, where: str) -> Check:
    bound = _number(wanted, where)
    return lambda given: _is_number(given) and float(str(given)) <= bound


def _exists(wanted: object, where: str) -> Check:
    if not isinstance(wanted, bool):
        raise SettingsError(f"{where}: `exists` takes true or false, not {wanted!r}")
    return lambda given: (given is not None) is wanted


_OPERATORS: Mapping[str, Callable[[object, str], Check]] = {"is": _is, "min": _min, "max": _max, "exists": _exists}
_READERS: Mapping[str, Callable[[object, Reader, str], list[Condition]]] = {
    "kind": _kind, "skills": _skills, "words": _words, "metadata": _metadata, "difficulty": _difficulty, "tier": _tier,
}


def _plain(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object, where: str) -> float:
    if not _is_number(value):
        raise SettingsError(f"{where} takes a number, not {value!r}")
    return float(str(value))


def _texts(value: object, where: str) -> tuple[str, ...]:
    texts = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not texts or not all(isinstance(t, str) and t.strip() for t in texts):
        raise SettingsError(f"{where} takes a text or a list of texts, not {value!r}")
    return tuple(str(t) for t in texts)


def _operators(value: Mapping[str, object], known: tuple[str, ...], where: str) -> Mapping[str, object]:
    for operator in value:
        if operator not in known:
            raise SettingsError(f"{where}: unknown operator {operator!r}{near(operator, known)}",
                                cause=f"it takes {', '.join(known)}")
    if not value:
        raise SettingsError(f"{where} is empty", cause=f"it takes {', '.join(known)}")
    return value
