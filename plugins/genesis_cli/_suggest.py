"""Bare ``genesis``: three goals that fit what lies in this folder, each as a command to paste."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import _streams as streams
from ._session import Session

__all__ = ["Kinds", "goals", "look", "suggest"]

MAX_FILES = 5_000
SKIPPED = frozenset("__pycache__ node_modules venv env site-packages build dist target vendor third_party".split())
TABLES = (".csv", ".tsv", ".jsonl")
DOCUMENTS = (".md", ".rst", ".txt", ".adoc")
SUGGESTED = 3


class Kinds(NamedTuple):
    """What lies in a folder: counts by kind, and the folder that holds most of each."""

    python: int = 0
    tables: int = 0
    documents: int = 0
    containers: int = 0
    others: int = 0
    table_folder: str = ""
    document_folder: str = ""
    more: bool = False
    """There were more files than were looked at."""


def suggest(session: Session) -> int:
    """Say what could be done here."""
    found = look(Path.cwd())
    commands = [f"genesis run {shlex.quote(goal)}" for goal in goals(found)]
    session.command = "suggest"
    return session.answer({"found": found._asdict(), "goals": goals(found), "commands": commands},
                          lambda: "\n".join(_lines(found, commands)))


def look(folder: Path) -> Kinds:
    """Return what lies in *folder*, hidden and dependency folders left out; at most 5,000 files are looked at."""
    counts: Counter[str] = Counter()
    places: dict[str, Counter[str]] = {"tables": Counter(), "documents": Counter()}
    for number, (place, name) in enumerate(_files(folder)):
        if number == MAX_FILES:
            break
        kind = "tables" if name.lower().endswith(".json") and _is_list(folder / place / name) else _kind(name)
        counts[kind] += 1
        if kind in places:
            places[kind][place.split("/")[0]] += 1
    tables, documents = (_most(places[kind]) for kind in ("tables", "documents"))
    return Kinds(counts["python"], counts["tables"], counts["documents"], counts["containers"], counts["others"],
                 tables, documents, sum(counts.values()) >= MAX_FILES)


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in SKIPPED)
        place = Path(base).relative_to(folder).as_posix()
        yield from ((place, name) for name in sorted(names) if not name.startswith("."))


def _kind(name: str) -> str:
    lower = name.lower()
    if lower.startswith(("dockerfile", "containerfile")) or lower in ("compose.yaml", "docker-compose.yml"):
        return "containers"
    for kind, endings in (("python", (".py",)), ("tables", TABLES), ("documents", DOCUMENTS)):
        if lower.endswith(endings):
            return kind
    return "others"


def _is_list(path: Path) -> bool:
    """Whether a JSON file holds a list, and so perhaps a table; settings are objects."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError:
        return False


def _most(places: Counter[str]) -> str:
    """Return the top-level folder that holds most; empty when that is the folder itself."""
    name = places.most_common(1)[0][0] if places else "."
    return "" if name == "." else name


def goals(found: Kinds) -> list[str]:
    """Return at most three goals that fit, those about more files first; none when nothing fits."""
    tables = f"the tables in {found.table_folder}/" if found.table_folder else "the tables in this folder"
    documents = f"the documents in {found.document_folder}/" if found.document_folder else "the documents here"
    fitting = []
    if found.python:
        fitting.append("Map the architecture of this repository, and write a report")
    if found.tables:
        fitting.append(f"Profile {tables}, and write a report")
    if found.python or found.containers:
        fitting.append("Scan this repository for security problems")
    if found.documents:
        fitting.append(f"Find what {documents} promise about error handling")
    return fitting[:SUGGESTED]


def _lines(found: Kinds, commands: list[str]) -> Iterator[str]:
    counted = [(found.python, "Python file"), (found.tables, "table"), (found.documents, "document"),
               (found.containers, "container file"), (found.others, "other file")]
    said = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in counted if count]
    if not said:
        yield "this folder is empty; go to one with code, tables or documents, or name one: --workspace DIR"
        return
    verb = "are more than" if found.more else "lie" if sum(count for count, _ in counted) > 1 else "lies"
    yield f"here {verb} {', '.join(said)}"
    if not commands:
        yield "none of them is of a kind that the built-in agents read; genesis agents shows what they do"
        return
    yield f"{'three things' if len(commands) == 3 else 'this'} to begin with:\n"
    yield from (f"  {streams.paint(command, 'cyan')}" for command in commands)
    yield "\ngenesis plan GOAL shows what would run; genesis --help lists the rest"
