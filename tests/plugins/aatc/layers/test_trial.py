"""Layer 6: what a tool does in the sandbox, and that it can't forge what it is tried by."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.candidate import NOTHING, Candidate, Manifest
from genesis_aatc.sandboxes import Bench, default_limits
from genesis_aatc.trial import FLOORS, Trial, granted_limits, try_out
from genesis_core import DependencyDown

TEXT = {"type": "string"}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    if why := made.refuses():
        pytest.skip(why)
    yield made
    made.close()


def tried(bench: Bench, found: Candidate, **options: Any) -> Trial:
    return asyncio.run(try_out(found, bench, **options))


def refused(bench: Bench, code: str, pairs: Any = ((({"text": "a"}, "A")),), **options: Any) -> str:
    """Return why a tool is refused; the same tool without the fault passes."""
    trial = tried(bench, candidate(code, pairs, **options))
    assert not trial.check.ok and trial.limits == {}
    return " ".join(trial.check.findings)


UPPER = "def tool(text):\n    return text.upper()\n"
PAIRS = (({"text": "a"}, "A"), ({"text": "b c"}, "B C"))


def test_a_tool_that_does_its_examples_passes_and_its_use_is_known(bench: Bench) -> None:
    trial = tried(bench, candidate(UPPER, PAIRS))
    assert trial.check.ok and trial.check.layer == "trial" and trial.check.policy and trial.check.seconds > 0
    assert trial.observed["calls"] >= 2 * 2 + 12 and trial.observed["memory_mb"] > 1
    assert set(trial.limits) == set(default_limits()) and trial.limits["seconds"] < default_limits()["seconds"]
    assert "2 examples and 12 other inputs" in trial.check.findings[-1]


def test_a_tool_that_is_wrong_once_is_refused_with_what_it_gave(bench: Bench) -> None:
    said = refused(bench, "def tool(text):\n    return text.title()\n", (({"text": "a"}, "A"), ({"text": "ab"}, "AB")))
    assert '"Ab"' in said and '"AB"' in said and '{"text":"ab"}' in said


# ---- what is expected never enters the sandbox -------------------------------------------------------------------

SEARCH = '''
import gc, os, sys

def _texts(root):
    waiting, seen = [root], set()
    while waiting and len(seen) < 200_000:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (str, bytes, bytearray)):
            yield value if isinstance(value, str) else bytes(value).decode("latin-1")
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting += value

def _everything(text):
    yield from _texts([text, globals(), dict(os.environ), sys.argv, sys.orig_argv, vars(sys)])
    frame = sys._getframe()
    while frame is not None:
        yield from _texts([frame.f_locals, frame.f_globals])
        frame = frame.f_back
    yield from _texts([value for value in gc.get_objects() if type(value) in (dict, list, tuple, set)])
    for descriptor in range(64):
        try:
            yield os.pread(descriptor, 1 << 20, 0).decode("latin-1")
        except OSError:
            pass
    for folder, _, names in os.walk("/", followlinks=False):
        for name in names:
            if not folder.startswith(("/usr", "/opt")) and not folder.startswith(sys.prefix):
                try:
                    with open(os.path.join(folder, name), errors="replace") as file:
                        yield file.read(1 << 16)
                except OSError:
                    pass

def tool(text):
    for found in _everything(text):
        at = found.find("expect" + "ed-")
        if at >= 0 and len(found) >= at + 25:
            return found[at:at + 25]
    return "nothing"
'''
ROOMY = {"cpu_seconds": 20, "seconds": 30, "memory_mb": 2048}


def test_a_tool_that_looks_everywhere_does_not_find_what_is_expected(bench: Bench) -> None:
    mark = f"expected-{secrets.token_hex(8)}"
    given = {"text": f"it is {mark}"}
    assert len(mark) == 25 and bench.run(SEARCH.encode(), "tool", given, NOTHING, ROOMY).value == mark, "it can find it"
    kept: list[Any] = []

    class Watched(Bench):
        def run(self, *arguments: Any, **options: Any) -> Any:
            kept.append(super().run(*arguments, **options))
            assert mark not in repr((arguments, options))
            return kept[-1]

    watched = Watched()
    trial = tried(watched, candidate(SEARCH, (({"text": "a"}, mark), ({"text": "b"}, mark))))
    watched.close()
    assert not trial.check.ok and '"nothing"' in trial.check.findings[0]
    assert kept and all(mark not in repr(outcome.to_json()) for outcome in kept)


FORGED = {
    "result frames": """
import os

def tool(text):
    said = b'{"v":1,"result":"A"}'
    for descriptor in range(1, 64):
        try:
            os.write(descriptor, len(said).to_bytes(4, "big") + said)
        except OSError:
            pass
    return "x"
""",
    "a line that looks like one": """
import os

def tool(text):
    print('{"v": 1, "result": "A"}', flush=True)
    os._exit(0)
""",
    "equal to anything": """
