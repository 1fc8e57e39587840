"""``genesis tools``: what was made, from the proposal through the trial to the call, and to other machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._options import common
from ._session import Session

if TYPE_CHECKING:

    from click.shell_completion import CompletionItem


__all__ = ["tools"]

HEX = frozenset("0123456789abcdef")
MOST_BYTES = 1 << 20
MOST_SOURCE = 1 << 16
"""Bytes of a source; the layers that look at it say so, too, after it was proposed."""


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ._made import complete_made

    return complete_made(context, parameter, incomplete)


named = click.argument("name", metavar="NAME", shell_complete=_complete)


@click.group("tools", invoke_without_command=True)
@click.pass_context
@common
def tools(session: Session, ctx: click.Context) -> int | None:
    """List the tools that were made here; a command after it does more.

    NAME is the name of a tool, or a unique beginning of the digest of one version.

    \b
    genesis tools propose need.yaml          writes it from its examples, or asks a model
    genesis tools propose need.yaml --code slug.py
    genesis tools trial slug                 runs it in the sandbox
    genesis tools promote slug               lets plans use it
    genesis tools call slug '{"text": "Hello, World"}'
    """
    return _list(session) if ctx.invoked_subcommand is None else None


@tools.command("list")
@common
def list_(session: Session) -> int:
    """List every version by name, with its state, how far it is believed, and how often it was called."""
    return _list(session)


def _list(session: Session) -> int:
    from ._drive import run_async

    session.command = "tools list"
    return run_async(_listed(session))


async def _listed(session: Session) -> int:
    from ._made import brief, offered_by, workshop_of
    from ._tools_text import list_lines

    async with workshop_of(session) as (_, workshop):
        made = [m for m in workshop.made() if m.kind == "tool"]
        offered, refused = offered_by(workshop), workshop.refuses() if made else ""  # no sandbox is attacked for none
    data = {"refused": refused, "tools": [brief(m, offered=m.digest in offered) for m in made]}
    return session.answer(data, lambda: "\n".join(list_lines(made, offered, refused)))


@tools.command("show")
@named
@common
def show(session: Session, name: str) -> int:
    """Show one version of NAME: what it takes and gives, what each layer found, its source."""
    from ._drive import run_async

    return run_async(_show(session, name))


async def _show(session: Session, name: str) -> int:
    from genesis_core import MadeState

    from ._made import chosen, detail, offered_by, workshop_of
    from ._tools_text import show_lines

    async with workshop_of(session) as (_, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.ACTIVE, MadeState.TRIALLED, MadeState.PROPOSED)
        offered = made.digest in offered_by(workshop)
    return session.answer(detail(made, offered=offered), lambda: "\n".join(show_lines(made, offered=offered)))


# ---- propose, try, promote -------------------------------------------------------------------------------------------


@tools.command("propose")
@click.argument("need", metavar="NEED")
@click.option("--code", metavar="FILE", help="The Python source, instead of having it written.")
@click.option("--read", "reads", metavar="PATH", multiple=True, help="With --code: a file or folder that it may read.")
@click.option("--env", "variables", metavar="NAME", multiple=True, help="With --code: a variable that it may see.")
@click.option("--module", "modules", metavar="NAME", multiple=True, help="With --code: a package that it may import.")
@common
def propose(
    session: Session, need: str, code: str | None, reads: tuple[str, ...], variables: tuple[str, ...],
    modules: tuple[str, ...],
) -> int:
    """Propose a tool for what the file NEED asks for: name, description and examples, in YAML or JSON.

    Without --code it is found from the examples, or a model writes it. Nothing of it runs yet.

    \b
    name: slug
    description: Return a text in lower case with dashes for blanks.
    examples:
      - {arguments: {text: "Hello World"}, value: hello-world}
    """
    from genesis_core import read_need

    from ._drive import run_async
    from ._tools_prove import proposed

    wanted = {"read": list(reads), "env": list(variables), "modules": list(modules)}
    asks = {name: values for name, values in wanted.items() if values}
    if asks and code is None:
        raise click.UsageError(f"--{next(iter(asks))} needs --code", click.get_current_context())
    wanted_tool = read_need(need)
    source = None if code is None else _source(code)
    return run_async(proposed(session, wanted_tool, source, asks))


def _source(path: str) -> str:
    """Return a source of a size that is looked at (raises LimitExceeded)."""
    from genesis_core import LimitExceeded

    if len(_bytes(path)) > MOST_SOURCE:
        raise LimitExceeded(f"{path} is too large: a source has at most {MOST_SOURCE} bytes",
                            cause="more is not looked at", hint="a tool is one small function")
    return _text(path)


def _text(path: str) -> str:
    return _bytes(path).decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    from genesis_core import SettingsError

    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} can't be read", cause=error.strerror or str(error), hint=f"ls -l {path}") from None


@tools.command("trial")
@named
@click.option("--yes", is_flag=True, help="Grant what it asks for, for its trial, without being asked.")
@common
def trial(session: Session, name: str, yes: bool) -> int:
    """Run NAME in the sandbox on its examples and on more that its schema allows; exit 1 when it is refused.

    What it asks for beyond computing is shown and asked for.
    """
    from ._drive import run_async
    from ._tools_prove import tried

    return run_async(tried(session, name, yes))


@tools.command("promote")
@named
@click.option("--yes", is_flag=True, help="Grant what it asks for without being asked.")
@common
def promote(session: Session, name: str, yes: bool) -> int:
    """Let plans use NAME, in place of the version that had its name; shows what it asks for, and asks for it."""
    from ._drive import run_async
    from ._tools_prove import promoted

    return run_async(promoted(session, name, yes))


@tools.command("revoke")
@named
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@common
def revoke(session: Session, name: str, reason: str) -> int:
    """Have one version of NAME never called again, nor admitted again."""
    from ._drive import run_async

    return run_async(_revoke(session, name, reason))


async def _revoke(session: Session, name: str, reason: str) -> int:
    from genesis_core import MadeState

    from ._made import chosen, detail, workshop_of

    async with workshop_of(session) as (_, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.ACTIVE, MadeState.TRIALLED, MadeState.PROPOSED)
        done = workshop.revoke(made.digest, reason)
    return session.answer(detail(done, offered=False), f"{done.name} {done.digest[:12]} is revoked")


# ---- call ------------------------------------------------------------------------------------------------------------


@tools.command("call")
@named
@click.argument("arguments", metavar="[JSON]", default="{}")
@common
def call(session: Session, name: str, arguments: str) -> int:
    """Call the active version of NAME with a JSON object of arguments, as a run of one task, and print its value.

    With - the object is read from stdin. It is held against what the tool takes before the run is begun.

    \b
    genesis tools call slug '{"text": "Hello, World"}'
    """
    from ._arguments import object_of
    from ._drive import run_async
    from ._tools_call import called

    return run_async(called(session, name, object_of(arguments)))


# ---- to and from other machines --------------------------------------------------------------------------------------


@tools.command("export")
@named
@click.option("-o", "--output", metavar="FILE", required=True, help="Write the bundle there.")
@common
def export(session: Session, name: str, output: str) -> int:
    """Write NAME as a signed bundle, for another machine; tell its owner the key by another way than the bundle."""
    from ._copy import check_out
    from ._drive import run_async

    check_out(output)
    return run_async(_export(session, name, output))


async def _export(session: Session, name: str, output: str) -> int:
    import json
    from hashlib import sha256

    from genesis_core import MadeState

    from ._made import chosen, workshop_of

    async with workshop_of(session) as (_, workshop):
        made = chosen(workshop.made(), name, "tool", MadeState.ACTIVE, MadeState.TRIALLED)
        bundle = workshop.export(made.digest)
    signer = sha256(bytes.fromhex(json.loads(bundle)["signer"])).hexdigest()
    _write(output, bundle)
    status = session.answer({"file": output, "name": made.name, "digest": made.digest, "signer": signer},
                            f"wrote {output}: {made.name} {made.digest[:12]}\nsigned by {signer}")
    session.next_steps([(f"genesis tools import {output} --signer {signer}", "on the other machine")])
    return status


def _write(output: str, bundle: bytes) -> None:
    from genesis_core import SettingsError

    try:
        with open(output, "wb") as file:
            file.write(bundle)
    except OSError as error:
        raise SettingsError(f"{output} can't be written", cause=error.strerror or str(error),
                            hint="name another file") from None


@tools.command("import")
@click.argument("file", metavar="FILE")
@click.option("--signer", metavar="FINGERPRINT|FILE", required=True,
              help="Whose bundle it must be: the fingerprint that export printed, or a file that holds it.")
@common
def import_(session: Session, file: str, signer: str) -> int:
    """Take in the bundle FILE as a proposal, when it is signed by the key that you name; it is tried here again."""
    from ._drive import run_async

    return run_async(_import(session, _bundle(file), _fingerprint(signer)))


def _bundle(path: str) -> bytes:
    """Return what the file holds, a JSON object at least (raises SettingsError)."""
    import json

    from genesis_core import SettingsError

    data = _bytes(path)
    try:
        found = isinstance(json.loads(data), dict) or len(data) > MOST_BYTES
    except (ValueError, RecursionError):
        found = False
    if not found:
        raise SettingsError(f"{path} can't be imported: it is no bundle",
                            cause="a bundle is one line of JSON, as genesis tools export writes it",
                            hint="genesis tools export NAME -o FILE, where the tool is")
    return data


def _fingerprint(signer: str) -> str:
    """Return a fingerprint: the word itself, or what the file of that name holds."""
    if not _is_fingerprint(signer.lower()) and not Path(signer).is_file():
        raise click.BadParameter(f"{signer!r} is neither a fingerprint (64 hex digits) nor a file",
                                 param_hint="--signer")
    said = signer if _is_fingerprint(signer.lower()) else _text(signer).strip()
    if not _is_fingerprint(said.lower()):
        raise click.BadParameter(f"{signer} holds no fingerprint (64 hexadecimal digits)", param_hint="--signer")
    return said.lower()


def _is_fingerprint(word: str) -> bool:
    return len(word) == 64 and HEX.issuperset(word)


async def _import(session: Session, bundle: bytes, signer: str) -> int:
    from ._made import detail, workshop_of

    async with workshop_of(session) as (_, workshop):
        made = workshop.take_in(bundle, signer=signer)
    name = made.digest[:12]
    status = session.answer(detail(made, offered=False), f"{made.name} {name} is {made.state.value}")
    session.next_steps([(f"genesis tools show {name}", "read it"), (f"genesis tools trial {name}", "run its trial")])
    return status


@tools.command("verify")
@common
def verify(session: Session) -> int:
    """Check the registry: every row and its MAC, the chain, every source, the keys; exit 2 when anything is wrong."""
    from ._drive import run_async

    return run_async(_verify(session))


async def _verify(session: Session) -> int:
    from genesis_core import JournalError

    from ._made import workshop_of
    from ._problem import Problem

    async with workshop_of(session) as (_, workshop):
        faults, count = list(workshop.verify()), 0
        try:
            count = len(workshop.made())
        except JournalError as error:
            faults = faults or [error.message]
    problem = None
    if faults:
        problem = Problem(f"the registry is not as it was written: {len(faults)} thing{'s' if len(faults) > 1 else ''}",
                          "; ".join(faults), "restore it from a copy, or move it away: tools are made again",
                          code="registry_damaged", exit_code=2)
    versions = f"{count} version{'s' if count != 1 else ''}"
    return session.answer({"versions": count, "faults": faults},
                          "" if faults else f"{versions}, every row and source as it was signed", problem)
