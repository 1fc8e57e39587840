"""Patterns: what broad goals consist of, read from files and plugins and checked before any goal is planned by them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genesis_core import PlanContext, SettingsError

from .pattern_faults import OPTIONAL, SLOT, Row, faults, parsed, rows, texts

__all__ = [
    "BUILT_IN", "Key", "Part", "Pattern", "Words", "built_in", "faulty", "fill", "from_file", "in_force", "layers",
    "named_file", "own_file", "own_key", "pattern_from", "text_of",
]

MAX_BYTES = 1_000_000
BUILT_IN = Path(__file__).with_name("patterns.toml")
_WHY = "no goal is planned by a patterns file with a fault in it"
Words = tuple[str, ...]
Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One task of a pattern; without skills it consists of the parts that stand in it."""

    id: str
    do: str
    skills: tuple[str, ...] = ()
    within: str = ""
    after: tuple[str, ...] = ()
    kind: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a broad goal consists of, and the words that it answers."""

    id: str
    does: str = ""
    verbs: tuple[Words, ...] = ()
    objects: tuple[Words, ...] = ()
    nouns: tuple[Words, ...] = ()
    slots: tuple[tuple[str, tuple[Words, ...]], ...] = ()
    """Each slot with the words that lead to it."""
    only: tuple[tuple[str, tuple[Words, ...]], ...] = ()
    """Slots that must say one of these words."""
    parts: tuple[Part, ...] = ()
    source: str = ""
    off: bool = False

    @property
    def leaves(self) -> tuple[Part, ...]:
        """The parts that are tasks to do."""
        return tuple(part for part in self.parts if part.skills)

    @property
    def levels(self) -> int:
        """How deep its parts are nested."""
        found = {"": 0}
        waiting = [*self.parts]
        while waiting:  # a whole may stand behind its parts
            for part in waiting:
                if part.within in found:
                    found[part.id] = found[part.within] + 1
            waiting = [part for part in waiting if part.id not in found]
        return max(found.values())


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return *template* with *values* in its slots; what is in brackets goes when a slot in it is empty."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(values.get(name) for name in SLOT.findall(match[1])) else ""

    return " ".join(SLOT.sub(lambda m: values.get(m[1], ""), OPTIONAL.sub(optional, template)).split())


# -- where they come from ----------------------------------------------------------------------------------------------


def layers(context: PlanContext) -> tuple[Pattern, ...]:
    """Return every pattern that is read, the built-in ones first; of those with one id the last is in force.

    What a plugin offers that has a fault is left out: *faulty* tells of it.
    """
    own = own_key(context)
    return (*built_in(), *_offers(context)[0], *(from_file(own) if own else ()))


def faulty(context: PlanContext) -> list[SettingsError]:
    """Return what is wrong with the patterns that plugins offer, and how to do without such a plugin."""
    return _offers(context)[1]


def _offers(context: PlanContext) -> tuple[list[Pattern], list[SettingsError]]:
    good: list[Pattern] = []
    wrong: list[SettingsError] = []
    for name, value in context.offers.get("pattern", {}).items():
        plugin, owner = context.origins.get(("pattern", name), ("", ""))
        said = f"plugin {plugin!r} ({owner})" if plugin else "a plugin"
        try:
            good.append(_offered(name, value, said))
        except SettingsError as error:
            hint = f"genesis -p no:{plugin} ... plans without that plugin" if plugin else error.hint
            wrong.append(SettingsError(error.message, cause=error.hint, hint=hint))
    return good, wrong


@lru_cache(maxsize=1)
def built_in() -> tuple[Pattern, ...]:
    """Return the patterns that come along."""
    return named_file(BUILT_IN)


def own_key(context: PlanContext) -> Key | None:
    """Return the user's own file as a key that changes when the file does; raises SettingsError if it can't be read."""
    path = own_file(context)
    if path is None:
        return None
    try:
        return _key(path)
    except OSError as error:
        raise SettingsError(f"the patterns file {str(path)!r} can't be read", cause=str(error),
                            hint="genesis config --origin shows where plugin.htdag.patterns is set") from error


def own_file(context: PlanContext) -> Path | None:
    """Return the patterns file that the settings name; None: they name none."""
    section = context.settings.get("htdag", {})
    named = section.get("patterns") if isinstance(section, Mapping) else None
    if named is not None and not isinstance(named, str):
        raise SettingsError(f"the setting plugin.htdag.patterns is a path, not {named!r}",
                            cause="it names a TOML file of your own patterns",
                            hint='patterns = "my-patterns.toml" below [plugin.htdag]')
    return Path(named).expanduser() if named else None


def named_file(path: Path) -> tuple[Pattern, ...]:
    """Return the patterns of a file (raises SettingsError)."""
    return from_file(_key(path))


def _key(path: Path) -> Key:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


def text_of(path: Path) -> str:
    """Return the text of a patterns file; raises OSError or ValueError for one that can't be read or is too large."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    return data.decode("utf-8").replace("\r\n", "\n")


