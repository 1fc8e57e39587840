"""What the tests of the registry share: a tool, its need, a workshop of a folder, and SQL on its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from genesis_aatc.registry import Registry
from genesis_aatc.sandboxes import Bench
from genesis_aatc.workshop import LocalWorkshop
from genesis_core import Example, Genesis, Label, Need, Proposal, ToolSpec, Trust

TAKES = {"type": "object", "additionalProperties": False, "properties": {"text": {"type": "string"}},
         "required": ["text"]}
CODE = '''def shout(text: str) -> str:
    """Return the text in capitals."""
    if text == "fail":
        raise ValueError("it was told to\\x1b[31m")
    while text == "for ever":
        pass
    return text.upper() if text != "odd" else "x" * 5000
'''
EXAMPLES = (Example(arguments={"text": "a"}, value="A"), Example(arguments={"text": "b c"}, value="B C"))
NEED = Need(name="shout", description="Return a text in capitals.", examples=EXAMPLES)
UNTRUSTED = Label(Trust.UNTRUSTED, sources=frozenset({"file:page.html"}))
OPENED: list[Registry | LocalWorkshop] = []
"""Closed when the test ends: a database that nobody closes is a warning."""


def proposal(code: str = CODE, name: str = "shout", label: Label | None = None, **spec: Any) -> Proposal:
    """Return a proposal for NEED, or for another name."""
    made = ToolSpec(**{"name": name, "version": "1.0.0", "description": "Return a text in capitals.",
                       "input_schema": TAKES, "output_schema": {"type": "string", "maxLength": 4000}, **spec})
    return Proposal(spec=made, code=code, author="file", label=label or Label())


def registry(home: Path, **more: Any) -> Registry:
    """Return the registry of a state folder, signed by the keys of that folder."""
    made = Registry(home / "registry", lambda: Genesis.open(home, settings={}).keys(create=True), **more)
    OPENED.append(made)
    return made


def workshop(home: Path, **more: Any) -> LocalWorkshop:
    """Return the workshop of a state folder."""
    made = LocalWorkshop(registry(home, **more), Bench(), home / "keys")
    OPENED.append(made)
    return made


def content(digest: str, name: str = "shout", **more: Any) -> Mapping[str, Any]:
    """Return as much of a version as the fold looks at."""
    return {"digest": digest, "kind": "tool", "name": name, "wanted": "", **more}


def sql(home: Path, *statements: str) -> None:
    """Do to the file of the registry what somebody with an editor could."""
    with closing(sqlite3.connect(home / "registry" / "registry.db", isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)
