"""What the operator chose by name among what plugins offer: engine, key ring, models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ._engine import LocalEngine
from ._keys import LocalKeyRing
from ._lineup import Lineup
from ._provided import Provided
from ._settings import Settings
from .engines import KeyRing, TaskEngine
from .errors import SettingsError, did_you_mean
from .identity import Envelopes
from .models import ROLES, Model, ModelProvider
from .workshops import Workshop

__all__ = ["check_envelopes", "chosen_engine", "chosen_envelopes", "chosen_models", "chosen_ring", "chosen_workshop",
           "key_ring"]

WHERE = "genesis config --origin"
MODEL_KEYS = frozenset({"use", "roles", "endpoint"})


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


def key_ring(
    ring: KeyRing | None, home: Path, *, create: bool, clock: Callable[[], datetime] | None = None
) -> KeyRing:
    """Return *ring*, or the local one of *home*: the same for writing and for reading."""
    return LocalKeyRing.open(home, create=create, clock=clock) if ring is None else ring


def chosen_envelopes(
    settings: Settings, given: Provided, ring: KeyRing, home: Path, clock: Callable[[], datetime] | None
) -> Envelopes:
    """Return what seals and opens messages, as the plugin of the chosen name makes it (raises SettingsError)."""
    made: Envelopes = _maker(settings.identity.get("envelopes", "identity"), given)(ring, home, clock)
    return made


def chosen_workshop(
    settings: Settings, given: Provided, ring: Callable[[], KeyRing], home: Path, clock: Callable[[], datetime] | None
) -> Workshop | None:
    """Return the workshop of the chosen name as its plugin makes it; None when nobody offers one and none was named.

    Raises SettingsError for a name that nobody offers.
    """
    offered = given.offers.get("workshop", {})
    if not offered and "workshop" not in settings.sandbox:
        return None
    made: Workshop = _named("workshop", str(settings.sandbox.get("workshop", "aatc")), offered)(
        ring, home, clock, settings.sandbox)
    return made


def check_envelopes(settings: Settings, given: Provided) -> None:
    """Raise SettingsError where the operator chose a maker of envelopes that nobody offers."""
    if "envelopes" in settings.identity:
        _maker(settings.identity["envelopes"], given)


def _maker(name: object, given: Provided) -> Any:
    return _named("maker of envelopes", str(name), given.offers.get("envelopes", {}))


def chosen_models(settings: Settings, given: Provided) -> Lineup:
    """Return the models that may be asked: those of ``[models] use``, those of its roles, then the program's own.

    A model that a plugin merely offers is none of them. Raises SettingsError for what nobody offers.
    """
    section = settings.models
    unknown = set(section) - MODEL_KEYS
    if unknown:
        raise _wrong_models(f"{sorted(unknown)[0]!r}{did_you_mean(sorted(unknown)[0], MODEL_KEYS)}")
    roles = {role: tuple(_names(chain)) for role, chain in _table(section, "roles").items()}
    for role in set(roles) - set(ROLES):
        raise _wrong_models(f"the role {role!r}{did_you_mean(role, ROLES)}")
    own = [name for name in given.models if given.of_program("model", name)]
    use = _names(section.get("use", []))
    names = dict.fromkeys((*use, *(n for chain in roles.values() for n in chain), *own))
    return Lineup({name: _model(name, section, given) for name in names}, roles, (*use, *own) if use else ())


def _wrong_models(what: str) -> SettingsError:
    return SettingsError(f"[models] can't have {what}"[:300], cause=f"it takes {', '.join(sorted(MODEL_KEYS))}",
                         hint='[models] use = ["NAME"]')


def _names(value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise _wrong_models(f"{value!r} where names of models stand")
    return names


def _table(section: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = section.get(key, {})
    if not isinstance(found, Mapping):
        raise _wrong_models(f"{found!r} as {key}: it is a table")
    return found


def _model(name: str, section: Mapping[str, Any], given: Provided) -> Model:
    """Return the model *name*: one that is offered as it is, an endpoint of the settings, or PROVIDER:MODEL."""
    providers: Mapping[str, ModelProvider] = given.offers.get("provider", {})
    endpoints = _table(section, "endpoint")
    if name in given.models:
        _no_rival(name, endpoints, providers, given)
        return given.models[name]
    if name in endpoints:
        options = dict(_table(endpoints, name))
        provider = options.pop("provider", "openai")
        make: ModelProvider = _named("provider of models", provider, providers)
        return make(name, str(options.pop("model", name)), options)
    provider, _, model = name.partition(":")
    if provider not in providers:
        known = {*given.models, *endpoints, *providers}
        raise SettingsError(f"there is no model {name!r}{did_you_mean(name, known)}",
                            cause=f"known: {', '.join(sorted(known)) or 'none'}; a provider's model is PROVIDER:MODEL",
                            hint="genesis models")
    return providers[provider](name, model, {})


def _no_rival(name: str, endpoints: Mapping[str, Any], providers: Mapping[str, Any], given: Provided) -> None:
    """Refuse a plugin's model that has the name of an endpoint of the settings, or of a provider's model.

    The operator chose by that name, and must not be answered by whoever took it; the program's own models may stand in.
    """
    provider = name.partition(":")[0]
    if given.of_program("model", name) or not (name in endpoints or (":" in name and provider in providers)):
        return
    owner = given.owners["model", name]
    whose = "an endpoint of your settings"
    if name not in endpoints:
        maker = given.owners["provider", provider]
        whose = f"a model of the provider {provider!r} of {maker.owner} (plugin {maker.name!r})"
    raise SettingsError(f"two models are named {name!r}: {whose}, and one of {owner.owner} (plugin {owner.name!r})",
                        cause="names must be unique, or nobody could say who is asked",
                        hint=f"genesis -p no:{owner.name} ... runs without the second")


def _named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise SettingsError(f"there is no {kind} {name!r}{did_you_mean(name, known)}",
                            cause=f"known: {', '.join(sorted(known)) or 'none'}", hint=WHERE)
    return known[name]
