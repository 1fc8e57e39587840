"""The cards of the fifteen built-in agents, as ``cards.toml`` tells them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from genesis_core import AgentCard, Skill

__all__ = ["card", "cards"]


@cache
def cards() -> tuple[AgentCard, ...]:
    """Return every built-in card, in the order of the file."""
    import tomllib

    data = tomllib.loads(Path(__file__).with_name("cards.toml").read_text(encoding="utf-8"))
    return tuple(_card(entry) for entry in data["agent"])


def card(name: str) -> AgentCard:
    """Return the built-in card *name*; raises KeyError for another name."""
    return {c.name: c for c in cards()}[name]


def _card(entry: dict[str, object]) -> AgentCard:
    text = str(entry["description"]).strip()
    return AgentCard.model_validate({**entry, "description": text, "skills": [_skill(s) for s in _rows(entry)]})


def _rows(entry: dict[str, object]) -> list[dict[str, object]]:
    rows = entry["skills"]
    return rows if isinstance(rows, list) else []


def _skill(row: dict[str, object]) -> Skill:
    return Skill.model_validate({**row, "description": str(row.get("description", "")).strip()})
