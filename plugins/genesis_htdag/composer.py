"""Put clauses together into steps: what means the same work is one, and what nothing here can do is named."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest

from .catalogue import Catalogue
from .clauses import Clause
from .lexicon import ACT, ASK, MAKE, Deed, lexicon
from .matching import Match, Matcher
from .patterns import Pattern
from .phrases import AND, COLON, COMMA, CONTENT, DASH, INTO, START, THEN, Joint
from .stems import stem
from .steps import Step, same_work, spelled
from .topics import Places, Wording, phrase
from .words import WORD, Token

_PRONOUNS = frozenset({"it", "they", "them", "these", "those", "this", "that"})
_EVERYTHING = frozenset({"all", "everything", "results", "findings", "these", "those", "them"})
_GATHERING = frozenset(
    stem(w) for w in "report summarise present document collect combine compile gather consolidate wrap".split()
)
Reading = list[tuple[Clause, list[int]]]
_LOOK_BACK = 8
"""Steps of the same agent, at the same place, that a clause may be part of."""


class Composer:
    """Puts clauses together into steps, in the order of the goal."""

    def __init__(
        self, catalogue: Catalogue, places: Places,
        broad: Mapping[tuple[int, int], tuple[Pattern, tuple[str, ...]] | None] | None = None,
    ) -> None:  # fmt: skip
        self.places, self._match = places, Matcher(catalogue, places).match
        self._broad = broad or {}
        """The patterns of clauses that are broken down by one, by where they begin, and what is ruled out behind.

        None stands for a clause that is part of another one.
        """
        self.readings: dict[Wording, Reading] = {}
        """How each wording was read: its clauses, and where their tokens stand."""
        self.gatherer = next((a for a in catalogue.abilities if a.gathers), None)
        """Who puts together what others found."""
        self.steps: list[Step] = []
        self.unclear: list[str] = []
        """Phrases that no step covers."""
        self.exclude: list[str] = []
        """Every place that the goal leaves out."""
        self._deed: tuple[Deed | None, str] = (None, "")
        self._last: Step | None = None
        self._earlier: defaultdict[tuple[str, str], deque[Step]] = defaultdict(partial(deque, maxlen=_LOOK_BACK))
        """The last steps of each agent, and of each agent at each place."""
        self._pending: Clause | None = None
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
            named = clause.joint is COLON and self._label is not None and self._label.deed is not None
            self._listing = self._listing or named or clause.joint is CONTENT
            hangs = follow.joint if follow is not None else COLON if opens else None
            step = self._next(text, clause, hangs)
            if step is not None:
                step.group, step.numbered, step.listed = step.group or group, step.numbered or numbered, listed
                self._note(step, heads=hangs in (COLON, DASH))

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
        if header is not None and len(owners) > 1 and header.owner not in owners and not header.changes:
            self.steps = [step for step in self.steps if step is not header]
        self._header, self._owners = None, []

    def _next(self, text: str, clause: Clause, follow: Joint | None) -> Step | None:
        """Take one clause; what *follow* hangs on says whether this one is a label or a report with its content."""
        if self._broad and (at := (clause.item, clause.tokens[0].start)) in self._broad:
            found = self._broad[at]
            return None if found is None else self._unfolding(text, clause, *found)
        if follow is CONTENT:
            return self._report(text, clause)
        if follow is COLON and clause.joint in (START, THEN) and self._introduces(clause):
            self._label = clause
            return None
        label, self._label = self._label, None
        if label is not None and label.exclude:
            clause = clause._replace(exclude=(*label.exclude, *clause.exclude))
        return self._take(text, clause if label is None else self._labelled(label, clause))

    def _introduces(self, clause: Clause) -> bool:
        """Whether *clause* only says what comes: "Security:", "Review this repository:"."""
        if clause.deed is None and not clause.asked:
            found = self._match(clause, deed=ASK, verb="")
            return found.ability is None or not found.ability.gathers
        return self._match(clause, deed=clause.deed, verb=clause.verb).empty

    def _labelled(self, label: Clause, clause: Clause) -> Clause:
        """Return *clause* with its label before it, where both speak of the same or the clause of nothing by itself."""
        if clause.deed is None and label.deed is not None:
            self._deed = (label.deed, label.verb)
        if label.verb or clause.item != label.item:
            return clause
        deed, verb = (clause.deed, clause.verb) if clause.deed is not None else self._deed
        alone = self._match(clause, deed=deed, verb=verb)
        title = self._match(label, deed=ASK, verb="")
        if title.ability is None or (alone.ability is not None and alone.ability.owner != title.ability.owner):
            return clause
        return clause._replace(tokens=(*label.tokens, *clause.tokens), verb="", deed=clause.deed or ASK)

    def _take(self, text: str, clause: Clause) -> Step | None:
        """Turn *clause* into a step, part of one, or a phrase that was not understood."""
        clause = self._as_noun(clause)
        deed, verb = (clause.deed, clause.verb) if clause.deed is not None else self._deed
        if clause.joint is INTO:
            deed, verb = ASK, ""
        found = self._match(clause, deed=deed, verb=verb)
        if clause.deed is not None:
            self._deed = (deed, verb)
        if self._another_place(clause, found):
            return self._last
        if found.empty and self._more_of_last(clause, verb):
            return self._last
        if found.ability is None or (
            found.empty and not clause.verb and not found.ability.gathers and not found.named.marks
        ):
            return self._unmatched(text, clause, found, deed, verb)
        if found.empty and deed is ASK and not found.ability.ready:
            return self._empty(text, clause, deed, verb)
        tokens = [*self._waiting(clause, found), *clause.tokens]
        step = Step(
            text, tokens, clause, ASK if found.depicts else deed, verb, abilities=list(found.wanted),
            folders=list(found.named.folders), files=list(found.named.files), exclude=list(clause.exclude),
            residue=set(found.residue), query=self._query(text, clause, found),
        )  # fmt: skip
        return self._place(step, clause)

    def _unfolding(self, text: str, clause: Clause, pattern: Pattern, denied: tuple[str, ...]) -> Step:
        """Add the step for a clause that a pattern breaks down."""
        looks = lexicon().verbs.get(stem(pattern.verbs[0][0])) is ASK
        deed = ASK if looks else clause.deed if clause.deed in (ACT, MAKE) else ACT
        places = self._match(clause, deed=deed, verb=clause.verb).named
        step = Step(text, list(clause.tokens), clause, deed, clause.verb, folders=list(places.folders),
                    files=list(places.files), exclude=list(clause.exclude), pattern=pattern, denied=denied)
        said = step.description.lower()
        twin = next((s for s in self.steps if s.pattern is pattern and s.description.lower() == said), None)
        self._deed, self._label = (deed, clause.verb), None
        return self._missing(step) if twin is None else twin

    def _another_place(self, clause: Clause, found: Match) -> bool:
        """Let the step before take "and tests/ too", which names a place and no work."""
        last, marks = self._last, found.named.marks
        if clause.deed is not None or not marks:
            return False
        if any(t.low not in lexicon().stop for t in clause.tokens if t.start not in marks):
            return False
        here = last is not None and (last.clause.sentence, last.clause.item) == (clause.sentence, clause.item)
        if last is None or not here or not last.abilities or last.gathers or not (last.folders or last.files):
            return False
        last.tokens.extend(clause.tokens)
        last.folders += [f for f in found.named.folders if f not in last.folders]
        last.files += [f for f in found.named.files if f not in last.files]
        last.exclude += clause.exclude
        return True

    def _more_of_last(self, clause: Clause, verb: str) -> bool:
        """Let the step before take "and chart the result", when its agent does such things."""
        last = self._last
        back = any(t.low in lexicon().back for t in clause.objects)
        if last is None or not last.abilities or last.gathers or not clause.verb or not back or verb in _GATHERING:
            return False
        if verb not in last.abilities[0].said:
            return False
        last.more.append(spelled(last.text, clause.tokens) if last.clause.item == clause.item else "")
        return True

    def _as_noun(self, clause: Clause) -> Clause:
        """Read "code structure" and "test results" as nouns when something here knows them so, and not as a deed."""
        follow = clause.tokens[1] if len(clause.tokens) > 1 else None
        if not clause.verb or clause.verb not in lexicon().either or follow is None or follow.low in lexicon().stop:
            return clause
        noun = clause._replace(deed=None, verb="")
        as_deed = self._match(clause, deed=clause.deed, verb=clause.verb)
        as_noun = self._match(noun, deed=ASK, verb="")
        if as_noun.ability is None or not as_noun.ability.ready:
            return clause
        same = as_deed.ability is None or not as_deed.ability.ready or as_deed.ability.owner == as_noun.ability.owner
        return noun if same else clause

    def _report(self, text: str, clause: Clause) -> Step | None:
        """Return the step for a report, or a document of another name, whose content follows."""
        if self.gatherer is None:
            return self._take(text, clause)
        tokens = [*self._waiting(clause, None), *clause.tokens]
        step = Step(text, tokens, clause, clause.deed, clause.verb, abilities=[self.gatherer])
        self._deed = (ASK, "")
        return self._place(step, clause)

    def _waiting(self, clause: Clause, found: Match | None) -> Sequence[Token]:
        """Return the tokens of what came before and was waiting for this clause: "put the answers | into a report"."""
        pending, self._pending = self._pending, None
        if pending is not None and clause.joint in (INTO, AND):
            return pending.tokens
        last = self._last
        into = clause.joint is INTO and (found is None or (found.ability is not None and found.ability.gathers))
        if into and last is not None and last is self.steps[-1] and not last.abilities and _put_together(last):
            self.steps.pop()
            return last.tokens
        return ()

    def _query(self, text: str, clause: Clause, found: Match) -> str:
        if found.ability is None or not found.ability.searches:
            return ""
        if found.query:
            return phrase(text, clause.tokens[found.query.start : found.query.stop])
        known = lexicon()
        kept = [t for t in clause.objects if t.start not in found.named.marks and t.low not in known.stop]
        return " ".join(t.text for t in kept if stem(t.low) not in known.local and not _leads(stem(t.low)))

    def _place(self, step: Step, clause: Clause) -> Step:
        """Add *step*, or make it part of an earlier one that asks for the same work."""
        twin = self._twin(step, clause)
        if twin is None:
            self.steps.append(step)
            for place in {"", step.place}:
                self._earlier[step.owner, place].append(step)
            self._last = step
            return step
        twin.take(step)
        if (
            step.gathers and twin in self.steps
        ):  # a report that is asked for twice is made once, after all that went before
            self.steps.remove(twin)
            self.steps.append(twin)
            twin.clause = step.clause if step.clause.subordinate is None else twin.clause
        self._last = twin
        return twin

    def _twin(self, step: Step, clause: Clause) -> Step | None:
        last = self._last
        if last is not None and clause.deed is None and (last.owner, last.gathers) == (step.owner, step.gathers):
            here = (last.clause.sentence, last.clause.item) == (clause.sentence, clause.item)
            if here:
                return last
        return next((s for s in reversed(self._earlier.get((step.owner, step.place), ())) if same_work(s, step)), None)

    def _unmatched(self, text: str, clause: Clause, found: Match, deed: Deed | None, verb: str) -> Step | None:
        """Decide what a clause is that no ability covers."""
        last = self._last if self._last and self._last.clause.item == clause.item else None
        if found.empty:
            return self._empty(text, clause, deed, verb)
        words = spelled(text, clause.tokens)
        if clause.joint is CONTENT and last is not None and self._is_form(clause):
            last.tokens.extend(clause.tokens)
            return last
        if last is not None and self._belongs(clause, last):
            self._attach(text, last, clause, words)
            return last
        if clause.deed is None and not self._listing and not clause.asked:
            self.unclear.append(words)
            return None
        return self._missing(Step(text, list(clause.tokens), clause, deed or ASK, verb))

    def _belongs(self, clause: Clause, last: Step) -> bool:
        """Whether a clause that means nothing by itself is part of the step before it, in the same sentence."""
        loose = clause.joint in (COMMA, DASH, AND) and (clause.deed is None or self._goes_on(clause))
        item_of_its_own = self._listing and last.clause.deed is None
        return loose and last.clause.sentence == clause.sentence and not item_of_its_own

    def _goes_on(self, clause: Clause) -> bool:
        """Whether a question is more of the topic before it: "errors and how they are handled"."""
        topic = self._last is not None and bool(self._last.query)
        return topic and clause.deed is ASK and not clause.verb and any(t.low in _PRONOUNS for t in clause.tokens)

    def _is_form(self, clause: Clause) -> bool:
        known = lexicon()
        words = [t for t in clause.tokens if t.kind is WORD and t.low not in known.stop]
        return all(stem(t.low) in known.form or stem(t.low) in known.generic for t in words)

    def _attach(self, text: str, last: Step, clause: Clause, words: str) -> None:
        """Let *last* take a phrase that says nothing by itself: more of its topic, or something nobody understands."""
        if last.text is text:
            last.tokens.extend(clause.tokens)
        if last.pattern is not None:
            return
        if last.abilities and last.abilities[0].searches:
            start = text.find(last.query) if last.query else -1
            last.query = text[start : clause.tokens[-1].end] if start >= 0 else f"{last.query} {words}".strip()
        elif last.abilities and last.deed is not ACT:  # a deed takes whatever it is done to
            self.unclear.append(words)

    def _empty(self, text: str, clause: Clause, deed: Deed | None, verb: str) -> Step | None:
        """Keep a clause without content for the one after it, unless it asks to put everything together."""
        if clause.joint is CONTENT:
            return self._last
        everything = any(t.low in _EVERYTHING for t in clause.objects)
        if self.gatherer is not None and clause.verb and everything and (verb in _GATHERING or deed is MAKE):
            step = Step(text, list(clause.tokens), clause, deed, verb, abilities=[self.gatherer])
            return self._place(step, clause)
        if clause.verb and deed is ACT and len(clause.tokens) > 1:
            return self._missing(Step(text, list(clause.tokens), clause, deed, verb))
        if clause.verb:
            self._pending = clause
        return None

    def _missing(self, step: Step) -> Step:
        """Add a step that nothing here can do."""
        self.steps.append(step)
        self._last = step
        return step


def _put_together(step: Step) -> bool:
    """Whether a step that nobody does may be the first half of "bundle that into a report"."""
    return step.deed is not ACT or step.points_back


def _leads(root: str) -> bool:
    """Whether a word leads to what is searched for, and is no part of it: "docs", "passages", "find"."""
    return not {"#quote", "#search", "#document"}.isdisjoint(lexicon().concepts.get(root, ()))
