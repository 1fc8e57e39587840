"""``rewards.json`` in the state folder: written by ``genesis rewards fit``, read whenever a plan is scored.

What it holds is imported only once there is such a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genesis_core import GenesisError, SettingsError, read_json

if TYPE_CHECKING:
    from .known import Rewards

__all__ = ["FILE", "SCHEMA", "forget", "read", "save"]

FILE = "rewards.json"
SCHEMA = "genesis.rewards/1"
_MOST_BYTES = 10_000_000
_HINT = "genesis rewards reset, then genesis rewards fit"


def read(home: Path) -> Rewards | None:
    """Return what was learned; None when nothing was. Raises SettingsError for a file that can't be used.

    Read anew only when the file has changed.
    """
    path = home / FILE
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, str(error)) from None
    return _read(path, about.st_size, about.st_ino, about.st_mtime_ns)


def save(home: Path, rewards: Rewards) -> Path:
    """Write *rewards* whole or not at all, for nobody else to read, and return where."""
    from .known import METHOD

    path = home / FILE
    document = {"schema": SCHEMA, "method": METHOD, **rewards.model_dump(mode="json")}
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=home, prefix=f".{FILE}-")  # 0600 from its beginning
        try:
            with open(handle, "w", encoding="utf-8") as stream:
                json.dump(document, stream, indent=1, allow_nan=False)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(draft, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft)
            raise
    except OSError as error:
        raise SettingsError(f"{path} can't be written", cause=str(error), hint="genesis doctor") from None
    return path


def forget(home: Path) -> bool:
    """Delete what was learned, whatever the file holds, and return whether there was one."""
    path = home / FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SettingsError(f"{path} can't be deleted", cause=str(error), hint=f"delete it by hand: {path}") from None
    return True


@lru_cache(maxsize=1)  # a plan is validated several times
def _read(path: Path, size: int, _inode: int, _changed: int) -> Rewards:
    """Return what *path* holds; the rest of the arguments differ whenever the file does."""
    from .known import METHOD, Rewards

    if size > _MOST_BYTES:
        raise _damaged(path, f"it has {size} bytes")
    try:
        document = read_json(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise _damaged(path, f"it does not say that it is {SCHEMA}")
        if document.get("method") != METHOD:
            raise _damaged(path, f"it was learned by method {document.get('method')!r}, and this program's is {METHOD}")
        return Rewards.model_validate({k: v for k, v in document.items() if k not in ("schema", "method")})
    except SettingsError:
        raise
    except (OSError, ValueError, RecursionError, GenesisError) as error:  # pydantic's errors are ValueErrors
        raise _damaged(path, str(error).splitlines()[0] if str(error) else type(error).__name__) from None


def _damaged(path: Path, cause: str) -> SettingsError:
    return SettingsError(f"{path} can't be used: nothing learned counts", cause=cause, hint=_HINT)
