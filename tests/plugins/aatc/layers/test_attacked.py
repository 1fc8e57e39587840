"""The self-test is remembered for a day, and for nothing but this very machine, user and code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesis_aatc import _attacked, sandboxes
from genesis_aatc._attacked import FILE, SECONDS, Held
from genesis_core import Genesis, KeyRing


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return Genesis.open(tmp_path, plugins="none", settings={}).keys(create=True)


@pytest.fixture
def held(tmp_path: Path, ring: KeyRing, clock: Clock) -> Held:
    found = Held(tmp_path, lambda: ring, clock)
    assert not found.held("purejail")
    found.keep("purejail")
    assert found.held("purejail")
    return found


def test_it_counts_for_a_day_and_for_its_launcher(held: Held, clock: Clock) -> None:
    assert not held.held("bubblewrap")
    clock.now += SECONDS - 1
    assert held.held("purejail")
    clock.now += 2
    assert not held.held("purejail")
    clock.now -= 2 * SECONDS
    assert not held.held("purejail"), "what comes from the future is not believed"


def test_another_start_of_the_machine_is_another_machine(
    held: Held, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    monkeypatch.setattr(_attacked, "BOOT", boot)
    assert not held.held("purejail")


def test_what_was_written_by_somebody_without_the_key_is_not_believed(held: Held, tmp_path: Path) -> None:
    said = json.loads((tmp_path / FILE).read_text())
    said["held"]["bubblewrap"] = said["held"]["purejail"]
    (tmp_path / FILE).write_text(json.dumps(said))
    assert not held.held("purejail") and not held.held("bubblewrap")
    (tmp_path / FILE).write_text("{")
    assert not held.held("purejail")


def test_without_keys_nothing_is_written_and_none_are_made(tmp_path: Path) -> None:
    def never() -> KeyRing:
        raise AssertionError("nobody asked for keys")

    found = Held(tmp_path, never)
    found.keep("purejail")
    assert not found.held("purejail") and list(tmp_path.iterdir()) == []


def test_a_call_that_was_not_contained_has_it_attacked_again(
    held: Held, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    attacks: list[str] = []

    def attacked(launcher: str) -> str:
        attacks.append(launcher)
        return ""

    monkeypatch.setattr(sandboxes, "_attacked", attacked)
    tests = sandboxes._Tests()
    assert tests.why_not("purejail", held) == "" and attacks == []
    tests.forget(held)
    assert tests.why_not("purejail", held) == "" and attacks == ["purejail"]
    assert held.held("purejail")
