"""The state folder, seen without loading the kernel: where it is, which runs it holds, and who drives one.

``genesis runs`` must be quick, so this module imports neither pydantic nor the journal; only a run that the index does
not know is read from its journal, once, and then the index knows it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ._index import Entry, Index

if TYPE_CHECKING:
    from ._fold import RunRecord

__all__ = ["StateFolder"]


class StateFolder:
    """A folder of runs and their index."""

    def __init__(self, home: Path) -> None:
        self.home, self.index = home, Index(home)

    @classmethod
    def find(cls, home: str = "", environ: Mapping[str, str] | None = None) -> StateFolder:
        """Return the folder in force: *home*, ``GENESIS_HOME``, ``home`` of the user's settings, or the platform's.

        A settings file that can't be read counts as absent here; every command that loads settings names it.
        """
        environ = os.environ if environ is None else environ
        chosen = home or environ.get("GENESIS_HOME", "") or _configured(environ)
        return cls((Path(chosen) if chosen else _platform("user_data_dir")).expanduser().absolute())

    def entries(self, read: Callable[[str], RunRecord] | None = None) -> list[Entry]:
        """Return every run, newest first, with its state as it is now.

        *read* gives the record of a run that the index does not know, as ``Genesis.record`` does; without it, that is
        read with the local key ring. What *read* raises when it can't read any record (SettingsError) is raised.
        """
        known = self.index.entries()
        found: list[Entry] = []
        for folder in self.index.folders():
            entry = known.get(folder.name) or self._unknown(folder, read)
            if entry.state in ("running", "planning") and not self.driven(entry.id):
                entry = entry._replace(state="interrupted")
            found.append(entry)
        return found

    def driven(self, run_id: str) -> bool:
        """Return whether a process is carrying this run out at the moment."""
        try:
            handle = os.open(self.home / "runs" / run_id / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            return not _free(handle)
        finally:
            os.close(handle)

    def remove(self, run_id: str) -> None:
        """Delete the folder of a run and forget it.

        Raises FileNotFoundError for a name that no run has, and OSError when a process drives the run or the folder
        can't be deleted.
        """
        folder = self.home / "runs" / run_id
        if run_id in ("", "..") or Path(run_id).name != run_id or not folder.is_dir():
            raise FileNotFoundError(f"there is no run {run_id!r} in {self.home}")
        with _held(folder):
            shutil.rmtree(folder)
        self.index.drop(run_id)

    def _unknown(self, folder: Path, read: Callable[[str], RunRecord] | None) -> Entry:
        """Read a run that the index does not know, and let the index know it when nobody drives it."""
        if self.driven(folder.name):
            return _blank(folder, "running")
        entry = _entry(folder, read or partial(_record, self.home))
        if entry.state != "damaged":
            with contextlib.suppress(OSError):
                self.index.put(entry)
        return entry


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of a run, so that nobody drives it meanwhile; raises OSError when somebody does."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(FileNotFoundError):  # no lock was ever taken: nobody can be driving it
            handle = os.open(folder / "lock", os.O_RDWR)
            stack.callback(os.close, handle)
            if not _free(handle, exclusive=True):
                raise BlockingIOError(f"run {folder.name} is being carried out by a process")
        yield


def _free(handle: int, *, exclusive: bool = False) -> bool:
    if os.name == "nt":  # pragma: no cover  # untested: no such machine
        return True
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _blank(folder: Path, state: str) -> Entry:
    return Entry(folder.name, "", "", state, "", "", 0, 0, "", 0.0, 0, "", "")


def _record(home: Path, run_id: str) -> RunRecord:
    from ._records import Records

    return Records(home).record(run_id)


def _entry(folder: Path, read: Callable[[str], RunRecord]) -> Entry:
    """Return the entry that the journal in *folder* comes to."""
    from .errors import GenesisError, SettingsError

    try:
        record = read(folder.name)
    except (GenesisError, OSError) as error:
        if isinstance(error, SettingsError) and folder.is_dir():  # not this run, but all of them can't be read
            raise
        return _blank(folder, "damaged")
    plan, cost = record.plan, record.usage.cost
    return Entry(
        id=folder.name, goal="" if plan is None else plan.goal.text, workspace=record.workspace,
        state=record.state.value, started="" if record.started is None else record.started.isoformat(),
        ended="" if record.ended is None else record.ended.isoformat(),
        tasks=0 if plan is None else len(plan.graph.leaves),
        done=sum(r.state.value == "completed" for r in record.results.values()),
        cost="" if cost is None else str(cost), seconds=record.seconds, seq=record.seq, mac=record.mac,
        pipeline="" if plan is None else plan.pipeline, replay=record.replay_of,
    )


def _configured(environ: Mapping[str, str]) -> str:
    """Return ``home`` of the user's own settings file: a project's can't set it."""
    user = environ.get("GENESIS_CONFIG", "")
    path = Path(user) if user else _platform("user_config_dir") / "genesis.toml"
    if path.is_file():
        import tomllib

        with contextlib.suppress(OSError, ValueError):
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("home", "")
            return found if isinstance(found, str) else ""
    return ""


def _platform(folder: str) -> Path:
    import platformdirs

    return Path(getattr(platformdirs, folder)("genesis", appauthor=False))
