"""``--model``: which models a command may ask, said for this call alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

__all__ = ["model_option", "model_settings"]

ROLES = ("orchestrate", "code", "cheap", "judge")
"""As the kernel has them (a test compares); reading them there would cost every ``--help``."""

HELP = "Ask this model; once more: the next one when it fails. ROLE=NAME for orchestrate, code, cheap or judge alone."


def _check(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        role, name = _split(value)
        if not name:
            raise click.BadParameter(f"{value!r} names no model", context, parameter)
        if role and role not in ROLES:
            from ._group import nearest

            near = nearest(role, list(ROLES))
            raise click.BadParameter(
                f"there is no role {role!r}" + (f"; did you mean {near!r}?" if near else f": {', '.join(ROLES)}"),
                context, parameter)
    return values


def _split(value: str) -> tuple[str, str]:
    """Return the role (empty: all of them) and the model that *value* names; a model's own name may hold a '='."""
    role, sign, name = value.partition("=")
    return (role.strip(), name.strip()) if sign and ":" not in role else ("", value.strip())


def model_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--model``; the body gets ``model``, a tuple for :func:`model_settings`."""
    return click.option("--model", "model", multiple=True, metavar="NAME", callback=_check, help=HELP)(function)


def model_settings(values: Sequence[str]) -> dict[str, Any]:
    """Return what ``--model`` says as settings: a plain name serves every role that is not named itself."""
    pairs = [_split(value) for value in values]
    use = list(dict.fromkeys(name for role, name in pairs if not role))
    roles = dict.fromkeys(ROLES, use) if use else {}
    for role in dict.fromkeys(role for role, _ in pairs if role):
        roles = {**roles, role: list(dict.fromkeys(name for r, name in pairs if r == role))}
    if not pairs:
        return {}
    return {"models": {**({"use": use} if use else {}), "roles": roles}}
