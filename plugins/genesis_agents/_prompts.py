"""The prompts of the agents: versioned files, read when one is needed. A changed text is a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["VERSIONS", "Prompt", "prompt"]

VERSIONS: Mapping[str, int] = {
    "spec": 1, "architect": 1, "builder": 1, "frontend": 1, "backend": 1, "qa": 1, "security": 1, "deploy": 1,
    "monitoring": 1, "marketing": 1, "sales": 1, "support": 1, "analytics": 1, "research": 1, "finance": 1,
}
"""The version in use of each agent's prompt; its text stands in ``prompts/NAME.vN.md``."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told that it is, and by which rules it works."""

    name: str
    version: int
    text: str

    def __str__(self) -> str:
        return f"{self.name}.v{self.version}"


@cache
def prompt(name: str) -> Prompt:
    """Return the prompt of the agent *name*; raises KeyError for an agent that has none."""
    version = VERSIONS[name]
    text = (Path(__file__).parent / "prompts" / f"{name}.v{version}.md").read_text(encoding="utf-8")
    return Prompt(name, version, text.strip())
