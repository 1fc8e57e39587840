"""Record: the base of every value that crosses a boundary (journal, HTTP, plugin, model).

A Record is frozen all the way down. Plain frozen pydantic is shallow: ``task.inputs["x"] = 1`` would succeed on it,
and ``model_copy(update=...)`` does not validate. Here containers freeze too, and :meth:`Record.replace` validates.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

__all__ = [
    "FrozenDict", "FrozenList", "Json", "JsonObject", "Record", "RowObject", "canonical_json", "digest", "freeze",
    "frozen_mapping", "sayable",
]

_T = TypeVar("_T")
MAX_JSON_DEPTH = 48
"""Nesting at which a JSON value is refused, far below the interpreter's own recursion limit."""
MAX_ROW_DEPTH = MAX_JSON_DEPTH + 16
"""The same for a row of the journal, in which such a value lies below tasks, plans and results."""
MAX_DIGITS = 4000
"""Digits at which an integer is refused: readers of JSON, Python's own among them, refuse 4,300."""
_MOST = 10**MAX_DIGITS


def _refuse(self: object, *_: object, **__: object) -> Any:
    raise TypeError(f"{type(self).__name__} does not change; build a new value (Record.replace, dict(...), list(...))")


class FrozenDict(dict[str, _T]):
    """A dict that refuses to change; equal to, printed as and serialised as the dict that it was made from."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __hash__(self) -> int:  # type: ignore[override]  # a value that can't change can be a key
        return hash(frozenset(self.items()))


class FrozenList(list[_T]):
    """A list that refuses to change; equal to, printed as and serialised as the list that it was made from."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))


def freeze(value: Any, *, _depth: int = 0) -> Any:
    """Return *value* with every container inside it frozen.

    Raises ValueError when it is nested deeper than :data:`MAX_JSON_DEPTH`, or holds what JSON can't say (NaN, a set,
    a key that is no string, half a character, an integer of more than :data:`MAX_DIGITS` digits): such a value would
    break a checkpoint later, so it is refused where it enters.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _whole(value)
    if kind is int:
        return value if -_MOST < value < _MOST else _short(value)
    if kind is bool or value is None:
        return value
    if kind is float:
        return _finite(value)
    if kind is FrozenDict or kind is FrozenList:
        return _shallow(value, _depth)
    if _depth > MAX_JSON_DEPTH:
        raise ValueError(f"nested deeper than {MAX_JSON_DEPTH} levels")
    if isinstance(value, Mapping):
        return FrozenDict({_key(k): freeze(v, _depth=_depth + 1) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList([freeze(v, _depth=_depth + 1) for v in value])
    return _plain(value, _depth)


def _shallow(frozen: Any, depth: int) -> Any:
    """Return *frozen*, which needs no freezing, when it is not nested too deep where it stands now."""
    level = [frozen]
    while level:
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"nested deeper than {MAX_JSON_DEPTH} levels")
        inner = [v for c in level for v in (c.values() if isinstance(c, dict) else c) if type(v) in _CONTAINERS]
        level = inner if len(inner) < 2 else list({id(v): v for v in inner}.values())  # each once, however shared
        depth += 1
    return frozen


_CONTAINERS = frozenset({FrozenDict, FrozenList, dict, list, tuple})


def _short(value: int) -> int:
    raise ValueError(f"an integer of more than {MAX_DIGITS} digits is not kept; use a string")


def _finite(value: float) -> float:
    if math.isfinite(value):
        return value
    raise ValueError(f"{value} is not a JSON number; use null or a string")


def _whole(text: str) -> str:
    """Refuse lone surrogates (UnicodeEncodeError is a ValueError): UTF-8 can't say them."""
    text.encode()
    return text


def sayable(text: str) -> str:
    """Return *text* with lone surrogates as escapes, so that UTF-8 can say it: names of files may hold any bytes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _key(key: object) -> str:
    if isinstance(key, str):
        return key if key.isascii() else _whole(key)
    raise ValueError(f"JSON keys are strings, not {type(key).__name__} ({key!r})")


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, Record):
        return freeze(value.to_json(), _depth=depth)
    if isinstance(value, bool):
        return bool(value)
    for kind in (str, int, float):  # sub-classes, enums among them, become the plain value
        if isinstance(value, kind):
            return freeze(kind(getattr(value, "value", value)), _depth=depth)
    raise ValueError(f"{type(value).__name__} is not a JSON value; return dict, list, str, int, float, bool or None")


Json = Annotated[Any, BeforeValidator(freeze)]
"""Any JSON value, frozen."""


def _freeze_object(value: Any) -> Any:
    if isinstance(value, Mapping):
        return freeze(value)
    raise ValueError(f"a JSON object is wanted, not {type(value).__name__}")


def _freeze_row(value: Any) -> Any:
    if isinstance(value, Mapping):
        return freeze(value, _depth=MAX_JSON_DEPTH - MAX_ROW_DEPTH)
    raise ValueError(f"a JSON object is wanted, not {type(value).__name__}")


if TYPE_CHECKING:
    JsonObject = Mapping[str, Any]
    """A JSON object, frozen."""
    RowObject = Mapping[str, Any]
    """What a row of the journal says: a JSON object that may be nested as deep as :data:`MAX_ROW_DEPTH`."""
else:  # pydantic would copy a Mapping into a plain dict again
    JsonObject = Annotated[Any, BeforeValidator(_freeze_object), WithJsonSchema({"type": "object"})]
    RowObject = Annotated[Any, BeforeValidator(_freeze_row), WithJsonSchema({"type": "object"})]


def _frozen_dict(value: Mapping[str, _T]) -> Mapping[str, _T]:
    return value if type(value) is FrozenDict else FrozenDict(value)


def frozen_mapping() -> AfterValidator:
    """Return the validator that freezes a mapping of records, for ``Annotated[Mapping[str, X], frozen_mapping()]``."""
    return AfterValidator(_frozen_dict)


def canonical_json(value: Any) -> bytes:
    """Return *value* as canonical JSON bytes: sorted keys, no spaces, UTF-8, so that equal values have equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")  # a digest of odd text is still a digest


def digest(value: Any) -> str:
    """Return the sha256 of *value*'s canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


class Record(BaseModel):
    """A frozen, strict, deep-frozen value with a validated :meth:`replace`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=False, ser_json_inf_nan="strings", use_attribute_docstrings=True
    )

    def __eq__(self, other: object) -> bool:
        return self is other or super().__eq__(other)

    __hash__ = BaseModel.__hash__

    def replace(self, **changes: Any) -> Self:
        """Return a copy with *changes*, validated like a new one (raises pydantic.ValidationError)."""
        kept = {name: getattr(self, name) for name in self.model_fields_set if name not in changes}
        return type(self)(**kept, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form, without fields that hold their default."""
        return self.model_dump(mode="json", exclude_defaults=True)
