"""Layer 6: run a candidate in the sandbox, on its examples and on arguments that nobody chose.

One fresh worker an input. What an example has to give stays here: a tool that never sees it can't forge its own test.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genesis_core import AccessDenied, Example, LayerCheck, canonical_json

from ._inputs import inputs_of
from .candidate import NOTHING, Candidate, Manifest
from .layers import POLICY, Refused, told
from .sandboxes import GRANTS, Bench, asked, default_limits, looks_outside
from .schemas import same, value_problem

if TYPE_CHECKING:
    from .sandboxes import Outcome

__all__ = ["NAME", "Trial", "granted_limits", "try_out"]

NAME = "trial"

INPUTS = 12
"""Arguments that nobody chose, beside the examples."""
SECONDS = 30.0
APART = 6
"""Examples whose second run shares no hash seed with the first; further ones are run again in another worker."""
EACH_APART = 3
"""Every so many of the other inputs is run twice, too."""
NOT_MINE = ("ValueError", "UnicodeError", "UnicodeDecodeError", "UnicodeEncodeError", "JSONDecodeError")
"""How a tool says that an argument is none that it can do anything with."""
MARGIN = 4.0
FLOORS: Mapping[str, float] = {"seconds": 4, "cpu_seconds": 2, "memory_mb": 256, "result_kb": 1024}
"""Real arguments are larger than examples: no tool gets less than this."""
SHOWN = 120


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    check: LayerCheck
    limits: Mapping[str, float] = field(default_factory=dict)
    """Of each later call; empty when it was refused."""
    observed: Mapping[str, float] = field(default_factory=dict)
    """The most that any call took: seconds, cpu_seconds, memory_mb, result_kb; and how many calls there were."""


async def try_out(candidate: Candidate, bench: Bench, *, inputs: int = INPUTS, seconds: float = SECONDS) -> Trial:
    """Return whether *candidate* does what it promises in the sandbox, and what it took; never longer than *seconds*.

    Raises DependencyDown where nothing can be contained. What it was not granted it is not given.
    """
    started = time.monotonic()
    runs = _Runs(candidate, bench, started + seconds)
    limits: Mapping[str, float] = {}
    try:
        notes = await _tried(runs, inputs)
        limits = await _sufficient(runs)
        ok, findings = True, notes
    except Refused as refused:
        ok, findings = False, list(refused.findings)
    except AccessDenied as denied:
        ok, findings = False, [denied.told]
    check = LayerCheck(layer=NAME, ok=ok, findings=told(findings), seconds=time.monotonic() - started, policy=POLICY)
    return Trial(check, limits if ok else {}, dict(runs.most))


async def _tried(runs: _Runs, inputs: int) -> list[str]:
    candidate = runs.candidate
    await _denied(runs)
    examples = candidate.need.examples
    given = [example.arguments for example in examples]
    others = inputs_of(candidate.spec.input_schema, given, inputs, seed=int(candidate.need.digest[:12], 16))
    Refused.when(await runs.each([_Trying.of(example, apart=at < APART) for at, example in enumerate(examples)]))
    Refused.when(await runs.each([_Trying(a, again=not at % EACH_APART, apart=True) for at, a in enumerate(others)]))
    await _none_spare(runs)
    return [*(["what it prints is never read"] if runs.prints else []),
            f"{len(examples)} examples and {len(others)} other inputs, {int(runs.most['calls'])} calls"]  # fmt: skip


# ---- one input ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Trying:
    """One input: what it is called with, and what has to come of it, which stays on this side."""

    arguments: Mapping[str, Any]
    example: Example | None = None
    again: bool = True
    apart: bool = False

    @classmethod
    def of(cls, example: Example, *, again: bool = True, apart: bool = False) -> _Trying:
        return cls(example.arguments, example, again, apart)


class _Runs:
    """The calls of one trial: a few at a time, none after the deadline, none after a finding."""

    def __init__(self, candidate: Candidate, bench: Bench, deadline: float) -> None:
        self.candidate, self.bench, self.deadline = candidate, bench, deadline
        self.limits = {**default_limits(), **candidate.manifest.limits}
        self.most = dict.fromkeys(("calls", "seconds", "cpu_seconds", "memory_mb", "result_kb"), 0.0)
        self.discreet = looks_outside(candidate.manifest)
        """What it gives may be what it has read: findings are recorded, and say none of it."""
        self.prints = False
        self._room = asyncio.Semaphore(min(os.cpu_count() or 1, 4))

    async def each(self, tried: Sequence[_Trying], manifest: Manifest | None = None) -> list[str]:
        """Return what is wrong with the first inputs that go wrong; those behind them are not run any more."""
        findings, broken = list[str](), list[BaseException]()

        async def one(trying: _Trying) -> None:
            async with self._room:
                if findings or broken:
                    return
                try:
                    findings.extend(await self._problems(trying, manifest or self.candidate.manifest))
                except Exception as error:  # noqa: BLE001  # raised below, once nothing of this trial is under way
                    broken.append(error)

        await asyncio.gather(*map(one, tried))
        if broken:
            raise broken[0]
        return findings

    async def call(self, arguments: Mapping[str, Any], manifest: Manifest, limits: Mapping[str, float],
                   *, apart: bool = False) -> Outcome:  # fmt: skip
        """Return how one call ended (raises Refused when there is no time for another one)."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Refused("its trial takes longer than it may: it is too slow to be called")
        outcome = await asyncio.to_thread(self.bench.run, self.candidate.source, self.candidate.spec.name, arguments,
                                          manifest, limits, left, apart=apart)  # fmt: skip
        self._noted(outcome)
        return outcome

    def _noted(self, outcome: Outcome) -> None:
        found = {"seconds": outcome.wall_seconds, "cpu_seconds": outcome.cpu_seconds, "memory_mb": outcome.peak_mb,
                 "result_kb": len(canonical_json(outcome.value)) / 1024}  # fmt: skip
        self.most |= {name: max(self.most[name], value) for name, value in found.items()}
        self.most["calls"] += 1
        self.prints = self.prints or bool(outcome.stdout or outcome.stderr) and outcome.ok

    async def _problems(self, trying: _Trying, manifest: Manifest) -> list[str]:
        outcome = await self.call(trying.arguments, manifest, self.limits)
        problem = self._problem(outcome, trying.example)
        if not problem and trying.again:
            other = await self.call(trying.arguments, manifest, self.limits, apart=trying.apart)
            if _ended(outcome) != _ended(other):
                problem = "it does not always give the same" + (
                    "" if self.discreet else f": {_shown(_words(outcome))}, then {_shown(_words(other))}")
        return [f"called with {_shown(trying.arguments)}: {problem}"] if problem else []

    def _problem(self, outcome: Outcome, example: Example | None) -> str:
        if problem := _ending_problem(outcome, domain=example is None, discreet=self.discreet):
            return problem
        if outcome.ok and (problem := value_problem(self.candidate.spec.output_schema, outcome.value)):
            return "what it gives is not what its output schema says" + ("" if self.discreet else f": {problem}")
        if example is not None and not same(example.value, outcome.value):
            gives = "something else" if self.discreet else _shown(outcome.value)
            return f"it gives {gives}, and {_shown(example.value)} is asked for"
        return ""


