"""The workspace: which files there are, which names stay inside, and whether what they hold has changed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import AccessDenied, SettingsError, Task, TaskContext
from genesis_core._workspace import GLOBS, SKIPPED, Workspace, _glob, sha256_file
from genesis_core.testing import FakeAgent, run_agent


def tree(folder: Path, *names: str) -> Workspace:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}")
    return Workspace(folder)


# -- which files there are --------------------------------------------------------------------------------------------


def test_files_are_sorted_relative_posix_names(tmp_path: Path) -> None:
    assert tree(tmp_path, "b.py", "a/z.py", "a/b/c.txt", "B.py").files() == ("B.py", "a/b/c.txt", "a/z.py", "b.py")


def test_hidden_and_dependency_folders_are_left_out_and_hidden_files_are_not(tmp_path: Path) -> None:
    left_out = [f"{name}/x.py" for name in (*SKIPPED, ".git", ".venv", "my.egg-info")]
    workspace = tree(tmp_path, "x.py", ".env", "src/x.py", *left_out, *[f"src/{name}" for name in left_out])
    assert workspace.files() == (".env", "src/x.py", "x.py")


def test_links_that_lead_out_are_not_there(tmp_path: Path) -> None:
    tree(tmp_path / "outside", "secret.txt")
    workspace = tree(tmp_path / "inside", "a.txt", "folder/b.txt")
    (workspace.root / "good.txt").symlink_to("a.txt")
    (workspace.root / "bad.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (workspace.root / "dangling.txt").symlink_to("nowhere")
    (workspace.root / "loop").symlink_to(".")
    (workspace.root / "folder-link").symlink_to(tmp_path / "outside")
    assert workspace.files() == ("a.txt", "folder/b.txt", "good.txt")


def test_what_is_no_regular_file_is_not_there(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
    (tmp_path / "to-pipe").symlink_to("pipe")
    assert workspace.files() == ("a.txt",)
    assert workspace.digest("pipe") == ""


def test_a_name_that_utf8_cannot_say_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "é.txt")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert Workspace(tmp_path).files() == ("é.txt",)


def closed_folder(top: Path) -> str:
    """Make a folder that nobody can open, the superuser included, as its path is too long; return its name."""
    name, handle = "n" * 250, os.open(top, os.O_RDONLY)
    longest = os.pathconf(top, "PC_PATH_MAX")
    depth = -(-(longest - len(os.fspath(top))) // (len(name) + 1))
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    return "/".join([name] * depth)


def test_a_folder_that_cannot_be_read_is_passed_over_and_named(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt", "b/c.txt")
    assert workspace.unreadable == {}
    name = closed_folder(tmp_path)
    workspace.refresh()
    assert workspace.unreadable == {name: "file name too long"}
    assert workspace.files() == ("a.txt", "b/c.txt")
    assert workspace.digest("b") and workspace.unreadable  # another walk changes nothing


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt", "b/closed/c.txt")
    (tmp_path / "b" / "closed").chmod(0)
    try:
        assert workspace.unreadable == {"b/closed": "permission denied"}
    finally:
        (tmp_path / "b" / "closed").chmod(0o700)


def test_a_folder_that_goes_while_it_is_looked_at_is_not_called_unreadable(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt", "gone/b.txt")
    closed: dict[str, str] = {}

    def removed(name: str) -> bool:
        shutil.rmtree(tmp_path / name)
        return False

    assert list(workspace._walk(tmp_path, removed, closed)) == ["a.txt"] and closed == {}


def test_the_list_is_taken_once_until_it_is_refreshed(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt")
    assert workspace.files() == ("a.txt",)
    (tmp_path / "b.txt").touch()
    assert workspace.files() == ("a.txt",)
    workspace.refresh()
    assert workspace.files() == ("a.txt", "b.txt")


@pytest.mark.parametrize(("name", "why"), [("nowhere", "there is no folder"), ("a.txt", "is a file"), ("", "")])
def test_a_workspace_is_an_existing_folder(tmp_path: Path, name: str, why: str) -> None:
    tree(tmp_path, "a.txt")
    if name:
        with pytest.raises(SettingsError, match=why) as caught:
            Workspace(tmp_path / name)
        assert "--workspace" in caught.value.hint
    else:
        assert Workspace(tmp_path).root == tmp_path


# -- patterns ---------------------------------------------------------------------------------------------------------

NAMES = (
    "a.py", "b.txt", "src/a.py", "src/deep/er/a.py", "src/deep/b.py", "srca.py", ".hidden", "x/src/a.py", "a[1].py",
)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/*", NAMES), ("**", NAMES), ("*", ("a.py", "b.txt", "srca.py", ".hidden", "a[1].py")),
        ("**/*.py", tuple(n for n in NAMES if n.endswith(".py"))), ("*.py", ("a.py", "srca.py", "a[1].py")),
        ("src/**/*.py", ("src/a.py", "src/deep/er/a.py", "src/deep/b.py")), ("src/*.py", ("src/a.py",)),
        ("src/**", ("src/a.py", "src/deep/er/a.py", "src/deep/b.py")), ("**/a.py", (
            "a.py", "src/a.py", "src/deep/er/a.py", "x/src/a.py")),
        ("**/src/**/a.py", ("src/a.py", "src/deep/er/a.py", "x/src/a.py")), ("?.py", ("a.py",)), ("a.py", ("a.py",)),
        ("**/**/b.py", ("src/deep/b.py",)), ("s*a.py", ("srca.py",)), ("*a*.py", ("a.py", "srca.py", "a[1].py")),
        ("a[1].py", ("a[1].py",)), ("src/*/*.py", ("src/deep/b.py",)), ("nothing", ()), ("", ()), ("src/", ()),
        ("**/d*p/**/*", ("src/deep/er/a.py", "src/deep/b.py")),
    ],
)
def test_a_pattern_finds_these(pattern: str, found: tuple[str, ...]) -> None:
    assert tuple(n for n in NAMES if _glob(pattern)(n)) == found


def plain(pattern: str) -> Callable[[str], Any]:
    """The same patterns, said the simple way, which may take for ever."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = re.sub(r"(^|/)\*\*/", r"\1\0", pattern)
    parts = re.split("(\0|\\*\\*|\\*|\\?)", text)
    return re.compile("".join("(?:[^/]+/)*" if p == "\0" else words.get(p, re.escape(p)) for p in parts) + r"\Z").match


