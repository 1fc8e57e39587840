"""The workshop: the only way from a proposal to a call of what it became.

Seven layers lie on that way: five that look (:mod:`.layers`), one that tries in the sandbox (:mod:`.trial`), and the
admission here, which signs what was found with who granted what. Each call reads the source and its signed row again,
and sends exactly the bytes that it has just verified.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from genesis_core import (
    AccessDenied,
    Admission,
    Agent,
    AgentCard,
    Category,
    GenesisError,
    JournalError,
    KeyRing,
    Label,
    LayerCheck,
    MadeState,
    Need,
    Proposal,
    SettingsError,
    ToolError,
    ToolSpec,
    Workshop,
)

from ._attacked import Held
from ._byhand import ByHand
from ._calls import failure_of
from ._fold import Version, View
from ._reuse import ranked
from ._usage import Usage
from ._versions import (
    agent_content,
    candidate_of,
    checks_of,
    kept_of,
    label_of,
    manifest_of,
    same_version,
    tool_content,
    tool_of,
)
from .candidate import Candidate
from .registry import Registry
from .sandboxes import Bench, asked
from .schemas import arguments_problem, same

__all__ = ["LocalWorkshop", "made"]

FOLDER = "registry"
OPTIONS = frozenset({"allow_reduced", "workshop"})
TRIED = 3
"""Tools of other needs that are tried on the examples of a new one."""
SECONDS = 30.0
"""How long they are tried, all together."""
POLICY = "2026.11.1"
CALLED = frozenset({MadeState.ACTIVE, MadeState.DEPRECATED})
PROVED = CALLED | {MadeState.TRIALLED}


def made(
    ring: Callable[[], KeyRing], home: Path, clock: Callable[[], datetime] | None, settings: Mapping[str, Any]
) -> Workshop:
    """Return the workshop of the state folder *home*; *settings* are the operator's (raises SettingsError)."""
    unknown = sorted(set(settings) - OPTIONS)
    reduced = settings.get("allow_reduced", False)
    if unknown or not isinstance(reduced, bool):
        wrong = f"has no {unknown[0]!r}" if unknown else f"allow_reduced can't be {reduced!r}"
        raise SettingsError(f"[sandbox] {wrong}", cause=f"it takes {', '.join(sorted(OPTIONS))}",
                            hint="genesis config --origin")
    bench = Bench(reduced, Held(home, ring))
    return LocalWorkshop(Registry(home / FOLDER, ring, clock), bench, home / "keys", clock)