class tool(str):
    def __new__(cls, text):
        return super().__new__(cls, "a")

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1
""",
    "another writer": """
import json

def tool(text):
    json.dumps = lambda *_, **__: '{"v": 1, "ok": true}'
    return "A"
""",
    "early exit": "import sys\ndef tool(text):\n    sys.exit(0)\n",
    "exit while it is read": "raise SystemExit(0)\ndef tool(text): pass\n",
    "exit with words": "def tool(text):\n    raise SystemExit('A')\n",
}


@pytest.mark.parametrize("code", FORGED.values(), ids=FORGED)
def test_a_forged_result_is_no_result(bench: Bench, code: str) -> None:
    assert refused(bench, code, PAIRS)


# ---- the same each time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [
    "hash(text)", "id(object())", "__import__('time').time_ns()", "__import__('random').random()",
    "__import__('os').urandom(8).hex()", "list({str(n) for n in range(50)})", "__import__('uuid').uuid4().hex",
    "__import__('time').perf_counter_ns()",
])  # fmt: skip
def test_what_differs_each_time_is_refused(bench: Bench, line: str) -> None:
    gives = {"type": "array", "items": {"type": ["string", "number"]}}
    code = f"def tool(text):\n    found = {line}\n    return [] if len(text) < 2 else [str(found)]\n"
    pairs = (({"text": "a"}, []),)
    assert "does not always give the same" in refused(bench, code, pairs, gives=gives)


COUNTS = """
import os

CALLS = []

def tool(text):
    CALLS.append(1)
    seen = os.path.exists("mark")
    open("mark", "w").close()
    return text.upper() if len(CALLS) == 1 and not seen else "caught"
