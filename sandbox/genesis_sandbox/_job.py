"""What the trusted side is told about one call: limits and what is granted. The program itself is not in it."""

from __future__ import annotations

from .limits import Limits

__all__ = ["Job"]


class Job:
    """One call's limits and grants; it crosses to the keeper, never to the program."""

    __slots__ = ("folder", "launcher", "limits", "modules", "preload", "read")

    def __init__(
        self, *, launcher: str = "purejail", limits: Limits | None = None,
        modules: list[tuple[str, list[str]]] | None = None, read: list[str] | None = None,
        preload: list[str] | None = None, folder: str = "",
    ) -> None:  # fmt: skip
        self.launcher = launcher
        self.limits = limits or Limits()
        self.modules = modules or []
        """Folders with third-party packages, and what is shown of each."""
        self.read = read or []
        self.preload = preload or []
        """Modules that a zygote has imported before its workers are forked."""
        self.folder = folder
        """The program's folder among the host's files, in the reduced tier; it is removed after the call."""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON, for the way to another process."""
        return {name: getattr(self, name) for name in self.__slots__} | {"limits": self.limits.to_json()}

    @classmethod
    def from_json(cls, found: dict[str, object]) -> Job:
        """Return what :meth:`to_json` wrote down; only a trusted parent's words come here."""
        limits = found.pop("limits")
        return cls(limits=Limits(**limits), **found)  # type: ignore[arg-type]  # our own JSON, checked by the classes
