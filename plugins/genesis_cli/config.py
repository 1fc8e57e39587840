"""``genesis config``: the settings in force, and where each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ._options import common
from ._session import Session

__all__ = ["config"]

SECRET = ("key", "token", "secret", "password")


@click.command("config")
@click.option("--origin", is_flag=True, help="Show the file, variable or flag that each value came from.")
@common
def config(session: Session, origin: bool) -> int:
    """Show every setting in force: flag > environment > ./genesis.toml > your own file > default.

    Says which two files are read, and whether they are there.
    """
    from genesis_core import load_settings

    from ._environment import missing_config

    if missing_config():
        session.warn("GENESIS_CONFIG names a settings file that is not there; no other command goes on without it")
    found = load_settings({"home": session.home} if session.home else None)
    rows = [(name, _shown(name, value), found.origins.get(name, "default"))
            for name, value in _flat(found.settings.model_dump(mode="json"), "")]
    rows = [(name, str(session.state().home) if name == "home" and not value else value, source)
            for name, value, source in rows]
    files = [("your own settings file", found.own), ("that of the project", found.project)]
    data = {"settings": [{"name": n, "value": v, "origin": o} for n, v, o in rows],
            "files": [{"path": str(path), "there": path.is_file()} for _, path in files]}
    return session.answer(data, lambda: "\n".join((*_lines(rows, origin), "", *_read(files))))


def _flat(value: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{at}{key}.")
        else:
            yield f"{at}{key}", item


def _shown(name: str, value: Any) -> Any:
    """Hide what must not be read over a shoulder."""
    last = name.rpartition(".")[2].lower()
    return "(hidden)" if isinstance(value, str) and value and last.endswith(SECRET) and last != "keyring" else value


def _read(files: list[tuple[str, Path]]) -> Iterator[str]:
    """Yield a line for each file of settings."""
    wide = max(len(name) for name, _ in files)
    for name, path in files:
        yield f"{name.ljust(wide)}  {path}" + ("" if path.is_file() else " (not there)")


def _lines(rows: list[tuple[str, Any, str]], origin: bool) -> Iterator[str]:
    import json

    from . import _streams as streams

    wide = max(len(name) for name, _, _ in rows)
    values = [json.dumps(value, ensure_ascii=False) for _, value, _ in rows]
    room = min(40, max(len(value) for value in values))
    for (name, _, source), value in zip(rows, values, strict=True):
        line = f"{name.ljust(wide)} = {streams.one_line(value)}"
        if origin:
            line = f"{name.ljust(wide)} = {streams.one_line(value).ljust(room)}  {source}"
        yield streams.paint(line, "dim") if source == "default" else line
