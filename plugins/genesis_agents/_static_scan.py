"""Scan Python files for insecure code with bandit, and report what it finds in words that can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._languages import is_python, is_test
from ._modules import parse
from ._not_scanned import KEY, joined, observations, python_sentence
from ._quiet import quiet, without_entry_point_cache
from ._report_text import counted, one_line
from ._secret_rules import PLACEHOLDERS
from ._secrets import redacted, without_secrets
from ._sources import Source, Unread, count_lines, count_text_lines, read_all, text_of, unread_note

if TYPE_CHECKING:
    from ._bandit_scan import Issue, Scan

Json = dict[str, object]

PASSWORD_CHECKS = ("B105", "B106", "B107")
ASSERT = "B101"
MAX_BYTES = 4_000_000
MAX_QUOTE = 200
_SEVERITIES = {"high": "high", "medium": "medium", "low": "low"}


@dataclass(slots=True)
class Left:
    """Findings that are none, and why."""

    asserts: int = 0
    placeholders: int = 0


def static_report(files: Iterable[Path]) -> Json:
    """Return bandit's findings in the Python files among *files* as a report."""
    sources, unread = read_all(file for file in files if is_python(file.as_posix()))
    small = [source for source in sources if len(source.data) <= MAX_BYTES]
    large = [_too_large(source) for source in sources if len(source.data) > MAX_BYTES]
    found, left = _scan([source.file for source in small]), Left()
    refused = [*_refused(found, small), *large]
    scanned = [source for source in small if source.file not in {item.file for item in refused}]
    weaknesses = _each_once(_observations(found, small, left))
    figures = {
        "files_scanned": len(scanned),
        "lines_scanned": sum(count_lines(source.data) for source in scanned),
        "python_files_scanned": len(scanned),
        "files_not_scanned": len(refused) + len(unread),
        "weaknesses": len(weaknesses),
    }
    said = python_sentence([*refused, *unread], len(scanned))
    return {
        "title": "Static scan",
        "summary": joined(_summary(figures), said),
        "figures": figures,
        "observations": [*weaknesses, *observations([*refused, *unread])],
        "notes": [*_notes(figures, found, left, refused), *unread_note(unread)],
        KEY: said,
        "refused": _texts(refused, sources),
    }


def _too_large(source: Source) -> Unread:
    return Unread(source.file, f"larger than {MAX_BYTES // 1_000_000} MB")


def _refused(found: Scan, sources: Iterable[Source]) -> list[Unread]:
    """Return the files that bandit gave up, with the line at which one is no Python."""
    given_up, refused = dict(found.skipped), list[Unread]()
    for source in sources:
        if source.file in given_up:
            broken = parse(source)
            why = Unread(source.file, f"the scan failed: {given_up[source.file]}", short="the scan failed")
            refused.append(broken if isinstance(broken, Unread) else why)
    return refused


def _texts(refused: Sequence[Unread], sources: Sequence[Source]) -> dict[str, int]:
    """Return how many files and lines another scan may count that this one could not read as Python."""
    names = {item.file for item in refused}
    found = [text for source in sources if source.file in names if (text := text_of(source.data)) is not None]
    return {"files": len(found), "lines": sum(map(count_text_lines, found))}


def _scan(files: Sequence[str]) -> Scan:
    with quiet("bandit", "stevedore"):
        without_entry_point_cache()
        from ._bandit_scan import scan

        return scan(files)


def _summary(figures: dict[str, int]) -> str:
    if not figures["files_scanned"]:
        return "" if figures["files_not_scanned"] else "There are no Python files to scan."
    where = f"in {counted(figures['files_scanned'], 'Python file')}"
    return f"The static scan finds {counted(figures['weaknesses'], 'weakness', 'weaknesses')} {where}."


def _observations(found: Scan, sources: Iterable[Source], left: Left) -> Iterator[Json]:
    lines = {source.file: _lines(source.data) for source in sources}
    for issue in found.issues:
        if issue.test_id == ASSERT and is_test(issue.file):
            left.asserts += 1
        elif issue.test_id in PASSWORD_CHECKS:
            yield from _password(issue, lines[issue.file], left)
        else:
            yield _observation(issue, issue.line, _quoted(lines[issue.file], issue.line), issue.text)


def _each_once(observations: Iterable[Json]) -> list[Json]:
    """Leave out what is the same finding at the same place: two strings on one line."""
    return list({tuple(one.values()): one for one in observations}.values())


def _observation(issue: Issue, line: int, quote: str, message: str) -> Json:
    return {
        "rule": f"{issue.test_id} {issue.test_name}",
        "severity": _SEVERITIES.get(issue.severity, "info"),
        "message": without_secrets(" ".join(message.split())),
        "source": issue.file,
        "location": str(line),
        "quote": one_line(quote, MAX_QUOTE),
    }


def _quoted(lines: Sequence[str], line: int) -> str:
    return without_secrets(lines[line - 1]) if 0 < line <= len(lines) else ""


_VALUE = re.compile(r"'(.*)'", re.DOTALL)


def _password(issue: Issue, lines: Sequence[str], left: Left) -> Iterator[Json]:
    """Report a password without saying it, at the line where it stands; bandit may name the one where a call begins."""
    found = _VALUE.search(issue.text)
    value = found[1] if found else ""
    if not value.strip() or PLACEHOLDERS.search(value):
        left.placeholders += 1
        return
    written = re.compile(rf"([\"']){re.escape(value)}\1")
    inside = range(issue.line, min(issue.last_line, len(lines)) + 1)
    line = next((number for number in inside if written.search(lines[number - 1])), None)
    quote = _up_to_a_string(lines, issue.line)
    if line is not None:
        hidden = written.sub(lambda match: match[1] + redacted(value) + match[1], lines[line - 1])
        quote = without_secrets(hidden)
    yield _observation(issue, line or issue.line, quote, "Possible hardcoded password.")


def _lines(data: bytes) -> list[str]:
    return [line.decode("utf-8", errors="replace") for line in data.splitlines()]


def _up_to_a_string(lines: Sequence[str], line: int) -> str:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return re.split("[\"']", text, maxsplit=1)[0] + "…"


def _notes(figures: dict[str, int], found: Scan, left: Left, refused: Sequence[Unread]) -> Iterator[str]:
    if not (figures["files_scanned"] or figures["files_not_scanned"]):
        yield "No Python files: the static scan reads Python only."
    if found.hidden:
        yield f"{counted(found.hidden, 'finding is', 'findings are')} silenced by a nosec comment in the code."
    if left.asserts:
        yield f"{counted(left.asserts, 'assert')} in test files left out: no weakness there (B101 assert_used)."
    if left.placeholders:
        yield f"{counted(left.placeholders, 'password')} left out that stand for one: empty, an example, a variable."
    if found.passed_over:
        yield f"{counted(found.passed_over, 'constant')} deep in long literals not looked at by the static scan."
    yield from unread_note(refused, "not scanned")

