"""What a version says of itself in its signed row, and the values that it comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from genesis_core import AgentCard, Label, LayerCheck, Made, MadeState, Need, Proposal, ToolSpec, digest

from ._fold import Version
from .candidate import NOTHING, Candidate, Manifest
from .schemas import examples_problem, schema_of

__all__ = ["agent_content", "candidate_of", "checks_of", "kept_of", "label_of", "made_of", "manifest_of", "need_of",
           "rebuilt", "refused_by", "same_version", "source_digest", "tool_content", "tool_of"]


def candidate_of(need: Need, proposal: Proposal, approved: str = "") -> Candidate:
    """Return *proposal* on its way through the layers: what it says of its own label and source moves to the proposal.

    So a version that is proposed again as it stands in the registry is the same version. Schemas that nobody states
    are as the examples say; where those say nothing that can be read, they stay empty, and a layer tells why.
    """
    own, label = proposal.spec.label, need.label | proposal.label
    said = label if own is None else label | own
    spec = proposal.spec.replace(label=None, source="")
    stated = spec.input_schema and spec.output_schema
    if need.examples and not stated and not examples_problem(need.examples):
        takes, gives = schema_of(need.examples)
        spec = spec.replace(input_schema=spec.input_schema or takes, output_schema=spec.output_schema or gives)
    return Candidate(need, proposal.replace(spec=spec, label=said), approved)


def rebuilt(content: Mapping[str, Any], code: bytes, approved: str = "") -> Candidate:
    """Return the candidate that a version of the registry was; *approved* by somebody, or by who approved it then."""
    proposal = Proposal(spec=ToolSpec.model_validate(content["spec"]), code=code.decode(), author=content["author"],
                        label=label_of(content))
    return Candidate(need_of(content), proposal, approved or content.get("approved", ""))


def tool_content(
    candidate: Candidate, checks: Sequence[LayerCheck], *, limits: Mapping[str, float] | None = None, run: str = "",
    why: str = "",
) -> dict[str, Any]:
    """Return all of a version of a tool, but its source text, as JSON."""
    proposal, content = candidate.proposal, candidate.content
    return {
        "digest": digest(content), "kind": "tool", "name": candidate.spec.name, "author": proposal.author,
        "label": proposal.label.to_json(), "need": candidate.need.to_json(),
        "wanted": candidate.need.digest, "spec": content["spec"],
        "manifest": content["manifest"], "source": content["source"], "limits": dict(limits or {}),
        "checks": [check.to_json() for check in checks], "approved": candidate.approved, "run": run, "why": why,
    }


def agent_content(card: AgentCard, label: Label, run: str) -> dict[str, Any]:
    """Return all of a version of an agent as JSON."""
    said = {"card": card.to_json()}
    return {"digest": digest(said), "kind": "agent", "name": card.name, "author": "workshop", "label": label.to_json(),
            **said, "run": run}


def same_version(content: Mapping[str, Any]) -> bool:
    """Return whether a tool's or an agent's content has the digest that it says."""
    if content["kind"] == "agent":
        return bool(digest({"card": content["card"]}) == content["digest"])
    need = Need.model_validate(content["need"])
    said = {"source": content["source"], "spec": content["spec"], "manifest": content["manifest"], "need": need.digest}
    spec = ToolSpec.model_validate(content["spec"])
    told = Manifest.model_validate(dict(spec.capabilities)).to_json() == content["manifest"]
    named = spec.name == content["name"] and need.digest == content["wanted"]
    return told and named and bool(digest(said) == content["digest"])


def label_of(content: Mapping[str, Any]) -> Label:
    """Return how far it may be believed."""
    return Label.from_json(content["label"])


def need_of(content: Mapping[str, Any]) -> Need:
    """Return what the tool was made for."""
    return Need.model_validate(content["need"])


def manifest_of(content: Mapping[str, Any]) -> Manifest:
    """Return what it may do beyond computing."""
    return Manifest.model_validate(content["manifest"]) if content.get("manifest") else NOTHING


def tool_of(content: Mapping[str, Any]) -> ToolSpec:
    """Return the tool as it is called: by its digest, labelled as it may be believed."""
    spec = ToolSpec.model_validate(content["spec"])
    return spec.replace(source=f"sha256:{content['digest']}", label=label_of(content))


def checks_of(content: Mapping[str, Any]) -> tuple[LayerCheck, ...]:
    """Return what the layers found."""
    return tuple(LayerCheck.model_validate(check) for check in content.get("checks", ()))


def made_of(version: Version, code: str = "", calls: int = 0, failures: int = 0) -> Made:
    """Return *version* as a value for others."""
    content, tool = version.content, version.kind == "tool"
    return Made(
        digest=version.digest, kind=version.kind, name=version.name, state=MadeState(version.state),
        author=content["author"], created=datetime.fromisoformat(version.created), label=label_of(content),
        need=need_of(content) if tool else None, tool=tool_of(content) if tool else None,
        card=None if tool else AgentCard.model_validate(content["card"]), code=code,
        limits=content.get("limits", {}), checks=checks_of(content), approved=content.get("approved", ""),
        run=content.get("run", ""), why=version.why or refused_by(version), calls=calls, failures=failures,
    )


def kept_of(known: Version, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stays of *known* when it is signed again as *content*: the better label, and a person's word."""
    said = {"by": known.content["by"]} if known.state is MadeState.ACTIVE and known.content.get("by") else {}
    better = label_of(known.content).trust > label_of(content).trust
    return {**said, **({"label": known.content["label"]} if better else {})}


def refused_by(version: Version) -> str:
    """Return what the trial said that refused it; empty: none did."""
    refused = next((check for check in checks_of(version.content) if not check.ok), None)
    return "" if refused is None else f"its trial refused it: {refused.layer}: {'; '.join(refused.findings)}"


def source_digest(code: bytes) -> str:
    """Return the digest that names a source."""
    return hashlib.sha256(code).hexdigest()
