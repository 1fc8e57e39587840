"""What is wrong with a pattern: each fault with the text that it stands at, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from genesis_core import GraphError, Task, TaskGraph

__all__ = [
    "KEYS", "OBJECT", "OPTIONAL", "PART_KEYS", "SLOT", "TOO_DEEP", "Fault", "Row", "faults", "parsed", "rows", "texts",
]

KEYS = ("id", "does", "verbs", "objects", "nouns", "slots", "only", "parts", "off")
PART_KEYS = ("id", "do", "skills", "in", "after", "kind", "query")
MAX_PARTS, MAX_LEVELS = 100, 3
TOO_DEEP = "it is nested too deep"
OBJECT = "object"
"""The slot that every pattern has: what the goal calls the thing."""
SLOT = re.compile(r"\{([^{}]*)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
_EXAMPLES = {"verbs": '["open", "set up"]', "objects": '["shop", "store"]', "nouns": '["opening"]'}
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a pattern: the text that stands where it is, what is wrong, and the way out."""

    at: str
    message: str
    hint: str


def texts(value: object) -> list[str]:
    """Return the texts of a list; none where it is no list."""
    return [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []


def rows(value: object) -> list[Row]:
    """Return the tables of a list; none where it is no list."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def parsed(text: str) -> dict[str, object]:
    """Return the tables of a TOML *text*; raises ValueError for one that is none, or is nested too deep."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def faults(row: Row) -> Iterator[Fault]:
    """Yield what is wrong with a pattern, as it was written."""
    name = row.get("id")
    if not isinstance(name, str) or not _ID.match(name):
        said = f"its id is {name!r}, not words joined by '-'" if name else "it has no id"
        yield Fault("id", said, 'for example: id = "open-a-shop"')
    yield from (_unknown(key, KEYS, "a pattern") for key in row if key not in KEYS)
    if not isinstance(row.get("off", False), bool):
        yield Fault("off", f"`off` is true or false, not {row['off']!r}", "off = true takes the pattern away")
    if row.get("off") is True or ("off" in row and "parts" not in row):
        return
    if not isinstance(row.get("does", ""), str):
        yield Fault("does", "`does` is a text", 'for example: does = "Open a shop"')
    for key, example in _EXAMPLES.items():
        if key in row or key != "nouns":
            yield from _no_words(row.get(key), key, f"{key} = {example}")
    slots = row.get("slots", {})
    yield from _slot_faults(slots)
    yield from _only_faults(row.get("only", {}), slots)
    parts, given = rows(row.get("parts")), row.get("parts")
    if not parts or not isinstance(given, list | tuple) or len(parts) != len(given):
        yield Fault("parts", "`parts` is a list of tables, at least one",
                    'parts = [{ id = "plan", do = "Plan {object}", skills = ["planning"] }]')
    elif len(parts) > MAX_PARTS:
        yield Fault("parts", f"it has {len(parts)} parts", f"at most {MAX_PARTS}: make two patterns of it")
    else:
        yield from _part_faults(parts, {str(slot) for slot in slots} if isinstance(slots, Mapping) else set())


def _unknown(key: object, known: Sequence[str], what: str) -> Fault:
    return Fault(str(key), f"unknown key {key!r}", f"{what} has {', '.join(known)}")


def _no_words(value: object, key: str, example: str) -> Iterator[Fault]:
    """Yield that *value* is no list of words, if it is none."""
    words = texts(value)
    if not isinstance(value, list | tuple) or not words or len(words) != len(value) or not all(map(str.strip, words)):
        yield Fault(key, f"`{key}` is a list of words", f"for example: {example}")


def _slot_faults(slots: object) -> Iterator[Fault]:
    if not isinstance(slots, Mapping):
        yield Fault("slots", "`slots` is a table", 'for example: slots = { where = ["in", "at"] }')
        return
    for slot, words in slots.items():
        if slot == OBJECT:
            yield Fault("slots", "the slot {object} is there already", "give the slot another name")
        yield from _no_words(words, str(slot), f'{slot} = ["in", "at"]')


def _only_faults(only: object, slots: object) -> Iterator[Fault]:
    if not isinstance(only, Mapping):
        yield Fault("only", "`only` is a table", 'for example: only = { target = ["cloud"] }')
        return
    for slot, words in only.items():
        if not isinstance(slots, Mapping) or slot not in slots:
            yield Fault("only", f"`only` names the unknown slot {slot!r}", "name it in `slots`, with what leads to it")
        yield from _no_words(words, "only", f'only = {{ {slot} = ["cloud"] }}')


def _part_faults(parts: Sequence[Row], slots: set[str]) -> Iterator[Fault]:
    known = [str(part.get("id")) for part in parts]
    whole = {str(part["in"]) for part in parts if "in" in part}
    twice = [part for at, part in enumerate(parts) if known.count(known[at]) > 1 and known.index(known[at]) == at]
    found = [_at(part, "is there twice", "give each part an id of its own") for part in twice]
    found += [f for part in parts for f in _own_faults(part, known, whole)]
    found += [f for part in parts for f in _template_faults(part, {OBJECT, *slots})]
    yield from found
    yield from _unused(parts, slots)
    if not found:
        yield from _order_faults(parts)


def _at(part: Row, message: str, hint: str) -> Fault:
    """Return a fault of one part."""
    return Fault(f'"{part.get("id")}"', f"part {part.get('id')!r} {message}", hint)


def _own_faults(part: Row, known: Sequence[str], whole: set[str]) -> Iterator[Fault]:
    """Yield what is wrong with one part by itself."""
    name = part.get("id")
    if not isinstance(name, str) or not _ID.match(name):
        yield Fault("parts", f"a part has the id {name!r}", 'for example: id = "plan"')
    yield from (_unknown(key, PART_KEYS, "a part") for key in part if key not in PART_KEYS)
    for key in ("in", "kind", "query"):
        if not isinstance(part.get(key, ""), str):
            yield _at(part, f"has a `{key}` that is no text", f"it is {part[key]!r}")
    yield from _skill_faults(part, whole)
    after = part.get("after", ())
    if not isinstance(after, list | tuple) or len(texts(after)) != len(after):
        yield _at(part, "has an `after` that is no list of parts", 'for example: after = ["plan"]')
    for other in (*texts(after), *texts([part.get("in")])):
        if other not in known:
            yield _at(part, f"names the unknown part {other!r}", f"the parts are {', '.join(known)}")


def _skill_faults(part: Row, whole: set[str]) -> Iterator[Fault]:
    if str(part.get("id")) not in whole:
        if any(_no_words(part.get("skills", ()), "skills", "")):
            yield _at(part, "needs `skills`, a list of their ids", "genesis agents shows them")
    elif part.get("skills"):
        yield _at(part, "has skills, and others stand in it", "take its skills away, or the `in` of the others")


def _template_faults(part: Row, slots: set[str]) -> Iterator[Fault]:
    do = part.get("do")
    if not isinstance(do, str) or not do.strip():
        yield _at(part, "does not say what to do", 'for example: do = "Plan {object}"')
        return
    for said in (do, str(part.get("query", ""))):
        bare = OPTIONAL.sub("", said)
        if not {"[", "]"}.isdisjoint(bare) or not {"{", "}"}.isdisjoint(SLOT.sub("", said)):
            yield _at(part, f"has brackets that do not close: {said!r}", "write [ in {where}]")
        for slot in SLOT.findall(said):
            if slot not in slots:
                yield _at(part, f"has the unknown slot {{{slot}}}", f"the slots are {', '.join(sorted(slots))}")
        for slot in sorted(set(SLOT.findall(bare)) & slots - {OBJECT}):
            yield _at(part, f"says {{{slot}}} outside of brackets, and a goal need not say it",
                      f"write [ ... {{{slot}}}]")


def _unused(parts: Sequence[Row], slots: set[str]) -> Iterator[Fault]:
    """Yield the slots whose words would be lost."""
    used = {slot for part in parts if part.get("skills") for slot in SLOT.findall(str(part.get("do")))}
    for slot in sorted(slots - used):
        yield Fault(slot, f"no task uses the slot {{{slot}}}", f"say it in one: [ in {{{slot}}}], or take it away")


def _order_faults(parts: Sequence[Row]) -> Iterator[Fault]:
    """Yield a circle, or a nesting that is too deep."""
    try:
        graph = TaskGraph(tasks=tuple(
            Task(id=str(p["id"]), parent=str(p["in"]) if "in" in p else None, depends_on=tuple(texts(p.get("after"))))
            for p in parts
        ))
    except GraphError as error:
        yield Fault("parts", error.message, "change `after` or `in` so that one part can be done after another")
        return
    if (deepest := max(graph.depths.values())) > MAX_LEVELS:
        yield Fault("parts", f"its parts are nested {deepest} deep", f"at most {MAX_LEVELS} levels are allowed")
