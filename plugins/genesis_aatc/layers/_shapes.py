"""Which JSON values an annotation or a schema allows, as far as the two can be compared."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genesis_aatc.schemas import KINDS, kind_of, types_of

from ._scope import Scope

__all__ = ["Shape", "Unreadable", "missing_in", "shape_of", "shape_of_schema"]

MAX_TEXT = 200


class Unreadable(Exception):
    """An annotation that cannot be told from the tree."""


@dataclass(frozen=True)
class Shape:
    """The kinds of values that are allowed, and of what arrays and objects consist (None: of anything)."""

    kinds: frozenset[str]
    items: Shape | None = None
    values: Shape | None = None

    @classmethod
    def anything(cls) -> Shape:
        """Return the shape of any JSON value."""
        return cls(frozenset(KINDS))

    def __or__(self, other: Shape) -> Shape:
        return Shape(self.kinds | other.kinds, _either(self, other, "array", "items"),
                     _either(self, other, "object", "values"))  # fmt: skip


def _either(one: Shape, other: Shape, kind: str, part: str) -> Shape | None:
    inner = [getattr(shape, part) for shape in (one, other) if kind in shape.kinds]
    if not inner or None in inner:
        return None
    joined: Shape = inner[0]
    for shape in inner[1:]:
        joined = joined | shape
    return joined


def missing_in(narrow: Shape, wide: Shape, *, promised: bool = False) -> str:
    """Return what *narrow* allows and *wide* does not, in words; empty: nothing.

    What is *promised* in general words ("object", Any, a list of anything) is believed here: the trial looks at it.
    """
    if promised and narrow.kinds == frozenset(KINDS):
        return ""
    allowed = wide.kinds | ({"integer"} if "number" in wide.kinds else set())
    if beyond := [kind for kind in KINDS if kind in narrow.kinds - allowed]:
        return " or ".join(beyond)
    for kind, part in (("array", "items"), ("object", "values")):
        inner, outer = getattr(narrow, part), getattr(wide, part)
        if kind not in narrow.kinds or outer is None or inner is None and promised:
            continue
        if found := missing_in(inner or Shape.anything(), outer, promised=promised):
            return f"{kind} of {found}"
    return ""


# ---- of a schema -------------------------------------------------------------------------------------------------


def shape_of_schema(schema: Mapping[str, Any]) -> Shape:
    """Return what a schema allows that layer 1 has let pass; bounds on values do not count."""
    if "anyOf" in schema:
        return _joined([shape_of_schema(part) for part in schema["anyOf"]])
    kinds = frozenset(types_of(schema)) or frozenset(map(kind_of, schema.get("enum", [schema.get("const")])))
    items = shape_of_schema(schema["items"]) if "array" in kinds and schema.get("items") else None
    inner = list(schema.get("properties", {}).values())
    beyond = schema.get("additionalProperties")
    inner += [beyond] if isinstance(beyond, Mapping) else []
    values = _joined([shape_of_schema(part) for part in inner]) if "object" in kinds and inner else None
    return Shape(kinds, items, values)


def _joined(shapes: list[Shape]) -> Shape:
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = joined | shape
    return joined


# ---- of an annotation --------------------------------------------------------------------------------------------

PLAIN = {
    "str": ("string",), "int": ("integer",), "float": ("integer", "number"), "bool": ("boolean",), "None": ("null",),
    "list": ("array",), "dict": ("object",), "tuple": ("array",), "object": KINDS, "typing.Any": KINDS,
    "typing.List": ("array",), "typing.Dict": ("object",), "typing.Tuple": ("array",),
    "numbers.Number": ("integer", "number"),
}  # fmt: skip
ARRAYS = {"list", "typing.List", "collections.abc.Sequence", "typing.Sequence", "collections.abc.Iterable",
          "typing.Iterable", "collections.abc.Collection"}  # fmt: skip
OBJECTS = {"dict", "typing.Dict", "collections.abc.Mapping", "typing.Mapping"}
TUPLES = {"tuple", "typing.Tuple"}


def shape_of(node: ast.expr, scope: Scope) -> Shape:
    """Return what an annotation allows (raises Unreadable): by the words that stand there, never by evaluating them."""
    if isinstance(node, ast.Constant):
        return _constant(node.value, scope)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return shape_of(node.left, scope) | shape_of(node.right, scope)
    if isinstance(node, ast.Subscript):
        return _subscript(node, scope)
    word = scope.dotted(node)
    if word in PLAIN:
        return Shape(frozenset(PLAIN[word]))
    if word in ARRAYS | OBJECTS:
        return Shape(frozenset({"array" if word in ARRAYS else "object"}))
    raise Unreadable(f"({ast.unparse(node)[:80]}) is no type that JSON has")


def _constant(value: object, scope: Scope) -> Shape:
    if value is None:
        return Shape(frozenset({"null"}))
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        try:
            return shape_of(ast.parse(value, mode="eval").body, scope)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Unreadable("can't be read") from error
    raise Unreadable("can't be read")


def _subscript(node: ast.Subscript, scope: Scope) -> Shape:
    word = scope.dotted(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    made: Mapping[str, Callable[[], Shape]] = {
        "typing.Optional": lambda: shape_of(parts[0], scope) | Shape(frozenset({"null"})),
        "typing.Union": lambda: _joined([shape_of(part, scope) for part in parts]),
        "typing.Annotated": lambda: shape_of(parts[0], scope),
        "typing.Literal": lambda: Shape(frozenset(map(_literal, parts))),
    }
    if word in made:
        return made[word]()
    if word in ARRAYS and len(parts) == 1:
        return Shape(frozenset({"array"}), items=shape_of(parts[0], scope))
    if word in OBJECTS and len(parts) == 2 and shape_of(parts[0], scope).kinds == frozenset({"string"}):
        return Shape(frozenset({"object"}), values=shape_of(parts[1], scope))
    if word in TUPLES and (inner := [part for part in parts if not _dots(part)]):
        return Shape(frozenset({"array"}), items=_joined([shape_of(part, scope) for part in inner]))
    raise Unreadable(f"({ast.unparse(node)[:80]}) is no type that JSON has")


def _literal(node: ast.expr) -> str:
    kind = kind_of(node.value) if isinstance(node, ast.Constant) else ""
    if not kind:
        raise Unreadable(f"({ast.unparse(node)[:80]}) is no value that JSON has")
    return kind


def _dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
