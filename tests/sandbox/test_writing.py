"""Folders that a program may write to: it gets an empty one, and what is fit to be taken from it is carried out."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import genesis_sandbox
from genesis_sandbox import Capabilities, Ended, Limits, Outcome, Pool, SandboxUnavailable, Written, run
from genesis_sandbox import _libc as libc
from genesis_sandbox import _machine as machines
from genesis_sandbox import _syscalls as syscalls
from genesis_sandbox._export import Export, NotWritten, Room, carry, look
from genesis_sandbox._job import Job
from genesis_sandbox._probe import first_strong, works
from genesis_sandbox._wires import HANDOVER

REASONS: list[str] = []
WHY_NOT = "" if first_strong(REASONS) else "; ".join(REASONS)
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")

EXCHANGE = 2  # of renameat2


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder of the host with a file in it, beside a secret that nobody is granted."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path.resolve() / "out"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    return folder


def write(code: str, folder: Path, *, launcher: str = "auto", **limits: float) -> Outcome:
    """Run a program that finds the folder's path in OUT."""
    return run(f"import os\nOUT = {str(folder)!r}\n{code}", capabilities=Capabilities(write=[str(folder)]),
               launcher=launcher, limits=Limits(**limits))  # type: ignore[arg-type]  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def untouched(folder: Path) -> bool:
    return names(folder) == ["old.txt"] and (folder / "old.txt").read_text() == "old"


def refused(outcome: Outcome) -> str:
    """Return why nothing of a call was carried out."""
    assert outcome.ended is Ended.FAILED and outcome.written == () and outcome.failure is not None
    assert outcome.failure.type == "NotWritten"
    return outcome.failure.message


# ---- what a program and its caller see ---------------------------------------------------------------------------


