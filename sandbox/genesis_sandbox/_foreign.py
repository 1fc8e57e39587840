"""Functions of the C library by name, without `ctypes`: importing that takes as long as making the namespaces does.

What `ctypes` is made of is used directly. Where an interpreter has it otherwise, the import fails, and nothing runs.
"""

from __future__ import annotations

from _ctypes import FUNCFLAG_CDECL, FUNCFLAG_USE_ERRNO, CFuncPtr, _SimpleCData, dlopen, get_errno

__all__ = ["Function", "address", "function", "get_errno"]


class _Long(_SimpleCData):  # type: ignore[type-arg]
    """As wide as a pointer; where an int is taken, its upper half is not looked at."""

    _type_ = "l"


class _Int(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "i"


class _Pointer(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "z"


class _Library:
    """This process: the C library and the interpreter."""

    _handle = dlopen(None, 0)  # type: ignore[arg-type]  # as ctypes.CDLL(None) does


class _Pointed(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Int


class Function:
    """One function that returns an int; it takes ints, bytes (their address, closed by a zero byte) and None."""

    __slots__ = ("_call",)

    def __init__(self, name: str) -> None:
        self._call = _Pointed((name, _Library))  # type: ignore[arg-type]  # what has a handle is a library

    def __call__(self, *arguments: int | bytes | None) -> int:
        return int(self._call(*[_Long(a) if isinstance(a, int) else a for a in arguments]))


def function(name: str) -> Function:
    """Return a function of the C library, or of this interpreter (raises AttributeError when there is none)."""
    return Function(name)


def address(data: bytes) -> bytes:
    """Return where bytes lie, as the machine writes it; hold on to them for as long as it is used."""
    return bytes(memoryview(_Pointer(data)))
