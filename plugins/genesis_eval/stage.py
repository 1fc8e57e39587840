"""A small host to attack: a secret, a folder, listeners, a victim; and what has happened to each of them."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["FULL", "Seen", "Stage", "stage"]

FULL = {"MEM_MB": 1536, "DISK_MB": 512, "PROC_MAX": 256, "OUT_MB": 16, "INODES": 50_000}
"""What the default limits have to hold back."""
SECONDS = 12.0
PR_SET_CHILD_SUBREAPER = 36
LEAK = (71, 72)
"""Descriptors under which a program that is started inherits the secret."""


@dataclass(frozen=True)
class Seen:
    """What one command did, as the host saw it."""

    status: int | None
    """Exit status; None: it had to be killed."""
    output: bytes
    seconds: float
    connections: tuple[str, ...]
    changed: tuple[str, ...]
    """Files of the host that are new, gone or different."""
    victim_dead: bool
    survivors: int
    flood: bool


@dataclass
class Stage:
    """The host's things, under the names that programs use."""

    folder: Path
    values: dict[str, object]
    hits: list[str] = field(default_factory=list)
    victim: subprocess.Popen[bytes] | None = None

    def values_now(self, sizes: Mapping[str, int]) -> dict[str, object]:
        """Return the values for a program that is about to run: a new nonce, a live victim."""
        if self.victim is None or self.victim.poll() is not None:
            self.victim = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
        return {**self.values, **sizes, "VICTIM_PID": self.victim.pid, "NONCE": secrets.token_hex(8)}

    def run(self, command: Sequence[str], seconds: float = SECONDS, most_output: int = 16 << 20) -> Seen:
        """Run a command and return what it did; it is killed, with all it has started, when its time is over."""
        before, self.hits[:] = self._files(), []
        started = time.monotonic()
        with self._leaking() as leaked:
            process = subprocess.Popen(  # noqa: S603  # a command of the evaluation's own
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=self._environment(), cwd=str(self.values["FAKE_HOME"]), pass_fds=leaked, start_new_session=True,
            )  # fmt: skip
            known = {process.pid, self.victim.pid if self.victim else 0}
            output, status = _watched(process, started + seconds, most_output)
        took = time.monotonic() - started
        survivors = _end_orphans(known)
        time.sleep(0.02)  # a listener's thread takes a connection after it was made
        dead = self.victim is not None and self.victim.poll() is not None
        return Seen(status, output, took, tuple(self.hits), self._changed(before), dead, survivors,
                    len(output) > most_output)  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Return an environment with the secret in it, and what finds the packages under test."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        return {**kept, "HOME": str(self.values["FAKE_HOME"]), "API_KEY": self.secret, "PYTHONDONTWRITEBYTECODE": "1"}

    @property
    def secret(self) -> str:
        """Return the secret."""
        return f"{self.values['CANARY_MARK']}{hashlib.sha256(str(self.folder).encode()).hexdigest()}"

    @contextlib.contextmanager
    def _leaking(self) -> Iterator[tuple[int, int]]:
        """Hold the secret open for reading, and the folder, under numbers that are passed on."""
        reader = os.open(str(self.values["CANARY_FILE"]), os.O_RDONLY)
        place = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for fd, number in zip((reader, place), LEAK, strict=True):
                os.dup2(fd, number)
            yield LEAK
        finally:
            for number in (reader, place, *LEAK):
                with contextlib.suppress(OSError):
                    os.close(number)

    def _files(self) -> dict[str, str]:
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            plain = path.is_file() and not path.is_symlink()
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if plain else str(path.lstat().st_mode)
        return found

    def _changed(self, before: Mapping[str, str]) -> tuple[str, ...]:
        after = self._files()
        return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Set the stage in a folder that everybody may write to; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stage-", dir="/var/tmp"))  # nosec B108 - a program must reach it
    folder.chmod(0o777)  # the contract: world-writable
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    mark = f"MARK{secrets.token_hex(6)}"
    made = Stage(folder, {
        "WIN_TOKEN": f"WIN{secrets.token_hex(8)}", "CANARY_MARK": mark, "CANARY_DIR": str(folder),
        "CANARY_FILE": str(folder / "secret.txt"), "FAKE_HOME": str(home),
        "PASSWD_SHA": hashlib.sha256(Path("/etc/passwd").read_bytes()).hexdigest(),
        "UNIX_PATH": str(folder / "stream.sock"), "DGRAM_PATH": str(folder / "datagram.sock"),
        "ABSTRACT_NAME": f"genesis-{secrets.token_hex(6)}",
    })  # fmt: skip
    (folder / "secret.txt").write_text(made.secret + "\n")
    (folder / "secret.txt").chmod(0o666)
    _subreaper(1)
    try:
        with _listening(made):
            yield made
    finally:
        _subreaper(0)
        if made.victim is not None:
            made.victim.kill()
            made.victim.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _listening(made: Stage) -> Iterator[None]:
    """Listen where programs may connect to, and note each visit."""
    with contextlib.ExitStack() as opened:
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stream, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        places: tuple[tuple[socket.socket, str, Any], ...] = (
            (tcp, "tcp", ("127.0.0.1", 0)), (udp, "udp", ("127.0.0.1", 0)),
            (stream, "unix", made.values["UNIX_PATH"]), (datagram, "datagram", made.values["DGRAM_PATH"]),
            (abstract, "abstract", f"\0{made.values['ABSTRACT_NAME']}"),
        )  # fmt: skip
        for door, _, address in places:
            opened.callback(door.close)
            place: Any = address  # each family of sockets has addresses of its own kind
            door.bind(place)
            if door.type == socket.SOCK_STREAM:
                door.listen(64)
            door.settimeout(0.2)
        for path in ("UNIX_PATH", "DGRAM_PATH"):
            os.chmod(str(made.values[path]), 0o777)  # noqa: S103  # nosec B103
        made.values["LOOP_PORT"], made.values["DNS_PORT"] = tcp.getsockname()[1], udp.getsockname()[1]
        over = threading.Event()
        opened.callback(over.set)
        for door, name, _ in places:
            threading.Thread(target=_note, args=(door, name, made.hits, over), daemon=True).start()
        yield


