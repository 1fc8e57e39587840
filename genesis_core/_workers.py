"""Warm worker processes for plain tools: started on demand, reused, killed at a deadline.

Where it can, a fork server is made once, before the program has threads, with every tool in memory: a worker then costs
a fork. Where it can't (threads already run, or no ``fork``), workers are fresh interpreters that import the tool.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
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

from ._secrets import given
from ._values import jsonable
from ._worker import HEAD, MAX_FRAME, die_with_parent, import_tool, serve
from .errors import DependencyDown, GenesisError, TimedOut, ToolError
from .tools import Tool

__all__ = ["Workers"]

FORK_TRIES = 3
"""One for the server there is, one for a server that ended as it was asked, one for that which takes its place."""
SERVER_SECONDS = 5.0
MADE = "sha256:"
"""How the source of a tool begins that was made."""


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
        self._server = self._fork_server()

    def _fork_server(self) -> _ForkServer | None:
        """Return a new fork server, or None where there can't be one: each worker is a fresh interpreter then."""
        plain = {name: t for name, t in self._tools.items() if not t.spec.inline}
        if not plain or not hasattr(os, "fork"):
            return None
        if threading.active_count() > 1 and all(map(_importable, plain.values())):
            return None
        try:
            return _ForkServer({name: t.function for name, t in plain.items()})
        except OSError:  # no process or descriptor to spare at this moment
            return None

    async def call(self, tool: Tool, arguments: Mapping[str, Any], folder: Path, seconds: float,
                   secrets: Mapping[str, str] | None = None) -> Any:
        """Return the tool's JSON value; raises ToolError when it fails and TimedOut when it was killed."""
        began = time.monotonic()
        worker: _Worker | None = None
        try:
            async with asyncio.timeout(seconds):
                worker = await self._take(tool)
                answer = await worker.ask(_request(tool, arguments, folder, secrets or {}, by_name=worker.forked))
        except TimeoutError:
            raise TimedOut(
                f"tool {tool.name!r} was killed after {time.monotonic() - began:.1f} s",
                cause=f"it had {seconds:.1f} s", hint="raise max_seconds of the task, or give the tool less to do",
            ) from None
        except (EOFError, OSError) as error:
            raise ToolError(f"tool {tool.name!r} ended its process", cause=str(error)) from None
        else:
            self._idle.append(worker)
            worker = None
        finally:
            if worker is not None:
                worker.kill()
        return _value(tool, answer)

    async def _take(self, tool: Tool) -> _Worker:
        """Return a worker that waits for work; raises DependencyDown when none can be had."""
        while self._idle:
            worker = self._idle.pop()
            if worker.waits():
                return worker
            worker.kill()
        try:
            return await self._forked() or await _spawned(tool)
        except (EOFError, OSError) as error:
            raise DependencyDown(
                f"no worker process could be started for tool {tool.name!r}",
                cause=str(error) or type(error).__name__, hint="look at the limits on processes, memory and open files",
            ) from None

    async def _forked(self) -> _Worker | None:
        """Return a worker of the fork server, or None when there is none and none can be made any more."""
        for _ in range(FORK_TRIES):
            if (server := self._server) is None:
                break
            try:
                return await server.worker()
            except ConnectionError:
                self._renew(server)
            except EOFError:  # the server ended as it was asked, or had no process to spare
                continue
        return None

    def _renew(self, dead: _ForkServer) -> None:
        if self._server is dead:
            dead.close()
            self._server = self._fork_server()

    def close(self) -> None:
        """End every worker."""
        for worker in self._idle:
            worker.kill()
        self._idle.clear()
        if self._server is not None:
            self._server.close()
            self._server = None


async def inline(tool: Tool, arguments: Mapping[str, Any], secrets: Mapping[str, str]) -> Any:
    """Return the JSON value of a tool that runs in this process; raises ToolError when it fails."""
    values, known = given(arguments, secrets)
    try:
        value = tool.checked(**values)
        value = await value if asyncio.iscoroutine(value) else value
    except GenesisError as error:
        if not tool.spec.source.startswith(MADE):
            raise ToolError(f"tool {tool.name!r} failed: {known.without(error.told)}") from None
        raise  # its workshop says what came of it: denied, late, out of reach
    except Exception as error:  # noqa: BLE001  # whatever a tool raises is its answer
        words = known.without(f"{type(error).__name__}: {error}")
        raise ToolError(f"tool {tool.name!r} failed: {words}") from (None if secrets else error)
    return known.without(jsonable(value, f"what {tool.name!r} returned"))


def _request(
    tool: Tool, arguments: Mapping[str, Any], folder: Path, secrets: Mapping[str, str], *, by_name: bool
) -> bytes:
    key = tool.name if by_name else tool.spec.source
    said = {"tool": key, "arguments": arguments, "folder": str(folder)}
    return json.dumps({**said, "secrets": secrets} if secrets else said).encode()


