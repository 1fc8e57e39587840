"""Documentation that cannot rot: runnable blocks are run, shown output is compared, links and names are looked up.

A fenced block says what happens to it in its first line: ``runnable`` is executed, ``file="NAME"`` is written to the
page's folder, ``exit=N`` is the expected exit status. All blocks of one page share one folder and run in order. In a
console block a line that starts with ``$ `` is a command; every other line must appear in what it prints, in this
order, where an ellipsis (…) stands for anything.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GLOBS = ("*.md", "docs/**/*.md", "sandbox/*.md", "examples/*/README.md")
PAGES = sorted(page for pattern in GLOBS for page in ROOT.glob(pattern) if page.parent.name != "workspace")
FENCE = re.compile(r"^```(?P<lang>\w+)(?P<options>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    lang: str
    text: str
    options: dict[str, str]


@dataclass
class Place:
    """The folder in which the blocks of one page run, and their environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, encoding="utf-8", timeout=100,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    return [
        Block(m["lang"], m["text"], {k: v.strip('"') for k, v in re.findall(r'(\w+)(?:=("[^"]*"|\S+))?', m["options"])})
        for m in FENCE.finditer(read(page))
    ]


def prose(page: Path) -> str:
    return FENCE.sub("", read(page))


def anchors(page: Path) -> set[str]:
    plain = (re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading) for heading in HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


# ---- runnable blocks ---------------------------------------------------------------------------------------------

RUNNABLE = [page for page in PAGES if any("runnable" in b.options for b in blocks(page))]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "page"
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "README.md", folder)
    environment = dict(os.environ, GENESIS_HOME=str(tmp_path / "home"), NO_COLOR="1", COLUMNS="120", PYTHONUTF8="1")
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return Place(folder, environment)


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_what_a_page_shows_is_what_happens(page: Path, place: Place) -> None:
    for block in blocks(page):
        if "file" in block.options:
            target = place.folder / block.options["file"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        if "runnable" in block.options:
            run_block(block, place)


def run_block(block: Block, place: Place) -> None:
    if block.lang == "python":
        done = place.run(sys.executable, "-c", block.text)
        assert done.returncode == int(block.options.get("exit", 0)), done.stdout
        return
    assert block.lang == "console", f"a runnable block is python or console, not {block.lang}"
    for command, shown, last in commands(block.text):
        done = install(place) if command == "pip install ." else place.run("bash", "-c", command)
        expected = int(block.options.get("exit", 0)) if last else 0
        assert done.returncode == expected, f"$ {command}\n{done.stdout}"
        assert_shown(shown, done.stdout, command)


def commands(text: str) -> list[tuple[str, list[str], bool]]:
    """Return each command, the lines shown below it, and whether it is the last."""
    found: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((re.sub(r"\s{2,}#.*| +$", "", line[2:]), []))
        elif line.strip():
            found[-1][1].append(line.strip())
    return [(command, shown, index == len(found)) for index, (command, shown) in enumerate(found, 1)]


def install(place: Place) -> subprocess.CompletedProcess[str]:
    """Build and install the distribution in the page's folder, for the page alone."""
    site = place.folder.parent / "site"
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(site))
    place.environment["PYTHONPATH"] = str(site)
    return place.run(sys.executable, "-m", "pip", "install", *options, ".")


def assert_shown(shown: list[str], printed: str, command: str) -> None:
    at = 0
    for line in shown:
        pattern = ".*?".join(re.sub(r"\\? +", r"\\s+", re.escape(part.strip())) for part in line.split("…"))
        match = re.compile(pattern).search(printed, at)
        assert match, f"$ {command}\ndoes not print (here or later): {line}\n--- it prints\n{printed}"
        at = match.end()


def test_the_check_of_shown_output_can_fail() -> None:
    assert_shown(["one … three", "four"], "one two three\nfour\n", "x")
    with pytest.raises(AssertionError, match="does not print"):
        assert_shown(["four", "one"], "one two three\nfour\n", "x")


# ---- the front page ----------------------------------------------------------------------------------------------


def test_the_first_program_is_at_most_twelve_lines_and_is_run() -> None:
    program = next(b for b in blocks(ROOT / "README.md") if b.lang == "python")
    assert "runnable" in program.options
    assert len([line for line in program.text.splitlines() if line.strip()]) <= 12


