"""The state folder: made for its owner alone, and the ids of the runs in it; and where the user's own settings are."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .errors import SettingsError

__all__ = ["make_home", "new_id", "user_config", "writing"]


def new_id(clock: Callable[[], datetime] | None) -> str:
    """A run's id: its start in UTC to the microsecond, so that names sort by time, and 12 random bits."""
    now = clock() if clock is not None else datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.randbits(12):03x}"


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Say what to do when the state folder can't be written."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"the state folder {home} can't be written", cause=str(error),
            hint="choose another one: GENESIS_HOME=DIR genesis run ...",
        ) from None


def make_home(home: Path) -> None:
    """Make the state folder, for its owner alone, with the parents that are missing."""
    home.parent.mkdir(parents=True, exist_ok=True)
    for folder in (home, home / "runs"):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not os.access(home / "runs", os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only", str(home / "runs"))


def user_config(environ: Mapping[str, str]) -> Path:
    """Return the path of the user's own settings file (``GENESIS_CONFIG``, or the platform's folder)."""
    if environ.get("GENESIS_CONFIG"):
        return Path(environ["GENESIS_CONFIG"])
    import platformdirs

    return Path(platformdirs.user_config_dir("genesis", appauthor=False)) / "genesis.toml"
