"""The parts of the sandbox by themselves: the filter, its tables, frames, packages, the command."""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import genesis_sandbox
from genesis_sandbox import Limits, _filter, _foreign, _frames, _machine, _packages, _syscalls
from genesis_sandbox._probe import first_strong, works

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h",),
    "aarch64": ("/usr/aarch64-linux-gnu/include/asm-generic/unistd.h", "/usr/include/asm-generic/unistd.h"),
}
GROUPS = ("PLAIN", "CHECKED", "OWN_FILES", "DENIED", "FATAL", "SETUP")
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026


def numbers(machine: str) -> dict[str, int]:
    column = _machine.MACHINES[machine][0]
    return {name: pair[column] for group in GROUPS for name, pair in getattr(_syscalls, group).items()}


def decide(program: bytes, machine: str, call: str | int, *arguments: int, arch: int | None = None) -> int:
    """Run the filter as the kernel does and return its verdict."""
    number = numbers(machine)[call] if isinstance(call, str) else call
    data = struct.pack("<iIQ6Q", number, arch or _machine.MACHINES[machine][1], 0, *[*arguments, *[0] * 6][:6])
    code = list(struct.iter_unpack("<HBBI", program))
    at = held = 0
    while True:
        operation, yes, no, constant = code[at]
        at += 1
        if operation == 0x06:
            return int(constant)
        if operation == 0x20:
            held = int.from_bytes(data[constant : constant + 4], "little")
        elif operation == 0x54:
            held &= constant
        else:
            hit = {0x15: held == constant, 0x35: held >= constant, 0x45: bool(held & constant)}[operation]
            at += yes if hit else no


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_every_number_is_that_of_the_kernel(machine: str) -> None:
    path = next((Path(p) for p in HEADERS[machine] if Path(p).is_file()), None)
    if path is None:
        pytest.skip(f"the headers of {machine} are not here")
    text = path.read_text()
    real = {name: int(n) for name, n in re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", text)}
    real |= {name: real[other] for name, other in re.findall(r"#define\s+__NR_(\w+)\s+__NR3264_(\w+)", text)
             if other in real}  # fmt: skip
    wrong = {name: (n, real.get(name)) for name, n in numbers(machine).items() if n >= 0 and real.get(name, n) != n}
    assert wrong == {}
    assert sum(name in real for name in numbers(machine)) > 100


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_no_call_is_in_two_groups_and_no_number_is_taken_twice(machine: str) -> None:
    names = [name for group in GROUPS for name in getattr(_syscalls, group)]
    assert len(names) == len(set(names))
    there = [number for number in numbers(machine).values() if number >= 0]
    assert len(there) == len(set(there))


@pytest.mark.parametrize("machine", sorted(HEADERS))
@pytest.mark.parametrize(("call", "arguments", "verdict"), [
    ("read", (), ALLOW), ("openat", (), ALLOW), ("exit_group", (), ALLOW),
    ("clone", (0x3D0F00,), ALLOW), ("clone", (17,), EPERM), ("clone", (0x10000000,), KILL), ("clone", (0x4111,), EPERM),
    ("clone3", (), ENOSYS), ("execve", (), EPERM), ("socket", (1, 1), EPERM),
    ("socketpair", (1, 1), ALLOW), ("socketpair", (1, 0x80801), ALLOW), ("socketpair", (1, 2), EPERM),
    ("socketpair", (16, 1), EPERM),
    ("sendto", (3, 0, 1, 0, 0), ALLOW), ("sendto", (3, 0, 1, 0, 1), EPERM), ("sendto", (3, 0, 1, 0, 1 << 32), EPERM),
    ("ioctl", (0, 0x5412), EPERM), ("ioctl", (0, 0x5401), ALLOW), ("fcntl", (0, 1031), EPERM), ("fcntl", (0, 1), ALLOW),
    ("prctl", (15,), ALLOW), ("prctl", (22,), EPERM),
    ("prlimit64", (0, 1, 0, 1), ALLOW), ("prlimit64", (0, 1, 1 << 40, 1), EPERM),
    ("kill", (1, 9), ALLOW), ("kill", (2, 9), EPERM), ("kill", (0xFFFFFFFF, 9), EPERM),
    ("fchmod", (3, 0o644), ALLOW), ("fchmod", (3, 0o4755), EPERM),
    ("io_uring_setup", (), KILL), ("bpf", (), KILL), ("mount", (), KILL), ("unshare", (), KILL), ("ptrace", (), KILL),
    ("seccomp", (), ENOSYS), (5000, (), ENOSYS),
], ids=str)  # fmt: skip
def test_the_filter_decides(machine: str, call: str | int, arguments: tuple[int, ...], verdict: int) -> None:
    program = _filter.build(own_files=True, own_pid=1, name=machine)
    assert decide(program, machine, call, *arguments) == verdict


def test_another_calling_convention_is_fatal() -> None:
    program = _filter.build(own_files=True, name="x86_64")
    assert decide(program, "x86_64", 0x40000000) == KILL
    assert decide(program, "x86_64", "read", arch=0x40000003) == KILL


def test_files_of_the_host_are_never_given_other_rights() -> None:
    program = _filter.build(own_files=False, own_pid=7, name="x86_64")
    assert decide(program, "x86_64", "fchmod", 3, 0o644) == ENOSYS
    assert decide(program, "x86_64", "kill", 1) == EPERM and decide(program, "x86_64", "kill", 7) == ALLOW


@pytest.mark.parametrize("data", [
    b"\0", b"\0\0\0\x02{}", b"\0\0\0\x01{}", b'\0\0\0\x07{"v":2}', b'\0\0\0\x07{"v":1}',
    b"\0\0\0\x04null", b'\0\0\0\x14{"v":1,"result":NaN}', b'\0\0\0\x1d{"v":1,"result":1,"result":2}',
])  # fmt: skip
def test_what_is_not_one_well_formed_frame_is_refused(data: bytes) -> None:
    with pytest.raises(_frames.BadFrame):
        _frames.read(data)


def test_a_bomb_of_brackets_is_refused_before_it_is_parsed() -> None:
    deep = b'{"v":1,"result":' + b"[" * 90 + b"]" * 90 + b"}"
    for shape in (b"[" * 200_000, b"[" + b"[],[],[],[],[]," * 40_000 + b"[]]", deep):
        with pytest.raises(_frames.BadFrame):
            _frames.read(len(shape).to_bytes(4, "big") + shape)


def test_brackets_in_text_count_for_nothing() -> None:
    text = b'{"v":1,"result":"' + b"[{," * 200_000 + b'\\"["}'
    there, value, failure = _frames.read(len(text).to_bytes(4, "big") + text)
    assert there and failure is None and isinstance(value, str) and value.endswith('"[')


def test_only_what_belongs_to_a_package_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "site-packages"
    for name in ("nice", "nice.libs", "nicer", "single.py", "nice.cpython-311.so", "nice-1.0.dist-info"):
        (place / name).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(place)])
    assert _packages.shown(["nice"]) == [(str(place.resolve()), ["nice", "nice.cpython-311.so", "nice.libs"])]
    assert _packages.shown(["single", "missing"], optional=True) == [(str(place.resolve()), ["single.py"])]
    with pytest.raises(LookupError, match="missing"):
        _packages.shown(["missing"])


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import genesis_sandbox; print(sorted(set(sys.modules) - before))"
    words = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({place()!r}); {code}"]
    assert subprocess.run(words, capture_output=True, text=True).stdout == "['__future__', 'genesis_sandbox']\n"


