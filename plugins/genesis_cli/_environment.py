"""``GENESIS_*`` variables: those that nobody reads are named, and a settings file that is missing ends the call."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["KNOWN", "SETTINGS", "check_config", "missing_config", "unknown"]

PREFIX = "GENESIS_"
SETTINGS = frozenset("home pipeline durability max_parallel task_seconds journal record budget plugin".split())
"""Settings that the environment may set, by their first word. A test compares them with the kernel's."""
OPERATOR = frozenset("policy sandbox plugins identity limits models keyring engine secrets".split())
"""Settings that it may not."""
KNOWN = (
    "GENESIS_CAPTURE_CONTENT", "GENESIS_CONFIG", "GENESIS_BLOCK_PLUGINS", "GENESIS_DISABLE_PLUGIN_AUTOLOAD",
    "GENESIS_MODELS_DIR", "GENESIS_MODEL", "GENESIS_MODEL_ORCHESTRATE", "GENESIS_MODEL_CODE", "GENESIS_MODEL_CHEAP",
    "GENESIS_MODEL_JUDGE", "GENESIS_NESTED",
)
"""Variables that are no settings of that name; those of models name one, and never a URL."""


def unknown(names: Iterable[str] | None = None) -> list[str]:
    """Return a line for each GENESIS_ variable that nothing reads, with the name that may have been meant."""
    given = sorted(n for n in (os.environ if names is None else names) if n.startswith(PREFIX))
    strange = [n for n in given if n not in KNOWN and _setting(n) not in SETTINGS]
    return [_line(name) for name in strange]


def _setting(name: str) -> str:
    return name.removeprefix(PREFIX).lower().split("__")[0]


def _line(name: str) -> str:
    if _setting(name) in OPERATOR:
        return f"{name} is not read: {_setting(name)!r} comes from flags and your own settings file only"
    from difflib import get_close_matches

    every = [*KNOWN, *(f"{PREFIX}{key.upper()}" for key in sorted(SETTINGS))]
    near = next(iter(get_close_matches(name, every, n=1, cutoff=0.7)), "")
    return f"{name} is not read: there is no such setting" + (f"; did you mean {near}?" if near else "")


def missing_config() -> str:
    """Return the settings file that ``GENESIS_CONFIG`` names and that is not there; empty when all is well."""
    named = os.environ.get("GENESIS_CONFIG", "")
    return named if named and not os.path.exists(named) else ""  # noqa: PTH110  # pathlib costs


def check_config() -> None:
    """Raise SettingsError when ``GENESIS_CONFIG`` names a settings file that is not there."""
    if (path := missing_config()):
        from genesis_core import SettingsError

        raise SettingsError(f"there is no settings file {path}", cause="GENESIS_CONFIG names it",
                            hint="write it, or unset GENESIS_CONFIG")