@pytest.mark.parametrize("launcher", ["purejail", "bubblewrap"])
def test_what_a_program_leaves_is_put_into_the_folder_and_told(launcher: str, out: Path) -> None:
    if why := works(launcher):
        pytest.skip(f"{launcher}: {why}")
    outcome = write("os.makedirs(OUT + '/a/b')\nopen(OUT + '/a/b/new.txt', 'w').write('new')\nopen(OUT + '/e', 'w')",
                    out, launcher=launcher)  # fmt: skip
    assert outcome.ok and names(out) == ["a", "a/b", "a/b/new.txt", "e", "old.txt"]
    assert (out / "a/b/new.txt").read_text() == "new"
    digest = hashlib.sha256(b"new").hexdigest()
    assert outcome.written[0] == Written(str(out / "a/b/new.txt"), 3, digest)
    assert outcome.to_json()["written"] == [
        {"path": str(out / "a/b/new.txt"), "size": 3, "sha256": digest},
        {"path": str(out / "e"), "size": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    ]


def test_the_program_sees_an_empty_folder_and_the_real_one_does_not_change_meanwhile(out: Path) -> None:
    code = "print(os.listdir(OUT))\nopen(OUT + '/n', 'w').write('x')\nprint(os.listdir(OUT))"
    code += "\n__import__('time').sleep(1)"
    seen: list[bool] = []

    def spy(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            seen.append(untouched(out))

    stop = threading.Event()
    watcher = threading.Thread(target=spy, args=(stop,))
    watcher.start()
    began = time.monotonic()
    outcome = write(code, out)
    stop.set()
    watcher.join()
    assert outcome.stdout == "[]\n['n']\n" and names(out) == ["n", "old.txt"]
    assert sum(seen) >= 5 and time.monotonic() - began > 1


@pytest.mark.parametrize("ending", [
    "raise SystemExit(3)", "1 / 0", "__import__('time').sleep(60)", "while True: pass",
    "os._exit(2)", "while True: os.write(1, b'x' * 65536)", "__import__('ctypes').string_at(0)",
])  # fmt: skip
def test_a_program_that_does_not_end_well_has_written_nothing(ending: str, out: Path) -> None:
    outcome = write(f"open(OUT + '/new', 'w').write('x')\n{ending}", out, seconds=1.5, cpu_seconds=0.5)
    assert not outcome.ok and outcome.written == () and untouched(out)


def test_a_function_without_a_fit_result_has_written_nothing(out: Path) -> None:
    code = f"def f():\n    open({str(out / 'new')!r}, 'w').write('x')\n    return object()"
    assert not run(code, entry="f", capabilities=Capabilities(write=[str(out)])).ok
    assert untouched(out)


def test_a_file_is_replaced_by_another_one_and_keeps_its_rights_but_never_runs(out: Path) -> None:
    (out / "old.txt").chmod(0o750)
    os.link(out / "old.txt", out.parent / "other-name")
    before = (out / "old.txt").stat().st_ino
    assert write("open(OUT + '/old.txt', 'w').write('new')\nos.chmod(OUT + '/old.txt', 0o777)", out).ok
    assert (out / "old.txt").read_text() == "new" and (out / "old.txt").stat().st_ino != before
    assert (out / "old.txt").stat().st_mode & 0o7777 == 0o640
    assert (out.parent / "other-name").read_text() == "old"


def test_a_new_file_never_runs(out: Path) -> None:
    assert write("open(OUT + '/x', 'w').write('#!/bin/sh')\nos.chmod(OUT + '/x', 0o777)", out).ok
    assert (out / "x").stat().st_mode & 0o111 == 0


def test_a_folder_in_a_granted_folder_may_be_written_to(out: Path) -> None:
    out.parent.chmod(0o755)
    granted = Capabilities(read=[str(out.parent)], write=[str(out)])
    code = f"import os\nprint(open({str(out.parent / 'secret')!r}).read(), os.listdir({str(out)!r}))"
    code += f"\nopen({str(out / 'n')!r}, 'w').write('x')\nopen({str(out.parent / 'm')!r}, 'w')"
    outcome = run(code, capabilities=granted)
    assert outcome.stdout == "secret []\n" and "PermissionError" in outcome.stderr or "Read-only" in outcome.stderr
    assert untouched(out) and not (out.parent / "m").exists()
    assert run(code.rpartition("\n")[0], capabilities=granted).ok and names(out) == ["n", "old.txt"]


def test_two_folders_share_one_limit_of_size(out: Path, tmp_path: Path) -> None:
    other = tmp_path.resolve() / "other"
    other.mkdir()
    granted = Capabilities(write=[str(out), str(other)])
    code = f"for p in ({str(out / 'a')!r}, {str(other / 'b')!r}):\n    open(p, 'wb').write(bytes(700 << 10))"
    assert len(run(code, capabilities=granted, limits=Limits(scratch_mb=2)).written) == 2
    (out / "a").unlink()
    (other / "b").unlink()
    assert not run(code, capabilities=granted, limits=Limits(scratch_mb=1)).ok
    assert untouched(out) and names(other) == []


def test_a_pool_with_a_folder_to_write_to_makes_cold_calls(out: Path) -> None:
    with Pool(capabilities=Capabilities(write=[str(out)])) as pool:
        assert pool.zygote == 0
        assert pool.run(f"open({str(out / 'n')!r}, 'w').write('x')").written[0].size == 1


def test_nothing_is_left_open(out: Path) -> None:
    write("pass", out)
    before = len(os.listdir("/proc/self/fd"))
    for code in ("open(OUT + '/a', 'w')", "1 / 0", "open(OUT + '/.b', 'w')"):
        write(code, out)
    with pytest.raises(SandboxUnavailable):
        write("pass", out / "missing")
    assert len(os.listdir("/proc/self/fd")) == before


# ---- who tries to get out by it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("launcher", ["purejail", "bubblewrap"])
@pytest.mark.parametrize("plant", [
    "os.symlink(OUT + '/../secret', OUT + '/x')", "os.link(OUT + '/real', OUT + '/x')", "os.mkfifo(OUT + '/x')",
    "os.mknod(OUT + '/x', 0o600 | 0o020000, os.makedev(1, 5))", "__import__('socket').socket(1).bind(OUT + '/x')",
    "os.rename(OUT, OUT + '2')", "os.rmdir(OUT)", "open(os.path.dirname(OUT) + '/x', 'w')",
    "os.open(OUT + '/../secret', 2)",
])  # fmt: skip
def test_nothing_but_files_can_be_planted(plant: str, launcher: str, out: Path) -> None:
    if why := works(launcher):
        pytest.skip(f"{launcher}: {why}")
    code = f"open(OUT + '/real', 'w')\ntry:\n    {plant}\nexcept OSError as error:\n    print('no', error.errno)"
    assert write(code, out, launcher=launcher).stdout.startswith("no ")
    assert names(out) == ["old.txt", "real"]


@pytest.mark.parametrize("name", [
    "'.bashrc'", "'.git/config'", "'a\\nb'", "'\\x1b[2J'", "'a\\u202etxt.exe'", "'\\udcff'", "'a/.b'", "' \\x7f'",
])  # fmt: skip
def test_a_name_that_is_hidden_or_deceives_is_refused_with_all_that_stands_beside_it(name: str, out: Path) -> None:
    code = f"open(OUT + '/a0', 'w')\np = OUT + '/' + {name}\n"
    code += "os.makedirs(os.path.dirname(p), exist_ok=True)\nopen(p, 'w')"
    assert "hidden, or not the name" in refused(write(code, out)) and untouched(out)


@pytest.mark.parametrize(("code", "says"), [
    ("for i in range(8):\n    os.truncate(os.open(f'{OUT}/{i}', 66), 1 << 20)", "too big"),  # they hold nothing at all
    ("p = OUT\nfor i in range(40):\n    p += '/d'\n    os.mkdir(p)", "nested deeper"),
])  # fmt: skip
def test_what_only_looks_small_is_not_carried_out(code: str, says: str, out: Path) -> None:
    assert says in refused(write(code, out, scratch_mb=4, file_mb=2)) and untouched(out)


@pytest.mark.parametrize("code", [
    "for i in range(200):\n    open(f'{OUT}/{i}', 'w')", "open(OUT + '/x', 'wb').write(bytes(3 << 20))",
    "for i in range(9):\n    open(f'{OUT}/{i}', 'wb').write(bytes(512 << 10))",
])  # fmt: skip
def test_too_much_fails_where_it_is_written(code: str, out: Path) -> None:
    assert write(code, out).ok and len(names(out)) > 1
    for path in out.iterdir():
        path.name == "old.txt" or path.unlink()
    outcome = write(code, out, files=100, file_mb=2, scratch_mb=4)
    assert outcome.ended is Ended.FAILED and outcome.written == () and untouched(out)


def test_files_that_change_until_the_end_are_carried_out_whole(out: Path) -> None:
    code = (
        "import threading\ndef change(n):\n    while True:\n        open(f'{OUT}/t{n}', 'wb').write(bytes(1000))\n"
        "        os.rename(f'{OUT}/t{n}', f'{OUT}/f{n}')\n"
        "for n in range(3):\n    threading.Thread(target=change, args=(n,), daemon=True).start()\n"
        "__import__('time').sleep(0.3)\nos._exit(0)"
    )
    outcome = write(code, out)
    assert outcome.ok and {file.size for file in outcome.written} <= {0, 1000} and len(outcome.written) >= 3
    assert {Path(file.path).stat().st_size for file in outcome.written} <= {0, 1000}


@pytest.mark.parametrize(("place", "code"), [
    ("link.txt", "open(OUT + '/link.txt', 'w').write('x')"),
    ("sub", "os.mkdir(OUT + '/sub')\nopen(OUT + '/sub/secret', 'w').write('x')"),
    ("sub", "open(OUT + '/sub', 'w').write('x')"),
], ids=["file", "folder", "file for folder"])  # fmt: skip
def test_a_link_in_the_hosts_folder_is_never_followed_or_replaced(place: str, code: str, out: Path) -> None:
    (out / place).symlink_to(out.parent / "secret" if place == "link.txt" else out.parent)
    assert "something else than" in refused(write("open(OUT + '/a0', 'w')\n" + code, out))
    assert (out.parent / "secret").read_text() == "secret" and (out / place).is_symlink()
    assert names(out)[-1] == "old.txt" or place == "sub"
    assert not (out / "a0").exists()


def test_a_pipe_in_the_hosts_folder_holds_nothing_up(out: Path) -> None:
    os.mkfifo(out / "pipe")
    assert "something else than" in refused(write("open(OUT + '/pipe', 'w').write('x')", out, seconds=5))


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(out: Path, tmp_path: Path) -> None:
    """Somebody swaps a folder of the host for a link to another one, over and over, while files are carried out."""
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    for folder in (source, source / "sub", elsewhere, out / "sub"):
        folder.mkdir()
    (source / "sub" / "f").write_text("x")
    (tmp_path / "other").symlink_to(elsewhere)
    stop = threading.Event()

    def swap() -> None:
        number = syscalls.PLAIN["renameat2"][machines.MACHINES[machines.machine()][0]]
        names = os.fsencode(out / "sub"), os.fsencode(tmp_path / "other")
        while not stop.is_set():
            libc.call(number, libc.HERE, names[0], libc.HERE, names[1], EXCHANGE, what="exchange")

    swapping = threading.Thread(target=swap)
    swapping.start()
    held_back = carried = 0
    until = time.monotonic() + 10
    try:
        while (held_back < 50 or carried < 50) and time.monotonic() < until:
            try:
                carried_over(source, out)
                carried += 1
            except (NotWritten, OSError):
                held_back += 1
    finally:
        stop.set()
        swapping.join()
    assert names(elsewhere) == [] and held_back and carried


def carried_over(source: Path, target: Path) -> list[Written]:
    """Carry files from one folder of the host to another, by the function that does it for a program's."""
    written: list[Written] = []
    flags = os.O_RDONLY | os.O_DIRECTORY
    fds = os.open(source, flags), os.open(target, flags)
    try:
        look(*fds, Room(Limits(), time.monotonic() + 5))
        carry(*fds, str(target), Room(Limits(), time.monotonic() + 5), written)
    finally:
        for fd in fds:
            os.close(fd)
    return written


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """Return a folder such as a program would like to leave, if only the kernel let it."""
    source = tmp_path / "planted"
    source.mkdir()
    (source / "fine").write_text("fine")
    yield source
    shutil.rmtree(source)


@pytest.mark.parametrize("what", ["link", "link to a folder", "hard link", "pipe", "device"])
def test_what_was_planted_all_the_same_is_not_carried_out(what: str, planted: Path, out: Path) -> None:
    secret, place, vault = out.parent / "secret", planted / "x", out.parent / "vault"
    vault.mkdir()
    (vault / "secret").write_text("secret")
    if what == "device" and os.geteuid() != 0:
        pytest.skip("only root can make a device")
    {
        "link": lambda: place.symlink_to(secret), "link to a folder": lambda: place.symlink_to(vault),
        "hard link": lambda: os.link(secret, place), "pipe": lambda: os.mkfifo(place),
        "device": lambda: os.mknod(place, 0o020600, os.makedev(1, 5)),
    }[what]()  # fmt: skip
    if "link" in what:
        shutil.copytree(planted, out.parent / "naive")  # who copies without looking has copied the secret
        assert list((out.parent / "naive").rglob("x/secret")) or (out.parent / "naive/x").read_text() == "secret"
    with pytest.raises(NotWritten, match="neither a folder nor a file"):
        carried_over(planted, out)
    assert untouched(out)


def test_carrying_looks_again_at_what_it_copies(planted: Path, out: Path) -> None:
    """Even where the first look is left out."""
    (planted / "x").symlink_to(out.parent / "secret")
    fds = os.open(planted, os.O_RDONLY), os.open(out, os.O_RDONLY)
    written: list[Written] = []
    with pytest.raises(OSError, match="symbolic links"):
        carry(*fds, str(out), Room(Limits(), time.monotonic() + 5), written)
    for fd in fds:
        os.close(fd)
    assert [Path(file.path).name for file in written] == ["fine"] and names(out) == ["fine", "old.txt"]


# ---- what is never granted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "/", "/etc", "/usr/lib", "/usr/local/share", "/var/spool/cron", "/proc/self", "/no/such/folder", "relative",
    sys.prefix, str(Path(sys.base_prefix) / "lib"), str(Path(genesis_sandbox.__file__).parents[1]), "/tmp",
    "/usr/share/../share",
])  # fmt: skip
def test_a_folder_of_the_system_or_of_programs_is_never_written_to(path: str) -> None:
    with pytest.raises(SandboxUnavailable, match=r"write: "):
        run("print('ran')", capabilities=Capabilities(write=[path]))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path.resolve() / "home"
    monkeypatch.setenv("HOME", str(folder))
    for name in (".ssh", ".config/genesis", ".local/bin", "work/.git/hooks", "bin/tools", "work/out"):
        (folder / name).mkdir(parents=True)
    (folder / ".ssh" / "known").write_text("a host")
    return folder


