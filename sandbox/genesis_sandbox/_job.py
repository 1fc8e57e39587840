"""What the trusted side is told about one call: limits and what is granted. The program itself is not in it."""

from __future__ import annotations

import marshal

from .limits import Limits

__all__ = ["Job"]


class Job:
    """One call's limits and grants; it crosses to the keeper, never to the program."""

    __slots__ = ("folder", "launcher", "limits", "modules", "preload", "read", "write")

    def __init__(
        self, *, launcher: str = "purejail", limits: Limits | None = None,
        modules: list[tuple[str, list[str]]] | None = None, read: list[str] | None = None,
        preload: list[str] | None = None, folder: str = "", write: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.launcher = launcher
        self.limits = limits or Limits()
        self.modules = modules or []
        """Folders with third-party packages, and what is shown of each."""
        self.read = read or []
        self.write = write or []
        """Folders that the program may write to, each of which is one of its own until its call has gone well."""
        self.preload = preload or []
        """Modules that a zygote has imported before its workers are forked."""
        self.folder = folder
        """The program's folder among the host's files, in the reduced tier; it is removed after the call."""

    def packed(self) -> str:
        """Return it as one word, for the command line of an interpreter of ours.

        Not JSON: importing that takes a third of a worker's start. What is read back was written by our own parent.
        """
        plain = {name: getattr(self, name) for name in self.__slots__} | {"limits": self.limits.to_json()}
        return marshal.dumps(plain).hex()

    @classmethod
    def unpacked(cls, word: str) -> Job:
        """Return what :meth:`packed` wrote down."""
        found = marshal.loads(bytes.fromhex(word))  # noqa: S302  # nosec B302  # a trusted parent's word, never a program's
        return cls(**{**found, "limits": Limits(**found["limits"])})
