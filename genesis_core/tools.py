"""What agents can call: ToolSpec, Tool, @tool, and the schema that annotations give."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_origin, overload

import pydantic_core
from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter, create_model, validate_call
from pydantic.errors import PydanticSchemaGenerationError

from .errors import PluginError
from .policy import Effect, Label, Secrecy, Trust
from .records import FrozenDict, Json, JsonObject, Record, digest

__all__ = ["Example", "Need", "Tool", "ToolCall", "ToolResult", "ToolSpec", "tool"]


NOTHING_MORE = Label(Trust.TRUSTED)


class ToolSpec(Record):
    """What a tool is, in the words of MCP and JSON Schema."""

    name: str
    version: str = "1"
    description: str = ""
    input_schema: JsonObject = FrozenDict()
    output_schema: JsonObject = FrozenDict()
    effect: Effect = Effect.PURE
    capabilities: JsonObject = FrozenDict()
    idempotent: bool = True
    inline: bool = False
    """Below 10 ms: runs in this process, in the event loop, instead of a worker process.

    Meant for pure functions. Its working directory is the program's, not the workspace; nothing can kill it at its
    deadline while it computes; a crash is one of the whole program. Its *effect* is authorized as that of any tool.
    """
    label: Label | None = None
    """What it emits, beyond the label of what it was given; ``None`` leaves that to its effect (:attr:`emits`)."""
    source: str = ""
    """Where the code is: ``module:qualname``, or the digest of a generated source."""

    @cached_property
    def emits(self) -> Label:
        """The label of what it gives, beyond that of what it was given: its own, or what its effect makes it.

        What a tool reads or is sent back comes from outside, and nobody here wrote it; what changes something says how
        it found it, or why it could not.
        """
        if self.label is not None:
            return self.label
        if self.effect is Effect.PURE:
            return NOTHING_MORE
        return Label(Trust.UNTRUSTED, Secrecy.INTERNAL, frozenset({f"tool:{self.name}"}))

    @cached_property
    def digest(self) -> str:
        """sha256 of the canonical JSON of the spec."""
        return digest(self.to_json())


class ToolCall(Record):
    """One call: which tool, with what, under which key."""

    tool: str
    arguments: JsonObject = FrozenDict()
    key: str = ""


class ToolResult(Record):
    """What a call gave: a value or an error, never both."""

    value: Json = None
    error: str = ""
    seconds: float = 0.0


class Example(Record):
    """What a tool has to give for some arguments."""

    arguments: JsonObject
    value: Json


class Need(Record):
    """What nobody offers yet: what ``genesis_generate`` is asked for."""

    kind: Literal["tool", "agent"] = "tool"
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    description: str = ""
    input_schema: JsonObject = FrozenDict()
    """Empty: as the arguments of the examples say."""
    output_schema: JsonObject = FrozenDict()
    examples: tuple[Example, ...] = ()
    requires: tuple[str, ...] = ()
    """Of an agent: the skills that it must have."""
    inputs: tuple[str, ...] = ()
    """Of an agent: names of what its task is given."""
    label: Label = Label()
    """How far whoever asks may be believed; the kernel sets it, what a file says counts for nothing."""

    @cached_property
    def digest(self) -> str:
        """sha256 of what is asked for; who asks makes no difference."""
        return digest(self.replace(label=Label()).to_json())


class Tool:
    """A ToolSpec and the function that does it. Calling it directly just calls the function."""

    def __init__(self, spec: ToolSpec, function: Callable[..., Any]) -> None:
        self.spec, self.function = spec, function
        self.__name__, self.__doc__, self.__wrapped__ = spec.name, function.__doc__, function

    @property
    def name(self) -> str:
        """The name that it is called by."""
        return self.spec.name

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Its parameters, with annotations evaluated."""
        return inspect.signature(self.function, eval_str=True).parameters

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """Parameters annotated ``Path`` or ``list[Path]``: checked against policy, and recorded as read."""
        return tuple(name for name, p in self.parameters.items() if _names_paths(p.annotation))

    @cached_property
    def path_defaults(self) -> Mapping[str, Any]:
        """The default values of those parameters, as JSON: the tool reads them when it is given no others."""
        defaults = {name: self.parameters[name].default for name in self.path_parameters}
        return {
            name: pydantic_core.to_jsonable_python(value) for name, value in defaults.items()
            if value is not inspect.Parameter.empty and value is not None
        }

    @cached_property
    def checked(self) -> Callable[..., Any]:
        """The function, its JSON arguments turned into what its annotations say, as in a worker process."""
        return validate_call(self.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Tool {self.name} ({self.spec.effect})>"


def _names_paths(annotation: Any) -> bool:
    if annotation is Path:
        return True
    inner = getattr(annotation, "__args__", ())
    return any(_names_paths(a) for a in inner) if get_origin(annotation) is not None or inner else False


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str = "",
    version: str = "1",
    effect: Effect | str = Effect.PURE,
    idempotent: bool | None = None,
    inline: bool = False,
    label: Label | None = None,
    capabilities: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a tool of a function; schema and description come from its annotations and docstring.

    *effect* is what it does to the world ("pure", "read", "write", "send"); *idempotent* defaults to true for "pure"
    and "read"; *inline* runs it in this process, in the event loop: for what takes below 10 ms, best for what is pure
    (see :class:`ToolSpec`). Raises PluginError when a parameter has no annotation or one that JSON Schema can't say.
    """
    if function is not None:
        return _tool(function, **options)
    return lambda decorated: _tool(decorated, **options)


def _tool(function: Callable[..., Any], **options: Any) -> Tool:
    effect = Effect(options.pop("effect", Effect.PURE))
    idempotent = options.pop("idempotent", None)
    spec = ToolSpec(
        name=options.pop("name", "") or function.__name__,
        description=_first_paragraph(function),
        input_schema=_input_schema(function),
        output_schema=_output_schema(function),
        effect=effect,
        idempotent=effect in (Effect.PURE, Effect.READ) if idempotent is None else idempotent,
        source=f"{function.__module__}:{function.__qualname__}",
        capabilities=options.pop("capabilities", None) or {},
        **options,
    )
    return Tool(spec, function)


def _hidden_paths(schema: Mapping[str, Any], seen: Iterable[str]) -> list[str]:
    """Return the parameters whose values hold paths that the kernel would not see: in a model, say."""
    defined = _says_path(schema.get("$defs", {}))
    return [n for n, s in schema.get("properties", {}).items() if n not in seen and (defined or _says_path(s))]


def _says_path(schema: Any) -> bool:
    pending: list[Any] = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("format") in ("path", "file-path", "directory-path"):
                return True
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return False


def _first_paragraph(function: Callable[..., Any]) -> str:
    return inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].replace("\n", " ")


_ARG_LINE = re.compile(r"^\s*:?(?:param )?\*?`*(\w+)`*\*?:\s+(\S.*)$")


def _input_schema(function: Callable[..., Any]) -> dict[str, Any]:
    lines = (function.__doc__ or "").splitlines()
    docs: dict[str, str] = {m[1]: m[2] for line in lines if (m := _ARG_LINE.match(line))}
    fields: dict[str, Any] = {}
    for name, p in inspect.signature(function, eval_str=True).parameters.items():
        if p.annotation is p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise _unsayable(function, f"parameter {name!r} needs an annotation of its own")
        default = ... if p.default is p.empty else p.default
        fields[name] = (p.annotation, Field(default, description=docs.get(name)))
    try:
        model = create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)
        schema: dict[str, Any] = model.model_json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise _unsayable(function, str(error).splitlines()[0]) from None
    if hidden := _hidden_paths(schema, [n for n, (annotation, _) in fields.items() if _names_paths(annotation)]):
        raise _unsayable(function, f"parameter {hidden[0]!r} holds paths where nobody would check them")
    return schema


def _output_schema(function: Callable[..., Any]) -> dict[str, Any]:
    annotation = inspect.signature(function, eval_str=True).return_annotation
    if annotation is inspect.Signature.empty:
        return {}
    try:
        return TypeAdapter(annotation).json_schema(mode="serialization")
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise _unsayable(function, str(error).splitlines()[0]) from None


def _unsayable(function: Callable[..., Any], why: str) -> PluginError:
    return PluginError(
        f"{function.__module__}:{function.__qualname__} can't be a tool: {why}",
        cause="a tool's schema comes from its annotations",
        hint="annotate every parameter with a type that JSON can carry (str, int, list[str], Path, ...)",
    )
