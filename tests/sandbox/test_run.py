"""run(): what goes in, what comes back, what each limit does, and that nothing is left behind."""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import genesis_sandbox
from genesis_sandbox import Capabilities, Ended, Limits, Outcome, SandboxUnavailable, _landlock, run
from genesis_sandbox._probe import first_strong, works

REASONS: list[str] = []
WHY_NOT = "" if first_strong(REASONS) else "; ".join(REASONS)
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")

ADD = "def add(a, b):\n    return {'sum': a + b}"


def call(code: str, **limits: float) -> Outcome:
    return run(code, limits=Limits(**limits))  # type: ignore[arg-type]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_function_is_called_with_json_and_answers_with_json() -> None:
    outcome = run(ADD, entry="add", arguments={"a": 1, "b": 2})
    assert outcome.ok and outcome.value == {"sum": 3} and outcome.exit_code == 0 and outcome.tier == "strong"


def test_output_and_status_come_back() -> None:
    outcome = run("import sys\nprint('out')\nsys.stderr.write('err')\nraise SystemExit(3)")
    assert (outcome.ended, outcome.exit_code, outcome.stdout, outcome.stderr) == (Ended.FAILED, 3, "out\n", "err")


def test_an_exception_crosses_as_text() -> None:
    outcome = run("class Odd(Exception): pass\ndef f():\n    raise Odd('no')", entry="f")
    assert outcome.failure is not None and (outcome.failure.type, outcome.failure.message) == ("Odd", "no")
    assert "tool.py" in outcome.failure.traceback and "genesis_sandbox" not in outcome.failure.traceback


def test_output_that_controls_a_terminal_is_taken_out() -> None:
    assert run("print('a\\x1b[2Jb\\x07')").stdout == "a[2Jb\n"


@pytest.mark.parametrize(
    ("code", "limits", "limit"),
    [
        ("while True: pass", {"cpu_seconds": 0.3}, "cpu"),
        ("import time; time.sleep(60)", {"seconds": 0.5}, "time"),
        ("x = [bytearray(1 << 20) for _ in range(4096)]", {"memory_mb": 256}, "memory"),
        ("import os\nwhile True: os.write(1, b'x' * 4096)", {"output_mb": 1}, "output"),
        ("import os\nwhile True: os.write(3, b'x' * 4096)", {"result_kb": 64}, "result"),
    ],
)
def test_a_limit_ends_the_call_and_is_named(code: str, limits: dict[str, float], limit: str) -> None:
    outcome = call(code, **limits)
    assert (outcome.ended, outcome.limit) == (Ended.LIMIT, limit)


def test_the_time_of_a_call_is_kept_to() -> None:
    started = time.monotonic()
    outcome = call("import time; time.sleep(60)", seconds=1)
    assert outcome.limit == "time" and time.monotonic() - started < 3


def test_cpu_time_is_kept_to_in_all_threads_together() -> None:
    code = "import threading\ndef f():\n    while True: pass\nfor _ in range(4): threading.Thread(target=f).start()"
    outcome = call(code, cpu_seconds=0.4)
    assert outcome.limit == "cpu" and 0.4 <= outcome.cpu_seconds < 0.7


def test_a_small_share_of_output_is_kept_and_the_cut_is_told() -> None:
    outcome = call("print('x' * 100_000)", kept_kb=1)
    assert outcome.ok and outcome.cut and len(outcome.stdout) == 1024


@pytest.mark.parametrize("code", [
    "import threading, time\nfor _ in range(4): threading.Thread(target=time.sleep, args=(0.2,)).start()",
    "for i in range(8): open(f'f{i}', 'w').close()",
    "open('f', 'wb').write(bytes(2 << 20))",
    "open('f', 'wb').write(bytes(900 << 10)); open('g', 'wb').write(bytes(900 << 10))",
    "import os\nx = [os.dup(0) for _ in range(20)]",
])  # fmt: skip
def test_what_is_too_much_fails_and_a_little_less_does_not(code: str) -> None:
    tight = {"threads": 4, "files": 8, "file_mb": 1, "scratch_mb": 1, "open_files": 16}
    assert call(code).ok
    assert call(code, **tight).ended is Ended.FAILED


@pytest.mark.parametrize(("frame", "says"), [
    (b'{"v":1,"result":1}', "BadResult"),
    (b"\\0\\0\\0\\x05[[[[[", "BadResult"),
    (b'\\0\\0\\0\\x16{"v":1,"result":{"a":1', "BadResult"),
])  # fmt: skip
def test_a_program_that_writes_its_own_result_gets_none(frame: bytes, says: str) -> None:
    quoted = frame.decode().replace("'", "\\'")
    code = f"import os\nos.write(3, b'{quoted}')\ndef f():\n    return 2"
    outcome = run(code, entry="f")
    assert not outcome.ok and outcome.value is None
    assert outcome.failure is not None and outcome.failure.type == says


