"""The texts that this plugin adds to a question: versioned files, ``prompts/NAME.vN.md``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["FOLDER", "prompt"]

FOLDER = Path(__file__).with_name("prompts")


@cache
def prompt(name: str) -> str:
    """Return the text of a prompt by its name and version, such as ``untrusted.v1``."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
