"""Warm calls: each in a worker of its own, from any thread, with nothing left of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_sandbox import Capabilities, Limits, Pool, SandboxUnavailable, _libc
from genesis_sandbox._probe import first_strong

REASONS: list[str] = []
WHY_NOT = "" if first_strong(REASONS) else "; ".join(REASONS)
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no sandbox here: {WHY_NOT}")

SET_CHILD_SUBREAPER = 36
ADD = "def add(a, b):\n    return a + b"


def processes() -> set[str]:
    """Return the children of this process."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"PPid:\t{os.getpid()}\n" in (path / "status").read_text():
                found.add(path.name)
        except OSError:
            continue
    return found


def test_a_warm_call_answers_as_a_cold_one_does() -> None:
    with Pool() as pool:
        assert [pool.run(ADD, entry="add", arguments={"a": n, "b": 1}).value for n in range(5)] == [1, 2, 3, 4, 5]
        assert pool.run("1 / 0").exit_code == 1


def test_a_program_collects_garbage_as_ever() -> None:
    with Pool() as pool:
        assert pool.run("import gc; print(gc.isenabled())").stdout == "True\n"


def test_no_call_sees_what_the_one_before_did() -> None:
    with Pool(parked=1) as pool:
        pool.run("open('left', 'w').write('x')\nimport builtins, json\nbuiltins.left = json.dumps = 1")
        found = pool.run("import builtins, json, os\nprint(os.listdir('.'), hasattr(builtins, 'left'), json.dumps({}))")
        assert found.stdout == "[] False {}\n"


def test_random_numbers_are_drawn_anew() -> None:
    with Pool(preload=("json", "random")) as pool:
        drawn = {pool.run("import random; print(random.random())").stdout for _ in range(4)}
        assert len(drawn) == 4


def test_limits_hold_in_a_warm_worker() -> None:
    with Pool(limits=Limits(seconds=3, cpu_seconds=0.3, memory_mb=256)) as pool:
        assert pool.run("while True: pass").limit == "cpu"
        assert pool.run("x = bytearray(1 << 30)").limit == "memory"
        assert pool.run("print('still here')").stdout == "still here\n"


def test_capabilities_hold_in_a_warm_worker(tmp_path: Path) -> None:
    place = tmp_path.resolve() / "a.txt"
    place.write_text("granted")
    with Pool(capabilities=Capabilities(read=[str(place)])) as pool:
        assert pool.run(f"print(open({str(place)!r}).read())").stdout == "granted\n"
        assert not pool.run("open('/etc/passwd')").ok


def test_threads_share_a_pool() -> None:
    found: list[object] = []
    with Pool() as pool:
        def one(n: int) -> None:
            found.append(pool.run(ADD, entry="add", arguments={"a": n, "b": 0}).value)

        threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found, key=str) == list(range(8))


def test_the_zygote_dies_and_the_next_call_has_another() -> None:
    import signal

    with Pool() as pool:
        first = pool.zygote
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert pool.run("print(1)").stdout == "1\n"
        assert pool.zygote != first


def test_calls_under_way_outlive_the_zygote_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_sandbox.pool.CALLS", 4)
    slow: list[object] = []
    with Pool() as pool:
        waiting = threading.Thread(target=lambda: slow.append(pool.run(
            "import time\ndef f():\n    time.sleep(1)\n    return 'slept'", entry="f").value))
        waiting.start()
        zygotes = set()
        for number in range(12):
            assert pool.run("def f(n): return n", entry="f", arguments={"n": number}).value == number
            zygotes.add(pool.zygote)
        assert len(zygotes) > 1
        waiting.join()
        assert slow == ["slept"]
        assert pool._leaving == []


def test_a_closed_pool_refuses() -> None:
    pool = Pool()
    pool.close()
    with pytest.raises(SandboxUnavailable, match="closed"):
        pool.run("pass")


@pytest.fixture
def adopted() -> Iterator[None]:
    """Have every process that is left behind become a child of this one, wherever it was started."""
    _libc.prctl(SET_CHILD_SUBREAPER, 1)
    yield
    _libc.prctl(SET_CHILD_SUBREAPER, 0)


def settled(before: set[str]) -> set[str]:
    """Return the children of this process that were not there before, after those that are ending have ended."""
    until = time.monotonic() + 5
    while (left := processes() - before) and time.monotonic() < until:
        for pid in left:
            os.waitpid(int(pid), os.WNOHANG)
        time.sleep(0.02)
    return left


def held(pid: int | str) -> int:
    """Return how many descriptors a process has."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def looked_at(zygote: int) -> tuple[int, str]:
    """Return how many descriptors a zygote has, and its mounts; only root can see them."""
    return (held(zygote), Path(f"/proc/{zygote}/mounts").read_text()) if os.geteuid() == 0 else (0, "")


def settled_at(zygote: int, wanted: tuple[int, str]) -> tuple[int, str]:
    """Look until it is as wanted: while it makes a worker, it holds that one's wires."""
    until = time.monotonic() + 5
    while (found := looked_at(zygote)) != wanted and time.monotonic() < until:
        time.sleep(0.02)
    return found


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.usefixtures("adopted")
def test_a_thousand_calls_leak_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before, kept = processes(), set(Path("/tmp").glob("tool-*"))
    with Pool() as pool:
        for _ in range(5):
            pool.run("pass")
        first = pool.zygote
        descriptors, mounts = held("self"), Path("/proc/self/mounts").read_text()
        time.sleep(0.5)  # it has let go of the wires of the workers that it makes
        its = looked_at(first)
        for n in range(1000):
            if n == 900:
                assert pool.zygote == first and settled_at(first, its) == its
            assert pool.run(ADD, entry="add", arguments={"a": n, "b": 1}).value == n + 1
            assert n % 100 or len(processes() - before) == 1  # the zygote, and nothing that a call left
        assert pool.zygote != first, "a worn zygote is replaced"
        assert held("self") == descriptors
        assert Path("/proc/self/mounts").read_text() == mounts
    assert settled(before) == set()
    assert list(tmp_path.iterdir()) == [] and set(Path("/tmp").glob("tool-*")) <= kept