@pytest.mark.parametrize("name", [".ssh", ".config/genesis", ".local/bin", "work/.git/hooks", "bin", "bin/tools"])
def test_where_a_user_keeps_settings_keys_or_programs_is_never_written_to(name: str, home: Path) -> None:
    with pytest.raises(SandboxUnavailable, match=r"write: .* (is hidden below a home|is where settings)"):
        run("print('ran')", capabilities=Capabilities(write=[str(home / name)]))
    Capabilities(write=[str(home / "work" / "out")]).check("purejail")


def test_a_hidden_folder_of_a_home_is_not_shown_but_a_file_that_is_named_is(home: Path) -> None:
    with pytest.raises(SandboxUnavailable, match=r"read: .* is hidden below a home"):
        run("", capabilities=Capabilities(read=[str(home / ".ssh")]))
    known = str(home / ".ssh" / "known")
    assert run(f"print(open({known!r}).read())", capabilities=Capabilities(read=[known])).stdout == "a host\n"


def test_what_lies_below_a_place_of_modules_is_never_written_to(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(out.parent))
    with pytest.raises(SandboxUnavailable, match="modules that are imported"):
        run("print('ran')", capabilities=Capabilities(write=[str(out)]))
    monkeypatch.chdir(out.parent)  # the current folder is where a caller works, and is on the path for that alone
    assert write("open(OUT + '/new.txt', 'w').write('x')", out).ok


