"""From the text of a goal to tasks: outline, clauses, steps, order, and the inputs of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from genesis_core import Decomposition, Input, PlanContext, Task, ToolSpec

from .arguments import filled
from .broad import library, read
from .catalogue import Catalogue, catalogue
from .clauses import Clause, clauses
from .composer import Composer
from .exclusions import excluding, without_exclusions
from .lexicon import lexicon
from .order import arrange, waits
from .outline import Node, outline
from .overlap import Paragraph, accepted, doing, lend
from .ruled_out import denials, without_ruled_out
from .segments import segments
from .stems import stem
from .steps import Step, spelled
from .tools import calls, paragraphs
from .topics import Places, with_listed_folders, with_paths
from .unfold import Hands, Unfolded, unfolded
from .words import WORD, name_words, normalise, slug, tokens

Group = tuple[int, ...]


def decompose(text: str, context: PlanContext, *, depth: int = 0) -> Decomposition:
    """Return the tasks that *text* asks for; what nothing here does is a task that requires what is missing.

    *depth*: how many levels of the plan stand above them.
    """
    index = catalogue(context.agents, context.tools, models=bool(context.models))
    if not context.agents and context.tools:
        return _of_tools(text, index, {tool.name: tool for tool in context.tools})
    titles: dict[Group, str] = {}
    top, places, room = outline(normalise(text)), Places(context.files), context.limits.max_depth - depth
    composer = Composer(index, places)
    paragraphs = _read(top, composer, titles, room)
    hands = Hands(index, context.agents)
    broad = accepted(paragraphs, composer.steps, library(context), index, hands, most=context.limits.max_tasks)
    if broad:
        composer = Composer(index, places, broad)
        _read(top, composer, titles, room)
        lend(composer.steps, hands)
    if not composer.steps:
        return _nothing(text, composer.unclear)
    order = arrange(composer.steps)
    denied = [said for p in paragraphs if broad for said in denials(p.text, [t for c in p.clauses for t in c.tokens])]
    tasks, missing = _tasks(order, titles, hands, room, denied, composer.unclear)
    if depth:
        tasks = _unwrapped(tasks)
    return Decomposition(tasks=tasks, not_understood=tuple(dict.fromkeys((*missing, *composer.unclear))))


def _of_tools(text: str, index: Catalogue, tools: Mapping[str, ToolSpec]) -> Decomposition:
    """Return one task a tool call with its arguments, where the catalogue holds tools alone."""
    made, unclear = calls(paragraphs(text), index)
    names = _Names()
    ids = {call.ability.index: names.unique(slug(name_words(call.ability.id))) for call in made}
    whole = normalise(text)
    tasks: list[Task] = []
    for call in made:
        needs = {ids[n]: tools[index.abilities[n].id] for n in call.needs}
        said = whole if len(made) == 1 else normalise(call.text)
        inputs = filled(tools[call.ability.id], said, whole, needs)
        fed = {item.task for item in inputs.values()}
        tasks.append(Task(
            id=ids[call.ability.index], description=call.text, kind="tool", requires=(call.ability.id,), inputs=inputs,
            depends_on=tuple(need for need in needs if need not in fed), metadata={"tool": call.ability.id},
        ))
    return Decomposition(tasks=tuple(tasks), not_understood=tuple(unclear))


def _read(top: Sequence[Node], composer: Composer, titles: dict[Group, str], max_depth: int) -> list[Paragraph]:
    """Give every paragraph of the outline to *composer*, with the headings and items that it stands below."""
    number = 0
    paragraphs: list[Paragraph] = []
    waiting: list[tuple[Node, Group]] = [(node, ()) for node in reversed(top)]
    while waiting:
        node, group = waiting.pop()
        number += 1
        own = group
        if node.below and node.level >= 0 and len(group) < max_depth - 1 and (node.heading or node.is_item):
            own = (*group, number)
            titles[own] = node.text
        if not (node.heading and node.below):
            found = _clauses(node.text, number, composer)
            opens = bool(node.below) and node.text.endswith(":")
            composer.paragraph(node.text, found, group=own, listed=node.is_item, numbered=node.numbered, opens=opens)
            paragraphs.append(Paragraph(node.text, found, bool(node.below)))
        waiting.extend((below, own) for below in reversed(node.below))
    composer.close()
    _leave_out(composer)
    return paragraphs


def _clauses(text: str, number: int, composer: Composer) -> list[Clause]:
    """Return the clauses of one paragraph, each with what it leaves out; a wording is read once."""
    words = with_listed_folders(with_paths(text, tokens(text), composer.places), composer.places)
    wording = composer.places.wording(words)
    known = composer.readings.get(wording)
    if known is not None:
        return [clause._replace(tokens=tuple([words[i] for i in at]), item=number) for clause, at in known]
    kept, left_out = without_exclusions(words, composer.places)
    found = excluding(clauses(segments(kept), number), left_out, words)
    if not left_out:
        place = {token.start: at for at, token in enumerate(words)}
        composer.readings[wording] = [(clause, [place[t.start] for t in clause.tokens]) for clause in found]
    composer.exclude += [path for exclusion in left_out for path in exclusion.paths]
    composer.unclear += [spelled(text, exclusion.tokens) for exclusion in left_out if not exclusion.paths]
    return found


def _leave_out(composer: Composer) -> None:
    """Let what no step leaves out, as it was said by itself, be left out by all: "Skip tests/."."""
    held = {path for step in composer.steps if not step.gathers for path in step.exclude}
    for path in dict.fromkeys(composer.exclude):
        for step in composer.steps if path not in held else ():
            step.exclude.append(path)


def _nothing(text: str, unclear: Sequence[str]) -> Decomposition:
    """Return the answer to a goal in which no action was found: one task that says what would be needed."""
    line = " ".join(text.split())[:200]
    words = slug([w for w in name_words(line) if w not in lexicon().stop][:3])
    task = Task(id=words, description=line, requires=(words,))
    return Decomposition(tasks=(task,), not_understood=tuple(unclear) or (line,))


def _tasks(
    order: Sequence[Step], titles: dict[Group, str], hands: Hands, room: int, denied: Sequence[str], unclear: list[str]
) -> tuple[tuple[Task, ...], list[str]]:
    """Return the tasks of *order*, each behind the composites that it is part of, and what nobody here does."""
    needs, names = waits(order), _Names()
    ids = [names.unique(step.pattern.id if step.pattern is not None else _slug(step)) for step in order]
    parents = _composites(order)
    made: dict[Group, str] = {}
    wide: dict[int, Unfolded] = {}
    tasks: list[Task] = []
    missing: list[str] = []
    for at, step in enumerate(order):
        parent, level = None, 1
        for depth in range(1, len(step.group) + 1):
            group = step.group[:depth]
            if group not in parents:
                continue
            if group not in made:
                made[group] = names.unique(slug(name_words(titles[group])[:4]))
                tasks.append(Task(id=made[group], description=titles[group], parent=parent))
            parent, level = made[group], level + 1
        if step.pattern is not None and (broad := read(step.text, step.tokens, step.pattern)) is not None:
            done = {part: ids[n] if n < at else "" for part, n in doing(broad, order, at, hands).items()}
            broad, gone, used = without_ruled_out(replace(broad, said=(*broad.said, *step.denied)), denied)
            unclear[:] = [words for words in unclear if words not in used]
            done.update(dict.fromkeys(gone, ""))
            parts = unfolded(broad, step, name=ids[at], parent=parent, room=room - level + 1, done=done, hands=hands,
                             needs=[i for i, _ in _before(step, order, needs[at], ids, wide)], unique=names.unique)
            tasks += parts.tasks
            missing += parts.missing
            wide[at] = parts
            continue
        tasks.append(_task(step, ids[at], parent, _before(step, order, needs[at], ids, wide)))
        missing += [] if step.abilities else [step.description]
    return tuple(tasks), missing


def _unwrapped(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return *tasks* without the one that all others are part of: that is what they were asked for."""
    whole = [task.id for task in tasks if task.parent is None]
    if len(whole) != 1 or len(tasks) == 1:
        return tasks
    return tuple(t.replace(parent=None) if t.parent == whole[0] else t for t in tasks if t.id != whole[0])


