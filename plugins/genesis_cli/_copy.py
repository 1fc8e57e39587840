"""``-o FILE``: the report of a run as Markdown, HTML or JSON, in a file, a folder or on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from genesis_core import RunResult, SettingsError, TaskState

from . import _streams as streams
from ._document import ends, made

__all__ = ["KINDS", "check_copy", "check_out", "copy_out", "rendered"]

KINDS = (".md", ".html", ".json")
STDOUT = "-"


def check_out(target: str | None) -> None:
    """Refuse ``-o`` before anything runs when it can't be written."""
    if target is None or target == STDOUT:
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise SettingsError(f"{path} can't be written", cause=f"there is no folder {str(path.parent)!r}",
                            hint=f"mkdir -p {path.parent}")


def check_copy(target: str | None, *, json: bool) -> None:
    """Refuse, before anything runs, a report of another kind than there are, or one that can't be written."""
    check_out(target)
    if target == STDOUT and json:
        raise click.UsageError("-o - and --json both want stdout", click.get_current_context())
    if target is None or target == STDOUT or Path(target).is_dir() or Path(target).suffix.lower() in KINDS:
        return
    raise click.UsageError(f"{target!r} is no kind of report: a report ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}",
                           click.get_current_context())


def copy_out(result: RunResult, target: str) -> list[Path]:
    """Copy the report to *target* and return what was written; nothing when no task was completed.

    A folder takes every artefact of the last tasks. A file takes the artefact of its kind, else what the tasks
    returned, rendered plainly. ``-`` is standard output, and takes Markdown.
    """
    if not any(task.state is TaskState.COMPLETED for task in result.tasks.values()):
        return []
    try:
        if target == STDOUT:
            streams.out(_content(result, ".md").rstrip("\n"))
            return []
        return _written(result, Path(target))
    except OSError as error:
        raise SettingsError(f"{target} can't be written", cause=error.strerror or str(error),
                            hint=f"the run is kept: genesis runs show {result.run_id}") from None


def _written(result: RunResult, path: Path) -> list[Path]:
    if path.is_dir():
        last = list(made(result, ends(result.plan))) or list(made(result))
        return [_copy(source, path / Path(artifact.name).name) for _, artifact, source in last]
    found = _artefact(result, path.suffix.lower())
    if found is not None:
        return [_copy(found, path)]
    path.write_text(rendered(result, path.suffix.lower()), encoding="utf-8", errors="backslashreplace")
    return [path]


def _copy(source: Path, target: Path) -> Path:
    import shutil

    shutil.copyfile(source, target)
    return target


def _content(result: RunResult, kind: str) -> str:
    found = _artefact(result, kind)
    return rendered(result, kind) if found is None else found.read_text(encoding="utf-8", errors="replace")


def _artefact(result: RunResult, kind: str) -> Path | None:
    """Return the file of the first artefact of a kind, those of the last tasks first."""
    return next((path for _, artifact, path in made(result) if Path(artifact.name).suffix.lower() == kind), None)


def rendered(result: RunResult, kind: str) -> str:
    """Return what the tasks of a run returned as ``.md``, ``.html`` or ``.json``."""
    if kind == ".json":
        return json.dumps(_plain(result.output), ensure_ascii=False, indent=2) + "\n"
    parts = [(name, task.output) for name, task in result.tasks.items()
             if task.state is TaskState.COMPLETED and (result.plan is None or name not in result.plan.graph.children)]
    lines = [line for name, output in parts for line in _section(name, output)]
    return _html(lines) if kind == ".html" else "\n\n".join(_markdown(*line) for line in lines) + "\n"


def _section(name: str, output: object) -> Iterator[tuple[str, str]]:
    """Yield (what it is, text) for one task: head, text, item or code."""
    if not isinstance(output, Mapping) or "summary" not in output:
        yield "head", name
        yield ("text", output) if isinstance(output, str) else ("code", json.dumps(_plain(output), indent=2))
        return
    yield "head", str(output.get("title") or name)
    yield "text", str(output["summary"])
    for figure, value in _mapping(output.get("figures")).items():
        said = f"{value:,}" if isinstance(value, int) else str(value)
        yield "item", f"{figure.replace('_', ' ')}: {said}"
    for seen in _list(output.get("observations")):
        yield "item", _observation(_mapping(seen))
    for note in _list(output.get("notes")):
        yield "item", f"note: {note}"


def _observation(seen: Mapping[str, Any]) -> str:
    place = ":".join(str(seen[key]) for key in ("source", "location") if seen.get(key))
    return " ".join(filter(None, (str(seen.get("severity", "")), place, str(seen.get("message", "")))))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _markdown(kind: str, text: str) -> str:
    import re

    if kind == "code":
        return f"    {text}".replace("\n", "\n    ")
    quiet = re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", streams.one_line(text))
    return {"head": f"# {quiet}", "item": f"- {quiet}"}.get(kind, quiet)


def _html(lines: list[tuple[str, str]]) -> str:
    import re
    from html import escape

    tags = {"head": "h1", "text": "p", "item": "li", "code": "pre"}
    body = "\n".join(f"<{tags[kind]}>{escape(streams.clean(text))}</{tags[kind]}>" for kind, text in lines)
    body = re.sub(r"((?:<li>[^\n]*\n?)+)", r"<ul>\n\1</ul>\n", body)
    title = escape(streams.one_line(lines[0][1])) if lines else "Report"
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n{body}\n</html>\n'


def _plain(value: object) -> object:
    import pydantic_core

    return pydantic_core.to_jsonable_python(value)
