"""The head of a journal: which row was its last when its driver ended, signed, in the run's own folder.

Rows cut off the end leave a journal that is valid in itself; beside a head it is too short.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from .engines import KeyRing
from .errors import JournalError

__all__ = ["Head", "read_head", "write_head"]

GENESIS_HEAD = b"genesis journal head 1"
ACTOR = "kernel"


class Head(NamedTuple):
    """A run's last row, as somebody remembers it."""

    seq: int
    mac: str
    whose: str
    """Who remembers it: "its head" or "the index"."""


def write_head(folder: Path, run_id: str, last: tuple[int, bytes], keys: KeyRing, *, full: bool = False) -> None:
    """Write the head of the journal in *folder*, whole or not at all; one that can't be written harms no run."""
    said = _said(run_id, last[0], last[1].hex())
    path, draft = folder / "head", folder / ".head.part"
    with contextlib.suppress(OSError):
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(said + b"\n" + keys.sign(ACTOR, GENESIS_HEAD + said).hex().encode() + b"\n")
            if full:
                file.flush()
                os.fsync(file.fileno())
        os.replace(draft, path)


def read_head(folder: Path, keys: KeyRing) -> Head | None:
    """Return the head of the journal in *folder*, None when there is none (raises JournalError when it was edited)."""
    try:
        said, _, signed = (folder / "head").read_bytes().partition(b"\n")
        value, mac = json.loads(said), bytes.fromhex(signed.decode("ascii").strip())
        if keys.verify(ACTOR, GENESIS_HEAD + said, mac) and value["run"] == folder.name:
            return Head(value["seq"], value["mac"], "its head")
        why = "it was edited, or signed with another key"
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = str(error) or type(error).__name__
    raise JournalError(f"the journal of run {folder.name} is damaged: its head can't be trusted",
                       cause=f"{folder / 'head'}: {why}", hint="restore the folder from a copy, or start a new run")


def _said(run_id: str, seq: int, mac: str) -> bytes:
    return json.dumps({"run": run_id, "seq": seq, "mac": mac}).encode()
