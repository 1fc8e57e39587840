"""Steps: what is left when clauses that mean the same work are put together, and what nothing here can do is named."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from .catalogue import Ability, Catalogue
from .clauses import Clause
from .lexicon import Deed, lexicon
from .matching import Match, match
from .phrases import Joint
from .stems import stem
from .topics import Places, phrase
from .words import Kind, Token


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
    query: str = ""
    residue: set[str] = field(default_factory=set)
    more: list[str] = field(default_factory=list)
    """Descriptions of later clauses that ask for the same work."""
    numbered: bool = False

    @property
    def gathers(self) -> bool:
        """Whether it puts together what others found."""
        return bool(self.abilities) and self.abilities[0].gathers

    @property
    def changes(self) -> bool:
        """Whether it does more than look: then the order in which things are asked for binds."""
        return not self.gathers and (self.deed is Deed.ACT or (self.deed is Deed.MAKE and not self.asks))

    @property
    def asks(self) -> bool:
        """Whether asking for it amounts to a question."""
        return self.deed in (Deed.ASK, None)

    @property
    def points_back(self) -> bool:
        """Whether it names what was said or made before: "them", "the results", "the report"."""
        words = [t.low for t in self.tokens if t.kind is Kind.WORD]
        return any(w in lexicon().back for w in words) or ("report" in words and not self.gathers)

    @property
    def owner(self) -> str:
        """The agent whose abilities it asks for."""
        return self.abilities[0].owner if self.abilities else ""

    @property
    def description(self) -> str:
        """The clause in the user's words."""
        return "; ".join((spelled(self.text, self.tokens), *self.more))


def spelled(text: str, tokens: Sequence[Token]) -> str:
    """Return *tokens* as *text* has them; a jump (an object taken from elsewhere) becomes a blank."""
    runs: list[list[Token]] = []
    for token in tokens:
        if runs and 0 <= token.start - runs[-1][-1].end <= 8:
            runs[-1].append(token)
        else:
            runs.append([token])
    return " ".join(text[run[0].start : run[-1].end].strip() for run in runs)