PART = st.text("ab*?", min_size=1, max_size=5).filter(lambda p: "**" not in p)
PATTERNS = st.lists(st.just("**") | PART, min_size=1, max_size=5).map("/".join).filter(lambda p: "**/**" not in p)
PATHS = st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join)


@given(PATTERNS, PATHS)
@settings(max_examples=400)
def test_the_quick_pattern_means_what_the_simple_one_does(pattern: str, path: str) -> None:
    assert bool(_glob(pattern)(path)) == bool(plain(pattern)(path))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("pattern", ["*a" * 60 + "*b", "**/a/" * 30 + "b", "**/*a*a*a*/" * 12 + "b", "*?" * 60 + "b"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    assert not _glob(pattern)("a" * 250)
    assert not _glob(pattern)("a/" * 2000 + "c")


# -- names that stay inside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../x", "/etc/passwd", "a/../../x", "link/x", "/", "a\0b", "\0"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    workspace = tree(tmp_path / "inside", "a/x")
    (workspace.root / "link").symlink_to(tmp_path)
    with pytest.raises(AccessDenied):
        workspace.path(name)
    with pytest.raises(AccessDenied):
        workspace.digest(name)


@pytest.mark.parametrize("name", ["a.txt", "./a.txt", "sub/../a.txt", "sub//../a.txt", "link.txt"])
def test_a_name_inside_has_one_real_path(tmp_path: Path, name: str) -> None:
    workspace = tree(tmp_path, "a.txt", "sub/b.txt")
    (tmp_path / "link.txt").symlink_to("a.txt")
    assert workspace.name(workspace.path(name)) == "a.txt"


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    workspace = tree(tmp_path / "work", "a.txt")
    tree(tmp_path / "workshop", "b.txt")
    with pytest.raises(AccessDenied, match="outside the workspace"):
        workspace.path("../workshop/b.txt")


@given(st.lists(st.sampled_from(["..", ".", "a", "link", "x.txt", "", "/"]), max_size=6).map("/".join))
def test_no_path_is_outside(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    base = tmp_path_factory.mktemp("w")
    workspace = tree(base / "inside", "a/x.txt")
    (workspace.root / "link").symlink_to(base)
    try:
        path = workspace.path(name)
    except AccessDenied:
        return
    assert path.is_relative_to(workspace.root)


# -- whether it changed -----------------------------------------------------------------------------------------------


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt")
    assert workspace.digest("a.txt") == sha256_file(tmp_path / "a.txt") == hashlib.sha256(b"this is a.txt").hexdigest()
    assert workspace.digest("nowhere") == ""


def test_the_digest_of_a_file_changes_with_it(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "a.txt")
    before = workspace.digest("a.txt")
    (tmp_path / "a.txt").write_text("something longer than it was")
    assert workspace.digest("a.txt") != before


@pytest.mark.parametrize("folder", [".", "src", ".github", "src/build"])
def test_the_digest_of_a_folder_changes_with_what_is_below_it(tmp_path: Path, folder: str) -> None:
    names = [f"{folder}/deep/a.txt", f"{folder}/b.txt", "elsewhere/c.txt"]
    tree(tmp_path, *names)
    before = Workspace(tmp_path).digest(folder)
    assert Workspace(tmp_path).digest(folder) == before != ""
    (tmp_path / names[0]).write_text("new")
    edited = Workspace(tmp_path).digest(folder)
    (tmp_path / names[1]).rename(tmp_path / folder / "renamed.txt")
    renamed = Workspace(tmp_path).digest(folder)
    assert len({before, edited, renamed}) == 3


def test_the_digest_of_a_folder_does_not_change_with_others(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "src/a.txt", "b.txt", "src/.git/HEAD", "src2/c.txt")
    before = workspace.digest("src")
    for name in ("b.txt", "src/.git/HEAD", "src2/c.txt"):
        (tmp_path / name).write_text("new")
    assert Workspace(tmp_path).digest("src") == before


def test_a_folder_whose_name_is_a_pattern_is_just_a_folder(tmp_path: Path) -> None:
    workspace = tree(tmp_path, "s*/a.txt", "src/b.txt")
    before = workspace.digest("s*")
    (tmp_path / "src/b.txt").write_text("new")
    assert Workspace(tmp_path).digest("s*") == before


# -- through an agent -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\0b", "pipe", "folder", "nowhere", "x" * 5000])
def test_reading_what_cannot_be_read_is_an_error_and_no_bug(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    async def read(task: Task, context: TaskContext) -> str:
        return await context.read(name)

    result = asyncio.run(run_agent(FakeAgent(work=read), home=tmp_path / "home", workspace=tmp_path, max_seconds=20))
    assert result.error is not None
    assert result.error.code in ("access_denied", "tool_error"), result.error


def test_listing_a_workspace_with_odd_names_is_recorded(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    (tmp_path / "é.txt").write_text("x")
    result = asyncio.run(run_agent(FakeAgent(work=lambda t, c: list(c.files())), home=tmp_path / ".home",
                                   workspace=tmp_path))
    assert result.output == ["é.txt"]


def test_patterns_that_models_choose_do_not_pile_up(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    workspace = Workspace(tmp_path)
    for number in range(2 * GLOBS):
        workspace.files(f"**/{number}*.py")
    assert _glob.cache_info().currsize == _glob.cache_info().maxsize == GLOBS
    assert workspace.files("*.py") == ("a.py",)
