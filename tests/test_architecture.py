"""The tree keeps the shape that docs/index.md draws: read from the source text, nothing is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KERNEL = ROOT / "genesis_core"
PLUGINS = sorted(p for p in (ROOT / "plugins").iterdir() if (p / "__init__.py").is_file())
SANDBOX = [p for p in (ROOT / "sandbox").iterdir() if (p / "__init__.py").is_file()]
PACKAGES = [KERNEL, *PLUGINS, *SANDBOX]
PUBLIC_MODULES = {"genesis_core", "genesis_core.testing", "genesis_core.telemetry"}


@dataclass(frozen=True)
class Import:
    """One imported name: where, from which module, and whether it happens when the module is loaded."""

    line: int
    module: str
    name: str
    at_load: bool


def sources(*packages: Path) -> list[Path]:
    return sorted(path for package in packages for path in package.rglob("*.py"))


def module_name(path: Path) -> str:
    top = next(p for p in PACKAGES if path.is_relative_to(p))
    parts = path.relative_to(top.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    return tuple(_imports(tree(path), path, at_load=True))


def _imports(node: ast.AST, path: Path, *, at_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, "", at_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            origin = _origin(child, path)
            yield from (Import(child.lineno, origin, alias.name, at_load) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, path, at_load=at_load and not inside)


def _origin(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = module_name(path).split(".")
    keep = len(package) - node.level + (path.name == "__init__.py")
    return ".".join([*package[:keep], *([node.module] if node.module else [])])


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def is_or_below(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@cache
def public_names() -> frozenset[str]:
    """The names that ``genesis_core`` gives away: ``from .module import Name as Name``."""
    nodes = (n for n in ast.walk(tree(KERNEL / "__init__.py")) if isinstance(n, ast.ImportFrom) and n.level)
    return frozenset(alias.asname for n in nodes for alias in n.names if alias.asname == alias.name)


# ---- imports point one way ---------------------------------------------------------------------------------------


def test_a_plugin_imports_only_public_names_of_the_kernel() -> None:
    wrong = [
        f"{place(path, i.line)} imports {i.module} {i.name}".rstrip()
        for path in sources(*PLUGINS)
        for i in imports(path)
        if is_or_below(i.module, "genesis_core")
        and (i.module not in PUBLIC_MODULES or (i.module == "genesis_core" and i.name and i.name not in _importable()))
    ]
    assert wrong == []


def _importable() -> frozenset[str]:
    return public_names() | {"__version__", "testing", "telemetry"}


def test_a_plugin_never_imports_another_plugin() -> None:
    names = {p.name for p in PLUGINS}
    wrong = [
        f"{place(path, i.line)} imports {i.module}"
        for package in PLUGINS
        for path in sources(package)
        for i in imports(path)
        if i.module.split(".")[0] in names - {package.name}
    ]
    assert wrong == []


def test_the_kernel_knows_no_plugin() -> None:
    names = {p.name for p in [*PLUGINS, *SANDBOX]}
    wrong = [f"{place(p, i.line)} imports {i.module}" for p in sources(KERNEL) for i in imports(p)
             if i.module.split(".")[0] in names]
    assert wrong == []


def test_the_sandbox_has_never_heard_of_the_kernel() -> None:
    wrong = [f"{place(p, i.line)} imports {i.module}" for p in sources(*SANDBOX) for i in imports(p)
             if i.module.split(".")[0].startswith("genesis_") and not is_or_below(i.module, "genesis_sandbox")]
    assert wrong == []


MACHINERY = {
    "genesis_core._engine", "genesis_core._journal", "genesis_core._kernel", "genesis_core._plugins",
    "genesis_core._run", "genesis_core._scheduler", "genesis_core._scope", "genesis_core._settings",
    "genesis_core._state", "genesis_core._worker", "genesis_core._workers", "genesis_core.genesis",
    "genesis_core.testing",
}  # fmt: skip
VOCABULARY = (
    "agents", "engines", "errors", "hookspecs", "models", "plans", "policy", "records", "reports", "runs", "tasks",
    "tools",
)  # fmt: skip


@cache
def kernel_edges() -> dict[str, set[str]]:
    """For each module of the kernel, the modules of the kernel that it imports when it is loaded."""
    names = {module_name(p) for p in sources(KERNEL)}
    return {module_name(path): set(_loads(path, names)) for path in sources(KERNEL)}


def _loads(path: Path, names: set[str]) -> Iterator[str]:
    for i in imports(path):
        target = f"{i.module}.{i.name}" if f"{i.module}.{i.name}" in names else i.module
        if i.at_load and target in names and target != module_name(path):
            yield target


def reached(module: str) -> set[str]:
    """Return every module of the kernel that loading *module* loads."""
    found, waiting = set[str](), [module]
    while waiting:
        new = kernel_edges()[waiting.pop()] - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize("noun", VOCABULARY)
def test_the_vocabulary_loads_no_machinery(noun: str) -> None:
    assert reached(f"genesis_core.{noun}") & MACHINERY == set()


def test_every_module_named_here_is_there() -> None:
    assert MACHINERY | {f"genesis_core.{noun}" for noun in VOCABULARY} <= set(kernel_edges())


def test_only_the_door_for_programs_opens_the_kernel_loop() -> None:
    """``_kernel`` plans and ``_run`` carries out; whoever else imports them has found a second door."""
    allowed = {"genesis_core.genesis", "genesis_core._run"}
    users = {name for name, loads in kernel_edges().items() if loads & {"genesis_core._kernel", "genesis_core._run"}}
    assert users - allowed == set()


def test_no_module_of_the_kernel_waits_for_itself_to_load() -> None:
    assert _cycle(kernel_edges()) == []


def _cycle(edges: dict[str, set[str]]) -> list[str]:
    import graphlib

    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


# ---- built-in agents use no door but their context ---------------------------------------------------------------

DOORS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "rename",
    "iterdir", "glob", "rglob", "exists", "is_file", "is_dir", "stat", "urlopen", "connect", "Popen", "system",
}  # fmt: skip
DOOR_MODULES = {"os", "subprocess", "socket", "sqlite3", "shutil", "urllib", "http", "tempfile", "io"}
LOOKING_ROUND = {"cwd", "home", "getcwd", "walk", "iterdir", "glob", "rglob", "listdir", "scandir", "environ", "getenv"}


@dataclass(frozen=True)
class Function:
    """A function of a plugin, and the names in its module."""

    path: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions(package: Path) -> dict[tuple[str, str], Function]:
    """Every module-level function and method of *package*, by module and name."""
    return {
        (module_name(path), node.name): Function(path, node)
        for path in sources(package)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def called(function: Function, package: Path) -> Iterator[Function]:
    """Return the functions of *package* that *function* calls itself: no tools handed to ``context.call``."""
    table, here = functions(package), module_name(function.path)
    elsewhere = {i.name: i.module for i in imports(function.path)}
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = table.get((elsewhere.get(node.func.id, here), node.func.id))
            if found is not None:
                yield found


def in_the_loop(package: Path) -> list[Function]:
    """Return the coroutines of *package* and every function that they call without a worker process between."""
    found: dict[ast.AST, Function] = {
        f.node: f for f in functions(package).values() if isinstance(f.node, ast.AsyncFunctionDef)
    }
    waiting = list(found.values())
    while waiting:
        for callee in called(waiting.pop(), package):
            if callee.node not in found:
                found[callee.node] = callee
                waiting.append(callee)
    return list(found.values())


def doors_in(function: Function) -> Iterator[str]:
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield place(function.path, node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr in DOORS and not _is_context(node):
            yield place(function.path, node.lineno)
        elif isinstance(node, ast.Name) and node.id in DOOR_MODULES:
            yield place(function.path, node.lineno)


def _is_context(node: ast.Attribute) -> bool:
    """Whether this is a door of the context, or reads a file that is shipped inside the package."""
    return ast.unparse(node.value) == "context" or "Path(__file__)" in ast.unparse(node.value)


def agent_packages() -> list[Path]:
    return [p for p in PLUGINS if p.name == "genesis_agents"]


def test_a_built_in_agent_opens_nothing_itself() -> None:
    packages = agent_packages()
    assert packages, "plugins/genesis_agents is not there"
    assert [door for p in packages for f in in_the_loop(p) for door in doors_in(f)] == []


def test_a_built_in_agent_never_looks_round_by_itself() -> None:
    wrong = [
        f"{place(path, node.lineno)} .{node.attr}"
        for path in sources(*agent_packages())
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in LOOKING_ROUND and not _is_ast_walk(node)
    ]
    assert wrong == []


def _is_ast_walk(node: ast.Attribute) -> bool:
    return node.attr == "walk" and isinstance(node.value, ast.Name) and node.value.id == "ast"


def test_the_check_for_doors_sees_one_that_is_planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "__init__.py").write_text("from .b import helper\nasync def agent(t, c):\n    return helper()\n")
    (planted / "b.py").write_text("def helper():\n    return open('x').read()\ndef tool():\n    return open('y')\n")
    monkeypatch.setitem(globals(), "PACKAGES", [*PACKAGES, planted])
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert [d for f in in_the_loop(planted) for d in doors_in(f)] == [f"{Path('planted/b.py')}:2"]


# ---- size and shape ----------------------------------------------------------------------------------------------


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def defined() -> tuple[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef], ...]:
    return tuple(
        (path, node)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_no_module_is_longer_than_400_lines() -> None:
    sizes = {p.relative_to(ROOT).as_posix(): len(p.read_text("utf-8").splitlines()) for p in sources(*PACKAGES)}
    assert {name: size for name, size in sizes.items() if size > 400} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    assert [f"{place(path, n.lineno)} {n.name}" for path, n in defined() if length(n) > 60] == []


def test_nine_functions_in_ten_are_shorter_than_25_lines() -> None:
    short = [n for _, n in defined() if length(n) < 25]
    assert len(short) >= 0.9 * len(defined())


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_every_package_is_marked_as_typed(package: Path) -> None:
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{path.relative_to(ROOT)} has no docstring"


def test_folder_words_never_become_importable_names() -> None:
    assert [name for name in ("plugins", "sandbox", "tests") if (ROOT / name / "__init__.py").exists()] == []


def test_tests_run_against_the_installed_package() -> None:
    assert not (ROOT / "conftest.py").exists(), "a conftest.py at the root puts the source tree on the path"


def test_each_built_in_is_in_the_wheel_and_in_every_check() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = sorted(p.name for p in PACKAGES)
    wheel = [Path(p).name for p in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    assert sorted(wheel) == names
    assert sorted(project["tool"]["importlinter"]["root_packages"]) == names
    assert sorted(project["tool"]["mypy"]["packages"]) == names


# ---- what no file may hold ---------------------------------------------------------------------------------------

TEXT = {".py", ".md", ".toml", ".ini", ".yml", ".yaml", ".json", ".txt", ".cfg", ".html", ".csv", ""}
TOPS = ("genesis_core", "plugins", "sandbox", "tests", "examples", "benchmarks", "docs", "changelog.d", ".ci")


def texts() -> Iterator[tuple[Path, str]]:
    """Return every text file that belongs to the project, with its text."""
    inside = (p for top in TOPS for p in sorted((ROOT / top).rglob("*")))
    for path in (*inside, *sorted(ROOT.glob("*"))):
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    homes = "|".join(("home", "root", "Users"))
    pattern = re.compile(rf"(?<![\w.~:/-])/(?:{homes})/[A-Za-z]")
    here = {str(ROOT) + "/", str(Path.home()) + "/"} - {"//"}
    wrong = [
        f"{place(path, number)}: {line.strip()[:80]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line) or any(h in line for h in here)
    ]
    assert wrong == []


def test_names_of_the_genai_conventions_stand_in_one_module() -> None:
    prefix = "gen_ai" + "."
    allowed = KERNEL / "telemetry" / "semconv.py"
    wrong = [place(p, 1) for p in sources(*PACKAGES) if p != allowed and prefix in p.read_text("utf-8")]
    assert wrong == []
