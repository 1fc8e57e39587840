"""The registry's record: one truth, every damage named, nothing half written, whoever writes at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genesis_core import Genesis, JournalError, KeyStore, MadeState

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from made_kit import content, registry, sql  # noqa: E402

A, B, C = "a" * 64, "b" * 64, "c" * 64


def keys(home: Path) -> KeyStore:
    ring = Genesis.open(home, settings={}).keys(create=True)
    assert isinstance(ring, KeyStore)
    return ring


def filled(home: Path) -> None:
    """Write three rows: A, then B in its place, then C, which has a source."""
    from genesis_aatc._versions import source_digest

    with_source = content(C, "whisper", source=source_digest(b"x = 1\n"))
    made = registry(home)
    made.append("active", content(A))
    made.append("active", content(B))
    made.append("active", with_source, code=b"x = 1\n")
    made.close()


def test_looking_makes_no_file_and_loads_no_database(tmp_path: Path) -> None:
    code = (f"import sys\nfrom pathlib import Path\nfrom genesis_aatc.registry import Registry\n"
            f"view = Registry(Path({str(tmp_path)!r}) / 'registry', lambda: None).view()\n"
            "assert view.versions == {} and view.damage == () and 'sqlite3' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_and_its_files_are_their_owners_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    folder = tmp_path / "registry"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_newer_version_takes_the_name_and_what_was_revoked_stays_so(tmp_path: Path) -> None:
    filled(tmp_path)
    made = registry(tmp_path)
    assert [made.view().versions[d].state for d in (A, B)] == [MadeState.DEPRECATED, MadeState.ACTIVE]
    made.append("revoked", {"digest": B, "why": "it lies"})
    made.append("active", content(B))
    found = registry(tmp_path).view()
    assert found.versions[B].state is MadeState.REVOKED and found.versions[B].why == "it lies"
    assert [v.digest for v in found.active("tool")] == [C]


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    made = registry(tmp_path)
    for _ in range(3):
        made.append("active", content(A), unless=lambda view: A in view.versions)
    assert made.view().rows == 1


DAMAGE = {
    "an edited row": ("UPDATE rows SET data = CAST(replace(data, 'shout', 'SHOUT') AS BLOB) WHERE seq = 2",
                      "row 2 is not as it was signed"),
    "a swapped kind": ("UPDATE rows SET kind = 'revoked' WHERE seq = 2", "row 2 is not as it was signed"),
    "another time": ("UPDATE rows SET time = '2020-01-01T00:00:00+00:00' WHERE seq = 1", "row 1 is not as it"),
    "a missing row": ("DELETE FROM rows WHERE seq = 2", "row 2 is missing"),
    "the last row cut off": ("DELETE FROM rows WHERE seq = 3", "row 3 is missing"),
    "all rows cut off": ("DELETE FROM rows", "rows 1 to 3 are missing"),
    "the first row cut off": ("DELETE FROM rows WHERE seq = 1", "row 1 is missing"),
    "no head": ("DELETE FROM head", "which one is the last is missing"),
    "another head": ("UPDATE head SET seq = 2", "which row is the last is not as it was signed"),
    "a forged row": ("INSERT INTO rows SELECT 4, time, kind, actor, data, mac FROM rows WHERE seq = 1", "row 4"),
    "two rows swapped": ("UPDATE rows SET seq = CASE seq WHEN 1 THEN -2 WHEN 2 THEN -1 ELSE seq END", "missing"),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END", "its tables are not those"),
    "no table": ("ALTER TABLE rows RENAME TO hidden", "its tables are not those"),
    "a column of another type": ("UPDATE rows SET data = 7 WHERE seq = 2", "columns of other types"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_each_damage_is_named_and_nothing_is_offered_then(tmp_path: Path, what: str) -> None:
    filled(tmp_path)
    sql(tmp_path, DAMAGE[what][0])
    found = registry(tmp_path)
    assert any(DAMAGE[what][1] in fault for fault in found.verify()), found.verify()
    with pytest.raises(JournalError, match="damaged"):
        found.whole()
    with pytest.raises(JournalError):
        found.append("active", content(A))


def test_damage_that_is_done_while_the_file_is_open_is_seen(tmp_path: Path) -> None:
    filled(tmp_path)
    made = registry(tmp_path)
    assert not made.view().damage
    sql(tmp_path, DAMAGE["an edited row"][0])
    assert "row 2" in made.view().damage[0]


def test_a_refusal_is_recorded_even_then_and_covers_nothing_up(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "DELETE FROM rows WHERE seq = 3")
    for _ in range(2):
        registry(tmp_path).deny("whisper is not called")
    found = registry(tmp_path).view()
    assert found.damage == ("row 3 is missing",) and found.rows == 4
    assert [refused.message for refused in found.refused] == ["whisper is not called"]


def test_a_query_without_an_end_in_place_of_a_table_is_not_run(tmp_path: Path) -> None:
    filled(tmp_path)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i seq, '' time FROM n"
    sql(tmp_path, "ALTER TABLE rows RENAME TO hidden", f"CREATE VIEW rows AS {endless}")
    assert registry(tmp_path).verify() == ("its tables are not those that were made",)


def test_a_trigger_is_not_run_by_the_record_of_a_refusal(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows WHERE seq = 2; END")
    registry(tmp_path).deny("whisper is not called")
    sql(tmp_path, "DROP TRIGGER t")
    found = registry(tmp_path)
    assert found.verify() == () and found.view().rows == 3


def test_an_edited_source_is_named_with_the_version_that_has_it(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "UPDATE sources SET code = CAST('x = 2' AS BLOB)")
    assert registry(tmp_path).verify() == (f"the source of whisper ({C[:12]}) is not the one that was kept",)
    sql(tmp_path, "DELETE FROM sources")
    assert len(registry(tmp_path).verify()) == 1


def test_a_file_that_is_no_database_is_damage_and_no_bug(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "registry" / "registry.db").write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    found = registry(tmp_path).verify()
    assert len(found) == 1 and "can't be read" in found[0]


@pytest.mark.parametrize("name", ["", "registry.db", "registry.db-wal", "registry.db-shm"])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, name: str) -> None:
    filled(tmp_path)
    path = tmp_path / "registry" / name if name else tmp_path / "registry"
    elsewhere = tmp_path / "elsewhere"
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.touch(mode=0o600)
    path.symlink_to(elsewhere)
    assert registry(tmp_path).verify() == (f"{path} is a symbolic link",)
    with pytest.raises(JournalError, match="symbolic link"):
        registry(tmp_path).append("active", content(A))


@pytest.mark.parametrize("name", ["", "registry.db"])
def test_what_others_may_write_is_not_believed(tmp_path: Path, name: str) -> None:
    filled(tmp_path)
    path = tmp_path / "registry" / name if name else tmp_path / "registry"
    path.chmod(0o755)
    assert registry(tmp_path).verify() == (f"{path} is open to others",)


def test_an_open_registry_sees_that_another_file_lies_in_its_place(tmp_path: Path) -> None:
    filled(tmp_path)
    made = registry(tmp_path)
    assert made.view().rows == 3
    file = tmp_path / "registry" / "registry.db"
    file.rename(tmp_path / "registry" / "old.db")
    file.symlink_to(tmp_path / "registry" / "old.db")
    assert made.view().damage == (f"{file} is a symbolic link",)


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_rows_by_a_key_that_is_not_here_are_damage(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "keys" / "ring.json").unlink()
    assert "row 1 is signed by a key that is not here" in registry(tmp_path).verify()


def test_what_a_retired_key_signed_is_not_used_until_it_is_signed_again(tmp_path: Path) -> None:
    filled(tmp_path)
    keys(tmp_path).rotate(0)
    made = registry(tmp_path)
    view = made.view()
    assert not view.damage and made.unusable(view.versions[B]) == "its row is signed by a key that has retired"
    assert all("genesis tools promote signs it again" in fault for fault in made.verify()) and len(made.verify()) == 2
    made.append("active", view.versions[B].content)
    made.append("active", view.versions[C].content)
    assert made.verify() == ()


def test_a_key_in_grace_is_known_as_ageing(tmp_path: Path) -> None:
    filled(tmp_path)
    keys(tmp_path).rotate(3600)
    made = registry(tmp_path)
    version = made.view().versions[B]
    assert made.ageing(version) and made.unusable(version) == ""
    made.append("renewed", version.content)
    again = made.view().versions[B]
    assert again.state is MadeState.ACTIVE and not made.ageing(again)


# ---- several processes, and one that dies ----------------------------------------------------------------------------

WRITER = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from made_kit import content, registry
made = registry(Path(sys.argv[1]))
for number in range(15):
    name = f"{{number:064x}}"
    made.append("active", content(name, f"tool{{number}}"), unless=lambda view: name in view.versions)
    made.append("active", content(sys.argv[2] + f"{{number:063x}}", sys.argv[2]))
"""


def test_two_processes_that_write_at_once_make_one_whole_chain(tmp_path: Path) -> None:
    keys(tmp_path)
    code = WRITER.format(here=str(HERE))
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("d", "e")]
    assert [process.wait(timeout=100) for process in running] == [0, 0]
    found = registry(tmp_path)
    assert found.verify() == () and found.view().rows == 45
    assert len(found.view().versions) == 45


KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from made_kit import content, registry
def probe(where):
    if where == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
code = b"x = 1\\n"
from genesis_aatc._versions import source_digest
registry(Path(sys.argv[1]), probe=probe).append("active", content("a" * 64, source=source_digest(code)), code=code)
"""


@pytest.mark.parametrize("where", ["begun", "source", "row", "done"])
def test_a_process_that_is_killed_leaves_a_whole_row_or_none(tmp_path: Path, where: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED.format(here=str(HERE)), str(tmp_path), where], timeout=60)
    assert done.returncode == -signal.SIGKILL
    found = registry(tmp_path)
    assert found.verify() == () and found.view().rows == (where == "done")
    assert len(found.sources()) == (where == "done")
    found.append("active", content(A), unless=lambda view: A in view.versions)
    assert found.view().rows == 1
