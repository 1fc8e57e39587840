"""Look for secrets in every text file, and report where they stand without saying them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ._not_scanned import KEY, joined, observations, sentence
from ._report_text import counted, one_line
from ._secrets import numbered, secrets_in
from ._sources import Unread, count_text_lines, is_exact, read, some, text_of, unread_note

Json = dict[str, object]

MAX_QUOTE = 200


@dataclass(slots=True)
class Seen:
    """What the scan went through."""

    files: int = 0
    lines: int = 0
    binary: int = 0
    inexact: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def secret_report(files: Iterable[Path]) -> Json:
    """Return the secrets in *files* as a report; one file is in memory at a time."""
    seen = Seen()
    secrets = [found for path in files for found in _in_file(path, seen)]
    figures = {
        "files_scanned": seen.files,
        "lines_scanned": seen.lines,
        "files_not_scanned": len(seen.unread),
        "secrets": len(secrets),
    }
    unread = sentence([item.reason for item in seen.unread], seen.files + seen.binary + len(seen.unread), "file")
    return {
        "title": "Secret scan",
        "summary": joined(_summary(figures), unread),
        "figures": figures,
        "observations": [*secrets, *observations(seen.unread)],
        "notes": list(_notes(seen)),
        KEY: unread,
    }


def _in_file(path: Path, seen: Seen) -> Iterator[Json]:
    source = read(path)
    if isinstance(source, Unread):
        seen.unread.append(source)
        return
    text = text_of(source.data)
    if text is None:
        seen.binary += 1
        return
    seen.files += 1
    seen.lines += count_text_lines(text)
    if not is_exact(source.data):
        seen.inexact.append(source.file)
    for line, secret in numbered(text, secrets_in(text, source.file)):
        yield {"rule": secret.rule, "severity": secret.severity, "message": secret.message, "source": source.file,
               "location": str(line), "quote": one_line(secret.quote, MAX_QUOTE)}


def _summary(figures: dict[str, int]) -> str:
    if not figures["files_scanned"]:
        return "" if figures["files_not_scanned"] else "There are no text files to search for secrets."
    where = f"in {counted(figures['files_scanned'], 'text file')} with {counted(figures['lines_scanned'], 'line')}"
    return f"The secret scan finds {counted(figures['secrets'], 'secret')} {where}."


def _notes(seen: Seen) -> Iterator[str]:
    if not (seen.files or seen.unread):
        yield "No text files: there was nothing to search for secrets."
    if seen.binary:
        yield f"{counted(seen.binary, 'binary file')} not searched for secrets."
    if seen.inexact:
        yield f"Not UTF-8, searched all the same: {some(seen.inexact)}"
    yield from unread_note(seen.unread)
