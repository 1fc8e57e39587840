"""A shell for the tests: ``genesis`` as a process of its own, with a state folder and a stranger's plugin beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
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


# ---- real distributions of strangers: wheels that an installer puts into a folder of their own --------------------

WITNESS = """\
import os
if os.environ.get("WITNESS"):
    with open(os.environ["WITNESS"], "a") as told:
        print(__name__, file=told)
from genesis_core import *
"""
"""How each of them begins: whoever imports it leaves a trace."""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Install a distribution ``genesis-plugin-NAME`` with this code once, by pip, in a folder of its own."""
    folder = tmp_path_factory.mktemp("strangers")

    def make(name: str, code: str = "", *, more: Mapping[str, str] | None = None, commands: str = "",
             plugins: str | None = None) -> Path:
        site, module = folder / name, f"genesis_plugin_{name}"
        if not site.exists():
            files = {f"{module}/__init__.py": WITNESS + code, **(more or {})}
            points = {"genesis.plugins": f"{name} = {module}" if plugins is None else plugins,
                      "genesis.commands": commands}
            _pip_install(site, _wheel(folder, f"genesis-plugin-{name}", files, points))
        return site

    return make


def _wheel(folder: Path, name: str, files: Mapping[str, str], points: Mapping[str, str]) -> Path:
    """Build a wheel by the rules: RECORD names every file with its digest."""
    stem = f"{name.replace('-', '_')}-1.0"
    info = f"{stem}.dist-info"
    whole = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "".join(f"[{group}]\n{said}\n" for group, said in points.items() if said),
    }
    listed = [f"{path},sha256={_record_digest(text)},{len(text.encode())}\n" for path, text in whole.items()]
    built = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(built, "w") as archive:
        for path, text in {**whole, f"{info}/RECORD": "".join(listed) + f"{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return built


def _record_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _pip_install(site: Path, wheel: Path) -> None:
    options = ("--quiet", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(wheel)], check=True,
                   timeout=100, capture_output=True)