class LocalWorkshop(ByHand):
    """Keeps what is made in a registry of one state folder, and runs it on a bench of this machine."""

    def __init__(
        self, registry: Registry, bench: Bench, keys: Path, clock: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(registry, keys, clock)
        self._bench, self._usage = bench, Usage(registry.folder)

    # -- what there is ----------------------------------------------------------------------------------------------

    def refuses(self) -> str:
        """Return why nothing generated may run here now; empty: it may."""
        return self._bench.refuses()

    def tools(self) -> Sequence[ToolSpec]:
        """Return the active tools whose record is untouched, by name; none where nothing generated may run.

        Where nothing was made, the sandbox is not asked.
        """
        found = self._offered("tool")
        return tuple(tool_of(v.content) for v in found) if found and not self.refuses() else ()

    def agents(self) -> Sequence[AgentCard]:
        """Return the cards of the active agents, by name: they are made of cards alone, so no sandbox is asked."""
        return tuple(AgentCard.model_validate(v.content["card"]) for v in self._offered("agent"))

    def _offered(self, kind: str) -> Sequence[Version]:
        view = self._registry.view()
        return [v for v in view.active(kind) if self._whole(view, v)]

    def _whole(self, view: View, version: Version) -> bool:
        """Return whether all that is kept of *version* is as it was signed, by a key that is in use."""
        return not self._why_not(view, version)

    def _why_not(self, view: View, version: Version) -> str:
        """Return why *version* is not offered, whatever its state; empty: it is whole."""
        if view.damage:
            return view.damage[0]
        if version.content.get("source") in view.lost:
            return "its source is not the one that was admitted"
        return self._registry.unusable(version)

    def agent(self, card: AgentCard) -> Agent:
        """Return the agent of a *card* that was made here."""
        from .agents import Specialist

        return Specialist(card)

    # -- find -------------------------------------------------------------------------------------------------------

    async def find(self, need: Need) -> ToolSpec | None:
        """Return an active tool that meets *need*: made for the same need, or right on each of its examples.

        What is believed less than who asks is passed over: it would take that from all that is made with it. The
        values that the examples want never enter the sandbox.
        """
        same_need, others = await asyncio.to_thread(self._lendable, need)
        if same_need is not None:
            return same_need
        deadline = time.monotonic() + SECONDS
        for tool in ranked(need, others, TRIED):
            if await self._right(tool, need, deadline):
                return tool
        return None

    def _lendable(self, need: Need) -> tuple[ToolSpec | None, Sequence[ToolSpec]]:
        """Return the tool that was made for the same need, if there is one; else those that might meet it."""
        view = self._registry.view()
        if need.kind != "tool" or not any(view.active("tool")) or self.refuses():
            return None, ()
        for version in view.by_need(need.digest):
            if label_of(version.content).trust < need.label.trust:
                continue
            if self._whole(view, version):
                return tool_of(version.content), ()
            self._registry.deny(f"{version.name} is passed over: {self._why_not(view, version)}",
                                digest=version.digest, name=version.name)
        return None, [tool_of(v.content) for v in self._offered("tool") if not asked(manifest_of(v.content))
                      and label_of(v.content).trust >= need.label.trust]

    async def _right(self, tool: ToolSpec, need: Need, deadline: float) -> bool:
        """Return whether *tool* gives what each example wants, before *deadline*; that is no use of it."""
        for example in need.examples:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                value = await self._called(tool, example.arguments, left, counted=False)
            except GenesisError:
                return False
            if not same(value, example.value):
                return False
        return True

    # -- admit ------------------------------------------------------------------------------------------------------

    async def admit(self, need: Need, proposal: Proposal, *, run: str = "", approved: str = "") -> Admission:
        """Take *proposal* through all layers and, when each passes, register it as active.

        Admitting the same tool twice is one tool, believed as the better of the two is; one that was revoked stays so.
        A version that a person promoted keeps its name: what is admitted beside it is called by its digest. Raises
        JournalError when the registry can't keep it.
        """
        candidate = candidate_of(need, proposal, approved)
        checks = await asyncio.to_thread(_examined, candidate)
        if not checks[-1].ok:
            return await self._not_admitted(candidate, checks)
        view, known, settled = await asyncio.to_thread(self._known, candidate)
        limits: Mapping[str, float] = {}
        if known is not None and settled and known.state in PROVED:
            checks, limits = checks_of(known.content), known.content["limits"]
            if known.state is MadeState.ACTIVE or (known.state is MadeState.DEPRECATED and view.chosen(known)):
                known = await asyncio.to_thread(self._believed, known, candidate.proposal.label)
                return Admission(digest=known.digest, checks=checks, tool=tool_of(known.content))
        elif known is None or known.state is not MadeState.REVOKED:
            check, limits = await self._tried(candidate)
            checks = (*checks, check)
            if not check.ok:
                return await self._not_admitted(candidate, checks)
        seventh = _admission(candidate, known, view)
        checks = (*(c for c in checks if c.layer != seventh.layer), seventh)
        if not seventh.ok:
            return await self._not_admitted(candidate, checks)
        content = tool_content(candidate, checks, limits=limits, run=run)
        if known is not None:
            content |= kept_of(known, content)
        return await asyncio.to_thread(self._register, content, candidate)

    def _known(self, candidate: Candidate) -> tuple[View, Version | None, bool]:
        """Return the record, the version that *candidate* is if it is there, and whether that is as it was signed."""
        view = self._registry.whole()
        known = view.versions.get(_digest(candidate))
        return view, known, known is not None and self._whole(view, known)

    def _believed(self, version: Version, label: Label) -> Version:
        """Return *version*, signed again with *label* when that is believed further: the same was proposed by better.

        Its digest leaves the label out, so that a source is one version whoever wrote it first.
        """
        if label.trust <= label_of(version.content).trust:
            return version
        content = {**version.content, "label": label.to_json()}
        view = self._registry.append("renewed", content, unless=lambda view: (
            view.versions[version.digest].row != version.row))
        return view.versions[version.digest]

    async def _tried(self, candidate: Candidate) -> tuple[LayerCheck, Mapping[str, float]]:
        from .trial import try_out

        if why := await asyncio.to_thread(self.refuses):
            return LayerCheck(layer="trial", ok=False, findings=(why,), policy=POLICY), {}
        trial = await try_out(candidate, self._bench)
        return trial.check, trial.limits

    async def _not_admitted(self, candidate: Candidate, checks: Sequence[LayerCheck]) -> Admission:
        return await asyncio.to_thread(self._turned_down, candidate, checks)

    def _turned_down(self, candidate: Candidate, checks: Sequence[LayerCheck]) -> Admission:
        name = _digest(candidate)
        admission = Admission(digest=name, checks=tuple(checks))
        self._registry.deny(f"{candidate.spec.name[:80]} was not admitted", cause=admission.why, digest=name,
                            name=candidate.spec.name[:80])
        return admission

    def _register(self, content: Mapping[str, Any], candidate: Candidate) -> Admission:
        """Sign *content* and keep it as active, in one transaction, unless another process just did."""
        name = content["digest"]

        def stands(view: View) -> bool:
            found = view.versions.get(name)
            kept = MadeState.DEPRECATED if found is not None and view.chosen(found) else MadeState.ACTIVE
            return found is not None and (found.state is MadeState.REVOKED or (
                found.state is kept and self._whole(view, found)))

        view = self._registry.append("active", content, code=candidate.source, unless=stands)
        version = view.versions[name]
        if version.state is MadeState.REVOKED:
            seventh = _admission(candidate, version, view)
            return self._turned_down(candidate, (*checks_of(content)[:-1], seventh))
        return Admission(digest=name, checks=checks_of(version.content), tool=tool_of(version.content))

    # -- call -------------------------------------------------------------------------------------------------------

    async def call(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float) -> Any:
        """Return what *tool* gives, run in the sandbox after its record was verified.

        Raises AccessDenied for what is not as it was admitted, ToolError for what fails, TimedOut at its limit, and
        DependencyDown where nothing can be contained.
        """
        return await self._called(tool, arguments, seconds, counted=True)

    async def _called(self, tool: ToolSpec, arguments: Mapping[str, Any], seconds: float, *, counted: bool) -> Any:
        version, code = await asyncio.to_thread(self._ready, tool, arguments)
        limits = version.content["limits"]
        started = time.monotonic()
        try:
            outcome = await asyncio.to_thread(self._bench.run, code, tool.name, arguments,
                                              manifest_of(version.content), limits, seconds)
        except AccessDenied as denied:  # what was granted is not what it was: a path that is a link now, say
            raise await asyncio.to_thread(self._registry.deny, denied.message, cause=denied.cause, hint=denied.hint,
                                          digest=version.digest, name=tool.name) from None
        except ValueError as fault:
            raise ToolError(f"the tool {tool.name} can't be called like that", cause=str(fault),
                            category=Category.VALIDATION) from None
        error = failure_of(tool, outcome, min(seconds, limits.get("seconds", seconds)))
        if counted:
            await asyncio.to_thread(self._usage.count, version.digest, time.monotonic() - started,
                                    failed=error is not None)
        await asyncio.to_thread(self._renew, version)
        if error is not None:
            raise error
        return outcome.value

    def _ready(self, tool: ToolSpec, arguments: Mapping[str, Any]) -> tuple[Version, bytes]:
        """Return the version that is called and its source, both verified now (raises as a call does)."""
        version = self._verified(tool)
        if problem := arguments_problem(tool.input_schema, arguments):
            raise ToolError(f"the tool {tool.name} can't be called like that", cause=problem,
                            hint=f"genesis tools show {tool.name}", category=Category.VALIDATION)
        return version, self._registry.source(version)

    def _verified(self, tool: ToolSpec) -> Version:
        """Return the version that *tool* names, found to be exactly what was admitted (raises AccessDenied)."""
        deny, name = self._registry.deny, tool.source.removeprefix("sha256:")
        view = self._registry.view()
        if view.damage:
            raise deny(f"{tool.name} is not called: {self._registry.damaged(view).message}", name=tool.name)
        version = view.versions.get(name)
        if version is None or version.kind != "tool":
            raise deny(f"{tool.name} is not called: the registry knows no such version", digest=name[:64],
                       name=tool.name, hint="genesis tools list")
        if version.state not in CALLED:
            why = f": {version.why}" if version.why else ""
            raise deny(f"{tool.name} is not called: it is {version.state.value}{why}", digest=name, name=tool.name,
                       hint=f"genesis tools show {name[:12]}")
        if not same_version(version.content) or tool.digest != tool_of(version.content).digest:
            raise deny(_otherwise(tool, version), digest=name, name=tool.name)
        if asked(manifest_of(version.content)) and not version.content["approved"]:
            raise deny(f"{tool.name} is not called: nobody granted what it asks for", digest=name, name=tool.name)
        return version

    def _renew(self, version: Version) -> None:
        """Sign again what a key in grace has signed: the tool goes on when that key retires."""
        if self._registry.ageing(version):
            try:
                self._registry.append("renewed", version.content, unless=lambda view: (
                    view.versions[version.digest].row != version.row))
            except JournalError:
                return  # the next call tries again

    # -- agents -----------------------------------------------------------------------------------------------------

    def registered(self, card: AgentCard, *, label: Label, run: str, proved: bool) -> None:
        """Keep an agent that has done its first task; *proved*: by an acceptance check, so it becomes active.

        One that was revoked, or is kept already, is left as it is. Raises JournalError when it can't be kept.
        """
        content = agent_content(card, label, run)
        settled = CALLED | {MadeState.REVOKED} | (set() if proved else {MadeState.TRIALLED})
        name = content["digest"]
        view = self._registry.append(
            "active" if proved else "trialled", content,
            unless=lambda view: name in view.versions and view.versions[name].state in settled)
        if view.versions[name].state is MadeState.REVOKED:
            self._registry.deny(f"the agent {card.name} was not kept", cause="it was revoked", digest=name,
                                name=card.name)

    def close(self) -> None:
        """End the warm workers, and close the files."""
        self._bench.close()
        self._usage.close()
        self._registry.close()


def _digest(candidate: Candidate) -> str:
    """Return the digest of a version; of what can't be one, that of what was proposed."""
    from genesis_core import digest

    try:
        return digest(candidate.content)
    except ValueError:  # no UTF-8, or capabilities that are none: a layer says so
        return digest(candidate.proposal.to_json())


def _examined(candidate: Candidate) -> tuple[LayerCheck, ...]:
    from .layers import examine

    return examine(candidate)


def _admission(candidate: Candidate, known: Version | None, view: View) -> LayerCheck:
    """Return what the last layer says: whether this may be registered under its name, with what it asks for."""
    findings = []
    if known is not None and known.state is MadeState.REVOKED:
        findings.append(f"this very version was revoked{': ' + known.why if known.why else ''}; "
                        "add an example that it gets wrong, or genesis tools propose --code")
    if (wanted := asked(candidate.manifest)) and not candidate.approved:
        findings.append(f"it asks for {', '.join(wanted)}, which nobody has granted")
    trust, others = candidate.proposal.label.trust, [v for v in view.active("tool") if v.digest != _digest(candidate)]
    holder = next((v for v in others if v.name == candidate.spec.name), None)
    if holder is not None and label_of(holder.content).trust > trust:
        findings.append(f"its name is that of a version that may be believed further ({holder.digest[:12]}): "
                        "genesis tools promote decides between them")
    granted = f"granted by {candidate.approved}" if candidate.approved else "it asks for nothing beyond computing"
    return LayerCheck(layer="admission", ok=not findings, findings=tuple(findings) or (granted,), policy=POLICY)


def _otherwise(tool: ToolSpec, version: Version) -> str:
    """Return in which way *tool* is not what was admitted."""
    if dict(tool.capabilities) != dict(version.content["spec"].get("capabilities", {})):
        return f"{tool.name} is not called: it asks for other capabilities than were granted"
    return f"{tool.name} is not called: its spec is not the one that was admitted"
