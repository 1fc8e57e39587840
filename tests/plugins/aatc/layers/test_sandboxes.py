"""The bridge: what it runs, what it refuses, and that it never isolates less than it may."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from genesis_aatc.candidate import NOTHING, Manifest
from genesis_aatc.sandboxes import LEAST, WARM, Bench, default_limits, limits_problem
from genesis_core import AccessDenied

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
ECHO = b"def echo(x):\n    return x\n"
LOOK = """
import os

def look(paths):
    seen = []
    for path in paths:
        try:
            seen.append(open(path).read())
        except OSError:
            seen.append("")
    return [seen, sorted(name for name in os.environ if name.startswith("GENESIS"))]
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    if why := made.refuses():
        pytest.skip(why)
    yield made
    made.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def zygotes(bench: Bench) -> list[int]:
    return [warm.pool.zygote for warm in bench._pools._kept.values()]


def test_a_call_gives_what_the_function_gives(bench: Bench) -> None:
    given = {"x": {"a": [1, 2.5, None, "ü"]}}
    for apart in (False, True):
        found = bench.run(ECHO, "echo", given, NOTHING, {}, apart=apart)
        assert found.ok and found.value == given["x"] and found.tier == "strong"


def test_the_least_that_may_be_asked_for_is_enough(bench: Bench) -> None:
    for name, least in LEAST.items():
        found = bench.run(ECHO, "echo", {"x": 1}, NOTHING, {name: least * (4 if name == "seconds" else 1)})
        assert found.ok, (name, found)


def test_limits_hold_and_seconds_come_first(bench: Bench) -> None:
    spin = b"def spin():\n    while True:\n        pass\n"
    assert bench.run(spin, "spin", {}, NOTHING, {"cpu_seconds": 0.2}).limit == "cpu"
    assert bench.run(spin, "spin", {}, NOTHING, {"seconds": 9}, seconds=0.5).limit == "time"


def test_limits_that_are_none_are_told_before_anything_runs(bench: Bench) -> None:
    assert limits_problem({"patience": 1}) and limits_problem({"seconds": -1}) and not limits_problem(default_limits())
    nan = float("nan")
    for wrong in ({"patience": 1.0}, {"seconds": 9_999.0}, {"memory_mb": 1.0}, {"seconds": nan}, {"threads": nan}):
        assert limits_problem(wrong)
        with pytest.raises(ValueError, match="patience|seconds|memory_mb|threads"):
            bench.run(ECHO, "echo", {"x": 1}, NOTHING, wrong)
    with pytest.raises(ValueError, match="longer than"):
        bench.run(ECHO, "echo", {"x": "x" * (5 << 20)}, NOTHING, {})


@pytest.mark.parametrize("manifest", [
    Manifest(hosts=("example.org:443",)), Manifest(write=("/data",)), Manifest(read=("/",)), Manifest(read=("/proc",)),
    Manifest(read=("relative",)), Manifest(read=("/no/such/file",)), Manifest(env=("GENESIS_NOT_SET_ANYWHERE",)),
    Manifest(env=("A=B",)), Manifest(modules=("no_such_package_x",)), Manifest(modules=("a.b",)),
], ids=str)  # fmt: skip
def test_what_cannot_be_granted_is_refused(bench: Bench, manifest: Manifest) -> None:
    with pytest.raises(AccessDenied):
        bench.run(ECHO, "echo", {"x": 1}, manifest, {})
    assert bench.refuses() == ""


def test_what_is_granted_is_all_there_is(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, hidden = tmp_path / "shown.txt", tmp_path / "hidden.txt"
    shown.write_text("shown")
    hidden.write_text("hidden")
    tmp_path.chmod(0o755)
    monkeypatch.setenv("GENESIS_TEST_SHOWN", "one")
    monkeypatch.setenv("GENESIS_TEST_HIDDEN", "two")
    look = LOOK.encode()
    given = {"paths": [str(shown), str(hidden)]}
    granted = Manifest(read=(str(shown.resolve()),), env=("GENESIS_TEST_SHOWN",))
    assert bench.run(look, "look", given, NOTHING, {}).value == [["", ""], []]
    assert bench.run(look, "look", given, granted, {}).value == [["shown", ""], ["GENESIS_TEST_SHOWN"]]
    monkeypatch.delenv("GENESIS_TEST_SHOWN")
    with pytest.raises(AccessDenied, match="not set"):
        bench.run(look, "look", given, granted, {})


def test_less_time_than_usual_makes_no_pool_of_its_own(bench: Bench) -> None:
    bench.close()
    for left in (60.0, 10.0, 9.5, 3.25, 1.5, None):
        assert bench.run(ECHO, "echo", {"x": 1}, NOTHING, {"seconds": 10}, left).ok
    assert len(zygotes(bench)) == 1


def test_workers_share_a_seed_only_when_they_may(bench: Bench) -> None:
    seed = b"def seed():\n    return hash('genesis')\n"
    one, other = (bench.run(seed, "seed", {}, NOTHING, {}, apart=True).value for _ in range(2))
    assert one != other


def test_many_threads_call_at_once_and_few_pools_stay(bench: Bench) -> None:
    def call(number: int) -> bool:
        found = bench.run(ECHO, "echo", {"x": number}, NOTHING, {"scratch_mb": 8 + number % (WARM + 3)})
        return found.value == number

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(call, range(42)))
    kept = zygotes(bench)
    assert len(kept) <= WARM and all(map(alive, kept))
    bench.close()
    assert not any(map(alive, kept)) and zygotes(bench) == []
    assert bench.run(ECHO, "echo", {"x": 1}, NOTHING, {}).ok