def _ending_problem(outcome: Outcome, *, domain: bool, discreet: bool) -> str:
    """Return what is wrong with how a call ended; with *domain*, it may say that the arguments are not for it.

    With *discreet* nothing that the tool chose is in it: the name of an error or a status can hold what it has read.
    """
    if outcome.ok:
        return ""
    if outcome.limit:
        return f"it meets its limit of {outcome.limit}"
    if outcome.signal:
        return f"it is killed (signal {outcome.signal}): it does what no tool may"
    kind = outcome.failure.type if outcome.failure else ""
    if domain and kind in NOT_MINE:
        return ""
    if not kind:
        return "it ends the process" + ("" if discreet else f" with status {outcome.exit_code}")
    hint = "; what it can do nothing with is told by ValueError" if domain else ""
    return f"it raises {'an error' if discreet else kind[:80]}{hint}"


def _ended(outcome: Outcome) -> tuple[object, ...]:
    return outcome.ended, outcome.exit_code, outcome.failure.type if outcome.failure else "", \
        canonical_json(outcome.value)  # fmt: skip


def _words(outcome: Outcome) -> Any:
    return outcome.value if outcome.ok else outcome.failure.type if outcome.failure else outcome.ended.value


def _shown(value: Any) -> str:
    text = canonical_json(value).decode("utf-8", "replace")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


