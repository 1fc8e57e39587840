"""What a program is granted beyond nothing. Each grant is held by the operating system, or it is refused."""

from __future__ import annotations

import os

from .errors import SandboxUnavailable

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Capabilities"]

NEVER = ("/", "/proc", "/sys", "/dev", "/run", "/boot", "/etc", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/var",
         "/tmp", "/var/tmp", "/home", "/opt", "/srv", "/mnt", "/media", "/scratch")  # noqa: S108  # nosec B108  # named to be refused
"""Folders that no tool is shown as a whole."""
NEVER_BELOW = ("/proc", "/sys", "/dev", "/run", "/scratch")


class Capabilities:
    """What one program may do beyond computing: nothing, unless it is named here. ValueError for what is malformed."""

    __slots__ = ("env", "modules", "network", "read", "write")

    def __init__(
        self, *, read: Sequence[str] = (), write: Sequence[str] = (), network: Sequence[str] = (),
        env: Mapping[str, str] | None = None, modules: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.read = tuple(read)
        """Files and folders that it may read, at their own absolute paths."""
        self.write = tuple(write)
        """Folders that it may write to: it finds an empty one there, and what it has left in it is put into the real
        one when its call has gone well."""
        self.network = tuple(network)
        """Hosts that it may reach: the field exists, and any value is refused in this version."""
        self.env = dict(env or {})
        self.modules = tuple(modules)
        """Installed packages that it may import beside the standard library."""
        for name in self.modules:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is not the name of a module")
        for name, value in self.env.items():
            if not name.isidentifier() or "\0" in value:
                raise ValueError(f"{name!r} is not the name of a variable")

    def __repr__(self) -> str:
        return f"Capabilities({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"

    def check(self, launcher: str) -> None:
        """Raise SandboxUnavailable for what this launcher cannot enforce, or nobody should be granted."""
        if self.network:
            raise SandboxUnavailable(f"network: {', '.join(self.network)} cannot be granted: no network is possible",
                                     "let the caller fetch what the program needs, and hand it over as an argument")
        if launcher == "reduced" and (self.read or self.write):
            raise SandboxUnavailable(f"{'read' if self.read else 'write'}: the reduced tier cannot grant a path: "
                                     "it has no root of its own")  # fmt: skip
        for path in self.read:
            _checked(path, "read")
        if self.write:
            from ._places import check_places

            for path in self.write:
                _checked(path, "write")
            check_places(self.write, self.read)


def _checked(path: str, grant: str) -> None:
    """Refuse a path that is not what it says, or that shows more than anybody meant."""
    if path != os.path.abspath(path) or "\0" in path:
        raise SandboxUnavailable(f"{grant}: {path!r} is not an absolute, normal path")
    if not os.path.lexists(path):
        raise SandboxUnavailable(f"{grant}: {path} is not there")
    if os.path.realpath(path) != path:
        raise SandboxUnavailable(f"{grant}: {path} is a symbolic link or lies behind one", "name what it points to")
    from ._homes import hidden, homes

    above = [place for home in homes() for place in (home, os.path.dirname(home))]
    inside = any(path.startswith(folder + "/") for folder in NEVER_BELOW)
    if path in NEVER or path in above or inside or os.path.dirname(path) == "/home":
        raise SandboxUnavailable(f"{grant}: {path} is never granted", "name the folder or file that is needed")
    if os.path.isdir(path) and hidden(path):  # a file that is named exactly shows nothing but what was meant
        raise SandboxUnavailable(f"{grant}: {path} is hidden below a home, where settings and keys are kept",
                                 "name the very file that is needed")  # fmt: skip
    if not (os.path.isdir(path) or os.path.isfile(path)):
        raise SandboxUnavailable(f"{grant}: {path} is neither a folder nor a file")
