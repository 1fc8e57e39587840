"""Plans in files: what an author writes by hand (PlanFile), and what ``genesis plan -o`` writes (Plan with its digest).

A file comes from anywhere, so it is measured before anything is built from it: bytes, nesting, and in YAML no anchors,
aliases or tags. YAML is read as its JSON subset (``yes`` is a text, ``12:30`` is a text), and a key may stand once.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError

from .errors import GraphError, LimitExceeded, PlanError, SettingsError, did_you_mean
from .plans import Plan
from .policy import Budget, Label
from .records import MAX_DIGITS, MAX_ROW_DEPTH, Record
from .tasks import Task, TaskGraph
from .tools import Need

__all__ = [
    "PLAN_SCHEMA", "PlanFile", "plan_document", "read_any_plan", "read_json", "read_need", "read_plan",
    "read_plan_file",
]

PLAN_SCHEMA = "genesis.plan/1"
MAX_BYTES = 5_000_000
MAX_VALUES = 100_000
"""Objects, lists, names and values in them; each takes time to build, whatever comes of it."""

FORMS = {"plan": "docs/plan-files.md of the source shows the form",
         "need": "genesis tools propose --help shows the form"}
MAX_EXAMPLES, MAX_DESCRIPTION = 64, 4_000
"""Of a need: what is made of it is asked for by no more."""
MATERIAL = {"plan": "a plan holds tasks, not material", "need": "a need holds a few examples, not material"}

_R = TypeVar("_R", bound=Record)


class PlanFile(Record):
    """A plan as its author writes it: the tasks, and where wanted the goal, the workspace and the budget."""

    goal: str = ""
    """What the tasks are for, in words."""
    workspace: str = ""
    """Folder that the work is about, relative to the plan file."""
    tasks: tuple[Task, ...] = Field(min_length=1)
    """What is to be done; the order of declaration breaks ties."""
    budget: Budget | None = None
    """What one run may spend."""

    @cached_property
    def graph(self) -> TaskGraph:
        """The tasks and their order (raises GraphError for a cycle, a duplicate or a dangling name)."""
        return TaskGraph(tasks=self.tasks)


def read_plan_file(path: str | Path) -> PlanFile:
    """Return the plan that an author wrote into a YAML or JSON file.

    Raises SettingsError when the file can't be read, LimitExceeded when it is too large, PlanError naming the task, the
    field and the reason when it is no plan, GraphError when its tasks do not fit together.
    """
    return _plan_file(_document(Path(path)), Path(path))


def read_plan(path: str | Path) -> Plan:
    """Return the plan that :func:`plan_document` wrote; raises PlanError when its content has another digest."""
    return _plan(_document(Path(path)), Path(path))


def read_any_plan(path: str | Path, text: str | None = None) -> PlanFile | Plan:
    """Return what the file holds: the two kinds are told apart by their ``schema``.

    With *text* nothing is read: *path* names it in messages, and its ending says what it is written in.
    """
    path = Path(path)
    document = _document(path, text)
    return _plan(document, path) if str(document.get("schema", "")).startswith("genesis.plan/") else \
        _plan_file(document, path)


def read_need(path: str | Path) -> Need:
    """Return what a YAML or JSON file asks for; how far it may be believed is not for the file to say.

    Raises SettingsError when the file can't be read, PlanError naming the field when it is no need.
    """
    path = Path(path)
    need = _build(Need, _document(path, what="need"), path, "need")
    for count, most, what in ((len(need.examples), MAX_EXAMPLES, "examples"),
                              (len(need.description), MAX_DESCRIPTION, "characters of description")):
        if count > most:
            raise LimitExceeded(f"{path} has {count} {what}; a need has at most {most}", cause=MATERIAL["need"],
                                hint=f"leave some out of {path}")
    return need.replace(label=Label())


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return *plan* as the JSON document that names its schema and its digest."""
    return {"schema": PLAN_SCHEMA, "digest": plan.digest, **plan.to_json()}


def _plan_file(document: Mapping[str, Any], path: Path) -> PlanFile:
    body = {name: value for name, value in document.items() if name not in ("$schema", "schema")}
    if "name" in body and "tasks" not in body and body.keys() <= Need.model_fields.keys():
        raise PlanError(f"{path} is no plan: this is a need", cause="it has a `name` and no `tasks`",
                        hint=f"genesis tools propose {path}")
    found = _build(PlanFile, body, path)
    try:
        found.graph  # noqa: B018  # built here, so that nobody holds a plan file whose tasks do not fit together
    except GraphError as error:
        raise GraphError(f"{path}: {error.message}", cause=error.cause or "the tasks of a plan must fit together",
                         hint=error.hint or f"mend {path}") from None
    return found


