"""The architect: module names, import cycles, complexity and size, held against counts made in another way."""

from __future__ import annotations

import ast
import asyncio
import io
import shutil
import subprocess
import sysconfig
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_agents._code_base import CodeBase, read_code_base
from genesis_agents._code_complexity import complexity_report
from genesis_agents._code_cycles import cycle_report
from genesis_agents._complexity import functions_in, measure
from genesis_agents._cycles import shortest_cycle, strongly_connected
from genesis_agents._imports import When, imports_in
from genesis_agents._languages import is_code, language_of
from genesis_agents.architect import abilities, architect, code_complexity, import_cycles, module_map
from genesis_core import Task, TaskResult, TaskState
from genesis_core.testing import run_agent

STDLIB = Path(sysconfig.get_path("stdlib"))
WORKSPACE = Path(__file__).parents[3] / "examples" / "workspace"
LIBRARY = ("textwrap.py", "argparse.py", "difflib.py", "json/decoder.py", "configparser.py", "heapq.py", "zipfile.py")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is the working directory, as it is for a tool."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lay(files: dict[str, str | bytes]) -> list[Path]:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return sorted(map(Path, files))


def code_of(files: dict[str, str | bytes]) -> CodeBase:
    return read_code_base(lay(files))


def edges(code: CodeBase) -> set[tuple[str, str]]:
    return {(edge.file, edge.target) for edge in code.edges}


def run(description: str, workspace: Path, home: Path, **fields: object) -> TaskResult:
    return asyncio.run(run_agent(architect, description, home=home, workspace=workspace, **fields))


# ---- what an import means ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importer", "statement", "target"),
    [
        ("src/pkg/a.py", "from . import b", "src/pkg/b.py"),
        ("src/pkg/a.py", "from .b import name", "src/pkg/b.py"),
        ("src/pkg/a.py", "from .sub import c", "src/pkg/sub/c.py"),
        ("src/pkg/a.py", "from .sub import nothing", "src/pkg/sub/__init__.py"),
        ("src/pkg/a.py", "from .sub import *", "src/pkg/sub/__init__.py"),
        ("src/pkg/sub/c.py", "from .. import b", "src/pkg/b.py"),
        ("src/pkg/sub/c.py", "from ..b import name", "src/pkg/b.py"),
        ("src/pkg/sub/c.py", "from .. import VERSION", "src/pkg/__init__.py"),
        ("src/pkg/sub/__init__.py", "from .c import name", "src/pkg/sub/c.py"),
        ("src/pkg/a.py", "import pkg.sub.c", "src/pkg/sub/c.py"),
        ("src/pkg/a.py", "import pkg.sub.c as c", "src/pkg/sub/c.py"),
        ("src/pkg/a.py", "from pkg import b", "src/pkg/b.py"),
        ("tests/test_a.py", "from pkg import b", "src/pkg/b.py"),
        ("tests/test_a.py", "import pkg", "src/pkg/__init__.py"),
        ("tests/test_a.py", "from helpers import x", "tests/helpers.py"),
        ("tests/test_a.py", "import tests.helpers", "tests/helpers.py"),
        ("src/pkg/a.py", "import helpers", None),
        ("src/pkg/a.py", "import logging", None),
        ("scripts/run.py", "import logging", None),
        ("src/pkg/a.py", "import yaml", None),
        ("src/pkg/a.py", "from .... import x", None),
        ("src/pkg/a.py", "from .gone import x", None),
        ("tests/test_a.py", "import space.part.mod", "src/space/part/mod.py"),
        ("src/space/part/mod.py", "from space.part import other", "src/space/part/other.py"),
    ],
)
def test_an_import_means_the_module_that_python_would_load(
    here: Path, importer: str, statement: str, target: str | None
) -> None:
    names = [
        "src/pkg/__init__.py", "src/pkg/a.py", "src/pkg/b.py", "src/pkg/logging.py", "src/pkg/sub/__init__.py",
        "src/pkg/sub/c.py", "src/space/part/__init__.py", "src/space/part/mod.py", "src/space/part/other.py",
        "tests/test_a.py", "tests/helpers.py", "scripts/run.py", "scripts/logging.py",
    ]  # fmt: skip
    files: dict[str, str | bytes] = dict.fromkeys(names, "VERSION = 1\n")
    assert edges(code_of({**files, importer: statement + "\n"})) == ({(importer, target)} if target else set())


