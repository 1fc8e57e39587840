"""Read the settings file, which may be absent, and refuse what it does not know."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from parcel.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """What an installation can change."""

    data: str = "data"
    nordpost_url: str = "https://feed.nordpost.example/v2"
    swiftline_url: str = "https://api.swiftline.example/track"
    timeout_seconds: float = 8.0
    attempts: int = 3


def load_settings(path: Path) -> Settings:
    """Return the settings of a file, or the defaults when there is none."""
    if not path.exists():
        return Settings()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    return _checked(found, path)


def _checked(found: dict[str, object], path: Path) -> Settings:
    defaults = Settings()
    known = {field.name: getattr(defaults, field.name) for field in fields(Settings)}
    values: dict[str, object] = {}
    for key, value in found.items():
        if key not in known:
            raise SettingsError(f"{path} has the unknown key {key!r}", "known keys: " + ", ".join(known))
        values[key] = _of_type(key, value, type(known[key]))
    return Settings(**values)  # type: ignore[arg-type]  # each value has just been checked


def _of_type(key: str, value: object, wanted: type) -> object:
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise SettingsError(f"{key} is {value!r}", f"it takes a value of type {wanted.__name__}")
    return value
