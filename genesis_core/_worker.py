"""A worker process: runs plain tools one at a time, and is killed when one passes its deadline.

It reads frames (8 bytes of length, then JSON) from a socket: ``{"tool", "arguments", "folder", "secrets"}``, answers
``{"value"}``, ``{"error", "type"}`` or, for a value that is no JSON, ``{"unkept"}``. ``python -m genesis_core._worker
FD`` starts one that imports the tools it is asked for; the fork server of ``_workers.py`` starts one that has them.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TextIO

from ._life import NESTED, nested
from ._secrets import Known, given

__all__ = ["die_with_parent", "receive", "send", "serve"]

HEAD = struct.Struct(">Q")
MAX_FRAME = 256 * 1024 * 1024
PR_SET_PDEATHSIG = 1  # prctl(2)

Resolve = Callable[[str], Callable[..., Any]]


def send(sock: socket.socket, data: bytes) -> None:
    """Write one frame."""
    sock.sendall(HEAD.pack(len(data)) + data)


def receive(sock: socket.socket) -> bytes | None:
    """Read one frame; None at the end of the stream."""
    head = _exactly(sock, HEAD.size)
    return None if head is None else _exactly(sock, HEAD.unpack(head)[0])


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = sock.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(sock: socket.socket, resolve: Resolve) -> None:
    """Answer requests until the other side closes."""
    os.environ[NESTED] = str(nested() + 1)  # a run that a tool begins stands inside this one
    os.setsid()  # one group for it and whatever it starts, so that one signal ends all
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop_reading()
    os.dup2(2, 1)  # a tool that prints must not write into a result on stdout
    sys.stdout, sys.stderr = _stream(1), _stream(2)  # those of the program that was forked may be closed by now
    send(sock, json.dumps({"pid": os.getpid()}).encode())
    while (frame := receive(sock)) is not None:
        send(sock, _answer(json.loads(frame), resolve))


def _stop_reading() -> None:
    """Leave the program's standard input to the program: what a tool starts would read it, too."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if nothing > 0:
        os.close(nothing)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for the life of the process


def _stream(handle: int) -> TextIO:
    return open(handle, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _answer(request: dict[str, Any], resolve: Resolve) -> bytes:
    import pydantic_core

    known = Known()
    try:
        arguments, known = given(request["arguments"], request.get("secrets", {}))
        os.chdir(request["folder"])
        function = _checked(resolve(request["tool"]))
        value = function(**arguments)
        if inspect.isawaitable(value):
            value = asyncio.run(_await(value))
    except BaseException as error:  # noqa: BLE001  # whatever a tool raises is its answer
        return json.dumps({"error": known.without(_words(error)), "type": type(error).__name__}).encode()
    try:
        said = pydantic_core.to_json({"value": value}, inf_nan_mode="constants")  # refused where it is read
        if known.inside(said):  # a tool may say what it was given
            value = pydantic_core.to_jsonable_python(value, inf_nan_mode="constants")
            said = pydantic_core.to_json({"value": known.without(value)}, inf_nan_mode="constants")
        return said
    except Exception as error:  # noqa: BLE001  # a value may do anything while it is looked at
        return json.dumps({"unkept": _words(error)}).encode()


async def _await(value: Any) -> Any:
    return await value


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:2000]


@cache
def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function* with its JSON arguments turned into what its annotations say."""
    from pydantic import validate_call

    return validate_call(function)


def import_tool(source: str) -> Callable[..., Any]:
    """Return the function behind ``module:qualname``."""
    module, _, path = source.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = getattr(found, "function", found)
    return function


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (prctl(2), Linux; elsewhere the closed socket does)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(argv: list[str]) -> None:
    """Serve on the inherited socket whose number is the first argument."""
    from ._checked import admit_locked

    die_with_parent()
    admit_locked()
    serve(socket.socket(fileno=int(argv[1])), import_tool)


if __name__ == "__main__":
    main(sys.argv)