def test_two_projects_in_one_folder_import_their_own_modules(here: Path) -> None:
    files: dict[str, str | bytes] = {}
    for project in ("one", "two-2.0"):
        files |= {f"{project}/src/app/__init__.py": "", f"{project}/src/app/core.py": "",
                  f"{project}/tests/test_app.py": "from app import core\n"}
    assert edges(code_of(files)) == {
        (f"{p}/tests/test_app.py", f"{p}/src/app/core.py") for p in ("one", "two-2.0")
    }


def test_a_package_wins_over_a_module_of_its_name(here: Path) -> None:
    code = code_of({"a.py": "", "a/__init__.py": "", "b.py": "import a\n"})
    assert edges(code) == {("b.py", "a/__init__.py")}


def test_modules_go_by_the_names_that_imports_use(here: Path) -> None:
    code = code_of({
        "thing-1.2/src/pkg/__init__.py": "", "thing-1.2/src/pkg/a.py": "", "plugins/plug/__init__.py": "",
        "plugins/plug/b.py": "from plug import c\n", "plugins/plug/c.py": "", "ns/part/__init__.py": "",
        "ns/part/d.py": "import ns.part.e\n", "ns/part/e.py": "", "tests/test_a.py": "import pkg.a\n",
    })
    assert set(code.names.values()) == {
        "pkg", "pkg.a", "plug", "plug.b", "plug.c", "ns.part", "ns.part.d", "ns.part.e", "tests.test_a",
    }


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("import x", When.LOAD),
        ("try:\n    import x\nexcept ImportError:\n    pass", When.LOAD),
        ("if sys.platform == 'win32':\n    import x", When.LOAD),
        ("class A:\n    import x", When.LOAD),
        ("match y:\n    case 1:\n        import x", When.LOAD),
        ("def f():\n    import x", When.LATE),
        ("async def f():\n    if TYPE_CHECKING:\n        import x", When.TYPING),
        ("class A:\n    def f(self):\n        with y:\n            import x", When.LATE),
        ("if __name__ == '__main__':\n    import x", When.LATE),
        ("if TYPE_CHECKING:\n    import x", When.TYPING),
        ("if typing.TYPE_CHECKING:\n    import x", When.TYPING),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import x", When.LOAD),
        ("if not TYPE_CHECKING:\n    import x", When.LOAD),
        ("if not TYPE_CHECKING:\n    pass\nelse:\n    import x", When.TYPING),
    ],
)
def test_an_import_is_told_by_when_it_happens(text: str, when: When) -> None:
    assert [(found.module, found.when) for found in imports_in(ast.parse(text))] == [("x", when)]


# ---- cycles ------------------------------------------------------------------------------------------------------

GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=4, unique=True), max_size=8
).map(lambda graph: {node: graph.get(node, []) for node in "abcdefgh"})


def reaches(graph: dict[str, list[str]], start: str) -> set[str]:
    found, waiting = set[str](), list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(graph[node])
    return found


@given(GRAPHS)
def test_a_group_is_exactly_the_nodes_that_reach_each_other(graph: dict[str, list[str]]) -> None:
    reach = {node: reaches(graph, node) for node in graph}
    mutual = {frozenset(n for n in graph if n == node or n in reach[node] and node in reach[n]) for node in graph}
    assert {frozenset(group) for group in strongly_connected(graph)} == {group for group in mutual if len(group) > 1}


