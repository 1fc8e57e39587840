"""Values on their way into the record: whatever an agent or a tool gives becomes frozen JSON, or a clear error."""

from __future__ import annotations

from typing import Any

import pydantic_core

from .errors import ToolError
from .records import Record, freeze

__all__ = ["brief", "jsonable"]


def jsonable(value: Any, what: str) -> Any:
    """Return *value* as frozen JSON; raises ToolError, naming *what*, when it can't be."""
    try:
        if isinstance(value, Record):
            value = value.to_json()
        return freeze(pydantic_core.to_jsonable_python(value, inf_nan_mode="constants"))
    except (pydantic_core.PydanticSerializationError, ValueError, RecursionError) as error:
        raise ToolError(f"{what} can't be kept as JSON", cause=str(error),
                        hint="return dict, list, str, int, float, bool, None, dates, or a Record") from None


def brief(value: Any) -> str:
    """Return *value* as text, its first 200 characters."""
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
