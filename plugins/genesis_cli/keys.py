"""``genesis keys``: the keys that sign rows and messages. Their bytes are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._amounts import AGE
from ._options import common
from ._session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genesis_core import KeyInfo, KeyStore

__all__ = ["INIT", "keys", "missing_keys"]

GRACE = "7d"
INIT = "genesis keys init"


@click.group("keys", invoke_without_command=True)
@click.pass_context
@common
def keys(session: Session, ctx: click.Context) -> int | None:
    """List the keys that sign rows and messages; a command after it does more."""
    return _list(session) if ctx.invoked_subcommand is None else None


@keys.command("list")
@common
def list_(session: Session) -> int:
    """List the keys, oldest first: the active one signs, those in grace and retired ones verify."""
    return _list(session)


@keys.command("init")
@common
def init(session: Session) -> int:
    """Make the first key, where there is none yet; the first run would do it, too."""
    found = _store(session, create=True).infos()
    return session.answer({"keys": [_json(key) for key in found]},
                          f"{_many(found)} in {_where(session)}; {found[-1].id} signs")


@keys.command("rotate")
@click.option("--grace", type=AGE, default=GRACE, show_default=True, metavar="AGE",
              help="How long messages that the old key sealed are still opened: 90s, 12h, 7d.")
@common
def rotate(session: Session, grace: float) -> int:
    """Let a new key sign from now on. Runs under way go on, and what is recorded can still be verified."""
    store = _store(session, create=True)
    new = store.rotate(grace)
    old = store.infos()[-2]
    text = f"{new.id} signs from now on; {old.id} is in grace until {_time(old.until)}"
    if old.state.value == "retired":
        text = f"{new.id} signs from now on; {old.id} is retired"
    return session.answer({"key": _json(new), "before": _json(old)}, text)


@keys.command("retire")
@click.argument("key", metavar="KEY")
@common
def retire(session: Session, key: str) -> int:
    """Retire KEY now: no message under it is opened any more. Records that it signed can still be verified."""
    done = _store(session).retire(key)
    return session.answer({"key": _json(done)}, f"{done.id} is retired since {_time(done.until)}")


@keys.command("verify")
@common
def verify(session: Session) -> int:
    """Check the keys: every one whole, nobody else's, exactly one that signs, and each verifies what it should."""
    from ._problem import Problem

    store = _store(session)
    faults = list(store.faults())
    if not store.verify("keys", b"verify", store.sign("keys", b"verify")):
        faults.append("the active key does not verify what it signed")
    found = store.infos()
    problem = None
    if faults:
        problem = Problem(f"{_where(session)}: {len(faults)} thing{'s' if len(faults) != 1 else ''} to look at",
                          "; ".join(faults), "genesis keys list", code="key_faults", exit_code=2)
    return session.answer({"keys": [_json(key) for key in found], "faults": faults},
                          f"{_many(found)} as written, nobody else's; {found[-1].id} signs", problem)


def _list(session: Session) -> int:
    from ._plan_text import table

    session.command = "keys list"
    found = _store(session).infos()
    rows = [(key.id, key.state.value, _time(key.created), _time(key.until)) for key in found]
    return session.answer({"keys": [_json(key) for key in found]},
                          lambda: "\n".join(table(("KEY", "STATE", "SINCE", "UNTIL"), rows)))


def _store(session: Session, *, create: bool = False) -> KeyStore:
    """Return the chosen key ring (raises SettingsError for one that keeps its keys elsewhere)."""
    from genesis_core import JournalError, KeyStore, SettingsError

    genesis = session.records()
    try:
        ring = genesis.keys()
    except JournalError as error:
        if "is missing" not in error.message:
            raise
        error.cause, error.hint = missing_keys(session)
        if not create:
            raise
        if error.hint != INIT:
            session.warn(f"{error.message}: {error.cause}; a new one does not verify them")
        ring = genesis.keys(create=True)
    if not isinstance(ring, KeyStore):
        raise SettingsError(f"the key ring {genesis.settings.keyring!r} keeps its keys itself",
                            cause="it offers no list of them", hint="see its own documentation")
    return ring


def missing_keys(session: Session) -> tuple[str, str]:
    """Return why there are no keys, and the way out: nothing has been signed here yet, or they are lost."""
    runs = sum(1 for _ in session.state().index.folders())
    if not runs:
        return "nothing has been signed in this state folder yet", INIT
    return (f"it signed the {'run' if runs == 1 else f'{runs} runs'} here",
            "restore it from a copy; genesis keys init makes a new one, with which those runs can't be verified")


def _json(key: KeyInfo) -> dict[str, Any]:
    return {"id": key.id, "state": key.state.value, "created": key.created.isoformat(),
            "until": None if key.until is None else key.until.isoformat(), "inherited": key.inherited}


def _time(value: Any) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def _many(found: Sequence[KeyInfo]) -> str:
    return f"{len(found)} key{'s' if len(found) != 1 else ''}"


def _where(session: Session) -> str:
    return str(session.state().home / "keys")
