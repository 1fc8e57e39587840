"""Which installed distribution is Genesis itself: decided by where it lies, not by what it says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

__all__ = ["HOME", "canonical", "editable", "ours"]

HOME = "genesis-agents"
"""The distribution that the built-ins come from."""
CORE = Path(os.path.realpath(__file__)).parent


def canonical(name: str) -> str:
    """Return the one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def ours() -> metadata.Distribution | None:
    """Return the distribution that the kernel now running came with; None when there is none.

    Anybody may write ``Name: genesis-agents`` into metadata. Those beside the running kernel, in the one folder that an
    installer gives them, are ours; else those of the source that it runs from. Only where there are neither (a copy of
    the source that is tested beside an installation) the first of this version on the path is taken for it.
    """
    from . import __version__

    found = list(_named_home())
    beside = [dist for dist in found if _root(dist) / CORE.name == CORE]
    edited = [dist for dist in found if (source := editable(dist)) is not None and source / CORE.name == CORE]
    same = [dist for dist in found if dist.version == __version__]
    for those in (beside, edited):
        if those:
            return next((dist for dist in those if dist.version == __version__), those[0])
    return same[0] if same else None


def _named_home() -> Iterator[metadata.Distribution]:
    """Yield what lies in a folder of that name, spelled as installers spell it: another spelling is another folder."""
    for dist in metadata.distributions(name=HOME):
        info = _root(dist) / f"{HOME.replace('-', '_')}-{dist.version}.dist-info"
        if info.is_dir():
            found = metadata.Distribution.at(info)
            if canonical(found.name or "") == HOME:
                yield found


def _root(dist: metadata.Distribution) -> Path:
    return Path(os.path.realpath(os.fspath(str(dist.locate_file("")))))


def editable(dist: metadata.Distribution) -> Path | None:
    """Return the folder of the source that an editable installation points to."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        told = json.loads(dist.read_text("direct_url.json") or "{}")
        url = urlsplit(told["url"])
        points = told["dir_info"]["editable"] is True and url.scheme == "file"
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Path(os.path.realpath(url2pathname(url.path))) if points else None
