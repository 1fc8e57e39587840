"""The child process with a loaded model: started when it is first needed, shared by all that ask, ended with us."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import IO

from genesis_core import DependencyDown, SettingsError

from ._weights import Weights

__all__ = ["LocalServer", "not_runnable", "runnable", "shared"]

SECONDS = 120.0
"""Time to load; a gigabyte from a slow disk takes most of it."""
READY = "ready "


@dataclass(eq=False)
class LocalServer:
    """A model that is loaded and answers."""

    weights: Weights
    address: str
    """``http://127.0.0.1:PORT``"""
    key: str
    process: subprocess.Popen[str]

    @classmethod
    def start(
        cls, weights: Weights, *, port: int = 0, threads: int = 1, key: str = "", context: int = 0,
        seconds: float = SECONDS,
    ) -> LocalServer:
        """Start the child and return when it is ready.

        Raises SettingsError for a port that is taken or a package that is missing, DependencyDown with the child's last
        words.
        """
        if not runnable():
            raise not_runnable()
        _look_at(port)
        # -P: the folder that this is started in may be anybody's; no module is taken from it.
        command = [sys.executable, "-P", "-m", f"{__package__}.serve", str(weights.path), "--name", weights.name,
                   "--port", str(port), "--threads", str(threads), "--context", str(context or weights.context)]
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            # A session of its own: Ctrl-C at the terminal is for the parent.
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,  # noqa: S603
                                       text=True, start_new_session=True)
            try:
                address = _ready(process, key, seconds)
            except BaseException:
                _end(process)
                raise
            if not address:
                raise _did_not_start(weights, process, log)
        return cls(weights, address, key, process)

    @property
    def url(self) -> str:
        """The base of the OpenAI interface."""
        return f"{self.address}/v1"

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self.process.poll() is None

    def wait(self) -> int:
        """Return the exit status of the child, once it has ended."""
        return self.process.wait()

    def stop(self) -> None:
        """End the child."""
        _end(self.process)


def runnable() -> bool:
    """Return whether the package that runs local models is installed."""
    return importlib.util.find_spec("xllamacpp") is not None


def not_runnable() -> SettingsError:
    """Return the error that says what to install."""
    return SettingsError("local models can't be run", cause="the package xllamacpp is not installed",
                         hint="pip install 'genesis-agents[local]'")


def _look_at(port: int) -> None:
    """Raise SettingsError for a port that somebody has; the library itself does not say why it can't start."""
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(f"port {port} of 127.0.0.1 can't be used", cause=error.strerror or str(error),
                                hint="genesis models serve --port 0 takes a free one") from None


def _ready(process: subprocess.Popen[str], key: str, seconds: float) -> str:
    """Give the child its key and return the address that it says when it is ready; empty when it says none in time."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101  # both are pipes
    alarm = threading.Timer(seconds, process.kill)  # reading a line of a pipe takes no time limit
    alarm.daemon = True
    alarm.start()
    try:
        with contextlib.suppress(OSError):
            process.stdin.write(f"{key}\n")
            process.stdin.flush()
        for line in process.stdout:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
        return ""
    finally:
        alarm.cancel()


def _did_not_start(weights: Weights, process: subprocess.Popen[str], log: IO[str]) -> DependencyDown:
    _end(process)
    log.seek(0)
    said = [line.strip() for line in log.read().splitlines() if line.strip()]
    return DependencyDown(f"the local model {weights.name} could not be loaded",
                          cause=(said[-1] if said else f"its process ended with {process.returncode}")[:300],
                          hint=f"genesis models serve {weights.name}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a child: its input ends, and if that is not enough within 2 s, by force."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


_shared: dict[str, LocalServer] = {}
_lock = threading.Lock()


def shared(weights: Weights, *, threads: int = 1, context: int = 0) -> LocalServer:
    """Return the one server of this process for *weights*, started now when there is none; raises DependencyDown.

    Only this process knows its key. It ends when this process does.
    """
    with _lock:
        found = _shared.get(weights.name)
        if found is None or not found.alive:
            if found is None:
                atexit.unregister(stop_all)  # once is enough
                atexit.register(stop_all)
            else:
                found.stop()
            found = LocalServer.start(weights, threads=threads, context=context, key=secrets.token_urlsafe(24))
            _shared[weights.name] = found
        return found


def stop_all() -> None:
    """End every shared server."""
    with _lock:
        while _shared:
            _shared.popitem()[1].stop()
