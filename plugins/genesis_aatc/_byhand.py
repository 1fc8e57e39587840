"""The workshop's side for people: look at what was made, promote it, revoke it, hand it on and take it in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_core import AccessDenied, Admission, LayerCheck, Made, MadeState, Need, Proposal, Secrecy, ToolError

from ._fold import PERSON, Version, View
from ._versions import candidate_of, label_of, made_of, manifest_of, rebuilt, refused_by, tool_content, tool_of
from .candidate import Candidate
from .registry import Registry
from .sandboxes import asked

if TYPE_CHECKING:
    from ._usage import Usage

__all__ = ["ByHand"]


class ByHand:
    """What ``genesis tools`` and ``genesis agents`` do with the registry."""

    _usage: Usage

    def __init__(self, registry: Registry, keys: Path, clock: Callable[[], datetime] | None) -> None:
        self._registry, self._keys, self._clock = registry, keys, clock or _utc_now

    async def _tried(self, candidate: Candidate) -> tuple[LayerCheck, Mapping[str, float]]:
        raise NotImplementedError

    # -- look -------------------------------------------------------------------------------------------------------

    def made(self) -> Sequence[Made]:
        """Return every version, by name and age (raises JournalError when the registry's record is damaged)."""
        view = self._registry.whole()
        if not view.versions:
            return ()
        sources, used = self._registry.sources(), self._usage.all()
        return tuple(self._made(view, name, sources, used)
                     for name, _ in sorted(view.versions.items(), key=lambda item: (item[1].name, item[1].created)))

    def _made(self, view: View, name: str, sources: Mapping[str, bytes] | None = None,
              used: Mapping[str, Any] | None = None) -> Made:
        version = view.versions[name]
        code = (self._registry.sources() if sources is None else sources).get(version.content.get("source", ""), b"")
        count = (self._usage.all() if used is None else used).get(name)
        return made_of(version, code.decode(errors="replace"), *(count[:2] if count is not None else ()))

    def _version(self, digest: str) -> Version:
        found = self._registry.whole().versions.get(digest)
        if found is None:
            raise ToolError(f"there is no version {digest[:64]!r}", cause="the registry knows none of that digest",
                            hint="genesis tools list --json")
        return found

    def _usable_source(self, version: Version) -> bytes:
        """Return the source of *version*, as it was signed, by whichever key (raises AccessDenied)."""
        code = self._registry.sources().get(version.content["source"])
        if code is None:
            raise self._registry.deny(f"{version.name} is left as it is: its source is not the one that was kept",
                                      digest=version.digest, name=version.name)
        return code

    # -- propose and try --------------------------------------------------------------------------------------------

    async def propose(self, need: Need, proposal: Proposal) -> Made:
        """Keep *proposal* as proposed when the layers that run nothing let it pass.

        Raises ToolError saying which layer refuses it, and AccessDenied for a version that was revoked.
        """
        candidate = candidate_of(need, proposal)
        checks = await asyncio.to_thread(_examined, candidate)
        if not checks[-1].ok:
            why = Admission(digest="", checks=checks).why
            await asyncio.to_thread(self._registry.deny, f"{candidate.spec.name[:80]} was not kept", cause=why,
                                    name=candidate.spec.name[:80])
            raise ToolError(f"{candidate.spec.name[:80]!r} is refused by layer {checks[-1].layer}",
                            cause="; ".join(checks[-1].findings), hint="mend it and propose it again")
        return await asyncio.to_thread(self._proposed, tool_content(candidate, checks), candidate.source)

    def _proposed(self, content: Mapping[str, Any], code: bytes, bundle: str = "") -> Made:
        name = content["digest"]
        view = self._registry.append("proposed", content, code=code,
                                     unless=lambda view: name in view.versions or bundle in view.bundles)
        version = view.versions[name]
        if version.state is MadeState.REVOKED:
            raise self._revoked(version)
        return self._made(view, name)

    def _revoked(self, version: Version) -> AccessDenied:
        return self._registry.deny(f"{version.name} ({version.digest[:12]}) was revoked", digest=version.digest,
                                   cause=version.why or "it is never called again", name=version.name,
                                   hint="what is needed instead has to be another version")

    async def trial(self, digest: str, *, approved: str = "") -> Admission:
        """Run a version in the sandbox; one that was proposed and passes is trialled, not yet active.

        *approved* says who lets it have what it asks for, for its trial: promoting it asks again.
        """
        version, candidate = await asyncio.to_thread(self._to_try, digest, approved)
        checks = await asyncio.to_thread(_examined, candidate)
        limits: Mapping[str, float] = {}
        if checks[-1].ok:
            check, limits = await self._tried(candidate)
            checks = (*checks, check)
        return await asyncio.to_thread(self._after_trial, version, checks, limits)

    def _to_try(self, digest: str, approved: str) -> tuple[Version, Candidate]:
        """Return the version of that digest, and what its trial looks at."""
        version = self._version(digest)
        if version.kind != "tool":
            raise ToolError(f"{version.name} is no tool", cause="an agent is tried by its first task",
                            hint=f"genesis agents show {version.name}")
        if version.state is MadeState.REVOKED:
            raise self._revoked(version)
        return version, rebuilt(version.content, self._usable_source(version), approved)

    def _after_trial(self, version: Version, checks: Sequence[LayerCheck], limits: Mapping[str, float]) -> Admission:
        """Keep what the trial of *version* said: one that was proposed is trialled, or keeps why it was refused."""
        digest, passed = version.digest, checks[-1].ok
        content = {**version.content, "checks": [c.to_json() for c in checks], "limits": dict(limits)}
        if not passed:
            why = Admission(digest=digest, checks=tuple(checks)).why
            self._registry.deny(f"{version.name} failed its trial", cause=why, digest=digest, name=version.name)
        self._registry.append("trialled" if passed else "renewed", content, unless=lambda view: (
            view.versions[digest].state is not MadeState.PROPOSED))
        return Admission(digest=digest, checks=tuple(checks), tool=tool_of(content) if passed else None)

    # -- promote and revoke -----------------------------------------------------------------------------------------

    def promote(self, digest: str, *, approved: str = "") -> Made:
        """Make a trialled version active and the one before it deprecated; an active one is signed again.

        Raises AccessDenied when it asks for capabilities that nobody approved or was revoked, ToolError for one that
        has no trial.
        """
        version = self._version(digest)
        if version.state is MadeState.REVOKED:
            raise self._revoked(version)
        if version.state is MadeState.PROPOSED:
            raise _untried(version)
        if version.kind == "tool":
            self._usable_source(version)
        granted = approved or version.content.get("approved", "")
        if version.kind == "tool" and asked(manifest_of(version.content)) and not granted:
            raise self._registry.deny(
                f"{version.name} ({digest[:12]}) was not promoted", digest=digest, name=version.name,
                cause="it asks for capabilities that nobody has approved",
                hint=f"genesis tools promote {digest[:12]} shows them and asks")
        return self._activated(version, {**version.content, "approved": granted, "why": "", "by": PERSON})

    def _activated(self, version: Version, content: Mapping[str, Any]) -> Made:
        def settled(view: View) -> bool:
            found = view.versions[version.digest]
            return found.state is MadeState.REVOKED or (
                found.state is MadeState.ACTIVE and found.by_person and not self._registry.unusable(found))

        view = self._registry.append("active", content, unless=settled)
        if view.versions[version.digest].state is MadeState.REVOKED:
            raise self._revoked(view.versions[version.digest])
        return self._made(view, version.digest)

    def revoke(self, digest: str, why: str = "") -> Made:
        """Have it never called again, by whatever name."""
        version = self._version(digest)
        view = self._registry.append("revoked", {"digest": version.digest, "why": why[:500]}, unless=lambda view: (
            view.versions[version.digest].state is MadeState.REVOKED))
        return self._made(view, version.digest)

    # -- bundles ----------------------------------------------------------------------------------------------------

    def export(self, digest: str) -> bytes:
        """Return a signed bundle of one version, for another machine (raises ToolError for what is none to hand on).

        Raises AccessDenied for what is secret: whoever has the bundle reads all of it.
        """
        from . import bundles

        version = self._version(digest)
        if version.kind != "tool" or version.state in (MadeState.PROPOSED, MadeState.REVOKED):
            why = "it is an agent" if version.kind != "tool" else f"it is {version.state.value}"
            raise ToolError(f"{version.name} ({digest[:12]}) is not exported", cause=why,
                            hint="genesis tools list shows what is")
        if label_of(version.content).secrecy is Secrecy.SECRET:
            raise self._registry.deny(
                f"{version.name} ({digest[:12]}) is not exported", digest=digest, name=version.name,
                cause="it was made of what is secret: its examples and its source may hold that",
                hint="make it again from examples that hold nothing secret, and export that version")
        code = self._registry.source(version)
        bundle = bundles.export(version.content, code, self._keys, self._clock())
        self._registry.append("exported", {"digest": digest, "signer": bundles.signer_of(bundle)})
        return bundle

    def take_in(self, bundle: bytes, *, signer: str) -> Made:
        """Keep what *bundle* holds as proposed, when it is signed by the key *signer* (raises AccessDenied).

        What its checks said elsewhere counts for nothing: it is tried and promoted here like any proposal.
        """
        from . import bundles

        try:
            found = bundles.opened(bundle, signer, self._clock())
        except AccessDenied as error:
            raise self._registry.deny(error.message, cause=error.cause, hint=error.hint) from None
        view = self._registry.whole()
        name = found.content["digest"]
        if found.id in view.bundles:
            raise self._registry.deny("the bundle was refused", cause=f"it was taken in before (bundle {found.id})",
                                      digest=name, hint=f"genesis tools show {name[:12]}")
        known = view.versions.get(name)
        if known is None:
            checks = _examined(rebuilt(found.content, found.code))
            if not checks[-1].ok:
                raise self._registry.deny("the bundle was refused", cause=Admission(digest="", checks=checks).why,
                                          digest=name, hint="have its maker mend the tool")
            content = {**found.content, "checks": [check.to_json() for check in checks]}
            return self._proposed(content, found.code, found.id)
        if known.state is MadeState.REVOKED:
            raise self._revoked(known)
        view = self._registry.append("imported", {"bundle": found.id, "digest": name, "signer": found.signer})
        return self._made(view, name)

    def verify(self) -> Sequence[str]:
        """Return what is wrong with the registry's record, a sentence each; what is found damaged is noted in it."""
        faults = self._registry.verify()
        if faults:
            self._registry.deny("the registry is not as it was written", cause="; ".join(faults)[:500])
        return faults


def _untried(version: Version) -> ToolError:
    """Return what to raise where a version is proposed only: what its trial said, if it had one."""
    name = version.digest[:12]
    refused = refused_by(version)
    if not refused:
        return ToolError(f"{version.name} ({name}) has no trial yet", cause="nobody has seen it work",
                         hint=f"genesis tools trial {name}")
    return ToolError(f"{version.name} ({name}) is not promoted",
                     cause=refused, hint="mend it, or add examples, and propose it again")


def _examined(candidate: Candidate) -> tuple[LayerCheck, ...]:
    from .layers import examine

    return examine(candidate)


def _utc_now() -> datetime:
    return datetime.now(UTC)
