"""What people ask of the patterns: which are in force, what one consists of, and what is wrong with a file.

What makes it is offered as "patternbook", for ``genesis patterns``; every answer is plain JSON.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genesis_core import PlanContext, SettingsError

from .catalogue import catalogue
from .pattern_faults import TOO_DEEP, Row, faults, parsed
from .patterns import Part, Pattern, built_in, in_force, layers, own_file, pattern_from, text_of
from .unfold import Hands

__all__ = ["PatternBook"]

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*pattern[ \t]*\]\]")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_WAY_OUT = "correct that line, then check again: genesis patterns check FILE"
Json = dict[str, object]


class PatternBook:
    """Answers for the patterns of one Genesis, as its settings and plugins make them up."""

    def patterns(self, context: PlanContext) -> list[Json]:
        """Return every pattern that was read, with where it stands and its state."""
        found = layers(context)
        last = {pattern.id: pattern for pattern in found}
        return [_row(pattern, last[pattern.id]) for pattern in found]

    def show(self, context: PlanContext, name: str) -> Json:
        """Return one pattern in force with its parts and who does each; raises SettingsError for an unknown one."""
        known = {pattern.id: pattern for pattern in in_force(layers(context))}
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise SettingsError(f"there is no pattern {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                                cause="no file and no plugin has one of that id", hint="genesis patterns lists them")
        pattern, hands = known[name], _hands(context)
        return {
            **_row(pattern, pattern), "objects": _told(pattern.objects), "verbs": _told(pattern.verbs),
            "nouns": _told(pattern.nouns), "slots": {slot: _told(words) for slot, words in pattern.slots},
            "consists_of": [_part(part, hands) for part in pattern.parts],
        }  # fmt: skip

    def check(self, context: PlanContext, path: Path | None) -> Json:
        """Return each fault of a patterns file, by line; raises SettingsError for one that can't be read."""
        file = path or own_file(context)
        if file is None:
            raise SettingsError("no patterns file is named", cause="the setting plugin.htdag.patterns is not set",
                                hint="genesis patterns check FILE")
        checked = _checked(file)
        hands, known = _hands(context), {pattern.id for pattern in built_in()}
        return {
            "file": str(file), "patterns": len(checked.patterns),
            "replaces": [pattern.id for pattern in checked.patterns if pattern.id in known],
            "faults": checked.faults,
            "notes": [note for pattern in checked.patterns for note in _notes(pattern, hands)],
        }


def _hands(context: PlanContext) -> Hands:
    return Hands(catalogue(context.agents, context.tools, models=True), context.agents)


def _row(pattern: Pattern, last: Pattern) -> Json:
    state = "replaced" if last is not pattern else "off" if pattern.off else "on"
    return {
        "id": pattern.id, "does": pattern.does, "tasks": len(pattern.leaves), "levels": pattern.levels, "state": state,
        "source": pattern.source, "replaced_by": last.source if state == "replaced" else None,
    }  # fmt: skip


def _told(phrases: Sequence[tuple[str, ...]]) -> list[str]:
    return [" ".join(words) for words in phrases]


def _part(part: Part, hands: Hands) -> Json:
    abilities = hands.of(part)
    return {
        "id": part.id, "do": part.do, "in": part.within or None, "after": list(part.after), "skills": list(part.skills),
        "agent": abilities[0].owner if abilities else None,
    }  # fmt: skip


def _notes(pattern: Pattern, hands: Hands) -> Iterator[Json]:
    """Yield the skills that no agent has, and those that the agent of a part does not have."""
    for part in pattern.leaves:
        has = {ability.id for ability in hands.of(part)}
        lacking = [skill for skill in part.skills if skill not in has]
        if lacking:
            who = f"{hands.of(part)[0].owner} lacks" if has else "no agent here has"
            yield {"pattern": pattern.id, "message": f"part {part.id!r}: {who} {', '.join(lacking)}",
                   "hint": "genesis agents shows the ids of skills; until one has it the part is left to people"}


# -- a file ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Checked:
    patterns: Sequence[Pattern]
    faults: Sequence[Json]


def _checked(path: Path) -> _Checked:
    """Return the patterns of a file that can be used, and each fault of the others."""
    try:
        text = text_of(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the patterns file {str(path)!r} can't be read", cause=str(error),
                            hint="genesis patterns check FILE, with a TOML file of [[pattern]] tables") from None
    lines = text.splitlines()
    try:
        data = parsed(text)
    except ValueError as error:
        at = _AT_LINE.search(str(error))
        message = _AT_LINE.sub("", str(error)).strip()
        line = int(at[1]) if at else 0 if str(error) == TOO_DEEP else len(lines)
        return _Checked((), [_fault(line, "", f"no TOML: {message}", _WAY_OUT)])
    found = [_fault(_line(lines, key), "", f"unknown key {key!r}", "patterns stand in [[pattern]]")
             for key in data if key != "pattern"]
    rows = data.get("pattern", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return _Checked((), [*found, _fault(_line(lines, "pattern"), "", "`pattern` is no list of tables",
                                            "begin each pattern with [[pattern]]")])
    return _of_rows(path.name, rows, lines, found)


def _of_rows(source: str, rows: Sequence[Row], lines: Sequence[str], found: list[Json]) -> _Checked:
    starts = [number for number, line in enumerate(lines, 1) if _HEADER.match(line)]
    if len(starts) != len(rows):
        starts = [0] * len(rows)
    good: dict[str, Pattern] = {}
    seen: set[str] = set()
    for at, (row, start) in enumerate(zip(rows, starts, strict=True)):
        end = starts[at + 1] - 1 if at + 1 < len(starts) else len(lines)
        name, wrong = str(row.get("id", "")), [*faults(row)]
        found += [_fault(_at(lines, start, end, f.at), name, f.message, f.hint) for f in wrong]
        if name and name in seen:
            line = _at(lines, start, end, "id")
            found.append(_fault(line, name, f"the id {name!r} is used twice", "give each pattern an id of its own"))
        elif not wrong:
            good[name] = pattern_from(row, source)
        seen.add(name)
    return _Checked([*good.values()], found)


def _fault(line: int, pattern: str, message: str, hint: str) -> Json:
    return {"line": line or None, "pattern": pattern or None, "message": message, "hint": hint}


def _line(lines: Sequence[str], key: str) -> int:
    wanted = re.compile(rf"[ \t]*\[*[ \t]*{re.escape(key)}\b")
    return next((number for number, line in enumerate(lines, 1) if wanted.match(line)), 0)


def _at(lines: Sequence[str], start: int, end: int, text: str) -> int:
    """Return the line between *start* and *end* that shows the key or the part *text*, else *start*; 0: not shown."""
    if not start:
        return 0
    part = rf"\bid\s*=\s*{re.escape(text)}"
    wanted = re.compile(part if text.startswith('"') else rf"(?:^|[{{,])\s*{re.escape(text)}\s*=")
    return next((n for n in range(start, end + 1) if wanted.search(lines[n - 1])), start)