@given(GRAPHS)
def test_a_shortest_cycle_follows_real_edges_and_none_is_shorter(graph: dict[str, list[str]]) -> None:
    for group in strongly_connected(graph):
        cycle = shortest_cycle(graph, group)
        assert cycle[0] == group[0]
        assert len(set(cycle)) == len(cycle)
        assert all(after in graph[before] for before, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        assert len(cycle) == fewest_steps_back(graph, group[0])


def fewest_steps_back(graph: dict[str, list[str]], start: str) -> int:
    """Count the steps of a shortest way from a node back to itself, its own loop left out."""
    ends, steps = {start}, 0
    while start not in ends or not steps:
        ends, steps = {t for node in ends for t in graph[node] if (node, t) != (start, start)}, steps + 1
    return steps


def test_a_chain_of_any_length_needs_no_recursion() -> None:
    size = 50_000
    graph = {str(n): [str((n + 1) % size)] for n in range(size)}
    assert [len(group) for group in strongly_connected(graph)] == [size]
    assert len(shortest_cycle(graph, [str(n) for n in range(size)])) == size


def test_a_cycle_is_reported_once_with_the_line_and_words_of_its_import(here: Path) -> None:
    files = lay({"p/__init__.py": "", "p/a.py": "'''A.'''\n\nfrom p import b\n", "p/b.py": "import p.c\n",
                 "p/c.py": "x = 1\nfrom .a import y\n"})
    (found,) = cycle_report(read_code_base(files))["observations"]  # type: ignore[misc]
    assert found == {
        "rule": "import-cycle", "severity": "medium", "source": "p/a.py", "location": "3", "quote": "from p import b",
        "message": "Modules wait for each other to load: p.a → p.b → p.c → p.a.",
    }


def test_what_is_no_python_is_said_once_and_observed_once(here: Path, tmp_path: Path) -> None:
    lay({"w/old.py": 'import new\nprint "x"\n', "w/new.py": "def f():\n    return 1\n"})
    output = run("map the architecture", here / "w", tmp_path / "h").output
    assert output["summary"].count("could not be scanned") == 1
    assert output["summary"].endswith("1 of 2 Python files could not be scanned: no valid Python.")
    assert [(o["rule"], o["severity"], o["source"], o["location"]) for o in output["observations"]] == [
        ("not-scanned", "low", "old.py", "2")
    ]
    assert output["figures"] | {"modules": 1, "files_not_scanned": 1} == output["figures"]


def test_nothing_but_broken_files_is_no_absence_of_cycles(here: Path) -> None:
    report = import_cycles(lay({"old.py": 'print "x"\n'}))
    assert report["summary"] == "1 of 1 Python file could not be scanned: no valid Python."


def test_the_figures_that_a_card_shows_name_the_import_cycles(here: Path, tmp_path: Path) -> None:
    lay({"w/a.py": "import b\n", "w/b.py": "import a\n"})
    output = run("map the architecture", here / "w", tmp_path / "h").output
    assert list(output["figures"])[:6] == [
        "files", "source_files", "modules", "code_lines", "import_cycles", "max_complexity"
    ]


def test_two_ways_round_among_the_same_modules_are_one_cycle(here: Path) -> None:
    report = import_cycles(lay({"a.py": "import b\nimport c\n", "b.py": "import a\n", "c.py": "import a\n"}))
    assert report["figures"] | {"x": 0} == {
        "modules": 3, "import_cycles": 1, "modules_in_cycles": 3, "deferred_import_cycles": 0, "x": 0,
        "files_not_scanned": 0,
    }
    assert "a shortest way round among 3" in report["observations"][0]["message"]


@pytest.mark.parametrize("late", ["def f():\n    import a\n", "if TYPE_CHECKING:\n    import a\n"])
def test_an_import_that_waits_makes_no_cycle_but_a_note(here: Path, late: str) -> None:
    report = import_cycles(lay({"a.py": "import b\n", "b.py": late}))
    assert report["observations"] == []
    assert report["figures"]["deferred_import_cycles"] == 1
    assert any("a, b" in note for note in report["notes"])


def test_a_package_that_offers_names_of_its_modules_is_no_cycle(here: Path) -> None:
    report = import_cycles(lay({"p/__init__.py": "from p.a import A\nfrom . import __version__\nimport p\n",
                                "p/a.py": "from p.b import B\n", "p/b.py": ""}))
    assert report["figures"]["import_cycles"] == 0


# ---- complexity --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1", 1),
        ("if a: pass", 2),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("if a and b or c: pass", 4),
        ("for x in y: pass\n else: pass", 2),
        ("while a: pass", 2),
        ("try: pass\n except A: pass\n except B: pass\n else: pass\n finally: pass", 3),
        ("return 1 if a else 2", 2),
        ("return [x for x in y if x if z for w in x]", 5),
        ("assert a, b", 1),
        ("with a: pass", 1),
        ("match a:\n  case 1: pass\n  case [2, b] if b: pass\n  case _: pass", 4),
        ("return lambda: 1 if a else 2", 2),
        ("def inner():\n  if a: pass\n return inner", 1),
    ],
)
def test_each_decision_of_a_function_counts_one(body: str, expected: int) -> None:
    assert functions_in(ast.parse(f"def f():\n {body}\n"))[0].complexity == expected