@lru_cache(maxsize=8)
def from_file(key: Key) -> tuple[Pattern, ...]:
    """Return the patterns of the file of that *key* (raises SettingsError)."""
    path = Path(key[0])
    try:
        data = parsed(text_of(path))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} can't be read as patterns", cause=str(error),
                            hint=f"genesis patterns check {path}") from error
    rows = data.get("pattern", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or set(data) - {"pattern"}:
        raise SettingsError(f"{path.name} has other things than patterns", cause="it is a list of [[pattern]] tables",
                            hint=f"genesis patterns check {path}")
    found = tuple(pattern_from(row, path.name) for row in rows)
    counts = Counter(pattern.id for pattern in found)
    if (twice := next((name for name, count in counts.items() if count > 1), None)) is not None:
        raise SettingsError(f"{path.name}: pattern id {twice!r} is used twice", cause=_WHY,
                            hint="give each pattern an id of its own")
    return found


def _offered(name: str, value: object, by: str) -> Pattern:
    if not isinstance(value, Mapping):
        raise SettingsError(f"the pattern {name!r} of {by} is no mapping", cause=f"it is {value!r}"[:200],
                            hint="offer a mapping with the keys of a [[pattern]] table: docs/patterns.md")
    return pattern_from({"id": name, **value}, f"offered by {by}")


# -- one pattern -------------------------------------------------------------------------------------------------------


def pattern_from(row: Row, source: str) -> Pattern:
    """Return the pattern that *row* spells out; raises SettingsError that names *source* and the pattern."""
    for fault in faults(row):
        raise SettingsError(f"{source}: pattern {row.get('id')!r}: {fault.message}", cause=_WHY, hint=fault.hint)
    name = str(row["id"])
    if row.get("off") is True:
        return Pattern(name, source=source, off=True)
    return Pattern(
        name, str(row.get("does", "")), _phrases(row["verbs"]), _phrases(row["objects"]), _phrases(row.get("nouns")),
        _by_slot(row.get("slots")), _by_slot(row.get("only")),
        tuple(_part(part) for part in rows(row["parts"])), source,
    )  # fmt: skip


def _by_slot(value: object) -> tuple[tuple[str, tuple[Words, ...]], ...]:
    given = value.items() if isinstance(value, Mapping) else ()
    return tuple((str(slot), _phrases(words)) for slot, words in given)


def _part(row: Row) -> Part:
    return Part(str(row["id"]), str(row["do"]), tuple(texts(row.get("skills"))), str(row.get("in", "")),
                tuple(texts(row.get("after"))), str(row.get("kind", "")), str(row.get("query", "")))


def _phrases(value: object) -> tuple[Words, ...]:
    return tuple(tuple(text.lower().split()) for text in texts(value))


def in_force(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """Return the patterns that count, in their order: of one id the last, unless it is taken away."""
    last: dict[str, Pattern] = {}
    for pattern in patterns:
        last.pop(pattern.id, None)  # what replaces another one stands in its own place
        last[pattern.id] = pattern
    return tuple(pattern for pattern in last.values() if not pattern.off)
