"""What one call may use. Everything is limited, and no limit can be lifted above its ceiling."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Limits"]

CEILINGS: dict[str, float] = {
    "seconds": 120, "cpu_seconds": 60, "memory_mb": 4096, "threads": 64, "file_mb": 64, "scratch_mb": 512,
    "files": 16384, "open_files": 256, "stack_mb": 64, "output_mb": 16, "kept_kb": 4096, "result_kb": 16384,
}  # fmt: skip
"""The most that a call can be given, whoever asks."""

FRACTIONS = ("seconds", "cpu_seconds")
"""The others are counted: the kernel takes whole numbers."""


class Limits:
    """Limits of one call; a value that is not above 0, or is above its ceiling, raises ValueError.

    A plain class: a dataclass costs more to import than a sandboxed call takes.
    """

    __slots__ = tuple(CEILINGS)

    seconds: float
    """Time by the clock, counted from the call, start-up included."""
    cpu_seconds: float
    memory_mb: int
    """Address space of the process, what it has mapped included."""
    threads: int
    """Threads, the main one included; a second process is never possible."""
    file_mb: int
    """Size of one file."""
    scratch_mb: int
    """Size of all files together; they live in memory and go with the call."""
    files: int
    open_files: int
    stack_mb: int
    output_mb: int
    """Output and errors together, in bytes that are written; more ends the call."""
    kept_kb: int
    """How much of output, and of errors, is handed back."""
    result_kb: int

    def __init__(
        self, *, seconds: float = 10, cpu_seconds: float = 5, memory_mb: int = 1024, threads: int = 16,
        file_mb: int = 16, scratch_mb: int = 64, files: int = 4096, open_files: int = 64, stack_mb: int = 16,
        output_mb: int = 4, kept_kb: int = 1024, result_kb: int = 4096,
    ) -> None:  # fmt: skip
        given: dict[str, float] = {
            "seconds": seconds, "cpu_seconds": cpu_seconds, "memory_mb": memory_mb, "threads": threads,
            "file_mb": file_mb, "scratch_mb": scratch_mb, "files": files, "open_files": open_files,
            "stack_mb": stack_mb, "output_mb": output_mb, "kept_kb": kept_kb, "result_kb": result_kb,
        }  # fmt: skip
        for name, value in given.items():
            if isinstance(value, bool) or not 0 < value <= CEILINGS[name]:
                raise ValueError(f"{name} is {value!r}; it must be above 0 and at most {CEILINGS[name]:g}")
            if name not in FRACTIONS and value != int(value):
                raise ValueError(f"{name} is {value!r}; it must be a whole number")
            object.__setattr__(self, name, value if name in FRACTIONS else int(value))

    @classmethod
    def said(cls, words: Sequence[str]) -> Limits:
        """Return the limits that words such as ``seconds=2.5`` name (raises ValueError, naming the word)."""
        given: dict[str, float] = {}
        for word in words:
            name, _, number = word.partition("=")
            if name not in CEILINGS:
                raise ValueError(f"there is no limit {name!r}; there are {', '.join(CEILINGS)}")
            try:
                given[name] = float(number) if name in FRACTIONS else int(number)
            except ValueError:
                raise ValueError(f"{name} is {number!r}; it must be a number, as in {name}=2") from None
        return cls(**given)  # type: ignore[arg-type]  # it checks the values itself

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"limits do not change: Limits({name}={value!r}) makes others")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("limits do not change")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(tuple(self.to_json().values()))

    def __repr__(self) -> str:
        return f"Limits({', '.join(f'{name}={value:g}' for name, value in self.to_json().items())})"

    def to_json(self) -> dict[str, float]:
        """Return the limits by name."""
        return {name: getattr(self, name) for name in CEILINGS}
