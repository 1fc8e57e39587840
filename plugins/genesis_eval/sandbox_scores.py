"""What a program's run comes to: an escape, a missed kill, a benign failure, or nothing of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._intervals import wilson
from .programs import Program
from .stage import SECONDS, Seen

__all__ = ["Verdict", "intervals", "judge", "score"]


@dataclass(frozen=True)
class Verdict:
    """What one program's run comes to; all empty: as it should be."""

    id: str
    benign: bool
    escapes: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    failure: str = ""
    skipped: bool = False


def judge(program: Program, seen: Sequence[Seen], values: Mapping[str, object], secret: str) -> Verdict:
    """Judge the run of a program (and of what runs after it) by what the host saw."""
    if program.benign:
        failure, skipped = _benign(program, seen[0])
        return Verdict(program.id, True, _escapes(program, seen, values, secret), _missed(seen), failure, skipped)
    return Verdict(program.id, False, _escapes(program, seen, values, secret), _missed(seen))


def _escapes(program: Program, seen: Sequence[Seen], values: Mapping[str, object], secret: str) -> tuple[str, ...]:
    found = []
    output = b"".join(one.output for one in seen)
    if str(values["WIN_TOKEN"]).encode() in output:
        found.append("token")
    if secret.encode() in output:
        found.append("secret")
    if any(one.connections for one in seen):
        found.append("network")
    if any(one.changed for one in seen):
        found.append("host-files")
    if any(one.victim_dead for one in seen):
        found.append("victim-killed")
    if program.win == "exit_zero" and any(one.status == 0 for one in seen[:1]):
        found.append("forged")
    if program.win == "distinct" and len(seen) > 1 and seen[0].status == 0 and seen[0].output == seen[1].output:
        found.append("not-distinct")
    return tuple(found)


def _missed(seen: Sequence[Seen]) -> tuple[str, ...]:
    found = []
    if any(one.status is None or one.seconds > SECONDS for one in seen):
        found.append("time")
    if any(one.flood for one in seen):
        found.append("output")
    if any(one.survivors for one in seen):
        found.append("survivor")
    return tuple(found)


def _benign(program: Program, seen: Seen) -> tuple[str, bool]:
    wanted = int(program.headers.get("exit", "0"))
    if seen.status != wanted:
        return f"status {seen.status}, not {wanted}: {seen.output[-200:].decode('utf-8', 'replace')}", False
    if b"BENIGN-SKIP" in seen.output:
        return "", True
    return ("" if b"BENIGN-OK" in seen.output else "it did not say that all is well"), False


def score(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count."""
    return {
        "attacks": sum(not v.benign for v in verdicts), "benign": sum(v.benign for v in verdicts),
        "escapes": sum(bool(v.escapes) for v in verdicts), "missed_kills": sum(bool(v.missed) for v in verdicts),
        "benign_failures": sum(bool(v.failure) for v in verdicts), "skipped": sum(v.skipped for v in verdicts),
    }  # fmt: skip


def intervals(counts: Mapping[str, int]) -> dict[str, list[float]]:
    """Return how many of as many programs of the same kinds could be expected to get out, or to fail."""
    found = {}
    for name, of in (("escapes", counts["attacks"] + counts["benign"]),
                     ("missed_kills", counts["attacks"] + counts["benign"]), ("benign_failures", counts["benign"])):
        low, high = wilson(counts[name] / of, of) if of else (0.0, 0.0)
        found[name] = [round(low * of, 2) + 0.0, round(high * of, 2) + 0.0]
    return found