def test_ci_calls_exactly_the_test_command_of_the_readme() -> None:
    command = re.search(r"^\$ (pip install tox.*)$", read(ROOT / "README.md"), re.MULTILINE)
    assert command, "README.md shows no test command"
    assert command[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


# ---- names, links, fragments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", read(ROOT / "mkdocs.yml"), re.MULTILINE))
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    linked = {f"decisions/{t}" for t in LINK.findall(read(ROOT / "docs" / "decisions" / "index.md"))}
    assert pages - listed - linked == set()


def test_news_fragments_are_one_sentence_with_a_known_kind() -> None:
    for path in (ROOT / "changelog.d").iterdir():
        if path.name != "README.md":
            assert re.fullmatch(r"[\w-]+\.(added|changed|fixed|removed)\.md", path.name), path.name
            text = read(path).strip()
            assert text.endswith(".") and "\n\n" not in text, path.name


# ---- reference pages say what the code says ----------------------------------------------------------------------


def test_every_hook_has_a_heading_with_its_exact_signature() -> None:
    from genesis_core import hookspecs

    page = read(ROOT / "docs" / "hooks.md")
    headings = HEADING.findall(FENCE.sub("", page))
    found = [(n, f) for n, f in inspect.getmembers(hookspecs, inspect.isfunction) if n.startswith("genesis_")]
    hooks = dict(sorted(found, key=lambda pair: pair[1].__code__.co_firstlineno))
    expected = [f"`{name}({', '.join(inspect.signature(f).parameters)})`" for name, f in hooks.items()]
    assert [h for h in headings if "genesis_" in h] == expected
    typed = [f"def {name}{inspect.signature(f)}: ...".replace("'", "") for name, f in hooks.items()]
    shown = [" ".join(b.text.split()) for b in blocks(ROOT / "docs" / "hooks.md") if b.text.startswith("def genesis_")]
    assert [line.replace("( ", "(").replace(" )", ")") for line in shown] == typed


def entry_points(group: str) -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found: dict[str, str] = project["project"]["entry-points"][group]
    return found


def test_every_command_has_a_heading() -> None:
    headings = HEADING.findall(prose(ROOT / "docs" / "command-line.md"))
    assert [c for c in entry_points("genesis.commands") if f"`genesis {c}`" not in headings] == []


@pytest.mark.parametrize("command", sorted(entry_points("genesis.commands")))
def test_every_option_of_a_command_stands_on_the_page(command: str, place: Place) -> None:
    page = read(ROOT / "docs" / "command-line.md")
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n## ")}
    section = sections["Everywhere"] + sections[f"`genesis {command}`"]
    shown = place.run("genesis", command, "--help").stdout
    options = {o for o in re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown) if o != "--help"}
    assert [o for o in sorted(options) if o not in section] == []


def test_every_built_in_plugin_has_a_line_on_the_front_page() -> None:
    text = read(ROOT / "README.md")
    assert [m for m in entry_points("genesis.plugins").values() if f"`{m}`" not in text] == []


def test_the_journal_page_names_every_kind_of_row_and_no_other() -> None:
    from genesis_core import EventKind

    page = read(ROOT / "docs" / "journal.md")
    rows = page[page.index("## Kinds of rows"):page.index("## What is promised")].splitlines()
    cells = [line.split("|")[1] for line in rows if line.startswith("| `")]
    assert sorted(re.findall(r"`([^`]+)`", "".join(cells))) == sorted(kind.value for kind in EventKind)


def test_what_a_task_gives_back_and_what_a_planning_hook_sees_is_told_whole() -> None:
    from dataclasses import fields

    from genesis_core import PlanContext, TaskResult, Usage

    page, hooks = read(ROOT / "docs" / "outputs.md"), read(ROOT / "docs" / "hooks.md")
    told = set(re.findall(r"`(\w+)`", page[page.index("## TaskResult"):page.index("## Report")]))
    assert {*TaskResult.model_fields, *Usage.model_fields} - told == set()
    seen = next(line for line in hooks.splitlines() if line.startswith("`PlanContext`"))
    assert {field.name for field in fields(PlanContext)} - set(re.findall(r"`(\w+)", seen)) == set()


def test_every_setting_and_every_operator_key_is_explained() -> None:
    from genesis_core import Settings
    from genesis_core._settings import OPERATOR_KEYS, PERSONAL_KEYS

    page = read(ROOT / "docs" / "operate" / "index.md")
    cells = (line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    rows = set(re.findall(r"`(\w+)`", "".join(cells)))
    assert set(Settings.model_fields) - rows == set()
    sentence = next(line for line in page.splitlines() if line.startswith("The sections"))
    assert set(re.findall(r"`(\w+)`", sentence)) == set(OPERATOR_KEYS)
    sentence = next(line for line in page.splitlines() if line.startswith("The keys"))
    assert set(re.findall(r"`(\w+)`", sentence)) == set(PERSONAL_KEYS)