def test_a_status_that_is_not_zero_wins_over_a_result() -> None:
    forged = '{"v":1,"result":"fine"}'
    code = f"import os\nos.write(3, ({len(forged)}).to_bytes(4, 'big') + b'{forged}')\nos._exit(4)"
    outcome = run(code + "\ndef f(): pass", entry="f")
    assert (outcome.ended, outcome.exit_code, outcome.value) == (Ended.FAILED, 4, None)


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')", "object()", "{1, 2}", "b'x'"])
def test_only_json_comes_back(value: str) -> None:
    assert run(f"def f():\n    return {value}", entry="f").ended is Ended.FAILED


def test_a_result_that_is_nested_too_deep_is_refused() -> None:
    code = "def f():\n    x = []\n    for _ in range(200):\n        x = [x]\n    return x"
    outcome = run(code, entry="f")
    assert outcome.ended is Ended.FAILED and outcome.failure is not None and outcome.failure.type == "BadResult"


def test_calls_leave_no_descriptor_and_no_process() -> None:
    run("pass")
    before = descriptors(), set(Path("/proc/self/task").glob("*/children"))
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    for code in ("pass", "1 / 0", "import time; time.sleep(9)"):
        call(code, seconds=0.5)
    assert descriptors() == before[0]
    assert Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text() == children


@pytest.mark.parametrize("launcher", ["purejail", "bubblewrap"])
def test_a_program_collects_garbage_as_ever(launcher: str) -> None:
    if why := works(launcher):
        pytest.skip(f"{launcher}: {why}")
    assert run("import gc; print(gc.isenabled())", launcher=launcher).stdout == "True\n"


def test_several_threads_call_at_once() -> None:
    found: dict[int, object] = {}

    def one(number: int) -> None:
        found[number] = run(ADD, entry="add", arguments={"a": number, "b": 1}).value

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {"sum": number + 1} for number in range(6)}


def test_an_event_loop_calls_by_way_of_a_thread() -> None:
    async def both() -> list[Outcome]:
        return await asyncio.gather(*(asyncio.to_thread(run, "print(1)") for _ in range(2)))

    assert [outcome.stdout for outcome in asyncio.run(both())] == ["1\n", "1\n"]


# ---- what is granted ---------------------------------------------------------------------------------------------


def test_a_granted_file_can_be_read_and_nothing_beside_it(tmp_path: Path) -> None:
    place = tmp_path.resolve()
    (place / "yes.txt").write_text("granted")
    (place / "no.txt").write_text("secret")
    granted = Capabilities(read=[str(place / "yes.txt")])
    assert run(f"print(open({str(place / 'yes.txt')!r}).read())", capabilities=granted).stdout == "granted\n"
    assert not run(f"open({str(place / 'no.txt')!r})", capabilities=granted).ok
    assert not run(f"open({str(place / 'yes.txt')!r}, 'a')", capabilities=granted).ok
    assert not run(f"open({str(place / 'yes.txt')!r})").ok


def test_a_granted_folder_can_be_listed_and_not_written_to(tmp_path: Path) -> None:
    place = tmp_path.resolve() / "data"
    place.mkdir()
    (place / "a.txt").write_text("a")
    granted = Capabilities(read=[str(place)])
    assert run(f"import os; print(os.listdir({str(place)!r}))", capabilities=granted).stdout == "['a.txt']\n"
    assert not run(f"open({str(place / 'new')!r}, 'w')", capabilities=granted).ok
    assert [path.name for path in place.iterdir()] == ["a.txt"]


def test_a_granted_variable_is_there_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    outcome = run("import os; print(os.environ.get('TOKEN'), os.environ.get('SECRET'))",
                  capabilities=Capabilities(env={"TOKEN": "t"}))  # fmt: skip
    assert outcome.stdout == "t None\n"


def test_installed_packages_are_hidden_until_they_are_granted() -> None:
    assert run("import pluggy").ended is Ended.FAILED
    assert run("import pluggy", capabilities=Capabilities(modules=["pluggy"])).ok


@pytest.mark.parametrize("granted", [
    Capabilities(network=["example.org:443"]),
    Capabilities(write=["/var/tmp"]),
    Capabilities(read=["/"]), Capabilities(read=["/proc/self"]), Capabilities(read=["/etc"]),
    Capabilities(read=["relative"]), Capabilities(read=["/no/such/file"]), Capabilities(read=["/usr/../etc/passwd"]),
    Capabilities(read=["/proc/self/environ"]), Capabilities(modules=["no_such_module"]),
], ids=repr)  # fmt: skip
def test_what_cannot_be_enforced_or_should_not_be_granted_is_refused(granted: Capabilities) -> None:
    with pytest.raises(SandboxUnavailable):
        run("print('ran')", capabilities=granted)