"""


def test_what_a_tool_counts_is_gone_with_its_worker(bench: Bench) -> None:
    """A tool that behaves in its first calls gets no second one; what it leaves behind is gone, too."""
    code = COUNTS
    assert tried(bench, candidate(code, PAIRS)).check.ok


# ---- what it does to others, and with what is not for it ---------------------------------------------------------


@pytest.mark.parametrize(("code", "word"), [
    ("def tool(text):\n    while True: pass\n", "cpu"),
    ("def tool(text):\n    return len(bytearray(3 << 30))\n", "memory"),
    ("import time\ndef tool(text):\n    time.sleep(60)\n", "time"),
    ("def tool(text):\n    print('x' * (9 << 20))\n", "output"),
    ("def tool(text):\n    return 'x' * (9 << 20)\n", "result"),
    ("import ctypes\ndef tool(text):\n    ctypes.string_at(0)\n", "killed"),
    ("import os\ndef tool(text):\n    os.abort()\n", "killed"),
    ("def tool(text):\n    return open('/etc/hostname').read()\n", "FileNotFoundError"),
    ("import os\ndef tool(text):\n    os.fork()\n", "PermissionError"),
    ("def tool(text):\n    return {1, 2}\n", "TypeError"),
    ("def tool(text):\n    return float('nan')\n", "ValueError"),
    ("def tool(text):\n    return 1\n", "output schema"),
    ("def other(text):\n    return 'A'\n", "NameError"),
    ("def tool(text):\n    return 'A'\n)", "SyntaxError"),
], ids=["spin", "memory", "sleep", "output", "result", "crash", "abort", "file", "fork", "set", "nan", "schema",
        "no function", "no program"])  # fmt: skip
def test_a_tool_that_meets_a_limit_or_breaks_is_refused(bench: Bench, code: str, word: str) -> None:
    asks = {"limits": {"seconds": 2, "cpu_seconds": 0.5, "memory_mb": 256, "result_kb": 512, "output_mb": 1}}
    assert word in refused(bench, code, asks=asks)


def test_no_trial_is_longer_than_it_may_be(bench: Bench) -> None:
    code = "import time\ndef tool(text):\n    time.sleep(0.4)\n    return text.upper()\n"
    started = time.monotonic()
    trial = tried(bench, candidate(code, PAIRS), seconds=1.2)
    assert not trial.check.ok and time.monotonic() - started < 5


ODD = {
    "raises what it should not": ("return text[999]", "IndexError"),
    "gives another type": ("return None", "type null"),
    "ends the process": ("__import__('os')._exit(3)", "status 3"),
    "spins": ("while True: pass", "cpu"),
    "is killed": ("__import__('os').abort()", "killed"),
    "returns garbage": ("return [[[text]]]", "type array"),
}


@pytest.mark.parametrize(("line", "word"), ODD.values(), ids=ODD)
def test_a_tool_that_only_its_examples_please_is_refused(bench: Bench, line: str, word: str) -> None:
    code = f"def tool(text):\n    if text not in ('a', 'b c'):\n        {line}\n    return text.upper()\n"
    assert word in refused(bench, code, PAIRS, asks={"limits": {"cpu_seconds": 0.3}})


def test_a_tool_may_say_that_an_argument_is_none_for_it(bench: Bench) -> None:
    line = "raise ValueError(text)"
    code = f"def tool(text):\n    if text not in ('a', 'b c'):\n        {line}\n    return text.upper()\n"
    assert tried(bench, candidate(code, PAIRS)).check.ok
    assert "ValueError" in refused(bench, code, (*PAIRS, ({"text": "d"}, "D")))


def test_what_a_tool_prints_is_told(bench: Bench) -> None:
    trial = tried(bench, candidate("def tool(text):\n    print(text)\n    return text.upper()\n", PAIRS))
    assert trial.check.ok and "never read" in trial.check.findings[0]


# ---- what it asks for --------------------------------------------------------------------------------------------

READS = "def tool(text):\n    return open(PATH).read() + text\n"


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    path = tmp_path.resolve() / "shown.txt"
    path.write_text("shown ")
    return path


def test_a_grant_that_is_not_needed_is_refused(bench: Bench, shown: Path) -> None:
    for asks in ({"read": [str(shown)]}, {"env": ["PATH"]}, {"limits": {"memory_mb": 2048}}):
        assert "does its examples without" in refused(bench, UPPER, PAIRS, asks=asks, approved="ada")


def test_a_grant_that_is_needed_has_to_be_given_by_somebody(bench: Bench, shown: Path) -> None:
    code, pairs = READS.replace("PATH", repr(str(shown))), (({"text": "a"}, "shown a"),)
    asks = {"read": [str(shown)]}
    assert "nobody has granted" in refused(bench, code, pairs, asks=asks)
    assert tried(bench, candidate(code, pairs, asks=asks, approved="ada")).check.ok


def test_one_grant_too_many_is_found(bench: Bench, shown: Path) -> None:
    other = shown.with_name("other.txt")
    other.write_text("other")
    code, pairs = READS.replace("PATH", repr(str(shown))), (({"text": "a"}, "shown a"),)
    said = refused(bench, code, pairs, asks={"read": [str(shown), str(other)]}, approved="ada")
    assert "other.txt" in said and "shown.txt" not in said


def test_a_grant_that_cannot_be_enforced_is_refused(bench: Bench, shown: Path) -> None:
    code, pairs = READS.replace("PATH", repr(str(shown))), (({"text": "a"}, "shown a"),)
    link = shown.with_name("link.txt")
    link.symlink_to(shown)
    assert "symbolic link" in refused(bench, code, pairs, asks={"read": [str(link)]}, approved="ada")


def test_where_nothing_can_be_contained_a_trial_says_so() -> None:
    class Gone(Bench):
        def run(self, *_: Any, **__: Any) -> Any:
            raise DependencyDown("no sandbox")

    with pytest.raises(DependencyDown):
        tried(Gone(), candidate(UPPER, PAIRS))


# ---- limits ------------------------------------------------------------------------------------------------------


def test_limits_are_four_times_what_was_seen_within_floor_and_default() -> None:
    most = default_limits()
    seen = dict.fromkeys(FLOORS, 0.001)
    least = granted_limits(seen, most, packages=False)
    assert {name: least[name] for name in FLOORS} == dict(FLOORS)
    assert granted_limits({**seen, "memory_mb": 100.0}, most, packages=False)["memory_mb"] == 512
    assert granted_limits({**seen, "seconds": 9.0}, most, packages=False)["seconds"] == most["seconds"]
    assert granted_limits(seen, most, packages=True)["memory_mb"] == most["memory_mb"]
    assert granted_limits(seen, {**most, "seconds": 1}, packages=False)["seconds"] == 1


def test_a_manifest_below_the_defaults_is_a_limit_and_no_grant(bench: Bench) -> None:
    trial = tried(bench, candidate(UPPER, PAIRS, asks={"limits": {"seconds": 3}}))
    assert trial.check.ok and trial.limits["seconds"] == 3
    assert Manifest(limits={"seconds": 3}) != NOTHING


LEAKS = (
    "    return read + text",
    "    return [read]",
    "    return {read: 1}",
    "    raise type(read.strip(), (Exception,), {})(read)",
    "    import random\n    return read + str(random.random())",
)


@pytest.mark.parametrize("line", LEAKS)
def test_what_a_tool_has_read_stands_in_no_finding(bench: Bench, shown: Path, line: str) -> None:
    shown.write_text("hunter2")
    code = f"def tool(text):\n    read = open({str(shown)!r}).read()\n{line}\n"
    pairs, gives = (({"text": "a"}, "A"),), {"type": "string", "maxLength": 5}
    if "[" in line or "{read" in line:
        gives = {"type": "object", "additionalProperties": False, "properties": {}}
        pairs = (({"text": "a"}, {}),)  # type: ignore[assignment]
    if "random" in line:
        gives = {"type": "string"}
    said = refused(bench, code, pairs, asks={"read": [str(shown)]}, approved="ada", gives=gives)
    assert "hunter2" not in said and "called with" in said