def test_defaults_and_decorators_belong_to_who_defines_a_function() -> None:
    outside, (function,) = measure(ast.parse("@(a if b else c)\ndef f(x=1 if y else 2): pass\n"))
    assert (outside.complexity, function.complexity) == (3, 1)


def test_functions_are_named_by_where_they_stand() -> None:
    text = "class A:\n def m(self):\n  def inner(): pass\n  class B:\n   def n(self): pass\ndef f(): pass\n"
    assert [f.name for f in functions_in(ast.parse(text))] == ["A.m", "A.m.inner", "A.m.B.n", "f"]


@pytest.mark.parametrize("name", LIBRARY)
def test_decisions_equal_the_keywords_that_a_tokenizer_counts(name: str) -> None:
    path = STDLIB / name if (STDLIB / name).exists() else STDLIB / "zipfile" / "__init__.py"
    words = {"if", "elif", "for", "while", "except", "and", "or"}
    decisions = sum(keywords(word, [path]) for word in words)
    outside, functions = measure(ast.parse(path.read_bytes()))
    assert decisions > 0
    assert outside.complexity - 1 + sum(f.complexity - 1 for f in functions) == decisions


def test_nesting_of_any_depth_is_measured() -> None:
    tree = ast.parse("def f(a):\n" + "".join(f"{' ' * (n + 1)}if a:\n" for n in range(90)) + " " * 91 + "pass\n")
    assert functions_in(tree)[0].complexity == 91


# ---- the map -----------------------------------------------------------------------------------------------------


def table(report: dict[str, object], title: str) -> list[list[object]]:
    tables: list[dict[str, list[list[object]]]] = report["tables"]  # type: ignore[assignment]
    return next(t["rows"] for t in tables if t["title"] == title)  # type: ignore[comparison-overlap]


def keywords(word: str, paths: list[Path]) -> int:
    found = 0
    for path in paths:
        with path.open("rb") as file:
            found += sum(t.type == tokenize.NAME and t.string == word for t in tokenize.tokenize(file.readline))
    return found


@pytest.mark.parametrize("folder", [WORKSPACE, STDLIB / "json", STDLIB / "concurrent", STDLIB / "wsgiref"])
def test_figures_equal_those_of_wc_and_a_tokenizer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    files = sorted(p.relative_to(folder) for p in folder.rglob("*.py"))
    figures = module_map(files, [])["figures"]
    counted = subprocess.run(["wc", "-l", *map(str, files)], capture_output=True, text=True, check=True)
    assert figures["python_files"] == figures["modules"] == len(files)
    assert figures["lines"] == int(counted.stdout.split()[-2])
    assert figures["packages"] == sum(path.name == "__init__.py" for path in files)
    assert figures["functions"] == keywords("def", files)
    assert figures["classes"] == keywords("class", files)


