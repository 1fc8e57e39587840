"""From a clause that a pattern answers to its tasks: which parts are needed, who has their skills, what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from genesis_core import AgentCard, Input, Task

from .broad import Broad
from .catalogue import WANTS_MODEL, Ability, Catalogue
from .patterns import Part, Pattern, fill
from .steps import Step

__all__ = ["TAKEN", "Hands", "Unfolded", "unfolded"]

TAKEN = frozenset({"folder", "folders", "files", "exclude", "query", "title", "goal"})
"""Names that inputs have already: a task of that id could not pass its result on under it."""


class Hands:
    """Who here has the skills that parts need."""

    def __init__(self, index: Catalogue, cards: Sequence[AgentCard]) -> None:
        self._index, self._cards = index, cards
        self._found: dict[Part, list[Ability]] = {}

    @cached_property
    def _owned(self) -> dict[str, list[Ability]]:
        owned: dict[str, list[Ability]] = {}
        for ability in self._index.abilities:
            owned.setdefault(ability.id, []).append(ability)
        return owned

    @cached_property
    def _by_model(self) -> set[tuple[str, str]]:
        """Agents and skills that a model works for."""
        return {(c.name, s.id) for c in self._cards for s in c.skills if c.needs_model or WANTS_MODEL in s.tags}

    def of(self, part: Part) -> list[Ability]:
        """Return the abilities that do *part*: those of the agent who has most of its skills, at hand if any is."""
        if part not in self._found:
            self._found[part] = self._best(part)
        return self._found[part]

    def _best(self, part: Part) -> list[Ability]:
        found = [ability for skill in part.skills for ability in self._owned.get(skill, ())]
        owners = [ability.owner for ability in found]
        fits = {ability.owner for ability in found if part.kind in ability.kinds}
        best = max(owners, key=lambda owner: (owner in fits, owners.count(owner)), default="")
        mine = [ability for ability in found if ability.owner == best]
        return [ability for ability in mine if ability.ready] or mine

    def reads(self, abilities: Sequence[Ability]) -> bool:
        """Whether a model does the work: then it is given what came before, and not only told to wait for it."""
        return any((a.owner, a.id) in self._by_model for a in abilities)


@dataclass(slots=True)
class Unfolded:
    """The tasks of one clause, the whole before its parts."""

    tasks: list[Task] = field(default_factory=list)
    whole: str = ""
    """The task that consists of the others, if there is one."""
    leaves: list[str] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    """Those that can be done with what is at hand."""
    missing: list[str] = field(default_factory=list)
    """What nobody here does."""


def unfolded(
    broad: Broad, step: Step, *, name: str, parent: str | None, room: int, needs: Sequence[str],
    done: Mapping[str, str], hands: Hands, unique: Callable[[str], str],
) -> Unfolded:  # fmt: skip
    """Return the tasks of *step*, the whole under *name*, nested no more than *room* levels.

    *needs* are the tasks that all of it waits for; *done* are the parts that another task of the goal does: under its
    id where it comes first, else under "".
    """
    pattern = broad.pattern
    left = [part for part in pattern.leaves if part.id not in done]
    whole = name if room > 1 and len(left) > 1 else None
    tree = _Tree(pattern, {part.id for part in left}, done, flat=room <= pattern.levels)
    ids = {part.id: unique(f"{part.id}-task" if part.id in TAKEN else part.id) for part in tree.kept}
    made = Unfolded(whole=whole or "", leaves=[ids[part.id] for part in left])
    if whole is not None:
        made.tasks.append(Task(id=whole, description=step.told, parent=parent, depends_on=tuple(needs),
                               metadata={"pattern": pattern.id}))
    abilities = {part.id: hands.of(part) for part in left}
    first = tuple(needs) if whole is None else ()
    for part in tree.kept:
        above = tree.above(part)
        over = ids[above.id] if above else whole if whole is not None else parent
        waits = tuple(dict.fromkeys([*first, *(ids.get(n, n) for n in tree.needs(part))]))
        if not part.skills:
            made.tasks.append(Task(id=ids[part.id], description=_said(part, broad), parent=over, depends_on=waits))
            continue
        if abilities[part.id] and abilities[part.id][0].gathers:
            gathered = tree.gathered(part)
            can = [n for n in gathered if n not in abilities or any(a.ready for a in abilities[n])] or gathered
            waits = tuple(ids.get(n, n) for n in can)
        made.tasks.append(_leaf(part, broad, step, ids[part.id], over, waits, abilities[part.id], hands))
        if not abilities[part.id]:
            made.missing.append(made.tasks[-1].description)
        elif any(a.ready for a in abilities[part.id]):
            made.ready.append(ids[part.id])
    return made


def _said(part: Part, broad: Broad) -> str:
    return fill(part.do, {"object": broad.object, **broad.slots})


def _leaf(
    part: Part, broad: Broad, step: Step, name: str, parent: str | None, waits: tuple[str, ...],
    abilities: Sequence[Ability], hands: Hands,
) -> Task:  # fmt: skip
    gathers = bool(abilities) and abilities[0].gathers
    inputs = {} if gathers else dict(step.places())
    if part.query:
        inputs["query"] = Input(value=fill(part.query, {"object": broad.object, **broad.slots}))
    if gathers or hands.reads(abilities):
        inputs.update({need: Input(task=need, output="") for need in waits})
    more = () if gathers else broad.said
    kinds = abilities[0].kinds if abilities else ()
    return Task(
        id=name, description=_said(part, broad) + (f" ({'; '.join(more)})" if more else ""), parent=parent,
        kind=part.kind or (kinds[0] if kinds else ""), inputs=inputs,
        requires=tuple(dict.fromkeys(a.id for a in abilities)) or part.skills,
        depends_on=tuple(need for need in waits if need not in inputs),
    )  # fmt: skip


class _Tree:
    """The parts that stay: a whole of which less than two do is none, and what waited for it waits for what it held."""

    def __init__(self, pattern: Pattern, left: set[str], done: Mapping[str, str], *, flat: bool) -> None:
        self.parts = {part.id: part for part in pattern.parts}
        self.below: dict[str, list[str]] = {}
        for part in pattern.parts:
            self.below.setdefault(part.within, []).append(part.id)
        self.done, self._left = done, left
        wholes = () if flat else [p.id for p in pattern.parts if not p.skills and len(self._leaves(p.id)) > 1]
        self._stay = {*left, *wholes}
        self.kept = self._in_order("")

    def _in_order(self, whole: str) -> list[Part]:
        """Return the parts that stay, each whole before what stands in it."""
        found: list[Part] = []
        for name in self.below.get(whole, ()):
            found += [self.parts[name]] if name in self._stay else []
            found += self._in_order(name)
        return found

    def _leaves(self, name: str) -> list[str]:
        """Return the tasks that *name* is or holds, without those that are done elsewhere."""
        if self.parts[name].skills:
            return [name] if name in self._left else []
        return [leaf for under in self.below.get(name, ()) for leaf in self._leaves(under)]

    def above(self, part: Part) -> Part | None:
        """Return the whole that *part* stands in, of those that stay."""
        while part.within:
            part = self.parts[part.within]
            if part.id in self._stay:
                return part
        return None

    def needs(self, part: Part) -> list[str]:
        """Return what *part* waits for: parts that stay, and tasks of the goal that do others."""
        found = [need for own in self._after(part) for need in self._resolved(own)]
        above = self.above(part)
        inside = set(self._leaves(above.id)) | {above.id} if above is not None else set[str]()
        return [need for need in dict.fromkeys(found) if need != part.id and need not in inside - set(self._left)]

    def gathered(self, part: Part) -> list[str]:
        """Return the tasks whose results *part* puts together."""
        return list(dict.fromkeys(
            leaf for need in self.needs(part) for leaf in (self._leaves(need) if need in self.parts else [need])
        ))

    def _after(self, part: Part) -> Iterator[str]:
        """Yield what *part* waits for, and what the wholes wait for that it stood in and that do not stay."""
        yield from part.after
        while part.within and part.within not in self._stay:
            part = self.parts[part.within]
            yield from part.after

    def _resolved(self, name: str) -> list[str]:
        """Return what stands for the part *name*: itself, what it held, or who does it and what that awaits."""
        if name in self._stay:
            return [name]
        part = self.parts[name]
        if not part.skills:
            return self._leaves(name) or [n for own in self._after(part) for n in self._resolved(own)]
        other = [self.done[name]] if self.done.get(name) else []
        return [*other, *(n for own in self._after(part) for n in self._resolved(own))]
