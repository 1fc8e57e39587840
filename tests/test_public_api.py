"""The public API is a list, and this reads it; importing it costs and configures nothing."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import genesis_core

HEAVY = ("pydantic", "structlog", "rich", "asyncio", "opentelemetry", "sqlite3", "importlib.metadata")
SOURCE = Path(genesis_core.__file__)


def in_a_new_process(code: str, tmp_path: Path) -> dict[str, object]:
    """Return the JSON that *code* prints in a fresh interpreter, in an empty folder."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def names_for_type_checkers() -> set[str]:
    nodes = [n for n in ast.walk(ast.parse(SOURCE.read_text("utf-8"))) if isinstance(n, ast.ImportFrom) and n.level]
    return {alias.asname or alias.name for node in nodes for alias in node.names}


def test_the_list_is_what_type_checkers_see() -> None:
    assert set(genesis_core.__all__) == names_for_type_checkers()


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert list(genesis_core.__all__) == sorted(set(genesis_core.__all__))


def test_nothing_else_is_visible() -> None:
    modules = {p.stem for p in SOURCE.parent.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    visible = {name for name in dir(genesis_core) if not name.startswith("_")}
    assert visible - modules - {"annotations", "TYPE_CHECKING", "Any"} == set(genesis_core.__all__) - modules


@pytest.mark.parametrize("name", genesis_core.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(genesis_core, name)
    if isinstance(value, int | str):
        return  # a constant has its words beside it in the source
    if name == "hookimpl":
        return  # pluggy's own marker, shown in docs/hooks.md
    assert value.__doc__, f"{name} has no docstring of its own"


@pytest.mark.parametrize("name", genesis_core.__all__)
def test_public_methods_say_what_they_do(name: str) -> None:
    value = getattr(genesis_core, name)
    if not inspect.isclass(value) or not value.__module__.startswith("genesis_core"):
        return
    own = {n: m for n, m in vars(value).items() if inspect.isfunction(m) and not n.startswith("_")}
    silent = [n for n, m in own.items() if not inspect.getdoc(getattr(value, n)) and not _is_validator(value, n, m)]
    assert silent == []


def _is_validator(owner: type, name: str, member: object) -> bool:
    return name in getattr(owner, "model_fields", {}) or hasattr(member, "decorator_info")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Gensis'"):
        _ = genesis_core.Gensis


def test_importing_the_kernel_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys, json, genesis_core; print(json.dumps({{m: m in sys.modules for m in {HEAVY!r}}}))"
    assert in_a_new_process(code, tmp_path) == dict.fromkeys(HEAVY, False)


def test_importing_every_public_name_configures_nothing(tmp_path: Path) -> None:
    code = """
import json, logging, os, signal, sys, threading, warnings
def world():
    return [len(logging.root.handlers), logging.root.level, len(warnings.filters), threading.active_count(),
            sorted(os.environ), str(signal.getsignal(signal.SIGINT)), sys.excepthook.__qualname__, os.getcwd()]
before = world()
import genesis_core
for name in genesis_core.__all__:
    getattr(genesis_core, name)
print(json.dumps({"same": world() == before, "files": os.listdir(".")}))
"""
    assert in_a_new_process(code, tmp_path) == {"same": True, "files": []}


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import json, sys
sys.argv = ["genesis", "--help"]
from genesis_cli import main
try:
    status = main()
except SystemExit as stop:
    status = stop.code
print(json.dumps({{"status": status or 0, "heavy": [m for m in {HEAVY!r} if m in sys.modules]}}))
"""
    assert in_a_new_process(code, tmp_path) == {"status": 0, "heavy": []}


def test_the_module_for_authors_of_plugins_lists_what_it_offers() -> None:
    testing = importlib.import_module("genesis_core.testing")
    assert [name for name in testing.__all__ if not inspect.getdoc(getattr(testing, name))] == []
