"""A shell for the tests: ``genesis`` as a process of its own, with a state folder and a stranger's plugin beside it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).parent / "kit"
STRIPPED = ("GENESIS_", "USE_V2", "LC_", "LANG", "PYTHONIO", "FORCE_COLOR", "NO_COLOR", "COLUMNS")
"""Variables of whoever runs the tests that would change what is tested."""


@dataclass
class Shell:
    """Runs commands in one folder with one state folder."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *words: str, env: Mapping[str, str] | None = None, stdin: str | bytes | None = None, timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``genesis`` with *words* and wait for it."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env={**self.environment, **(env or {})}, capture_output=True,
            timeout=timeout, **({"input": given} if given is not None else {"stdin": subprocess.DEVNULL}),
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start ``genesis`` and return at once."""
        return subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment, **options)

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``genesis``."""
        return [sys.executable, "-m", "genesis_cli", *words]

    def json(self, *words: str, code: int = 0, **options: Any) -> dict[str, Any]:
        """Run with ``--json`` and return the one document; the exit code must be *code*."""
        done = self(*words, "--json", **options)
        assert done.returncode == code, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert set(found) == {"schema", "ok", "data", "error"}
        return found

    def plan(self, *tasks: Mapping[str, Any], name: str = "tasks.json", **rest: Any) -> str:
        """Write a plan file and return its name."""
        (self.folder / name).write_text(json.dumps({"tasks": list(tasks), **rest}), encoding="utf-8")
        return name

    def run(self, *tasks: Mapping[str, Any], options: Sequence[str] = (), code: int = 0) -> dict[str, Any]:
        """Run a plan of *tasks* and return the run's document."""
        found = self.json("run", self.plan(*tasks), *options, code=code)["data"]
        assert isinstance(found, dict)
        return found

    def state(self) -> str:
        """Return a digest over every name and byte of the state folder."""
        whole = hashlib.sha256()
        for path in sorted(self.home.rglob("*")):
            whole.update(str(path.relative_to(self.home)).encode() + b"\0")
            if path.is_file():
                whole.update(path.read_bytes())
        return whole.hexdigest() if self.home.exists() else "no folder"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(STRIPPED)}
    path = os.pathsep.join([str(KIT), *filter(None, [kept.pop("PYTHONPATH", "")])])
    home = tmp_path / "home"
    (tmp_path / "genesis.toml").touch()
    return Shell(folder, home, {
        **kept, "PYTHONPATH": path, "GENESIS_HOME": str(home), "GENESIS_CONFIG": str(tmp_path / "genesis.toml"),
        "PYTHONWARNINGS": "error", "LANG": "C.UTF-8",
    })
