"""Warm worker processes for plain tools: started on demand, reused, killed at a deadline.

Where it can, a fork server is made once, before the program has threads, with every tool in memory: a worker then costs
a fork. Where it can't (threads already run, or no ``fork``), workers are fresh interpreters that import the tool.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ._worker import HEAD, MAX_FRAME, die_with_parent, import_tool, serve
from .errors import TimedOut, ToolError
from .tools import Tool

__all__ = ["Workers"]


class Workers:
    """The pool of one Genesis."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools
        self._idle: list[_Worker] = []
        self._server: _ForkServer | None = None
        self._started = False

    def start(self) -> None:
        """Fork the server, if this process can; called before the first run starts its journal thread."""
        if self._started:
            return
        self._started = True
        plain = {name: t for name, t in self._tools.items() if not t.spec.inline}
        foreign = [t for t in plain.values() if not _importable(t)]
        if plain and hasattr(os, "fork") and (threading.active_count() == 1 or foreign):
            self._server = _ForkServer({name: t.function for name, t in plain.items()})

    async def call(self, tool: Tool, arguments: Mapping[str, Any], folder: Path, seconds: float) -> Any:
        """Return the tool's JSON value; raises ToolError when it fails and TimedOut when it was killed."""
        began = time.monotonic()
        worker = await self._take(tool)
        kept = False
        try:
            async with asyncio.timeout(seconds):
                answer = await worker.ask(self._request(tool, arguments, folder))
        except TimeoutError:
            raise TimedOut(
                f"tool {tool.name!r} was killed after {time.monotonic() - began:.1f} s",
                cause=f"it had {seconds:.1f} s", hint="raise max_seconds of the task, or give the tool less to do",
            ) from None
        except (EOFError, OSError) as error:
            raise ToolError(f"tool {tool.name!r} ended its process", cause=str(error)) from None
        else:
            self._idle.append(worker)
            kept = True
        finally:
            if not kept:
                worker.kill()
        return _value(tool, answer)

    def _request(self, tool: Tool, arguments: Mapping[str, Any], folder: Path) -> bytes:
        key = tool.name if self._server is not None else tool.spec.source
        return json.dumps({"tool": key, "arguments": arguments, "folder": str(folder)}).encode()

    async def _take(self, tool: Tool) -> _Worker:
        if self._idle:
            return self._idle.pop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        process = None
        if self._server is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._server.fork, theirs)
        else:
            process = _spawn(tool, theirs)
        theirs.close()
        return await _Worker.hello(ours, process)

    def close(self) -> None:
        """End every worker."""
        for worker in self._idle:
            worker.kill()
        self._idle.clear()
        if self._server is not None:
            self._server.close()
            self._server = None


def _value(tool: Tool, answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        raise ToolError(f"tool {tool.name!r} failed: {answer['type']}: {answer['error']}".rstrip(": "))
    return answer["value"]


def _importable(tool: Tool) -> bool:
    if tool.spec.source.startswith("__main__:"):
        return False
    try:
        return import_tool(tool.spec.source) is tool.function
    except (ImportError, AttributeError):
        return False


def _spawn(tool: Tool, sock: socket.socket) -> subprocess.Popen[bytes]:
    if not _importable(tool):
        raise ToolError(
            f"tool {tool.name!r} can't be run in a process of its own",
            cause=f"{tool.spec.source} can't be imported by name here",
            hint="define it at the top of an importable module, or mark it inline=True when it is fast",
        )
    path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-m", "genesis_core._worker", str(sock.fileno())],
        pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path},
    )


class _Worker:
    """One worker process, seen from here."""

    def __init__(self, sock: socket.socket, process: subprocess.Popen[bytes] | None) -> None:
        self._sock, self._process, self._pid = sock, process, 0

    @classmethod
    async def hello(cls, sock: socket.socket, process: subprocess.Popen[bytes] | None) -> _Worker:
        worker = cls(sock, process)
        try:
            worker._pid = int((await worker._receive())["pid"])
        except BaseException:
            worker.kill()
            raise
        return worker

    async def ask(self, request: bytes) -> dict[str, Any]:
        await asyncio.get_running_loop().sock_sendall(self._sock, HEAD.pack(len(request)) + request)
        return await self._receive()

    async def _receive(self) -> dict[str, Any]:
        size = HEAD.unpack(await self._exactly(HEAD.size))[0]
        if size > MAX_FRAME:
            raise OSError(f"its answer has {size} bytes; at most {MAX_FRAME} are taken")
        answer: dict[str, Any] = json.loads(await self._exactly(size))
        return answer

    async def _exactly(self, size: int) -> bytes:
        loop, parts = asyncio.get_running_loop(), []
        while size:
            part = await loop.sock_recv(self._sock, min(size, 1 << 20))
            if not part:
                raise EOFError("it ended before it answered")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def kill(self) -> None:
        self._sock.close()
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class _ForkServer:
    """A process with one thread that forks workers on demand; forked itself before this program has threads."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._sock, theirs = socket.socketpair()
        self._lock = threading.Lock()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: only where nothing else works
            self._pid = os.fork()
        if self._pid == 0:
            _serve_forks(theirs, functions)
        theirs.close()

    def fork(self, sock: socket.socket) -> None:
        """Make a worker that serves on *sock*."""
        with self._lock:
            socket.send_fds(self._sock, [b"w"], [sock.fileno()])
            self._sock.recv(1)

    def close(self) -> None:
        """End the server; idle workers end with it."""
        self._sock.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve_forks(sock: socket.socket, functions: Mapping[str, Callable[..., Any]]) -> None:
    """Fork a worker for every socket that comes in; never returns."""
    status = 1
    try:
        _close_others(sock)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps workers
        die_with_parent()
        while True:
            message, fds, _, _ = socket.recv_fds(sock, 1, 1)
            if not message:
                break
            if os.fork() == 0:
                sock.close()
                _become_worker(fds[0], functions)
            os.close(fds[0])
            sock.send(b"k")
        status = 0
    finally:
        os._exit(status)


def _become_worker(handle: int, functions: Mapping[str, Callable[..., Any]]) -> None:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # tools may start processes of their own
        die_with_parent()
        serve(socket.socket(fileno=handle), functions.__getitem__)
    finally:
        os._exit(0)


def _close_others(keep: socket.socket) -> None:
    """Close every inherited descriptor but the standard ones and *keep*: locks and sockets are not ours to hold."""
    os.closerange(3, keep.fileno())
    os.closerange(keep.fileno() + 1, _max_descriptor())


def _max_descriptor() -> int:
    try:
        return max(int(name) for name in os.listdir("/proc/self/fd")) + 1
    except OSError:
        return 4096
