"""Attack this sandbox, here and now: a tier counts only when every attack is contained."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
import time
from dataclasses import dataclass

from .errors import SandboxUnavailable
from .limits import Limits
from .outcome import Outcome
from .running import run

__all__ = ["Attack", "SelfTest", "self_test"]

WON = "WON-7c1d"
TIGHT = {"seconds": 6.0, "cpu_seconds": 0.5, "memory_mb": 512}


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack and whether it was contained."""

    name: str
    contained: bool
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Which launcher and tier there is, and what it held against; tier `none`: nothing may run here."""

    tier: str
    launcher: str
    attacks: tuple[Attack, ...]
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether programs may be run here."""
        return self.tier != "none" and all(attack.contained for attack in self.attacks)


PROGRAMS = {
    "read a secret": "print(WON if MARK in open(SECRET).read() else '')",
    "environment": "import os\nprint(WON if any(MARK in value for value in os.environ.values()) else '')",
    "loopback": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)\nprint(WON)",
    "abstract socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(chr(0) + ABSTRACT)\nprint(WON)",
    "start a program": "import os\nprint(WON if os.popen('echo x').read() else '')",
    "fork": "import os\npid = os.fork()\nprint(WON)\nos._exit(0)",
    "memory": "x = [bytearray(b'x') * (16 << 20) for _ in range(96)]\nprint(WON)",
    "disk": "b = b'x' * (1 << 20)\nfor i in range(128):\n    open(f'f{i}', 'wb').write(b)\nprint(WON)",
    "endless loop": "while True:\n    pass",
    "output": "import os\nwhile True:\n    os.write(1, b'x' * 65536)",
    "inherited descriptor": "import os\nfor fd in (*range(3, 64), LEAKED):\n    try:\n"
                            "        data = os.pread(fd, 99, 0)\n"
                            "    except OSError:\n        continue\n    print(WON if MARK.encode() in data else '')",
    "signal": "import os\nos.kill(VICTIM, 0)\nprint(WON)",
}  # fmt: skip
"""Each prints the word when it gets out; two never end by themselves."""

NOT_HELD_REDUCED = ("disk",)
"""What the reduced tier does not hold back: that is why an operator has to allow it."""


def self_test(launcher: str = "auto", allow_reduced: bool = False) -> SelfTest:
    """Run the built-in attacks and return which tier this machine has; nothing of the host is put at risk."""
    from ._launchers import LAUNCHERS, choose

    try:
        name = choose(launcher, allow_reduced)
        attacks = tuple(_all(name))
    except SandboxUnavailable as error:
        return SelfTest("none", "", (), error.reason)
    return SelfTest(LAUNCHERS[name], name, attacks)


def _all(launcher: str) -> list[Attack]:
    mark = f"mark-{os.urandom(8).hex()}"
    with tempfile.NamedTemporaryFile("w+") as secret, socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
        secret.write(mark)
        secret.flush()
        os.chmod(secret.name, 0o644)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        abstract.bind("\0" + mark)
        abstract.listen()
        leaked = fcntl.fcntl(secret.fileno(), fcntl.F_DUPFD, 63)  # one that a worker would inherit, and nobody has
        names = {"WON": WON, "MARK": mark, "SECRET": secret.name, "PORT": tcp.getsockname()[1], "ABSTRACT": mark,
                 "VICTIM": os.getpid(), "LEAKED": leaked}  # fmt: skip
        os.environ["GENESIS_SELF_TEST"] = mark
        try:
            return [_one(name, program, names, launcher) for name, program in PROGRAMS.items()
                    if not (launcher == "reduced" and name in NOT_HELD_REDUCED)]  # fmt: skip
        finally:
            os.close(leaked)
            del os.environ["GENESIS_SELF_TEST"]


def _one(name: str, program: str, names: dict[str, object], launcher: str) -> Attack:
    head = "".join(f"{word} = {value!r}\n" for word, value in names.items())
    started = time.monotonic()
    limits = Limits(seconds=TIGHT["seconds"], cpu_seconds=TIGHT["cpu_seconds"], memory_mb=int(TIGHT["memory_mb"]))
    outcome = run(head + program, limits=limits, launcher=launcher, allow_reduced=launcher == "reduced")
    took = time.monotonic() - started
    contained = WON not in outcome.stdout and took < TIGHT["seconds"] + 3
    return Attack(name, contained, _how(outcome), took)


def _how(outcome: Outcome) -> str:
    if outcome.limit:
        return f"limit of {outcome.limit}"
    if outcome.signal:
        return f"killed by signal {outcome.signal}"
    last = outcome.stderr.strip().rpartition("\n")[2]
    return last[:120] or f"ended with {outcome.exit_code} and nothing to show"
