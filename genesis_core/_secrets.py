"""Secrets by name: a plan, a journal and an agent see the name; the value is there while a tool runs that is given it.

The operator says which names there are, and which variable of the environment holds each: ``[secrets]`` in their own
settings. Known values are also taken out of what is recorded, written and said, wherever they turn up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ToolError, did_you_mean
from .records import Record
from .redaction import REDACTED, SHORTEST, literals

if TYPE_CHECKING:
    from .tasks import Task

__all__ = ["Known", "SecretRef", "given", "needed"]


AGAIN = "genesis run --again RUN"
"""The way on for a task that has failed: resuming a run leaves that as it is."""


class SecretRef(Record):
    """What an agent sees of a secret: its name, to hand on to a tool as one whole argument."""

    secret: str


def needed(task: Task, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, str]:
    """Return by argument the variable of the environment that holds its value, for arguments that are secrets.

    An argument is one when it is ``{"secret": NAME}`` with a name that the inputs of *task* hold. Raises ToolError for
    a name that the operator does not know, or a variable that is not set.
    """
    names = {item.secret for item in task.inputs.values() if item.secret is not None}
    if not names:
        return {}
    asked = {parameter: value["secret"] for parameter, value in arguments.items()
             if isinstance(value, Mapping) and set(value) == {"secret"} and value["secret"] in names}
    return {parameter: _variable(name, variables) for parameter, name in asked.items()}


def _variable(name: str, variables: Mapping[str, Any]) -> str:
    if name not in variables:
        raise ToolError(f"there is no secret {name!r}{did_you_mean(name, variables)}",
                        cause="the operator's settings name none like that",
                        hint=f'[secrets] {name} = "VARIABLE" in your own settings file, then {AGAIN}')
    variable = str(variables[name])
    if not os.environ.get(variable):
        raise ToolError(f"the secret {name!r} is not set", cause=f"the environment has no variable {variable}",
                        hint=f"set {variable}, then {AGAIN}")
    return variable


def given(arguments: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], Known]:
    """Return *arguments* with the values of *secrets* (variables by argument) in place, and what knows these values."""
    values = {parameter: os.environ[variable] for parameter, variable in secrets.items()}
    return {**arguments, **values}, Known(values.values())


class Known:
    """Values that are nobody's business; what is shorter than a secret is not looked for."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = {value for value in values if len(value) >= SHORTEST and value not in REDACTED}
        self._text = literals(found)
        raw = {form for value in found for form in (value, json.dumps(value)[1:-1], _escaped(value))}
        self._raw = re.compile(b"|".join(re.escape(form.encode("utf-8", "surrogateescape"))
                                         for form in sorted(raw, key=len, reverse=True))) if raw else None

    @classmethod
    def of(cls, variables: Iterable[str]) -> Known:
        """Return what knows the values of these *variables* of the environment."""
        return cls(value for name in variables if (value := os.environ.get(name)))

    def inside(self, data: bytes) -> bool:
        """Return whether *data*, a text or JSON, holds one."""
        return self._raw is not None and self._raw.search(data) is not None

    def taken_out(self, data: bytes) -> bytes:
        """Return *data* without them."""
        return data if self._raw is None else self._raw.sub(REDACTED.encode(), data)

    def without(self, value: Any) -> Any:
        """Return a JSON value without them, in texts and in names."""
        if self._text is None:
            return value
        if isinstance(value, str):
            return self._text.sub(REDACTED, value)
        if isinstance(value, Mapping):
            return {self.without(name): self.without(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.without(inner) for inner in value]
        return value


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
