"""Run one program in the sandbox: the door for callers."""

from __future__ import annotations

import time

from ._job import Job
from ._packages import shown
from ._reap import reap
from ._spawn import spawn
from ._supervise import supervise
from ._wires import ERRORS, OUTPUT, RESULT, Wires
from .capabilities import Capabilities
from .errors import SandboxUnavailable
from .limits import Limits
from .outcome import Ended, Failure, JsonValue, Outcome

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._supervise import Ending

__all__ = ["run"]


def run(
    code: str | bytes, *, entry: str = "", arguments: Mapping[str, JsonValue] | None = None,
    limits: Limits | None = None, capabilities: Capabilities | None = None, launcher: str = "auto",
    allow_reduced: bool = False,
) -> Outcome:  # fmt: skip
    """Run a Python program in a sandbox of its own and return how it ended, within `limits.seconds`.

    With `entry`, the function of that name is called with `arguments`, and what it returns is the outcome's value.
    What it left in a folder that it was granted to write to is put there when it has ended well, and not otherwise.
    `launcher` is purejail, bubblewrap, reduced, or auto: the first that isolates here. `allow_reduced` is an operator's
    word, never a program's. Raises SandboxUnavailable when the program cannot be contained: then nothing was run.
    """
    from ._frames import request
    from ._launchers import choose

    started = time.monotonic()
    granted = capabilities or Capabilities()
    name = choose(launcher, allow_reduced)
    job = prepared(granted, limits or Limits(), name)
    source = code.encode() if isinstance(code, str) else code
    message = request(source, entry, dict(arguments or {}), granted.env)
    if not job.write:
        return _cold(job, message, wants_value=bool(entry), started=started)
    from ._export import exporting

    with exporting(job) as export:
        outcome = _cold(job, message, wants_value=bool(entry), started=started, also=export.wires)
        return export.told(outcome, started + job.limits.seconds) if outcome.ok else outcome


def prepared(granted: Capabilities, limits: Limits, launcher: str) -> Job:
    """Return the job for a call (raises SandboxUnavailable for a grant that cannot be enforced)."""
    granted.check(launcher)
    try:
        modules = shown(list(granted.modules))
    except LookupError as error:
        raise SandboxUnavailable(f"modules: {error}") from None
    return Job(launcher=launcher, limits=limits, modules=modules, read=list(granted.read),
               write=list(granted.write))


def _cold(
    job: Job, message: bytes, *, wants_value: bool, started: float, also: dict[int, int] | None = None
) -> Outcome:
    """Carry one call to its end by way of a keeper, which gets the descriptors `also`, too."""
    kept = Kept(job.limits)
    try:
        wires = Wires()
    except OSError as error:
        raise SandboxUnavailable(f"no descriptors for a call: {error}") from error
    try:
        pid = spawn("keeper", job, wires.there | (also or {}))
        wires.close_there()
        try:
            ending = supervise(wires, message, job.limits, kept, started=started)
        finally:
            wires.close()
            reap(pid)
    except OSError as error:
        raise SandboxUnavailable(f"the keeper could not be started: {error}") from error
    finally:
        wires.close()
    return told(ending, kept, job, wants_value)


class Kept:
    """What the program wrote, as much of it as is kept."""

    def __init__(self, limits: Limits) -> None:
        self.most = {OUTPUT: int(limits.kept_kb * 1024), ERRORS: int(limits.kept_kb * 1024),
                     RESULT: int(limits.result_kb * 1024) + 4}  # fmt: skip
        self.data = {OUTPUT: bytearray(), ERRORS: bytearray(), RESULT: bytearray()}
        self.cut = False

    def __call__(self, wire: int, data: bytes) -> None:
        room = self.most[wire] - len(self.data[wire])
        self.cut = self.cut or len(data) > room
        self.data[wire] += data[:room]

    def text(self, wire: int) -> str:
        """Return output as text, with what controls a terminal taken out."""
        text = self.data[wire].decode("utf-8", "replace")
        return "".join(sign for sign in text if sign >= " " and sign != "\x7f" or sign in "\n\t")


def told(ending: Ending, kept: Kept, job: Job, wants_value: bool) -> Outcome:
    """Return the outcome of a call (raises SandboxUnavailable when nothing was run)."""
    from ._frames import BadFrame, read
    from ._launchers import LAUNCHERS

    if ending.refused:
        raise SandboxUnavailable(ending.refused)
    value: JsonValue = None
    failure: Failure | None = None
    try:
        there, value, failure = read(bytes(kept.data[RESULT]))
        if wants_value and ending.status == 0 and not ending.limit and not there:
            failure = failure or Failure("NoResult", "the program ended before its function returned")
    except BadFrame as error:
        failure = Failure("BadResult", str(error))
    ended, limit = _how(ending, failure, wants_value)
    code = ending.status if ending.status is not None and ending.status >= 0 else None
    return Outcome(
        ended=ended, exit_code=code, signal=-ending.status if code is None and ending.status is not None else None,
        limit=limit, value=value if ended is Ended.DONE else None, failure=failure if ended is not Ended.DONE else None,
        stdout=kept.text(OUTPUT), stderr=kept.text(ERRORS), cut=kept.cut, wall_seconds=ending.wall_seconds,
        cpu_seconds=ending.cpu_seconds, peak_mb=ending.peak_kb / 1024, launcher=job.launcher,
        tier=LAUNCHERS[job.launcher],
    )  # fmt: skip


def _how(ending: Ending, failure: Failure | None, wants_value: bool) -> tuple[Ended, str]:
    """Tell how a call ended; a status that is not 0 wins over anything that the program said."""
    if ending.limit or ending.status is None:
        return Ended.LIMIT, ending.limit or "time"
    if ending.status < 0:
        return Ended.KILLED, ""
    if ending.status > 0:
        memory = failure is not None and failure.type == "MemoryError"
        return (Ended.LIMIT, "memory") if memory else (Ended.FAILED, "")
    return (Ended.FAILED, "") if wants_value and failure is not None else (Ended.DONE, "")