# ---- what it asks for --------------------------------------------------------------------------------------------


async def _denied(runs: _Runs) -> None:
    """Refuse what asks for grants that it does its examples without, or that nobody has given it."""
    manifest = runs.candidate.manifest
    beyond = ", ".join(asked(manifest))
    if beyond and await _does(runs, NOTHING.replace(limits=_usual(manifest.limits))):
        raise Refused(f"it asks for {beyond}, and does its examples without")
    if beyond and not runs.candidate.approved:
        raise Refused(f"it needs {beyond}, which nobody has granted")


async def _none_spare(runs: _Runs) -> None:
    """Refuse what does its examples as well with one grant less."""
    whole = runs.candidate.manifest
    fewer = list(_each_without(whole))
    for manifest in fewer if len(fewer) > 1 else ():
        if await _does(runs, manifest):
            spare = ", ".join(sorted(set(asked(whole)) - set(asked(manifest))))
            raise Refused(f"it asks for {spare}, and does its examples without")


async def _does(runs: _Runs, manifest: Manifest) -> bool:
    """Tell whether it does all examples with these grants alone: where there is none, any call that ends well."""
    examples = runs.candidate.need.examples
    spec = runs.candidate.spec
    tried = [_Trying.of(example, again=False) for example in examples] or [
        _Trying(arguments, again=False) for arguments in inputs_of(spec.input_schema, [], 3, seed=0)]  # fmt: skip
    mine = runs.limits
    runs.limits = {**default_limits(), **manifest.limits}
    try:
        return not await runs.each(tried, manifest)
    finally:
        runs.limits = mine


def _usual(limits: Mapping[str, float]) -> dict[str, float]:
    """Return the limits that need no grant: those that are not above their defaults."""
    usual = default_limits()
    return {name: value for name, value in limits.items() if value <= usual[name]}


def _each_without(manifest: Manifest) -> Iterator[Manifest]:
    """Yield the manifest without each of its grants."""
    for word in GRANTS:
        for one in getattr(manifest, word):
            yield manifest.replace(**{word: tuple(other for other in getattr(manifest, word) if other != one)})
    usual = _usual(manifest.limits)
    if len(usual) < len(manifest.limits):
        yield manifest.replace(limits=usual)


# ---- what it may use from now on ---------------------------------------------------------------------------------


async def _sufficient(runs: _Runs) -> Mapping[str, float]:
    """Return the limits of later calls, after one call has kept to them."""
    limits = granted_limits(runs.most, runs.limits, packages=bool(runs.candidate.manifest.modules))
    for example in runs.candidate.need.examples[:1]:
        outcome = await runs.call(example.arguments, runs.candidate.manifest, limits)
        if outcome.limit:
            raise Refused(f"it needs more than four times the {outcome.limit} that it was seen to take")
    return limits


def granted_limits(observed: Mapping[str, float], most: Mapping[str, float], *, packages: bool) -> dict[str, float]:
    """Return the limits for what was *observed*: four times that, never more than *most*.

    They are rounded up to powers of two, so that tools share warm workers. What *packages* reserve of memory is not
    seen in what they use.
    """
    limits = dict(most)
    for name, floor in FLOORS.items():
        if name != "memory_mb" or not packages:
            limits[name] = min(most[name], _power_of_two(max(floor, MARGIN * observed[name])))
    return limits


def _power_of_two(value: float) -> int:
    return 1 << max(0, int(value - 1e-9).bit_length()) if value > 1 else 1


