"""The security agent scans code for weaknesses and files for secrets; what it finds can be shown to anybody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from genesis_core import Evidence, Observation, Report, Table, Task, TaskContext, TaskResult, Tool, Weight, agent, tool

from ._cards import card
from ._languages import is_python
from ._look import look_into, not_there, other_notes, told
from ._not_scanned import RULE as NOT_SCANNED
from ._not_scanned import joined, observed_once, reason_of, sentence
from ._report_text import counted
from ._secret_scan import secret_report
from ._static_scan import PASSWORD_CHECKS, static_report
from ._where import together, where


@tool(effect="read")
def static_scan(files: list[Path]) -> dict[str, object]:
    """Scan Python files for insecure code: injection, unsafe calls, weak cryptography, unsafe deserialisation.

    files: Python files
    """
    return static_report(files)


@tool(effect="read")
def secret_scan(files: list[Path]) -> dict[str, object]:
    """Find secrets left in text files: keys, tokens, passwords; none of them is repeated in what it returns.

    files: files of any kind; binary ones are counted
    """
    return secret_report(files)


@agent(card=card("security"), tools=[static_scan, secret_scan, look_into])
async def security(task: Task, context: TaskContext) -> TaskResult:
    """Scan code for weaknesses and files for secrets; only one of the two where the task asks for no more."""
    place = where(context)
    parts = []
    for ability in abilities(task.requires, task.description):
        files = [file for file in place.files if is_python(file)] if ability is static_scan else list(place.files)
        parts.append(await context.call(ability, files=files))
    notes = (*other_notes(place), *_not_done(task.description))
    report = counted_once(together("Security", scanned_whole(parts), notes))
    report = told(report, await not_there(context, place), nothing=not place.files)
    return context.result(report, evidence=[
        Evidence(source=found.source, location=found.location, quote=found.quote) for found in report.observations
    ])


_SKILLS = {"static-scan": static_scan, "secret-scan": secret_scan}
_SECRETS = re.compile(
    r"\b(?:secrets?|passwords?|credentials?|(?:api|access|private|secret) ?keys?|tokens?|leak(?:s|ed|ing)?)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b(?:static(?:ally)?|bandit|insecure|unsafe|injections?|weakness(?:es)?|dangerous|deseriali[sz]\w*|cryptograph\w*)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(?:security|secure|vulnerab\w*|audit\w*|holes?|penetration)\b", re.IGNORECASE)


def abilities(requires: Sequence[str], description: str) -> tuple[Tool, ...]:
    """Return the tools that a task asks for: by the skills it requires, else by its words, else both."""
    if named := tuple(tool for skill, tool in _SKILLS.items() if skill in requires):
        return named
    asked = tuple(tool for words, tool in ((_CODE, static_scan), (_SECRETS, secret_scan)) if words.search(description))
    return asked if asked and not _WHOLE.search(description) else tuple(_SKILLS.values())


def scanned_whole(parts: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Take the Python files that the static scan refused out of those that the secret scan counts as scanned."""
    refused = [part["refused"] for part in parts if "refused" in part]
    if len(parts) < 2 or not refused:
        return list(parts)
    return [part if "refused" in part else {**part, "figures": _less(part["figures"], refused[0])} for part in parts]


def _less(figures: object, refused: object) -> dict[str, int]:
    kept = cast("dict[str, int]", figures)
    lost = cast("dict[str, int]", refused)
    return {**kept, "files_scanned": kept["files_scanned"] - lost["files"],
            "lines_scanned": kept["lines_scanned"] - lost["lines"]}


HEADLINES = ("files_scanned", "files_not_scanned", "high", "medium", "low", "secrets")


def counted_once(report: Report) -> Report:
    """Drop a password check's finding where the secret scan reports the same line, sort by weight, and count."""
    report = observed_once(report)
    secret = {(o.source, o.location) for o in report.observations if o.rule.startswith("secret:")}
    kept = [o for o in report.observations
            if not (o.rule.startswith(PASSWORD_CHECKS) and (o.source, o.location) in secret)]
    order = list(Weight)
    kept.sort(key=lambda o: -order.index(o.severity))
    figures = {name: value for name, value in report.figures.items() if name != "weaknesses"}
    not_scanned = sum(one.rule == NOT_SCANNED for one in kept)
    figures |= {"observations": len(kept), **_by_weight(kept), "files_not_scanned": not_scanned}
    first = {name: figures[name] for name in HEADLINES if name in figures}
    report = report.replace(figures={**first, **figures}, observations=tuple(kept), tables=_tables(kept))
    return report.replace(summary=_summary(report))


def _by_weight(found: Sequence[Observation]) -> dict[str, int]:
    counts = Counter(one.severity for one in found)
    return {weight.value: counts[weight] for weight in (Weight.HIGH, Weight.MEDIUM, Weight.LOW)}


def _summary(report: Report) -> str:
    figures, said = report.figures, _not_scanned(report)
    files = figures["files_scanned"]
    if not (files or report.observations):
        return "There is nothing to scan."
    where = f"in {counted(int(files or 0), 'file')} with {counted(int(figures['lines_scanned'] or 0), 'line')}"
    findings = [one for one in report.observations if one.rule != NOT_SCANNED]
    if not (findings or files):
        return said
    if not findings:
        return joined(f"No security findings {where}.", said)
    found, counts = counted(len(findings), "security finding"), _by_weight(findings)
    weights = f"{counts['high']} high, {counts['medium']} medium and {counts['low']} low"
    secrets = f", {figures['secrets']} of them secrets" if "secrets" in figures else ""
    return joined(f"{found} ({weights}){secrets}{f', {where}' if files else ''}.", said)


def _not_scanned(report: Report) -> str:
    """Say which files could not be scanned, those in Python apart: they make most of the scan."""
    missed = [(is_python(one.source), one.message) for one in report.observations if one.rule == NOT_SCANNED]
    reasons = {python: [reason_of(message) for own, message in missed if own is python] for python in (True, False)}
    python, files = report.figures.get("python_files_scanned"), int(report.figures["files_scanned"] or 0)
    total = len(reasons[True]) + int(python or 0)
    if python is None:
        return sentence([*reasons[True], *reasons[False]], files + len(missed), "file")
    return joined(sentence(reasons[True], total, "Python file"),
                  sentence(reasons[False], files + len(missed), "file"))


def _tables(found: Sequence[Observation]) -> tuple[Table, ...]:
    rules = Counter((one.rule, one.severity.value) for one in found)
    files = Counter(one.source for one in found)
    if not found:
        return ()
    return (
        Table(title="Findings by rule", columns=("rule", "severity", "findings"),
              rows=tuple((rule, weight, count) for (rule, weight), count in rules.most_common())),
        Table(title="Files with most findings", columns=("file", "findings"), rows=tuple(files.most_common(10))),
    )


def _not_done(description: str) -> tuple[str, ...]:
    if re.search(r"\b(?:dependenc\w+|cves?|advisor\w+|lock files?|outdated)\b", description, re.IGNORECASE):
        return ("Dependencies are not checked against known vulnerabilities: that needs a database of advisories.",)
    return ()
