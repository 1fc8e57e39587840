"""What this machine has for isolating programs, looked at one by one; the self-test says what it comes to."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from . import _landlock
from ._bubblewrap import find
from ._machine import machine
from ._probe import works

__all__ = ["Fact", "facts"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about this machine; `ok` is whether it helps."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


def facts() -> tuple[Fact, ...]:
    """Return what was found; nothing is changed."""
    return (_system(), _kernel_landlock(), _user_namespaces(), _purejail(), _bubblewrap(), _control_groups())


def _system() -> Fact:
    said = f"{os.uname().sysname} {os.uname().release} {os.uname().machine}, Python {sys.version.split()[0]}"
    try:
        machine()
    except RuntimeError as error:
        return Fact("system", False, f"{said}: {error}", "run where one of these machines is")
    return Fact("system", os.uname().sysname == "Linux", said)


def _kernel_landlock() -> Fact:
    version = _landlock.abi()
    hint = "a kernel from 5.13 on, with landlock among its security modules"
    return Fact("Landlock", version > 0, f"version {version}" if version else "not there", hint)


def _user_namespaces() -> Fact:
    """Try it in a child: a setting that allows it says nothing about what else forbids it."""
    child = os.fork()
    if child == 0:
        try:
            from . import _libc

            _libc.unshare(_libc.NEW_USER)
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 0:
        return Fact("user namespaces", True, "can be made")
    return Fact("user namespaces", False, os.strerror(code), "sysctl user.max_user_namespaces, "
                "kernel.apparmor_restrict_unprivileged_userns; in a container, its profile of system calls")


def _purejail() -> Fact:
    why = works("purejail")
    return Fact("purejail", not why, why or "isolates", "bubblewrap may be allowed where this is not")


def _bubblewrap() -> Fact:
    try:
        path = find()
    except RuntimeError as error:
        return Fact("bubblewrap", False, str(error), "your distribution's package bubblewrap; not needed with purejail")
    asked = [path, "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, env={}).stdout.strip()  # noqa: S603
    why = works("bubblewrap")
    note = f"{path}, {said}, not set-user-id"
    return Fact("bubblewrap", not why, f"{note}: {why}" if why else f"{note}: isolates")


def _control_groups() -> Fact:
    """They would bound what the kernel keeps for a program, too; nothing is made of them, here or where there are."""
    return Fact("control groups", True, "not used: limits are those of each process and of its folder")
