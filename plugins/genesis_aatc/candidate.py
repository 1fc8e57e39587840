"""A candidate: a proposal, its need, and what it asks for beyond computing, on its way through the layers."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import Field

from genesis_core import Need, Proposal, Record, ToolSpec

__all__ = ["NOTHING", "Candidate", "Manifest"]


class Manifest(Record):
    """What a tool may do beyond computing: nothing, unless it is named here and a person has granted it."""

    read: tuple[str, ...] = ()
    """Absolute paths of files and folders."""
    write: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """The field exists; any value is refused in this version."""
    env: tuple[str, ...] = ()
    """Names of variables of the environment."""
    modules: tuple[str, ...] = ()
    """Installed packages beside the standard library."""
    limits: Mapping[str, float] = Field(default_factory=dict)
    """Those of ``genesis_sandbox.Limits`` by name, below their defaults or with a grant above them."""


NOTHING = Manifest()


@dataclass(frozen=True)
class Candidate:
    """What the layers look at. It runs nothing: ``tree`` is parsed, never compiled into code that is called."""

    need: Need
    proposal: Proposal
    approved: str = ""
    """Who granted what the manifest asks for; empty: nobody."""

    @property
    def spec(self) -> ToolSpec:
        """What it promises."""
        return self.proposal.spec

    @cached_property
    def source(self) -> bytes:
        """The source as bytes (raises UnicodeEncodeError for lone surrogates)."""
        return self.proposal.code.encode("utf-8")

    @cached_property
    def manifest(self) -> Manifest:
        """What it asks for (raises pydantic's ValidationError for anything else)."""
        return Manifest.model_validate(dict(self.spec.capabilities))

    @cached_property
    def tree(self) -> ast.Module:
        """The source, parsed: only once a layer has looked at it in a limited child (raises SyntaxError)."""
        return ast.parse(self.source)

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """What makes this version: whatever differs here is another version."""
        return {
            "source": hashlib.sha256(self.source).hexdigest(), "spec": self.spec.replace(source="").to_json(),
            "manifest": self.manifest.to_json(), "need": self.need.digest,
        }