@pytest.mark.parametrize("name", ["argparse.py", "json/decoder.py", "shlex.py", "csv.py", "queue.py"])
def test_lines_of_code_are_those_left_without_blanks_comments_and_docstrings(name: str, here: Path) -> None:
    shutil.copy(STDLIB / name, "m.py")
    text = Path("m.py").read_text("utf-8")
    left = set(range(1, text.count("\n") + 1))
    for node in ast.walk(ast.parse(text)):
        if ast.get_docstring(node) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) else None:
            left -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))  # type: ignore[attr-defined]
    lines = text.split("\n")
    left = {n for n in left if lines[n - 1].strip() and not lines[n - 1].lstrip().startswith("#")}
    assert module_map([Path("m.py")], [])["figures"]["code_lines"] == len(left)


def test_a_comment_in_a_string_is_code_and_one_between_strings_is_not(here: Path) -> None:
    (path,) = lay({"a.py": 'x = """\n# in the string\n\n"""\ny = ("a"\n     # a comment\n\n     "b")\n'})
    assert module_map([path], [])["figures"]["code_lines"] == 4 + 2


def test_the_map_says_who_imports_whom_and_what_comes_from_outside(here: Path) -> None:
    report = module_map(lay({"p/__init__.py": "", "p/a.py": "import os\nimport yaml\nfrom p import b\n",
                             "p/b.py": "import yaml.nodes\n"}), [])
    assert table(report, "Modules and what they import") == [
        ["p", "p/__init__.py", "", 0], ["p.a", "p/a.py", "p.b", 0], ["p.b", "p/b.py", "", 1],
    ]
    assert table(report, "Imports from outside") == [["yaml", 2, "no"], ["os", 1, "yes"]]
    assert report["evidence"] == [{"source": "p/a.py", "location": "3", "quote": "from p import b"}]


def test_a_folder_without_python_gets_an_honest_map(here: Path) -> None:
    report = module_map(lay({"web/app.js": "let a = 1\nlet b = 2", "web/app.css": "a {}\n"}), ["README.md", "logo.png"])
    figures = report["figures"]
    assert (figures["files"], figures["source_files"], figures["lines"], figures["python_files"]) == (4, 2, 3, 0)
    assert table(report, "Files by language") == [
        ["JavaScript", 1, 2], ["CSS", 1, 1], ["Image", 1, None], ["Markdown", 1, None],
    ]
    assert "none of it Python" in report["summary"]


def test_what_cannot_be_parsed_is_a_note_and_never_a_crash(here: Path) -> None:
    files = lay({
        "good.py": "x = 1\n", "broken.py": "def f(:\n", "binary.py": b"\0\1\2", "latin.py": b"x = '\xe9'\n",
        "cookie.py": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "deep.py": "x = " + "(" * 5000 + ")" * 5000,
        "chain.py": "x = " + "1+" * 50_000 + "1", "empty.py": "", "odd.py": "x = '\\d'\n",
    })
    report = module_map([*files, Path("gone.py")], [])
    notes = " ".join(report["notes"])
    assert {row[1] for row in table(report, "Modules and what they import")} >= {
        "good.py", "cookie.py", "empty.py", "odd.py",
    }
    assert all(name in notes for name in ("broken.py", "binary.py", "latin.py", "deep.py", "gone.py"))
    assert report["figures"]["python_files"] == 10
    assert import_cycles(files)["figures"]["import_cycles"] == 0
    assert code_complexity(files)["figures"]["functions"] == 0


@pytest.mark.parametrize(
    ("file", "language", "code"),
    [("a/b.py", "Python", True), ("X.TS", "TypeScript", True), ("Dockerfile", "Dockerfile", True),
     ("README", "Text", False), ("data.csv", "CSV", False), ("a.unknown", "other (.unknown)", False)],
)
def test_languages_go_by_name(file: str, language: str, code: bool) -> None:
    assert (language_of(file), is_code(file)) == (language, code)