@pytest.mark.parametrize("module", ["_command", "_keeper", "_inner", "_wipe"])
def test_no_cold_start_pays_for_ctypes(module: str) -> None:
    code = f"import sys; sys.path.append({place()!r}); import genesis_sandbox.{module}; print('ctypes' in sys.modules)"
    words = [sys.executable, "-I", "-S", "-c", code]
    assert subprocess.run(words, capture_output=True, text=True).stdout == "False\n"


def test_functions_of_the_c_library_take_numbers_and_bytes() -> None:
    assert _foreign.function("getpid")() == os.getpid()
    assert _foreign.function("strlen")(b"four") == 4
    text = b"a longer text"
    assert _foreign.function("strlen")(int.from_bytes(_foreign.address(text), sys.byteorder)) == len(text)
    assert _foreign.function("close")(-1) == -1 and _foreign.get_errno() == errno.EBADF
    with pytest.raises(AttributeError):
        _foreign.function("no_such_function")


def place() -> str:
    return str(Path(genesis_sandbox.__file__).parents[1])


# ---- the command -------------------------------------------------------------------------------------------------

REASONS: list[str] = []
WHY_NOT = "" if first_strong(REASONS) else "; ".join(REASONS)
needs_sandbox = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")


def command(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "genesis_sandbox", *words], capture_output=True, text=True, cwd=cwd)