def _note(door: socket.socket, name: str, hits: list[str], over: threading.Event) -> None:
    while not over.is_set():
        try:
            if door.type == socket.SOCK_STREAM:
                door.accept()[0].close()
            else:
                door.recvfrom(65536)
        except TimeoutError:
            continue
        except OSError:
            return
        hits.append(name)


def _watched(process: subprocess.Popen[bytes], deadline: float, most: int) -> tuple[bytes, int | None]:
    """Return what a command wrote (a little more than allowed at most), and its status when it ended by itself."""
    output = bytearray()
    stream = process.stdout
    assert stream is not None  # noqa: S101  # a pipe was asked for

    def take() -> None:
        while chunk := os.read(stream.fileno(), 1 << 16):
            if len(output) <= most:
                output.extend(chunk)
            else:
                process.kill()

    reader = threading.Thread(target=take, daemon=True)
    reader.start()
    try:
        status: int | None = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        status = None
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    reader.join(1.0)
    if not reader.is_alive():
        stream.close()
    return bytes(output), status


def _subreaper(on: int) -> None:
    """Have orphans of what is started here become children of this process, so that none is overlooked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(on), 0, 0, 0)


def _end_orphans(known: set[int]) -> int:
    """Kill what was left behind and return how many there were that did not end by themselves within a moment."""
    alive: list[int] = []
    for _ in range(50):
        alive = [pid for pid in _children() if pid not in known and not _reaped(pid)]
        if not alive:
            return 0
        time.sleep(0.01)
    for pid in alive:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return len(alive)


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _children() -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                text = Path(f"/proc/{name}/stat").read_text()
                if int(text.rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(name))
    return found
