"""For tests of pipelines: a model that answers from a recording, and a fixture that replays a recorded run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_core import ModelReply, ModelRequest, RunResult, Usage, digest

from .differences import first_difference
from .recording import Part, Recording
from .redact import Redactor
from .replay import raised
from .start import read_recording
from .tape import essence

__all__ = ["ReplayModel", "replay_run", "replayed"]


class ReplayModel:
    """A model that gives the answers of a recorded run, whoever asks: the same request gets the same answer.

    *run* is the folder of a recorded run, or its result. Asked the same a second time, it gives what was answered the
    second time.
    A request that is not on record is an AssertionError that says where it differs from one that is.
    """

    def __init__(self, run: str | os.PathLike[str] | RunResult, *, name: str = "") -> None:
        self._recording = read_recording(Path(run.folder if isinstance(run, RunResult) else run))
        self._answers = Part()
        for part in _parts(self._recording):
            self._answers.join(part)
        self._redact = Redactor()
        asked = next((kept.name for kept in self._answers.kept if kept.kind == "model"), "replay")
        self.name = name or next(iter(self._recording.lineup.models), asked)

    def most(self, request: ModelRequest) -> Usage:
        """Return the most that an answer takes: nothing is paid."""
        return Usage(model_calls=1)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Return the recorded answer, or raise what the model then failed with."""
        asked = essence(request)
        shown = self._redact(asked)
        names = dict.fromkeys((self.name, *(kept.name for kept in self._answers.left("model"))))
        digests = (digest(asked), digest(shown))
        found = next((k for name in names if (k := self._answers.take("model", name, digests)) is not None), None)
        if found is None:
            raise AssertionError(self._missing(shown))
        answer = self._recording.blob(found)
        if "value" not in answer:
            raise raised(answer.get("error", {"type": "TimeoutError", "message": "cut off", "expected": False}))
        return ModelReply(**{**answer["value"], "usage": Usage(model_calls=1)})

    def _missing(self, shown: Any) -> str:
        near = next(self._answers.left("model"), None)
        if near is None:
            return f"{self.name} was asked more often than run {self._recording.record.run_id} has answers"
        place = first_difference(self._recording.blob(near)["what"], shown)
        where = "" if place is None else f": {place.pointer} was {place.recorded}, is {place.now}"
        return f"{self.name} was asked what run {self._recording.record.run_id} has no answer to{where}"


def _parts(recording: Recording) -> Iterator[Part]:
    yield recording.planning
    yield from recording.parts.values()
    yield recording.changing


async def replay_run(
    home: Path, run: str | os.PathLike[str], *extend: object, workspace: Any = None, **options: Any
) -> RunResult:
    """Replay *run*, an id or a run's folder, in a Genesis of its own and return what it came to."""
    from genesis_core.testing import open_genesis

    options.setdefault("plugins", "all")
    async with open_genesis(home, *extend, **options) as genesis:
        return await (await genesis.replay(run, workspace=workspace)).result()


@pytest.fixture
def replayed(tmp_path: Path) -> Callable[..., RunResult]:
    """Replay a recorded run: ``replayed(folder, my_agent, workspace="examples")``; a difference fails the test.

    *folder* is that of the run; agents of the program itself follow it, installed ones are there. With ``equal=False``
    a difference is left to the test, in ``RunResult.replayed``.
    """

    def replay(
        run: str | os.PathLike[str], *extend: object, workspace: Any = None, equal: bool = True, **options: Any
    ) -> RunResult:
        result = asyncio.run(replay_run(tmp_path / "replay-home", run, *extend, workspace=workspace, **options))
        if equal and result.replayed is not None and result.replayed.difference is not None:
            pytest.fail(f"the replay differs: {result.replayed.difference}", pytrace=False)
        return result

    return replay