@needs_sandbox
@pytest.mark.parametrize(("code", "status"), [
    ("print('x')", 0), ("raise SystemExit(42)", 42), ("1 / 0", 1), ("x = [bytearray(1 << 24) for _ in range(99)]", 125),
    ("import ctypes; ctypes.string_at(0)", 128 + 11),
    ("import ctypes; ctypes.CDLL(None).syscall(425, 1, 0)", 128 + 31),
])  # fmt: skip
def test_the_command_ends_as_the_program_does(code: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(code)
    assert command(str(tmp_path / "program.py")).returncode == status


@needs_sandbox
@pytest.mark.parametrize("launcher", ["purejail", "bubblewrap"])
def test_a_caller_who_shares_nothing_by_default_can_run_a_program(launcher: str, tmp_path: Path) -> None:
    if why := works(launcher):
        pytest.skip(f"{launcher}: {why}")
    (tmp_path / "program.py").write_text("print('x')")
    words = [sys.executable, "-m", "genesis_sandbox", "--launcher", launcher, str(tmp_path / "program.py")]
    done = subprocess.run(words, capture_output=True, text=True, umask=0o077)
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr


@needs_sandbox
def test_a_limit_of_the_command_ends_with_125(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import time; time.sleep(60)")
    done = command("--limit", "seconds=0.5", str(tmp_path / "program.py"))
    assert done.returncode == 125 and "limit of time" in done.stderr


def test_the_command_refuses_what_it_cannot_read_or_does_not_know(tmp_path: Path) -> None:
    assert command(str(tmp_path / "missing.py")).returncode == 126
    assert command("--what", "x").returncode == 2 and command("--limit", "x=1", "y").returncode == 2
    assert command().returncode == 2 and command("--help").returncode == 0


@pytest.mark.parametrize(("words", "said"), [
    (("p.py", "--what"), "there is no option --what"), (("p.py", "--limit", "x=1"), "there is no limit 'x'"),
    (("p.py", "--limit", "seconds=soon"), "seconds is 'soon'; it must be a number"), ((), "no FILE is named"),
    (("p.py", "--module"), "--module takes a value"), (("a.py", "b.py"), "2 files are named, a.py, b.py"),
    (("p.py", "--limit", "threads=1.5"), "threads is '1.5'"), (("p.py", "--limit", "seconds=0"), "above 0"),
])  # fmt: skip
def test_the_command_says_which_word_it_does_not_understand(words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2 and said in done.stderr.partition("\n")[0]


@needs_sandbox
def test_options_may_follow_the_file(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import time; time.sleep(60)")
    done = command(str(tmp_path / "program.py"), "--limit", "seconds=0.5")
    assert done.returncode == 125 and "limit of time" in done.stderr


@needs_sandbox
@pytest.mark.parametrize("also", [(), ("--warm",), ("--bare",)])
def test_a_module_that_is_not_installed_is_refused_and_not_left_out(also: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    done = command(str(tmp_path / "program.py"), "--module", "nosuch", *also)
    assert (done.returncode, done.stdout, done.stderr) == (126, "", "refused: not installed: nosuch\n")


@needs_sandbox
def test_nothing_in_the_current_folder_is_imported_outside_the_sandbox(tmp_path: Path) -> None:
    for name in ("ctypes", "json", "resource", "select", "struct"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit('ran')")
    (tmp_path / "program.py").write_text("print('fine')")
    assert command("program.py", cwd=tmp_path).stdout == "fine\n"
    assert not (tmp_path / "ran").exists()


@needs_sandbox
def test_a_reader_that_goes_away_does_not_hold_the_command_up(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("while True: print('x' * 1000)")
    with subprocess.Popen([sys.executable, "-m", "genesis_sandbox", str(tmp_path / "program.py")],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(12) == 125


@needs_sandbox
def test_killing_the_command_kills_the_program(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)")
    with subprocess.Popen([sys.executable, "-m", "genesis_sandbox", str(tmp_path / "program.py")],
                          stdout=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        handle = os.pidfd_open(int(children[0]))
        process.kill()
        import select

        assert select.select([handle], [], [], 5)[0] == [handle]
        os.close(handle)


def test_what_is_counted_is_a_whole_number() -> None:
    assert Limits(memory_mb=256.0).memory_mb == 256 and isinstance(Limits(memory_mb=256.0).memory_mb, int)
    with pytest.raises(ValueError, match="threads is 2.5; it must be a whole number"):
        Limits(threads=2.5)
