"""The evaluation ``sandbox``: attack programs and benign ones, each run by the sandbox's command, cold and warm."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from genesis_core import Genesis, SettingsError

from ._study import Progress, check_options
from .programs import Program, read_programs
from .sandbox_scores import Verdict, intervals, judge, score
from .stage import FULL, Stage, stage

__all__ = ["COMMANDS", "Sandboxing", "verdict"]

MODULE = (sys.executable, "-P", "-m", "genesis_sandbox")
COMMANDS: Mapping[str, tuple[str, ...]] = {"cold": MODULE, "warm": (*MODULE, "--warm")}
"""How a program is run; the file's name follows."""
_T = TypeVar("_T")


class Sandboxing:
    """Runs every program of a folder against a small host, and counts what got out, or was not ended in time."""

    async def run(
        self, genesis: Genesis, *, data: Path, options: Mapping[str, str], predictions: Path | None,
        progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Return ``{rows, errors, resumed, variant, predictions, scores, intervals, verdicts}``; raises SettingsError.

        There is no simple sandbox to compare with; ``baseline`` says so.
        """
        check_options("sandbox", options, "programs", "mode")
        if options.get("baseline"):
            raise SettingsError("genesis eval sandbox takes no file for --baseline", cause="it writes no predictions",
                                hint="genesis eval sandbox --programs DIR")
        programs = read_programs(data)
        modes = [mode for mode in COMMANDS if options.get("mode", mode) == mode]
        found = await _heard(partial(_all, programs, modes), progress)
        scores = {mode: score(verdicts) for mode, verdicts in found.items()}
        compared = {"baseline": {"name": None, "scores": None, "differences": None}} if "baseline" in options else {}
        return {
            "rows": len(programs), "errors": 0, "resumed": 0, "variant": ", ".join(modes), "predictions": None,
            "scores": scores, "intervals": {mode: intervals(counts) for mode, counts in scores.items()}, **compared,
            "verdicts": {mode: [asdict(verdict) for verdict in verdicts] for mode, verdicts in found.items()},
        }  # fmt: skip


async def _heard(work: Callable[[Progress], _T], progress: Progress) -> _T:
    """Return what *work* comes to in a thread; when this is cancelled it ends after the program that is under way."""
    import asyncio

    ended = False

    def heard(done: int, total: int) -> None:
        if ended:
            raise InterruptedError
        progress(done, total)

    running = asyncio.ensure_future(asyncio.to_thread(work, heard))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        ended = True
        await asyncio.wait([running])  # what it set up on the host is to be gone
        running.exception()
        raise


def _all(
    programs: Mapping[str, Program], modes: Sequence[str], progress: Progress
) -> dict[str, list[Verdict]]:
    firsts = [program for program in programs.values() if program.headers.get("kind") != "second"]
    found: dict[str, list[Verdict]] = {mode: [] for mode in modes}
    with stage() as host:
        for at, program in enumerate(firsts, 1):
            for mode in modes:
                found[mode].append(verdict(program, COMMANDS[mode], host, programs))
            progress(at, len(firsts))
    return found


def verdict(
    program: Program, command: Sequence[str], host: Stage, others: Mapping[str, Program],
    sizes: Mapping[str, int] = FULL, seconds: float = 15.0,
) -> Verdict:  # fmt: skip
    """Run a program, and what is to run after it, by a command; return what it comes to."""
    values = host.values_now(sizes)
    after = others.get(program.headers.get("then", ""))
    runs = [program, *([after] if after else []), *([program] if program.win == "distinct" else [])]
    file = Path(str(values["FAKE_HOME"])) / "program.py"
    seen = []
    try:
        for one in runs:
            file.write_text(one.rendered(values), encoding="utf-8")
            seen.append(host.run([*command, str(file)], seconds, sizes["OUT_MB"] << 20))
    finally:
        file.unlink(missing_ok=True)
    return judge(program, seen, values, host.secret)
