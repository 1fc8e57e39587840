"""How a call ended, told by what the program could not reach; and what it wrote, which is untrusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Ended", "Failure", "JsonValue", "Outcome", "Written"]

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class Ended(StrEnum):
    """The ways in which a program ends."""

    DONE = "done"
    FAILED = "failed"
    """It ended by itself, with a status that is not 0."""
    KILLED = "killed"
    """A signal ended it: a system call that no tool needs, or a crash."""
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception that ended a program, as text; the program's own words."""

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was carried out into a granted folder, after its program had ended well."""

    path: str
    """Where it lies now."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call's end. Only `value`, `failure`, `stdout` and `stderr` come from the program."""

    ended: Ended
    exit_code: int | None
    signal: int | None
    limit: str
    """The limit that was met: time, cpu, memory, output or result; empty where none was."""
    value: JsonValue
    failure: Failure | None
    stdout: str
    stderr: str
    cut: bool
    """There was more output than is kept."""
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    launcher: str
    tier: str
    written: tuple[Written, ...] = ()
    """What has been put into granted folders; the names are the program's, and printable."""

    @property
    def ok(self) -> bool:
        """Tell whether the program ended by itself with status 0."""
        return self.ended is Ended.DONE

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as JSON."""
        failure: JsonValue = None
        if self.failure is not None:
            failure = {"type": self.failure.type, "message": self.failure.message, "traceback": self.failure.traceback}
        return {
            "ended": self.ended.value, "exit_code": self.exit_code, "signal": self.signal, "limit": self.limit,
            "value": self.value, "failure": failure, "stdout": self.stdout, "stderr": self.stderr, "cut": self.cut,
            "wall_seconds": round(self.wall_seconds, 6), "cpu_seconds": round(self.cpu_seconds, 6),
            "peak_mb": round(self.peak_mb, 3), "launcher": self.launcher, "tier": self.tier,
            "written": [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in self.written],
        }  # fmt: skip
