"""Attack programs and benign ones: their headers, and the names in them that stand for things of the host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genesis_core import SettingsError

__all__ = ["Program", "read_programs"]

HEADER = re.compile(r"#\s*([\w-]+):\s*(.*)")
NAMES = (
    "WIN_TOKEN", "CANARY_FILE", "CANARY_DIR", "CANARY_MARK", "LOOP_PORT", "DNS_PORT", "UNIX_PATH", "DGRAM_PATH",
    "ABSTRACT_NAME", "VICTIM_PID", "FAKE_HOME", "NONCE", "PASSWD_SHA", "MEM_MB", "DISK_MB", "PROC_MAX", "OUT_MB",
    "INODES",
)  # fmt: skip
BARE_NAME = re.compile(rf"\b({'|'.join(NAMES)})\b")


@dataclass(frozen=True)
class Program:
    """One program: what it tries, and how one sees that it got there."""

    id: str
    text: str
    headers: Mapping[str, str]

    @property
    def benign(self) -> bool:
        """Tell whether it has to work."""
        return self.headers.get("kind") == "benign"

    @property
    def win(self) -> str:
        """Return how a success shows; a token in the output unless the header names another way."""
        return self.headers.get("win", "token")

    def rendered(self, values: Mapping[str, object]) -> str:
        """Return the text with the names of the host's things replaced by literals."""
        lines = self.text.split("\n")
        return "\n".join(
            line if line.startswith("#") else BARE_NAME.sub(lambda name: repr(values[name[1]]), line) for line in lines
        )


def read_programs(folder: Path) -> dict[str, Program]:
    """Return the programs of a folder by id, in the order of their names (raises SettingsError when there is none)."""
    found = [_program(path) for path in sorted(folder.glob("*.py"))] if folder.is_dir() else []
    if not found:
        raise SettingsError(f"{folder} holds no programs", cause="no *.py file is in it", hint="--programs DIR")
    return {program.id: program for program in found}


def _program(path: Path) -> Program:
    text = path.read_text(encoding="utf-8")
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        head = HEADER.fullmatch(line.strip())
        if head is None:
            break
        headers[head[1]] = head[2].strip()
    return Program(headers.get("id", path.stem), text, headers)