def test_a_pool_that_is_in_use_outlives_its_place(bench: Bench) -> None:
    slow = b"import time\ndef slow():\n    time.sleep(0.6)\n    return 'done'\n"
    found: list[object] = []
    one = threading.Thread(target=lambda: found.append(bench.run(slow, "slow", {}, NOTHING, {"files": 64}).value))
    one.start()
    for number in range(WARM + 1):
        bench.run(ECHO, "echo", {"x": 1}, NOTHING, {"files": 100 + number})
    bench.close()
    one.join()
    assert found == ["done"]


def test_where_nothing_isolates_nothing_runs(tmp_path: Path) -> None:
    """In a process of its own: another system, as far as the sandbox can tell."""
    program = (
        "import sys\nfrom genesis_aatc.sandboxes import Bench\nfrom genesis_aatc.candidate import NOTHING\n"
        "from genesis_core import DependencyDown\nsys.platform = 'plan9'\n"
        "for bench in (Bench(), Bench(allow_reduced=True)):\n"
        "    assert 'plan9' in bench.refuses(), bench.refuses()\n"
        "    try:\n        bench.run(b'def f():\\n    return 1', 'f', {}, NOTHING, {})\n"
        "    except DependencyDown as error:\n        print('refused', error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path,
                          env=ENVIRONMENT)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused") == 2


REDUCED = """
from genesis_aatc.candidate import NOTHING
from genesis_aatc.sandboxes import Bench
from genesis_core import DependencyDown

def told(bench):
    try:
        return bench.run(b"def f():\\n    return 1", "f", {}, NOTHING, {}).tier
    except DependencyDown as error:
        return "refused"

plain, allowed = Bench(), Bench(allow_reduced=True)
print(bool(plain.refuses()), told(plain), allowed.refuses() or "runs", told(allowed), told(plain))
"""


def test_the_self_test_takes_no_descriptor_of_this_program(bench: Bench) -> None:
    from genesis_sandbox import self_test

    kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(80)]
    try:
        held = {fd: os.fstat(fd).st_rdev for fd in kept}
        assert max(kept) > 64 and self_test().ok
        assert {fd: os.fstat(fd).st_rdev for fd in kept} == held
    finally:
        for fd in kept:
            os.close(fd)


def test_less_isolation_is_an_operators_word(tmp_path: Path) -> None:
    """In a user namespace of its own that makes no network namespace, so that no strong launcher works."""
    (tmp_path / "ask.py").write_text(REDUCED)
    script = f"echo 0 > /proc/sys/user/max_net_namespaces && exec {sys.executable} ask.py"
    if not shutil.which("unshare"):
        pytest.skip("no command to make a namespace with")
    done = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", script], capture_output=True, text=True,
                          cwd=tmp_path, env=ENVIRONMENT)  # fmt: skip
    if "unshare" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip(f"namespaces can't be limited here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.split(" ", 3)
    assert [first, *rest[:1]] == ["True", "refused"] and done.stdout.endswith(" refused\n")
    if "runs" not in done.stdout:
        pytest.skip("no reduced tier here")
    assert done.stdout == "True refused runs reduced refused\n"


def test_grants_are_never_those_of_another_call(bench: Bench, tmp_path: Path) -> None:
    """A worker that is kept warm for one set of grants serves no other."""
    tmp_path.chmod(0o755)
    paths = [str(tmp_path.resolve() / name) for name in ("one", "two")]
    for path in paths:
        Path(path).write_text(path)
    for shown in (*paths, *paths):
        found = bench.run(LOOK.encode(), "look", {"paths": paths}, Manifest(read=(shown,)), {}).value
        assert found == [[path if path == shown else "" for path in paths], []]


def test_a_backend_that_goes_away_is_noticed(tmp_path: Path) -> None:
    """In a process of its own, which loses the interpreter that workers are made of."""
    program = (
        "import os, sys\nfrom genesis_aatc.sandboxes import Bench\nfrom genesis_aatc.candidate import NOTHING\n"
        "from genesis_core import DependencyDown\n"
        "bench = Bench()\nassert not bench.refuses(), bench.refuses()\n"
        "run = lambda **o: bench.run(b'def f():\\n    return 1', 'f', {}, NOTHING, {}, **o)\n"
        "assert run().value == 1\n"
        "sys.executable = '/no/such/interpreter'\n"
        "try:\n    run(apart=True)\nexcept DependencyDown as error:\n    print('refused', error.message)\n"
        "print('then', bench.refuses())\n"
        "bench.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60,
                          env=ENVIRONMENT)  # fmt: skip
    if "AssertionError" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    first, then = done.stdout.splitlines()
    assert first.startswith("refused") and len(then) > len("then ")
