"""Commands of other distributions, found without importing anything of theirs.

``importlib.metadata`` costs more than the whole of ``genesis --help``, so this reads ``entry_points.txt`` of what lies
on ``sys.path`` itself. Distributions inside zip files are not seen.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Found", "load", "plugin_names", "third_party"]

GROUP = "[genesis.commands]"
PLUGINS = "[genesis.plugins]"
OURS = "genesis-agents"


class Found:
    """A command of somebody else: its name, ``module:attribute``, and who ships it."""

    __slots__ = ("distribution", "name", "target", "version")

    def __init__(self, name: str, target: str, distribution: str, version: str) -> None:
        self.name, self.target, self.distribution, self.version = name, target, distribution, version

    @property
    def owner(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.version}".strip()


def third_party(path: Iterable[str] | None = None) -> dict[str, Found]:
    """Return the commands of other distributions by name, in order; the first of two of one name stands."""
    if os.environ.get("GENESIS_DISABLE_PLUGIN_AUTOLOAD", "").lower() not in ("", "0", "false", "no"):
        return {}
    found: dict[str, Found] = {}
    for folder in dict.fromkeys(sys.path if path is None else path):
        for command in _in(folder or ".", GROUP):
            if command.distribution != OURS:
                found.setdefault(command.name, command)
    return dict(sorted(found.items()))


def plugin_names() -> list[str]:
    """Return the names of all installed plugins, ours among them."""
    return sorted({entry.name for folder in dict.fromkeys(sys.path) for entry in _in(folder or ".", PLUGINS)})


def _in(folder: str, group: str) -> Iterator[Found]:
    try:
        names = sorted(n for n in os.listdir(folder) if n.endswith((".dist-info", ".egg-info")))
    except OSError:
        return
    for name in names:
        try:
            with open(f"{folder}/{name}/entry_points.txt", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        if group in text:
            yield from _entries(text, name.rsplit(".", 1)[0], group)


def _entries(text: str, folder: str, group: str) -> Iterator[Found]:
    distribution, _, version = folder.partition("-")
    distribution = distribution.replace("_", "-").lower()
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == group
        elif inside and "=" in line:
            name, _, target = line.partition("=")
            yield Found(name.strip(), target.split("[")[0].strip(), distribution, version)


def load(command: Found) -> object:
    """Return the body of *command*; raises PluginError that names its distribution when it can't or mustn't be had."""
    import importlib

    from genesis_core import PluginError

    if (why := _refusal(command)):
        raise PluginError(f"command {command.name!r} of {command.owner} is not imported", cause=why,
                          hint="genesis plugins verify; genesis plugins lock takes what is installed as it is")
    module, _, attribute = command.target.partition(":")
    try:
        body: object = importlib.import_module(module)
        for part in filter(None, attribute.split(".")):
            body = getattr(body, part)
    except Exception as error:
        raise PluginError(
            f"command {command.name!r} of {command.owner} can't be loaded",
            cause=f"import of {command.target} failed: {type(error).__name__}: {error}",
            hint=f"pip uninstall {command.distribution}, or mend it; genesis plugins shows all",
        ) from error
    return body


def _refusal(command: Found) -> str:
    """Return why *command* may not be imported, by the same lock as that of plugins; empty when it may."""
    from genesis_core import PluginDistribution, PluginLock, load_settings

    from ._environment import check_config

    check_config()
    found = PluginDistribution.installed(command.distribution)
    if found is None:
        return f"there is no distribution {command.distribution!r}"
    if found.commands.get(command.name, "").split("[")[0].strip() != command.target:
        return f"another distribution that is also named {command.distribution!r} brings it"
    required = load_settings().settings.plugins.get("lock") == "required"
    return PluginLock.find().admit(found, required=required)