# ---- the agent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "description", "tools"),
    [
        (("module-map", "import-cycles", "code-complexity"), "", [module_map, import_cycles, code_complexity]),
        (("import-cycles",), "map the architecture", [import_cycles]),
        (("code-complexity", "import-cycles"), "", [import_cycles, code_complexity]),
        ((), "Find import cycles in src", [import_cycles]),
        ((), "Which functions are too complex?", [code_complexity]),
        ((), "Map the architecture and find circular imports", [module_map, import_cycles, code_complexity]),
        (("architecture",), "Describe the repository", [module_map, import_cycles, code_complexity]),
    ],
)
def test_only_what_a_task_asks_for_is_done(requires: tuple[str, ...], description: str, tools: list[object]) -> None:
    assert list(abilities(requires, description)) == tools


def test_a_planted_cycle_changes_exactly_the_facts_about_cycles(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(WORKSPACE, copy)
    before = run("Map the architecture", copy, tmp_path / "one")
    with (copy / "src/parcel/errors.py").open("a") as file:
        file.write("from parcel.models import Event\n")
    after = run("Map the architecture", copy, tmp_path / "two")
    old, new = dict(before.output["figures"]), dict(after.output["figures"])
    changed = {name: new[name] - old[name] for name in new if new[name] != old[name]}
    line = (copy / "src/parcel/errors.py").read_text().count("\n")
    assert changed == {"import_cycles": 1, "modules_in_cycles": 2, "internal_imports": 1,
                       "lines": 1, "python_lines": 1, "code_lines": 1}
    assert "observations" not in before.output
    (found,) = after.output["observations"]
    assert (found["source"], found["location"], found["quote"]) == (
        "src/parcel/errors.py", str(line), "from parcel.models import Event",
    )
    assert {e.source for e in after.evidence} >= {"src/parcel/errors.py", "src/parcel/models.py"}


def test_every_piece_of_evidence_stands_where_it_says(tmp_path: Path) -> None:
    result = run("Map the architecture", WORKSPACE, tmp_path)
    assert result.evidence
    for one in result.evidence:
        assert one.quote in (WORKSPACE / one.source).read_text("utf-8").splitlines()[int(one.location) - 1]


def test_an_empty_folder_is_reported_as_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("Map the architecture", tmp_path / "empty", tmp_path / "home")
    assert result.state is TaskState.COMPLETED
    assert (result.output["figures"]["files"], result.output["figures"]["import_cycles"]) == (0, 0)
    assert "No files to map." in result.output["notes"]


def test_a_folder_that_a_task_names_bounds_what_is_read(tmp_path: Path) -> None:
    task = Task(id="t", inputs={"folder": {"value": "./src/parcel/carriers/"}})
    result = run("Map", WORKSPACE, tmp_path, inputs=task.inputs)
    assert result.output["figures"]["python_files"] == len(list((WORKSPACE / "src/parcel/carriers").glob("*.py")))


def test_a_folder_that_is_not_there_is_said_and_fails_nothing(tmp_path: Path) -> None:
    task = Task(id="t", inputs={"folder": {"value": "nowhere"}})
    result = run("Map", WORKSPACE, tmp_path, inputs=task.inputs)
    assert result.state is TaskState.COMPLETED
    assert any("nowhere" in note for note in result.output["notes"])


def test_a_named_file_is_found_by_the_end_of_its_path(tmp_path: Path) -> None:
    task = Task(id="t", inputs={"files": {"value": ["pricing.py", "gone.py"]}})
    result = run("How complex are they?", WORKSPACE, tmp_path, inputs=task.inputs)
    text = (WORKSPACE / "src/parcel/pricing.py").read_bytes()
    defs = [t.string for t in tokenize.tokenize(io.BytesIO(text).readline)].count("def")
    assert result.output["figures"]["functions"] == defs
    assert any("gone.py" in note for note in result.output["notes"])


def test_the_most_complex_function_is_named_in_the_summary(here: Path) -> None:
    files = lay({"a.py": "def calm(): pass\n\ndef wild(x):\n    return x and x or x and x\n"})
    report = complexity_report(read_code_base(files))
    assert report["figures"]["max_complexity"] == 4  # type: ignore[index]
    assert "a.wild with 4" in str(report["summary"])