def _before(
    step: Step, order: Sequence[Step], needs: Sequence[int], ids: Sequence[str], wide: Mapping[int, Unfolded]
) -> list[tuple[str, Step]]:
    """Return the tasks that *step* waits for: of a broad one the whole, for a report those that can be done."""
    found = [(ids[n], order[n]) for n in needs if n not in wide]
    parts = [(n, wide[n]) for n in needs if n in wide]
    if not step.gathers:
        return found + [(name, order[n]) for n, part in parts for name in ([part.whole] if part.whole else part.leaves)]
    ready = [(name, order[n]) for n, part in parts for name in part.ready]
    return found + ready or [(name, order[n]) for n, part in parts for name in part.leaves]


def _composites(order: Sequence[Step]) -> set[Group]:
    """Return the headings and items that hold two tasks or more."""
    counts: dict[Group, int] = {}
    for step in order:
        for depth in range(1, len(step.group) + 1):
            counts[step.group[:depth]] = counts.get(step.group[:depth], 0) + 1
    return {group for group, count in counts.items() if count > 1}


def _task(step: Step, name: str, parent: str | None, needs: Sequence[tuple[str, Step]]) -> Task:
    inputs = dict(step.places())
    if step.query:
        inputs["query"] = Input(value=step.query)
    if step.gathers or (step.changes and step.points_back):
        inputs.update({need: Input(task=need, output="") for need, other in needs if other.abilities or other.pattern})
    fed = {i.task for i in inputs.values()}
    return Task(
        id=name, description=step.told, kind=_kind(step), parent=parent, inputs=inputs,
        requires=tuple(a.id for a in step.abilities) or (name,),
        depends_on=tuple(need for need, _ in needs if need not in fed),
    )  # fmt: skip