def _plan(document: Mapping[str, Any], path: Path) -> Plan:
    if document.get("schema") != PLAN_SCHEMA:
        raise PlanError(f"{path} has schema {document.get('schema')!r}; this program knows {PLAN_SCHEMA!r}",
                        cause="it was written by another version", hint="genesis plan GOAL -o plan.json")
    plan = _build(Plan, {k: v for k, v in document.items() if k not in ("schema", "digest")}, path)
    if plan.digest != document.get("digest"):
        raise PlanError(
            f"{path} is not the plan that its digest names",
            cause=f"its content has digest {plan.digest[:12]}…, the file says {str(document.get('digest'))[:12]}…",
            hint="genesis plan GOAL -o plan.json writes a new one; a plan to edit by hand is a plan file",
        )
    return plan


# -- from bytes to a document -----------------------------------------------------------------------------------------


def _document(path: Path, text: str | None = None, what: str = "plan") -> Mapping[str, Any]:
    text = _text(path, what) if text is None else text
    try:
        value = read_json(text) if _is_json(path, text) else _yaml(text)
    except LimitExceeded as error:
        raise LimitExceeded(f"{path} is too large: {error.message}", cause=MATERIAL[what],
                            hint=error.hint if what == "plan" else FORMS[what]) from None
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{path} can't be understood", cause=" ".join(str(error).split()),
                        hint=FORMS[what]) from None
    if not isinstance(value, Mapping):
        wanted = "`tasks`" if what == "plan" else "`name`"
        raise PlanError(f"{path} is no {what}", cause=f"it holds {_kind(value)}, not an object with {wanted}",
                        hint=FORMS[what])
    return value


def _is_json(path: Path, text: str) -> bool:
    """Whether the name says JSON or, where it says nothing, the first letters do."""
    return path.suffix == ".json" or (
        path.suffix not in (".yaml", ".yml") and re.match(r'\s*+\{\s*+["}]', text) is not None)


def _text(path: Path, what: str) -> str:
    try:
        data = _bytes(path)
        if len(data) > MAX_BYTES:
            raise LimitExceeded(f"{path} has {path.stat().st_size} bytes; a {what} file has at most {MAX_BYTES}",
                                cause=MATERIAL[what], hint="name files as inputs of tasks" if what == "plan" else
                                FORMS[what])
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it is no UTF-8 text: {error}"
        raise SettingsError(f"{path} can't be read", cause=str(why), hint=f"name a {what} file: .json, .yaml or .yml") \
            from None


def _bytes(path: Path) -> bytes:
    """Return what a plain file holds, up to one byte too many; a pipe or a device could keep us waiting for ever."""
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file; what a pipe says is read with -")
        return file.read(MAX_BYTES + 1)


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]', re.DOTALL)  # possessive: linear on any text


def read_json(text: str) -> Any:
    """Return the JSON (RFC 8259) that *text* is, each key once and no NaN in it; raises ValueError or LimitExceeded."""
    depth = values = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            _check_depth(depth)
        elif found[0] in "]}":
            depth -= 1
        if found[0] in "[{,:":  # each comes with one value, or with one name
            values += 1
            _check_values(values)
    return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer)


def _check_depth(depth: int) -> None:
    if depth > MAX_ROW_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_ROW_DEPTH} levels")


