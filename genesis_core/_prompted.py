"""What may enter a prompt: each untrusted text is screened once, and one that is doubted is replaced by a note."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from .models import Message, ModelRequest
from .plans import Outcome, Screening
from .policy import Label, Trust

__all__ = ["Prompted"]

MAX_NAMED = 5
"""Spans, and reasons, that a note names."""
KINDS = (("model:", "model"), ("tool:", "tool"), ("task:", "task"), ("plugin:", "plugin"), ("secret:", "secret"),
         ("names ", "names of files"))
"""How the names of sources begin, by kind; those of files do as they like."""
_ESCAPED = re.compile(r'\\["/bfnrt]')
_Screen = Callable[[str, str, Label], Awaitable[Screening]]
_Doubt = Callable[[str, Screening], None]


@dataclass(slots=True)
class Prompted:
    """The texts that one attempt, or planning, has put into prompts: a conversation repeats them at every turn."""

    shown: dict[tuple[str, Label], str] = field(default_factory=dict)
    """What stands in the prompt for each of them."""
    warnings: tuple[str, ...] = ()
    """What was withheld, for whoever reads the result."""

    async def fit(self, request: ModelRequest, screen: _Screen, doubt: _Doubt) -> ModelRequest:
        """Return *request* with a note for each text in it that is doubted; *doubt* is told of those.

        Raises AccessDenied when a text is blocked. Texts of the user and of programs pass as they are.
        """
        messages = [await self._fit(message, screen, doubt) for message in request.messages]
        same = all(new is old for new, old in zip(messages, request.messages, strict=True))
        return request if same else request.replace(messages=tuple(messages))

    async def _fit(self, message: Message, screen: _Screen, doubt: _Doubt) -> Message:
        text, label = message.text, message.label
        if label.trust is not Trust.UNTRUSTED or not text:
            return message
        if (text, label) not in self.shown:
            what = f"a text from {_sources(label)}"
            found = await screen(as_read(text), what, label)
            self.shown[text, label] = text
            if found.outcome is Outcome.QUARANTINE:
                self.shown[text, label] = withheld(text, label, found)
                self.warnings = (*self.warnings, f"{what} was kept out of a prompt: {_reasons(found)}")
                doubt(what, found)
        shown = self.shown[text, label]
        return message if shown is text else message.replace(text=shown)


def as_read(text: str) -> str:
    """Return *text* with JSON's escapes as the blanks and quotes that a model reads, each character in its place."""
    return _ESCAPED.sub(lambda found: ' "' if found[0] == '\\"' else "  ", text) if "\\" in text else text


def withheld(text: str, label: Label, screening: Screening) -> str:
    """Return the note that stands for *text*: what it is from, where it is doubted and why, and none of its words.

    Names of sources are words as well, of whoever named a file: the note counts them by kind.
    """
    from .loops import fenced

    return fenced("withheld", json.dumps({
        "withheld": f"{len(text)} characters, by screening", "sources": _kinds(label),
        "spans": [list(span) for span in screening.spans[:MAX_NAMED]], "reasons": _reasons(screening),
    }, ensure_ascii=False))


def _sources(label: Label) -> str:
    named = sorted(label.sources)
    more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return (", ".join(named[:MAX_NAMED]) or "outside")[:300] + more


def _kinds(label: Label) -> dict[str, int]:
    """Return how many sources there are of each kind."""
    found = (next((kind for begins, kind in KINDS if source.startswith(begins)), "file") for source in label.sources)
    return dict(sorted(Counter(found).items()))


def _reasons(screening: Screening) -> str:
    return "; ".join(screening.reasons[:MAX_NAMED])[:300] or "no reason was given"
