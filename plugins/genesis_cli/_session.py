"""What one call of ``genesis`` knows: its global options, and how it answers."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from . import _streams as streams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from genesis_core import Genesis, RunRecord, Settings, StateFolder

    from ._problem import Problem

__all__ = ["Session"]

LOCAL = "local"
"""The key ring that needs no plugin."""


class Session:
    """The global options of one call. A plain class: a dataclass would cost a tenth of ``genesis --help``."""

    def __init__(self, *, json: bool = False, debug: bool = False, lines: bool = False) -> None:
        self.json, self.debug = json or lines, debug
        self.lines = lines
        """One line a document, as ``--follow`` asks for."""
        self.block: list[str] = []
        """Plugins that ``-p no:NAME`` leaves out."""
        self.home = ""
        self.verbose = 0
        self.looked = False
        """Whether the environment has been looked at."""
        self._reader: Genesis | None = None
        self.command = "genesis"
        self.correlation_id = ""

    def state(self) -> StateFolder:
        """Return the state folder, without loading the kernel."""
        from genesis_core import StateFolder

        return StateFolder.find(self.home)

    @asynccontextmanager
    async def entered(self, settings: Mapping[str, Any] | Settings | None = None) -> AsyncIterator[Genesis]:
        """Enter a Genesis with this call's options; what plugins print while they are loaded goes to stderr."""
        genesis = self.open(settings)
        with streams.quiet_stdout():
            await genesis.__aenter__()
        for info in genesis.plugins:
            if info.state == "refused":
                self.warn(f"plugin {info.name!r} of {info.owner} is not imported: {info.reason}")
        try:
            yield genesis
        finally:
            await genesis.__aexit__(None, None, None)

    def open(self, settings: Mapping[str, Any] | Settings | None = None) -> Genesis:
        """Return a Genesis with this call's options; see :meth:`records` and :meth:`entered`."""
        from genesis_core import Genesis, Settings

        if isinstance(settings, Settings):
            return Genesis.open(settings=settings, block=self.block)
        flags = {**(settings or {}), **({"home": self.home} if self.home else {})}
        return Genesis.open(settings=flags, block=self.block)

    def records(self) -> Genesis:
        """Return a Genesis that reads records with the chosen key ring; plugins are loaded where one of them offers it.

        Call it where no event loop runs.
        """
        if self._reader is None:
            self._reader = self.open()
            if self._reader.settings.keyring != LOCAL:
                import asyncio

                asyncio.run(_loaded(self._reader))
        return self._reader

    def record(self, run_id: str) -> RunRecord:
        """Return what the journal of a run comes to; raises JournalError, or SettingsError for the key ring."""
        return self.records().record(run_id)

    def answer(self, data: Any, text: str | Callable[[], str], problem: Problem | None = None) -> int:
        """Write the result to stdout (and the problem to stderr) and return the exit code."""
        if self.json:
            streams.out(self.envelope(data, problem))
        else:
            words = text if isinstance(text, str) else text()
            if words:
                streams.out(words)
            if problem is not None:
                streams.note(problem.lines())
        return 0 if problem is None else problem.exit_code

    def envelope(self, data: Any, problem: Problem | None = None) -> str:
        """Return the one document of ``--json``, or the last line of ``--follow``."""
        error = None if problem is None else problem.to_json()
        if error is not None and not error["correlation_id"]:
            error["correlation_id"] = self.correlation_id
        return self.dumps({"schema": f"genesis.cli.{self.command.replace(' ', '-')}/1", "ok": problem is None,
                           "data": data, "error": error}, indent=None if self.lines else 2)

    @staticmethod
    def dumps(value: Any, *, indent: int | None = None) -> str:
        """Return JSON that stdout can say without loss, whatever its encoding."""
        import json

        plain = (sys.stdout.encoding or "").lower().replace("_", "-") not in ("utf-8", "utf8")
        text = json.dumps(value, ensure_ascii=plain, indent=indent, allow_nan=False)
        return text if plain else _paired(text)

    def warn(self, text: str) -> None:
        """Write a warning to stderr."""
        from genesis_core import redacted

        streams.note(f"{streams.paint('warning:', 'yellow', stream=sys.stderr)} {streams.one_line(redacted(text))}")

    def next_steps(self, steps: Sequence[tuple[str, str]]) -> None:
        """Write to stderr what to type next: pairs of command and what it does."""
        if not steps or self.json:
            return
        wide = max(len(command) for command, _ in steps)
        for number, (command, why) in enumerate(steps):
            head = "next: " if number == 0 else "      "
            streams.note(f"{head}{streams.paint(command.ljust(wide), 'cyan', stream=sys.stderr)}  {why}".rstrip())


async def _loaded(genesis: Genesis) -> None:
    """Enter and leave: the key ring stays, which is all that reading takes."""
    with streams.quiet_stdout():
        await genesis.__aenter__()
    await genesis.__aexit__(None, None, None)


def _paired(text: str) -> str:
    """Return *text* without lone surrogates, which UTF-8 can't say: they stand as escapes, as JSON allows."""
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text) if not text.isascii() else text