def test_a_link_is_never_granted(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(SandboxUnavailable, match="symbolic link"):
        run("", capabilities=Capabilities(read=[str(tmp_path.resolve() / "link")]))


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 121}, {"memory_mb": 5000}, {"threads": True}])
def test_no_limit_is_lifted_above_its_ceiling(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


def test_every_launcher_shows_the_same_root() -> None:
    code = "import os; print(sorted(os.listdir('/')), os.listdir('/dev'), sorted(os.listdir('/etc')))"
    places = []
    for launcher in ("purejail", "bubblewrap"):
        if why := works(launcher):
            pytest.skip(f"{launcher}: {why}")
        places.append(run(code, launcher=launcher).stdout.replace("'code', ", ""))
    assert places[0] == places[1] != ""


# ---- where nothing isolates --------------------------------------------------------------------------------------


def test_the_reduced_tier_is_for_operators_to_ask_for() -> None:
    with pytest.raises(SandboxUnavailable, match="not allowed by the operator"):
        run("print('ran')", launcher="reduced")


NOTHING_ISOLATES = """
from genesis_sandbox import SandboxUnavailable, run, self_test
try:
    run("open('ran', 'w')")
except SandboxUnavailable as error:
    print("refused", error.reason)
print(self_test().tier)
"""
ONLY_THE_ARGUMENT_COUNTS = """
import os
from genesis_sandbox import Capabilities, Limits, Pool, SandboxUnavailable, run, self_test
words = {"allow_reduced": "true", "SANDBOX_ALLOW_REDUCED": "1", "GENESIS_SANDBOX_ALLOW_REDUCED": "true",
         "GENESIS_SANDBOX_LAUNCHER": "reduced", "GENESIS_SANDBOX": "reduced", "GENESIS_SANDBOX__ALLOW_REDUCED": "1"}
os.environ.update(words)
code = "allow_reduced = True\\nlauncher = 'reduced'\\nopen('/tmp/ran', 'w')"
for ask in (lambda: run(code, capabilities=Capabilities(env=words)), lambda: run(code, launcher="reduced"),
            lambda: Pool(capabilities=Capabilities(env=words)), lambda: Pool(launcher="reduced"),
            lambda: run("def f(**_): return 1", entry="f", arguments={"allow_reduced": True, "launcher": "reduced"})):
    try:
        ask()
        print("ran")
    except SandboxUnavailable:
        print("no", end=" ")
print(self_test().tier, run("print(1)", allow_reduced=True).tier, self_test(allow_reduced=True).tier)
with Pool(allow_reduced=True) as pool:
    print(pool.run("print(1)").tier, pool.zygote)
"""


def without_network_namespaces(program: str, folder: Path) -> str:
    """Limit them to none in a user namespace of our own, run a program there, and return what it prints."""
    (folder / "ask.py").write_text(program)
    script = f"echo 0 > /proc/sys/user/max_net_namespaces && exec {sys.executable} ask.py"
    words = ["unshare", "--user", "--map-root-user", "sh", "-c", script]
    if not shutil.which("unshare"):
        pytest.skip("no command to make a namespace with")
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    if "Permission denied" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"namespaces can't be limited here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_namespaces_nothing_runs(tmp_path: Path) -> None:
    said = without_network_namespaces(NOTHING_ISOLATES, tmp_path)
    assert said.startswith("refused purejail: OSError") and said.endswith("none\n")
    assert [path.name for path in tmp_path.iterdir()] == ["ask.py"]


@pytest.mark.skipif(_landlock.abi() < 6, reason="the reduced tier needs version 6 of Landlock")
def test_only_the_callers_own_argument_allows_the_reduced_tier(tmp_path: Path) -> None:
    """No variable, grant, argument of the tool or word of its program does."""
    said = without_network_namespaces(ONLY_THE_ARGUMENT_COUNTS, tmp_path)
    assert said == "no no no no no none reduced reduced\nreduced 0\n"


def test_nothing_that_decides_reads_the_environment() -> None:
    """What is named here empties it, or sets it for the worker or for an attack."""
    readers = set()
    for path in Path(genesis_sandbox.__file__).parent.glob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        if names & {"environ", "environb", "getenv", "getenvb"}:
            readers.add(path.stem)
    assert readers == {"_wipe", "_worker", "_zygote", "selftest"}