def _value(tool: Tool, frame: bytes) -> Any:
    try:
        answer = _STRICT.decode(frame.decode())
    except (ValueError, RecursionError) as error:
        answer = {"unkept": str(error)}
    if "unkept" in answer:
        raise ToolError(f"what {tool.name!r} returned can't be kept as JSON", cause=answer["unkept"],
                        hint="return dict, list, str, int, float, bool, None, dates, or a Record")
    if "error" in answer:
        raise ToolError(f"tool {tool.name!r} failed: {answer['type']}: {answer['error']}".rstrip(": "))
    return answer["value"]


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number; use null or a string")


_STRICT = json.JSONDecoder(parse_constant=_no_number)


def _importable(tool: Tool) -> bool:
    if tool.spec.source.startswith("__main__:"):
        return False
    try:
        return import_tool(tool.spec.source) is tool.function
    except (ImportError, AttributeError):
        return False


async def _spawned(tool: Tool) -> _Worker:
    """Return a worker that is a fresh interpreter."""
    if not _importable(tool):
        raise ToolError(
            f"tool {tool.name!r} can't be run in a process of its own",
            cause=f"{tool.spec.source} can't be imported by name here",
            hint="define it at the top of an importable module, or mark it inline=True when it is fast",
        )
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = _interpreter(theirs)
        except BaseException:
            ours.close()
            raise
    return await _Worker.hello(ours, process)


def _interpreter(sock: socket.socket) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(p for p in sys.path if p)
    # -P: the folder that this is started in may be anybody's; modules come from where ours do, and from nowhere else.
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-P", "-m", "genesis_core._worker", str(sock.fileno())],
        pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path},
    )


class _Worker:
    """One worker process, seen from here."""

    def __init__(self, sock: socket.socket, process: subprocess.Popen[bytes] | None) -> None:
        self._sock, self._process, self._pid = sock, process, 0
        sock.setblocking(False)

    @classmethod
    async def hello(cls, sock: socket.socket, process: subprocess.Popen[bytes] | None) -> _Worker:
        worker = cls(sock, process)
        try:
            worker._pid = int(json.loads(await worker._receive())["pid"])
        except BaseException:
            worker.kill()
            raise
        return worker

    @property
    def forked(self) -> bool:
        """Whether it knows tools by name; a fresh interpreter imports them."""
        return self._process is None

    def waits(self) -> bool:
        """Whether it is there still, and silent: one that has ended makes its socket readable."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def ask(self, request: bytes) -> bytes:
        await asyncio.get_running_loop().sock_sendall(self._sock, HEAD.pack(len(request)) + request)
        return await self._receive()

    async def _receive(self) -> bytes:
        size = HEAD.unpack(await self._exactly(HEAD.size))[0]
        if size > MAX_FRAME:
            raise OSError(f"its answer has {size} bytes; at most {MAX_FRAME} are taken")
        return await self._exactly(size)

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
        sys.stdout.flush()
        sys.stderr.flush()
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(SERVER_SECONDS)
        with theirs:
            self._pid = self._fork()
            if self._pid == 0:
                _serve_forks(theirs, functions)

    def _fork(self) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: only where nothing else works
            try:
                return os.fork()
            except OSError:
                self._sock.close()
                raise

    async def worker(self) -> _Worker:
        """Return a new worker; raises ConnectionError when the server is gone, EOFError when the worker is."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._sock, [b"w"], [theirs.fileno()])
            except BaseException:
                ours.close()
                raise
        return await _Worker.hello(ours, None)

    def close(self) -> None:
        """End the server; its workers end with it. Killed first: a process forked elsewhere may hold its socket."""
        self._sock.close()
        with contextlib.suppress(ChildProcessError, ProcessLookupError):
            if os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)


def _serve_forks(sock: socket.socket, functions: Mapping[str, Callable[..., Any]]) -> None:
    """Fork a worker for every socket that comes in; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)  # the program's event loop is not told of the signals of this process
        gc.freeze()  # what the program made stays in pages shared with it
        _close_others(sock)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps workers
        die_with_parent()
        while _fork_one(sock, functions):
            pass
        status = 0
    finally:
        os._exit(status)


def _fork_one(sock: socket.socket, functions: Mapping[str, Callable[..., Any]]) -> bool:
    """Fork a worker for the next socket that comes in; False at the end of the program."""
    message, fds, _, _ = socket.recv_fds(sock, 1, 1)
    if not message:
        return False
    with contextlib.suppress(OSError):  # no process to spare: whoever asked sees its socket closed
        if os.fork() == 0:
            sock.close()
            _become_worker(fds[0], functions)
    for handle in fds:
        os.close(handle)
    return True


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
