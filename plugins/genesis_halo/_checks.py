"""Read a rules file for people: each fault with its line and the way out, and the examples that it carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genesis_core import SettingsError, Task

from ._conditions import conditions, near
from ._rules import KEYS, RoutingRule, rule_from
from ._words import Reader

__all__ = ["Example", "Fault", "checked", "examples_of"]

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(rule|example)[ \t]*\]\]")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_EXAMPLE = ("task", "kind", "metadata", "requires", "then", "rule")
_TABLES = ("rule", "example")
_WAY_OUT = "correct that line, then check again: genesis rules check FILE"
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a rules file, where, and the way out. *line* 0: it has no line of its own."""

    line: int
    rule: str
    message: str
    hint: str

    def to_json(self) -> dict[str, object]:
        """Return the plain JSON form."""
        return {"line": self.line or None, "rule": self.rule or None, "message": self.message, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Example:
    """A task, and what must come of it: the agent that does it (empty: nobody), a rule that matches, or both."""

    text: str
    then: str | None
    rule: str
    source: str
    line: int
    kind: str = ""
    requires: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    def task(self, name: str) -> Task:
        """Return the task called *name*."""
        return Task.model_validate({"id": name, "description": self.text, "kind": self.kind,
                                    "requires": self.requires, "metadata": dict(self.metadata)})


@dataclass(frozen=True, slots=True)
class _File:
    """A rules file that is TOML, with the lines of its tables."""

    name: str
    data: Row
    lines: Sequence[str]
    starts: Mapping[str, Sequence[int]]

    def rows(self, table: str) -> list[Row]:
        """Return the tables of that name; raises SettingsError when it is no list of tables."""
        rows = self.data.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SettingsError(f"`{table}` is no list of tables", hint=f"begin each with [[{table}]]")
        return rows

    def line(self, table: str, number: int, *keys: str) -> int:
        """Return the line of the first of *keys* that the table with that *number* shows, else that of the table.

        0 where the file does not show the table: it is written in one line, or quoted in a text.
        """
        starts = self.starts[table]
        if len(starts) != len(self.rows(table)):
            return 0
        begin = starts[number]
        end = next((at for at, text in enumerate(self.lines[begin:], begin) if _HEADER.match(text)), None)
        for key in keys:
            wanted = re.compile(rf"[ \t]*(\[[^\]]*\b)?{re.escape(key)}\b")
            for at, text in enumerate(self.lines[begin:end], begin + 1):
                if wanted.match(text):
                    return at
        return begin


def checked(path: Path, reader: Reader) -> tuple[list[RoutingRule], list[Example], list[Fault]]:
    """Return the rules and examples of a file that can be used, and each fault of the others.

    Raises SettingsError for a file that can't be read at all.
    """
    try:
        file = _parsed(path)
    except _NotToml as error:
        return [], [], [error.fault]
    faults = [Fault(_line_of(file, key), "", f"unknown key {key!r}{near(key, _TABLES)}",
                    "rules stand in [[rule]], examples in [[example]]") for key in file.data if key not in _TABLES]
    rules, examples = list[RoutingRule](), list[Example]()
    try:
        for number, row in enumerate(file.rows("rule")):
            found = list(_rule_faults(file, number, row, reader))
            rules += [] if found else [rule_from(row, reader, file.name, line=file.line("rule", number))]
            faults += found
        faults += _twice(rules)
        for number, row in enumerate(file.rows("example")):
            found = list(_example_faults(file, number, row))
            examples += [] if found else [_example(file, number, row)]
            faults += found
    except SettingsError as error:
        faults.append(Fault(0, "", error.message, error.hint or _WAY_OUT))
    return rules, examples, sorted(faults, key=lambda fault: fault.line)


def examples_of(path: Path) -> list[Example]:
    """Return the examples of a rules file; raises SettingsError that names the first fault of the file."""
    _, examples, faults = checked(path, Reader())
    if faults:
        line = f"{faults[0].line}:" if faults[0].line else ""
        raise SettingsError(f"{path.name}:{line} {faults[0].message}",
                            cause=f"the file has {len(faults)} fault(s)", hint=f"genesis rules check {path}")
    return examples


class _NotToml(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _parsed(path: Path) -> _File:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingsError(f"the rules file {str(path)!r} can't be read", cause=str(error),
                            hint="genesis rules check FILE, with a TOML file of [[rule]] tables") from None
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise _NotToml(Fault(0, "", "no TOML: it is nested too deep", _WAY_OUT)) from None
    except ValueError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at else len(text.splitlines())
        message = _AT_LINE.sub("", str(error)).strip()
        raise _NotToml(Fault(line, "", f"no TOML: {message[:1].lower()}{message[1:]}", _WAY_OUT)) from None
    lines = text.splitlines()
    starts: dict[str, list[int]] = {name: [] for name in _TABLES}
    for number, shown in enumerate(lines, 1):
        if header := _HEADER.match(shown):
            starts[header[1]].append(number)
    return _File(path.name, data, lines, starts)


def _line_of(file: _File, key: str) -> int:
    wanted = re.compile(rf"[ \t]*\[*[ \t]*{re.escape(key)}\b")
    return next((number for number, line in enumerate(file.lines, 1) if wanted.match(line)), 0)


def _rule_faults(file: _File, number: int, row: Row, reader: Reader) -> Iterator[Fault]:
    """Yield each fault of one rule: every part is tried for itself."""
    name = row.get("id")
    name = name if isinstance(name, str) and name.strip() else ""
    where = f"{file.name}: rule {name!r}"
    if not name:
        yield Fault(file.line("rule", number, "id"), "", "a rule has no id", 'give it one: id = "my_rule"')
    for key in row:
        if key not in KEYS:
            yield Fault(file.line("rule", number, key), name, f"unknown key {key!r}{near(key, KEYS)}",
                        f"a rule has {', '.join(KEYS)}")
    if row.get("off") is True:
        return
    for keys, part in _parts(row):
        try:
            _tried(part, reader, file.name)
        except SettingsError as error:
            said = error.message.removeprefix(f"{where}: ").removeprefix(f"{file.name}: rule 'x': ")
            yield Fault(file.line("rule", number, *keys), name, said, error.hint or error.cause or _WAY_OUT)


def _parts(row: Row) -> Iterator[tuple[tuple[str, ...], Row]]:
    """Yield each part of a rule, as a rule that has nothing else to be wrong, and the keys that show where it is."""
    sound = {"id": "x", "then": "x", "when": {"kind": "x"}}
    for key in ("priority", "then"):
        if key in row or key in sound:
            yield (key,), {**sound, key: row.get(key)}
    when = row.get("when")
    if isinstance(when, Mapping) and when:
        for subject, value in when.items():
            yield (str(subject), "when"), {**sound, "when": {subject: value}}
    else:
        yield ("when",), {**sound, "when": when}


def _tried(part: Row, reader: Reader, source: str) -> None:
    rule_from({key: value for key, value in part.items() if value is not None or key != "priority"}, reader, source)
    conditions(part.get("when"), reader, source)


def _twice(rules: Sequence[RoutingRule]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for rule in rules:
        if rule.id in first:
            yield Fault(rule.line, rule.id, f"the id {rule.id!r} is used twice, first in line {first[rule.id]}",
                        "give each rule an id of its own")
        first.setdefault(rule.id, rule.line)


def _example_faults(file: _File, number: int, row: Row) -> Iterator[Fault]:
    def fault(key: str, message: str, hint: str) -> Fault:
        return Fault(file.line("example", number, key), "", f"example: {message}", hint)

    for key in row:
        if key not in _EXAMPLE:
            yield fault(key, f"unknown key {key!r}{near(key, _EXAMPLE)}", f"an example has {', '.join(_EXAMPLE)}")
    if not isinstance(row.get("task"), str) or not str(row["task"]).strip():
        yield fault("task", "`task` is the text of a task", 'for example: task = "Scan it for secrets"')
    if "then" not in row and "rule" not in row:
        yield fault("task", "it expects nothing", "say `then`, the agent that does it, or `rule`, one that matches")
    for key in ("then", "rule", "kind"):
        if not isinstance(row.get(key, ""), str):
            yield fault(key, f"`{key}` is a text, not {row[key]!r}", _WAY_OUT)
    if not isinstance(row.get("metadata", {}), dict):
        yield fault("metadata", "`metadata` is a table", 'for example: metadata = { platform = "cloud" }')
    skills = row.get("requires", [])
    if not isinstance(skills, list) or not all(isinstance(skill, str) for skill in skills):
        yield fault("requires", "`requires` is a list of skills", 'for example: requires = ["sql"]')


def _example(file: _File, number: int, row: Row) -> Example:
    metadata, skills, then = row.get("metadata", {}), row.get("requires", []), row.get("then")
    return Example(
        str(row["task"]), None if then is None else str(then), str(row.get("rule", "")), file.name,
        file.line("example", number), str(row.get("kind", "")),
        tuple(map(str, skills)) if isinstance(skills, list) else (),
        metadata if isinstance(metadata, dict) else {},
    )  # fmt: skip
