"""Say which files could not be scanned: in a sentence, as observations that two runs can be compared by, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from genesis_core import Report

from ._report_text import counted, number
from ._sources import Unread

RULE = "not-scanned"
KEY = "not_scanned"  # holds the sentence in the result of a tool, so that an agent can say it once
_BEGINS = "Could not be scanned: "


def observations(unread: Iterable[Unread]) -> list[dict[str, object]]:
    """Return an observation for each file, without the line in its message."""
    return [
        {"rule": RULE, "severity": "low", "message": f"{_BEGINS}{item.reason}.", "source": item.file,
         "location": item.line, "quote": ""}
        for item in unread
    ]


def reason_of(message: str) -> str:
    """Return why, out of the message of an observation."""
    return message.removeprefix(_BEGINS).removesuffix(".")


def sentence(reasons: Sequence[str], total: int, noun: str) -> str:
    """Return "1 of 3 Python files could not be scanned: no valid Python.", or "" when all could be."""
    if not reasons:
        return ""
    counts = Counter(reasons)
    why = ", ".join(reason if len(counts) == 1 else f"{reason} ({number(n)})" for reason, n in counts.items())
    return f"{number(len(reasons))} of {counted(total, noun)} could not be scanned: {why}."


def python_sentence(unread: Sequence[Unread], scanned: int) -> str:
    """Return the sentence about Python files."""
    return sentence([item.reason for item in unread], scanned + len(unread), "Python file")


def joined(*sentences: str) -> str:
    """Put sentences in a row, without those that say nothing."""
    return " ".join(each for each in sentences if each)


def said_once(parts: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return the results of several tools so that only the last one says which files could not be scanned."""
    found = [dict(part) for part in parts]
    for part in found[:-1]:
        said = str(part.get(KEY, ""))
        if said and said == found[-1].get(KEY):
            part["summary"] = str(part["summary"]).removesuffix(said).rstrip()
    return found


def observed_once(report: Report) -> Report:
    """Return a report in which each file that could not be scanned is observed once."""
    seen: set[str] = set()
    kept = []
    for found in report.observations:
        if found.rule != RULE or found.source not in seen:
            kept.append(found)
        if found.rule == RULE:
            seen.add(found.source)
    return report.replace(observations=tuple(kept))
