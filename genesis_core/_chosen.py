"""What the operator chose by name among what plugins offer: engine, key ring, models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._engine import LocalEngine
from ._keys import LocalKeyRing
from ._provided import Provided
from ._settings import Settings
from .engines import KeyRing, TaskEngine
from .errors import SettingsError, did_you_mean
from .models import Model

__all__ = ["chosen_engine", "chosen_models", "chosen_ring", "key_ring"]

WHERE = "genesis config --origin"


def chosen_engine(settings: Settings, given: Provided) -> TaskEngine:
    """Return a new engine of the chosen name; raises SettingsError when there is none."""
    engines: dict[str, Any] = {**given.offers.get("engine", {}), "local": LocalEngine}
    engine: TaskEngine = _named("engine", settings.engine, engines)()
    return engine


def chosen_ring(settings: Settings, given: Provided) -> KeyRing | None:
    """Return the key ring that a plugin offers under the chosen name; None: the local one. Raises SettingsError."""
    rings: dict[str, Any] = {**given.offers.get("keyring", {}), "local": None}
    ring: KeyRing | None = _named("key ring", settings.keyring, rings)
    return ring


def key_ring(ring: KeyRing | None, home: Path, *, create: bool) -> KeyRing:
    """Return *ring*, or the local one of *home*: the same for writing and for reading."""
    return LocalKeyRing.open(home, create=create) if ring is None else ring


def chosen_models(settings: Settings, given: Provided) -> dict[str, Model]:
    """Return the models that may be asked, first the one that is: those of ``[models] use``, then the program's own.

    A model that a plugin merely offers is none of them. Raises SettingsError for a name that nobody offers.
    """
    unknown = [key for key in settings.models if key != "use"]
    names = settings.models.get("use", [])
    if unknown or not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise SettingsError(f"[models] can't be {dict(settings.models)!r}"[:300],
                            cause="it takes `use`, a list of names", hint='[models] use = ["NAME"]')
    own = [name for name in given.models if given.of_program("model", name)]
    return {name: _named("model", name, given.models) for name in dict.fromkeys((*names, *own))}


def _named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise SettingsError(f"there is no {kind} {name!r}{did_you_mean(name, known)}",
                            cause=f"known: {', '.join(sorted(known)) or 'none'}", hint=WHERE)
    return known[name]