def _kind(step: Step) -> str:
    """Return the kind of work, in the words of who does it: the kind that the step itself names, or the first."""
    kinds = step.abilities[0].kinds if step.abilities else ()
    if not kinds:
        return ""
    said = {stem(t.low) for t in step.tokens if t.kind is WORD}
    return next((kind for kind, roots in _roots(kinds) if roots <= said), kinds[0])


@lru_cache(maxsize=1000)
def _roots(kinds: tuple[str, ...]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each of an agent's *kinds* with the stems of its words."""
    return tuple((kind, frozenset(map(stem, name_words(kind)))) for kind in kinds)


def _slug(step: Step) -> str:
    """Return a short name for *step*: its verb and the words that say most."""
    stop = lexicon().stop
    words = [t.low for t in step.tokens if t.kind is WORD and t.low not in stop]
    first = step.tokens[0].low
    verb, telling = _telling(first if step.clause.verb and first not in stop else "", tuple(words))
    names = name_words(step.place)[:2] if not telling else []
    return slug([*verb, *telling, *names])


@lru_cache(maxsize=1000)
def _telling(verb: str, words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the *verb* in its infinitive, if there is one, and the two other *words* that say most."""
    known = lexicon()
    rest = words[1:] if verb else words
    telling = [w for w in rest if stem(w) not in known.generic] or rest
    return ((known.infinitive.get(stem(verb), verb),) if verb else ()), tuple(telling[:2])


class _Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {"goal": 1}

    def unique(self, name: str) -> str:
        """Return *name*, or with the next free number when it was handed out before."""
        count = self._used[name] = self._used.get(name, 0) + 1
        return name if count == 1 else self.unique(f"{name}-{count}")