class Composer:
    """Puts clauses together into steps, in the order of the goal."""

    def __init__(self, catalogue: Catalogue, places: Places) -> None:
        self.catalogue, self.places = catalogue, places
        self.steps: list[Step] = []
        self.unclear: list[str] = []
        """Phrases that no step covers."""
        self._deed: tuple[Deed | None, str] = (None, "")
        self._last: Step | None = None
        self._by_owner: dict[str, deque[Step]] = {}
        self._pending: tuple[Clause, str] | None = None
        """A clause without content of its own, which the next one may complete: "put it all | in a report"."""
        self._listing = False
        """Whether a sentence or a list is listing what is wanted."""
        self._header: Step | None = None
        self._owners: list[str] = []
        self._label: Clause | None = None
        """What introduces the clauses after its colon."""

    def paragraph(
        self, text: str, clauses: Sequence[Clause], *, group: tuple[int, ...], listed: bool, numbered: bool, opens: bool
    ) -> None:
        """Take the clauses of one paragraph or list item; one that *opens* a list may only introduce it."""
        if not listed:
            self.close()
        sentence = -1
        for clause, follow in zip_longest(clauses, clauses[1:]):
            if clause.sentence != sentence:
                self._sentence(clause, first=sentence < 0, listed=listed)
                sentence = clause.sentence
            self._listing = self._listing or clause.joint in (Joint.COLON, Joint.CONTENT)
            hangs = Joint.COLON if follow is None and opens else follow and follow.joint
            step = self._next(text, clause, hangs)
            if step is not None:
                step.group, step.numbered = step.group or group, step.numbered or numbered
                self._note(step, heads=hangs is Joint.COLON)

    def _sentence(self, clause: Clause, *, first: bool, listed: bool) -> None:
        if not first:
            self.close()
        self._listing, self._pending, self._label = listed or clause.asked, None, None

    def _note(self, step: Step, *, heads: bool) -> None:
        """Remember what heads a list, and who does the items."""
        if heads and not step.gathers:
            self.close()
            self._header = step
        elif self._header is not None and step.abilities:
            self._owners.append(step.owner)

    def close(self) -> None:
        """End a list: what heads it sums its items up when these are others' work, and is no task then."""
        header, owners = self._header, self._owners
        if header is not None and len(owners) > 1 and header.owner not in owners and header in self.steps and not header.changes:
            self.steps.remove(header)
        self._header, self._owners = None, []

    def _next(self, text: str, clause: Clause, follow: Joint | None) -> Step | None:
        """Take one clause; what *follow* hangs on says whether this one is a label or a report with its content."""
        if follow is Joint.CONTENT:
            return self._gatherer(text, clause)
        if follow is Joint.COLON and clause.joint in (Joint.START, Joint.THEN) and self._introduces(clause):
            self._label = clause
            return None
        label, self._label = self._label, None
        step = self._take(text, clause if label is None else self._labelled(label, clause))
        return step

    def _introduces(self, clause: Clause) -> bool:
        """Whether *clause* only says what comes: "Security:", "Review this repository:"."""
        if clause.deed is None and not clause.asked:
            found = match(clause, self.catalogue, self.places, deed=Deed.ASK, verb="")
            return found.ability is None or not found.ability.gathers
        return match(clause, self.catalogue, self.places, deed=clause.deed, verb=clause.verb).empty

    def _labelled(self, label: Clause, clause: Clause) -> Clause:
        """Return *clause* with its label before it, where both speak of the same or the clause of nothing by itself."""
        if clause.deed is None and label.deed is not None:
            self._deed = (label.deed, label.verb)
        if label.verb or clause.item != label.item:
            return clause
        deed, verb = (clause.deed, clause.verb) if clause.deed is not None else self._deed
        alone = match(clause, self.catalogue, self.places, deed=deed, verb=verb)
        title = match(label, self.catalogue, self.places, deed=Deed.ASK, verb="")
        if title.ability is None or (alone.ability is not None and alone.ability.owner != title.ability.owner):
            return clause
        return replace(clause, tokens=(*clause.tokens[:0], *label.tokens, *clause.tokens), verb="", deed=clause.deed or Deed.ASK)

    def _take(self, text: str, clause: Clause) -> Step | None:
        """Turn *clause* into a step, part of one, or a phrase that was not understood."""
        clause = self._as_noun(clause)
        deed, verb = (clause.deed, clause.verb) if clause.deed is not None else self._deed
        found = match(clause, self.catalogue, self.places, deed=deed, verb=verb)
        if clause.deed is not None:
            self._deed = (deed, verb)
        if found.ability is None or (found.empty and not clause.verb and not found.ability.gathers and not found.named.marks):
            return self._unmatched(text, clause, found, deed, verb)
        if found.empty and deed is Deed.ASK and not found.ability.ready:
            return self._empty(text, clause, deed, verb)
        tokens = [*self._waiting(clause, found), *clause.tokens]
        step = self._step(text, clause, tokens, deed, verb)
        step.abilities = list(found.wanted)
        step.folders, step.files = list(found.named.folders), list(found.named.files)
        step.residue = set(found.residue)
        step.query = self._query(text, clause, found)
        return self._place(step, clause)

    def _as_noun(self, clause: Clause) -> Clause:
        """Read "code structure" and "test results" as nouns when something here knows them so, and nothing as a deed."""
        follow = clause.tokens[1] if len(clause.tokens) > 1 else None
        if not clause.verb or clause.verb not in lexicon().either or follow is None or follow.low in lexicon().stop:
            return clause
        noun = replace(clause, deed=None, verb="")
        as_deed = match(clause, self.catalogue, self.places, deed=clause.deed, verb=clause.verb)
        as_noun = match(noun, self.catalogue, self.places, deed=Deed.ASK, verb="")
        if as_noun.ability is None or not as_noun.ability.ready:
            return clause
        same = as_deed.ability is None or not as_deed.ability.ready or as_deed.ability.owner == as_noun.ability.owner
        return noun if same else clause

    def _gatherer(self, text: str, clause: Clause) -> Step | None:
        """Return the step for a report, or a document of another name, whose content follows."""
        ability = next((a for a in self.catalogue.abilities if a.gathers), None)
        if ability is None:
            return self._take(text, clause)
        step = self._step(text, clause, [*self._waiting(clause, None), *clause.tokens], clause.deed, clause.verb)
        step.abilities = [ability]
        self._deed = (Deed.ASK, "")
        return self._place(step, clause)

    def _waiting(self, clause: Clause, found: Match | None) -> Sequence[Token]:
        """Return the tokens of what came before and was waiting for this clause: "put the answers | into a report"."""
        pending, self._pending = self._pending, None
        if pending is not None and clause.joint in (Joint.INTO, Joint.AND):
            return pending[0].tokens
        last = self._last
        into = clause.joint is Joint.INTO and (found is None or (found.ability is not None and found.ability.gathers))
        if into and last is not None and not last.abilities and last.deed in (Deed.MAKE, Deed.ASK) and last is self.steps[-1]:
            self.steps.pop()
            return last.tokens
        return ()

    def _step(self, text: str, clause: Clause, tokens: list[Token], deed: Deed | None, verb: str) -> Step:
        return Step(text, tokens, clause, deed, verb)

    def _query(self, text: str, clause: Clause, found: Match) -> str:
        if found.ability is None or not found.ability.searches:
            return ""
        if found.query:
            return phrase(text, clause.tokens[found.query.start : found.query.stop])
        marks, known, local = found.named.marks, lexicon(), lexicon().local
        kept = [
            t for t in clause.objects
            if t.start not in marks and t.low not in known.stop and stem(t.low) not in local
            and not {"#quote", "#search", "#document"}.intersection(known.concepts.get(stem(t.low), ()))
        ]  # fmt: skip
        return " ".join(t.text for t in kept)

    def _place(self, step: Step, clause: Clause) -> Step:
        """Add *step*, or make it part of an earlier one that asks for the same work."""
        twin = self._twin(step, clause)
        if twin is None:
            self.steps.append(step)
            self._by_owner.setdefault(step.owner, deque(maxlen=_LOOK_BACK)).append(step)
            self._last = step
            return step
        self._join(twin, step)
        self._last = twin
        return twin

    def _twin(self, step: Step, clause: Clause) -> Step | None:
        last = self._last
        near = last is not None and last.clause.sentence == clause.sentence and last.clause.item == clause.item
        if clause.deed is None and near and last is not None and last.owner == step.owner and last.gathers == step.gathers:
            return last
        return next((s for s in reversed(self._by_owner.get(step.owner, ())) if _same_work(s, step)), None)

    def _join(self, twin: Step, step: Step) -> None:
        if twin.text is step.text and twin.tokens[-1].end <= step.tokens[0].start and step.tokens[0].start - twin.tokens[-1].end <= 8 and not twin.more:
            twin.tokens = [*twin.tokens, *step.tokens]
        elif step.description not in (twin.description, *twin.more):
            twin.more.append(step.description)
        twin.abilities += [a for a in step.abilities if a not in twin.abilities]
        twin.folders += [f for f in step.folders if f not in twin.folders]
        twin.files += [f for f in step.files if f not in twin.files]
        twin.query = twin.query or step.query
        if step.gathers and twin in self.steps:
            self.steps.remove(twin)
            self.steps.append(twin)
            twin.clause = step.clause if step.clause.subordinate is None else twin.clause

    def _unmatched(self, text: str, clause: Clause, found: Match, deed: Deed | None, verb: str) -> Step | None:
        """Decide what a clause is that no ability covers."""
        last = self._last if self._last and self._last.clause.item == clause.item else None
        if found.empty:
            return self._empty(text, clause, deed, verb)
        words = spelled(text, clause.tokens)
        if clause.joint is Joint.CONTENT and last is not None and self._is_form(clause):
            last.tokens += clause.tokens
            return last
        loose = clause.joint in (Joint.COMMA, Joint.AND) and (clause.deed is None or self._goes_on(clause))
        if loose and last is not None and last.clause.sentence == clause.sentence and not (self._listing and self._is_item(last)):
            self._attach(text, last, clause, words)
            return last
        if clause.deed is None and not self._listing and not clause.asked:
            self.unclear.append(words)
            return None
        step = self._step(text, clause, list(clause.tokens), deed or Deed.ASK, verb)
        self.steps.append(step)
        self._last = step
        return step

    def _goes_on(self, clause: Clause) -> bool:
        """Whether a question is more of the topic before it: "errors and how they are handled"."""
        topic = self._last is not None and bool(self._last.query)
        return topic and clause.deed is Deed.ASK and not clause.verb and any(t.low in _PRONOUNS for t in clause.tokens)

    def _is_item(self, last: Step) -> bool:
        """Whether the list goes on in phrases of nouns, so that the next one is an item of its own."""
        return last.clause.deed is None

    def _is_form(self, clause: Clause) -> bool:
        form, known = lexicon().form, lexicon()
        return all(stem(t.low) in form or t.low in known.stop or stem(t.low) in known.generic or t.kind is not Kind.WORD
                   for t in clause.tokens)  # fmt: skip

    def _attach(self, text: str, last: Step, clause: Clause, words: str) -> None:
        """Let *last* take a phrase that says nothing by itself: more of its topic, or something nobody understands."""
        last.tokens = [*last.tokens, *clause.tokens] if last.text is text else last.tokens
        if last.abilities and last.abilities[0].searches:
            start = last.query and text.find(last.query)
            end = clause.tokens[-1].end
            last.query = text[start:end] if isinstance(start, int) and start >= 0 else f"{last.query} {words}".strip()
        elif last.abilities:
            self.unclear.append(words)

    def _empty(self, text: str, clause: Clause, deed: Deed | None, verb: str) -> Step | None:
        """Keep a clause without content for the one after it, unless it asks to put everything together."""
        gatherer = next((a for a in self.catalogue.abilities if a.gathers), None)
        plural = any(t.low in ("all", "everything", "results", "findings", "these", "those", "them") for t in clause.objects)
        if gatherer is not None and clause.verb and plural and (verb in _GATHERING or deed is Deed.MAKE):
            step = self._step(text, clause, list(clause.tokens), deed, verb)
            step.abilities = [gatherer]
            return self._place(step, clause)
        if clause.verb and deed is Deed.ACT and len(clause.tokens) > 1:
            step = self._step(text, clause, list(clause.tokens), deed, verb)
            self.steps.append(step)
            self._last = step
            return step
        if clause.verb:
            self._pending = (clause, text)
        return None


_PRONOUNS = frozenset({"it", "they", "them", "these", "those", "this", "that"})
_LOOK_BACK = 8
"""Steps of the same agent that a clause may be part of."""
_GATHERING = frozenset(stem(w) for w in "report summarise present document collect combine compile gather consolidate wrap".split())


def _same_work(earlier: Step, step: Step) -> bool:
    """Whether *step* asks for nothing that *earlier* does not do already."""
    if not step.abilities or earlier.owner != step.owner or earlier.gathers != step.gathers:
        return False
    if step.gathers:
        return True
    if Deed.ACT in (step.deed, earlier.deed):
        return step.description == earlier.description
    places = step.folders + step.files
    if places and places != earlier.folders + earlier.files:
        return False
    if not places and (earlier.folders or earlier.files) and not step.points_back and step.clause.item != earlier.clause.item:
        return False
    return step.residue <= earlier.residue and (not step.query or not earlier.query or step.query == earlier.query)
