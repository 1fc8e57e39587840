"""``genesis sandbox``: run one program where it reaches nothing, and see what this machine allows."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from genesis_sandbox import Capabilities, Limits, Outcome, SelfTest
    from genesis_sandbox.doctor import Fact

__all__ = ["sandbox"]

LIMIT, REFUSED, OUTSIDE = 125, 126, 7
LAUNCHERS = ("auto", "purejail", "bubblewrap")


@click.group("sandbox")
def sandbox() -> None:
    """Run a program in the sandbox, and see what this machine allows."""


@sandbox.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False), metavar="FILE")
@click.option("--launcher", type=click.Choice(LAUNCHERS), default="auto", show_default=True,
              help="What isolates it.")  # fmt: skip
@click.option("--module", "modules", multiple=True, metavar="NAME",
              help="Show it this installed package; may be given again.")  # fmt: skip
@click.option("--limit", "limits", multiple=True, metavar="NAME=VALUE",
              help="Another limit, as seconds=2 or memory_mb=256; may be given again.")  # fmt: skip
@common
def run(session: Session, file: str, launcher: str, modules: tuple[str, ...], limits: tuple[str, ...]) -> int:
    """Run the Python program FILE with nothing granted, and end as it ends; 125 is a limit, 126 a refusal."""
    from genesis_sandbox import Capabilities, Limits, SandboxUnavailable, choose

    try:
        bounds, granted = Limits.said(limits), Capabilities(modules=modules)
    except ValueError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    try:
        name = choose(launcher)
        return _told(session, file, name, granted, bounds) if session.json else _become(file, name, modules, limits)
    except SandboxUnavailable as error:
        from ._problem import Problem

        problem = Problem("the program was not run", error.reason, error.hint, code="refused", exit_code=REFUSED)
        return session.answer(None, "", problem)


def _become(file: str, launcher: str, modules: tuple[str, ...], limits: tuple[str, ...]) -> NoReturn:
    """Become the sandbox's own command: its output and status are ours, and nothing is left when it is killed."""
    sys.stdout.flush()
    words = [sys.executable, "-P", "-m", "genesis_sandbox", "--launcher", launcher]
    words += [word for module in modules for word in ("--module", module)]
    words += [word for limit in limits for word in ("--limit", limit)]
    os.execv(sys.executable, [*words, "--", file])  # noqa: S606  # nosec B606 - our own interpreter and package


def _told(session: Session, file: str, launcher: str, granted: Capabilities, limits: Limits) -> int:
    from genesis_sandbox import run as run_in_sandbox

    with open(file, "rb") as program:
        code = program.read()
    outcome = run_in_sandbox(code, launcher=launcher, capabilities=granted, limits=limits)
    session.answer(outcome.to_json(), "")
    return _status(outcome)


def _status(outcome: Outcome) -> int:
    if outcome.limit:
        return LIMIT
    return 128 + outcome.signal if outcome.signal else outcome.exit_code or 0


@sandbox.command("doctor")
@click.option("--launcher", type=click.Choice(LAUNCHERS), default="auto", show_default=True, help="What to attack.")
@common
def doctor(session: Session, launcher: str) -> int:
    """Look at what isolates here, attack it, and say which tier that comes to; 7 when nothing may run."""
    from genesis_sandbox import self_test
    from genesis_sandbox.doctor import facts

    from ._problem import Problem

    found, tested = facts(), self_test(launcher)
    problem = None
    if not tested.ok:
        open_ones = [attack.name for attack in tested.attacks if not attack.contained]
        cause = tested.reason or f"not contained: {', '.join(open_ones)}"
        hint = next((fact.hint for fact in found if not fact.ok and fact.hint), "use a machine that isolates")
        problem = Problem("no generated code may run here", cause, hint, code="no_sandbox", exit_code=OUTSIDE)
    return session.answer(_json(found, tested), lambda: _text(found, tested), problem)


def _json(found: tuple[Fact, ...], tested: SelfTest) -> dict[str, object]:
    return {
        "tier": tested.tier, "launcher": tested.launcher, "reason": tested.reason,
        "facts": [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in found],
        "attacks": [{"name": a.name, "contained": a.contained, "detail": a.detail, "seconds": round(a.seconds, 3)}
                    for a in tested.attacks],
    }  # fmt: skip


def _text(found: tuple[Fact, ...], tested: SelfTest) -> str:
    rows = [(fact.name, "ok" if fact.ok else "no", fact.detail) for fact in found]
    rows += [(attack.name, "held" if attack.contained else "OPEN", attack.detail) for attack in tested.attacks]
    wide = max(len(name) for name, _, _ in rows)
    lines = [f"{name.ljust(wide)}  {state.ljust(4)}  {detail}" for name, state, detail in rows]
    held = sum(attack.contained for attack in tested.attacks)
    tier = f"tier {tested.tier}" + (f" by {tested.launcher}" if tested.launcher else "")
    return "\n".join([*lines, f"{tier}: {held} of {len(tested.attacks)} attacks held back"])