def _check_values(values: int) -> None:
    if values > MAX_VALUES:
        raise LimitExceeded(f"it holds more than {MAX_VALUES} values", cause=MATERIAL["plan"],
                            hint="name files as inputs of tasks")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"it holds an integer of {len(digits)} digits; at most {MAX_DIGITS} are read")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:80]!r} stands twice in one object")
        found[name] = value
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _yaml(text: str) -> Any:
    import yaml

    try:
        _check_events(text)
        return yaml.load(text, Loader=_loader())  # noqa: S506  # a safe loader with fewer types  # nosec B506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        raise ValueError(f"{where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _check_events(text: str) -> None:
    """Refuse what a plan has no use for before anything is built: aliases, anchors, tags, deep nesting."""
    import yaml

    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_loader())):
        _check_values(number // 2)  # what begins also ends
        line = "" if event.start_mark is None else f"line {event.start_mark.line + 1}: "
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ValueError(f"{line}anchors and aliases are not allowed here")
        if (tag := getattr(event, "tag", None)) is not None:
            raise ValueError(f"{line}tags such as {tag} are not allowed here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            _check_depth(depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@cache
def _loader() -> Any:
    """Return a safe loader that reads plain scalars as JSON does, and refuses a key that stands twice."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # pyyaml's own way

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:str":
                    raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
            return _object([(key.value, self.construct_object(value, deep=True)) for key, value in node.value])

    for tag, pattern, first in _SCALARS:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
    Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: _integer(node.value))
    Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))
    return Loader


_SCALARS = (
    ("bool", r"(?:true|false)\Z", "tf"),
    ("null", r"(?:null|~|)\Z", ("n", "~", "")),
    ("int", r"-?(?:0|[1-9][0-9]*)\Z", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z", "-0123456789"),
)


# -- from a document to a value ---------------------------------------------------------------------------------------


def _build(kind: type[_R], body: Mapping[str, Any], path: Path, what: str = "plan") -> _R:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first, *more = islice(_faults(error, kind, body), 4)
        raise PlanError(f"{path}: {first}", cause="; ".join(more) or "the file is not what its schema says",
                        hint=FORMS[what]) from None
    except GraphError as error:
        raise GraphError(f"{path}: {error.message}", cause=error.cause or "the tasks of a plan must fit together",
                         hint=error.hint or f"mend {path}") from None


def _faults(error: ValidationError, kind: type[BaseModel], body: Mapping[str, Any]) -> Iterator[str]:
    """Yield each fault as "task 'x': field: why"."""
    for fault in error.errors(include_url=False):
        place = list(fault["loc"])
        if fault["type"] == "too_short" and body.get("tasks"):
            continue  # the tasks that are there have faults of their own
        yield ": ".join([*_where(place, body), _why(fault, place, kind)])


def _where(place: list[Any], body: Mapping[str, Any]) -> list[str]:
    """Return the words for a place, the task by its id."""
    if place[:1] == ["graph"]:
        return _where(place[1:], body.get("graph", {}))
    tasks = body.get("tasks")
    if len(place) > 1 and place[0] == "tasks" and isinstance(tasks, list):
        task = tasks[place[1]]
        name = task.get("id") if isinstance(task, Mapping) else None
        said = f"task {name!r}" if isinstance(name, str) and len(name) <= 200 else f"task number {place[1] + 1}"
        return [said, *([".".join(map(str, place[2:]))] if place[2:] else [])]
    return [".".join(map(str, place))] if place else []


_WORDS = {
    "tuple_type": "it should be a list", "list_type": "it should be a list", "string_type": "it should be text",
    "missing": "it is missing", "mapping_type": "it should be an object", "dict_type": "it should be an object",
    "model_type": "it should be an object", "model_attributes_type": "it should be an object",
    "too_short": "it is empty; a plan has at least one task",
    "int_type": "it should be a whole number", "int_from_float": "it should be a whole number",
    "int_parsing": "it should be a whole number", "float_type": "it should be a number",
    "float_parsing": "it should be a number", "bool_type": "it should be true or false",
    "decimal_type": "it should be a number", "decimal_parsing": "it should be a number",
}
_PATTERNS = {r"^[a-z][a-z0-9_]{0,63}$": "it should be a lower-case letter, then up to 63 letters, digits or _"}
_ODD = ("_type", "_parsing", "_from_float")
"""How the names of faults end that are about what stands there."""
_BOUNDS = {"greater_than_equal": ("at least", "ge"), "greater_than": ("more than", "gt"),
           "less_than_equal": ("at most", "le"), "less_than": ("less than", "lt")}


def _why(fault: Any, place: list[Any], kind: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        return f"there is no such field{did_you_mean(str(place[-1]), _fields_at(kind, place[:-1]))}"
    if fault["type"] in _BOUNDS:
        word, limit = _BOUNDS[fault["type"]]
        return f"it should be {word} {fault['ctx'][limit]:g}, not {_kind(fault['input'])}"
    spelt = _PATTERNS.get(fault.get("ctx", {}).get("pattern", ""))
    words = _WORDS.get(fault["type"]) or spelt or str(fault["msg"]).removeprefix("Value error, ")
    return f"{words}, not {_kind(fault['input'])}" if fault["type"].endswith(_ODD) else words


def _fields_at(kind: Any, place: list[Any]) -> Iterable[str]:
    """Return the names of the fields that an object at *place* of a *kind* takes; none where any name will do."""
    for part in place:
        kind = _part_of(_one_of(kind), part)
    kind = _one_of(kind)
    return kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _one_of(hint: Any) -> Any:
    """Return what *hint* is where it is not None."""
    if get_origin(hint) in (Union, UnionType):
        return next((other for other in get_args(hint) if other is not NoneType), None)
    return hint


def _part_of(hint: Any, part: Any) -> Any:
    """Return the type of the field, member or value *part* of what is a *hint*."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        field = hint.model_fields.get(str(part))
        return None if field is None else field.annotation
    inner = get_args(hint)
    if not inner:
        return None
    return inner[1] if isinstance(origin := get_origin(hint), type) and issubclass(origin, Mapping) else inner[0]


def _kind(value: Any) -> str:
    """Return a few words for what *value* is."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)[:40]
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return "an object" if isinstance(value, Mapping) else "a list"