def test_a_folder_that_comes_alone_where_two_are_due_is_let_go_of(out: Path) -> None:
    (out / "a").mkdir()
    (out / "b").mkdir()
    export = Export(Job(write=[str(out / "a"), str(out / "b")]))
    try:
        export.open()
        fd = os.open(out / "a", os.O_RDONLY)
        with socket.socket(fileno=os.dup(export.wires[HANDOVER])) as wire:
            socket.send_fds(wire, [b"x"], [fd])
        os.close(fd)
        ended = run("")
        before = len(os.listdir("/proc/self/fd"))
        assert "handed its folders over" in refused(export.told(ended, time.monotonic() + 5))
        assert len(os.listdir("/proc/self/fd")) == before - 1  # the worker's end of the wire
    finally:
        export.close()


def test_a_file_that_is_taken_away_while_it_is_copied_is_told_as_it_was(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    source, target = (os.open(path, os.O_RDONLY) for path in (tmp_path / "in", out))

    def gone(fd: int) -> None:
        for path in out.glob(".*"):
            path.unlink()

    monkeypatch.setattr(os, "fsync", gone)
    try:
        with pytest.raises(FileNotFoundError) as caught:
            carry(source, target, str(out), Room(Limits(), time.monotonic() + 5), [])
        assert caught.value.__context__ is None and untouched(out)
    finally:
        os.close(source)
        os.close(target)


def test_a_file_a_link_and_what_overlaps_are_never_written_to(out: Path) -> None:
    (out / "in").mkdir()
    (out.parent / "link").symlink_to(out)
    for granted in (
        Capabilities(write=[str(out / "old.txt")]), Capabilities(write=[str(out.parent / "link")]),
        Capabilities(write=[str(out), str(out / "in")]), Capabilities(write=[str(out), str(out)]),
        Capabilities(write=[str(out)], read=[str(out / "in")]), Capabilities(write=[str(out)], read=[str(out)]),
    ):  # fmt: skip
        with pytest.raises(SandboxUnavailable, match=r"write: "):
            run("print('ran')", capabilities=granted)


def test_the_reduced_tier_grants_no_folder(out: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="reduced tier cannot grant"):
        run("", capabilities=Capabilities(write=[str(out)]), launcher="reduced", allow_reduced=True)


AS_A_USER = """
import os, sys
from genesis_sandbox import Capabilities, run
out = sys.argv[1]
os.mkdir(out)
for launcher in ("purejail", "bubblewrap"):
    done = run(f"open({out!r} + '/f', 'w').write('x' * 9)", launcher=launcher, capabilities=Capabilities(write=[out]))
    print([(f.path == out + "/f", f.size) for f in done.written], os.path.getsize(out + "/f"), done.stderr)
    os.remove(out + "/f")
    done = run(f"open({out!r} + '/f', 'w')\\nos = __import__('os')\\nos.chmod({out!r} + '/f', 0)", launcher=launcher,
               capabilities=Capabilities(write=[out]))
    print(done.failure.type, os.listdir(out))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.skipif(bool(works("bubblewrap")), reason="bubblewrap does not isolate here")
def test_an_ordinary_user_has_the_same() -> None:
    python = next((p for p in ("/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.11")
                   if os.access(p, os.X_OK)), "")  # fmt: skip
    if not python:
        pytest.skip("no Python that every user may run")
    place = Path("/var/tmp") / f"genesis-write-{os.getpid()}"
    shutil.copytree(Path(genesis_sandbox.__file__).parent, place / "kit" / "genesis_sandbox")
    place.chmod(0o777)
    try:
        words = [python, "-B", "-c", AS_A_USER, str(place / "out")]
        done = subprocess.run(words, cwd="/", env={"PYTHONPATH": str(place / "kit")}, capture_output=True, text=True,
                              user=65534, group=65534, extra_groups=[])  # fmt: skip
    finally:
        shutil.rmtree(place)
    assert done.stdout == "[(True, 9)] 9 \nNotWritten []\n" * 2, done.stdout + done.stderr
