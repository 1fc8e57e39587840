"""Steps: tasks in the making, and when two of them are the same work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genesis_core import Input

from .catalogue import Ability
from .clauses import Clause
from .lexicon import ACT, MAKE, Deed, lexicon
from .words import WORD, Token

if TYPE_CHECKING:
    from .patterns import Pattern

_CHANGES = frozenset({ACT, MAKE})
_NEAR = 8
"""Characters between two tokens that still belong together: a comma, "and"."""


@dataclass(slots=True)
class Step:
    """One task in the making."""

    text: str
    """The paragraph that its tokens point into."""
    tokens: list[Token]
    clause: Clause
    """The clause that it began with: joint, sentence, subordinate."""
    deed: Deed | None
    verb: str
    group: tuple[int, ...] = ()
    """Headings and list items that it stands below."""
    abilities: list[Ability] = field(default_factory=list)
    """What it asks for, best first; none when nothing here does it."""
    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    """Places that are left out."""
    query: str = ""
    residue: set[str] = field(default_factory=set)
    """Stems of its words that its abilities do not know."""
    more: list[str] = field(default_factory=list)
    """Descriptions of later clauses that ask for the same work."""
    numbered: bool = False
    """Whether it is an item of a numbered list."""
    listed: bool = False
    """Whether it is an item of any list."""
    pattern: Pattern | None = None
    """What it is broken down by, where it is as broad as that."""
    denied: tuple[str, ...] = ()
    """What the goal rules out right behind it."""

    @property
    def gathers(self) -> bool:
        """Whether it puts together what others found."""
        return self.pattern is None and bool(self.abilities) and self.abilities[0].gathers

    @property
    def changes(self) -> bool:
        """Whether it does more than look: then the order in which things are asked for binds."""
        if self.deed not in _CHANGES:
            return False
        if self.pattern is not None:
            return True
        return not self.abilities or not (self.abilities[0].gathers or self.abilities[0].looks)

    @property
    def points_back(self) -> bool:
        """Whether it names what was said or made before: "them", "the results", "the report"."""
        words = {t.low for t in self.tokens if t.kind is WORD}
        return not words.isdisjoint(lexicon().back) or ("report" in words and not self.gathers)

    @property
    def owner(self) -> str:
        """The agent whose abilities it asks for."""
        return self.abilities[0].owner if self.abilities else ""

    @property
    def place(self) -> str:
        """The first file or folder that it names; empty when it names none."""
        named = self.folders or self.files
        return named[0] if named else ""

    @property
    def description(self) -> str:
        """The clause in the user's words."""
        said = spelled(self.text, self.tokens)
        return "; ".join((said, *self.more)) if self.more else said

    @property
    def told(self) -> str:
        """The description, with what is left out."""
        left_out = f" (without {', '.join(self.exclude)})" if self.exclude and not self.gathers else ""
        return self.description + left_out

    def places(self) -> Mapping[str, Input]:
        """Return the inputs that say where it works."""
        found: dict[str, Input] = {}
        if self.folders:
            found["folder"] = Input(value=self.folders[0] if len(self.folders) == 1 else list(self.folders))
        if self.files:
            found["files"] = Input(value=list(self.files))
        if self.exclude and not self.gathers:
            found["exclude"] = Input(value=[path.rstrip("/") or "." for path in self.exclude])
        return found

    def take(self, other: Step) -> None:
        """Make *other* part of this step."""
        follows = self.text is other.text and 0 <= other.tokens[0].start - self.tokens[-1].end <= _NEAR
        if follows and not self.more:
            self.tokens.extend(other.tokens)
        elif other.description not in (self.description, *self.more):
            self.more.append(other.description)
        self.abilities += [a for a in other.abilities if a not in self.abilities]
        self.folders += [f for f in other.folders if f not in self.folders]
        self.files += [f for f in other.files if f not in self.files]
        self.exclude += [f for f in other.exclude if f not in self.exclude]
        self.query = self.query or other.query


def spelled(text: str, tokens: Sequence[Token]) -> str:
    """Return *tokens* as *text* has them; a jump (an object taken from elsewhere) becomes a blank."""
    runs: list[list[Token]] = []
    for token in tokens:
        if runs and 0 <= token.start - runs[-1][-1].end <= _NEAR:
            runs[-1].append(token)
        else:
            runs.append([token])
    return " ".join(text[run[0].start : run[-1].end].strip() for run in runs)


def same_work(earlier: Step, step: Step) -> bool:
    """Whether *step* asks for nothing that *earlier* does not do already."""
    if earlier.owner != step.owner or earlier.gathers != step.gathers:
        return False
    if step.gathers:
        return True
    if step.deed is ACT or earlier.deed is ACT:
        return step.description == earlier.description
    if not step.residue <= earlier.residue or not _same_place(earlier, step):
        return False
    return not step.query or not earlier.query or step.query == earlier.query


def _same_place(earlier: Step, step: Step) -> bool:
    """Whether both are about the same files; one that names none, in the same item, is about those named before."""
    if step.folders or step.files:
        return step.folders == earlier.folders and step.files == earlier.files
    if not earlier.folders and not earlier.files:
        return True
    return step.points_back or step.clause.item == earlier.clause.item
