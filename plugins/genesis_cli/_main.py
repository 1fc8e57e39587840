"""From the shell's words to an exit code: the one place where an error becomes three lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from . import _streams as streams
from ._group import Commands
from ._options import global_options
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import GenesisError

    from ._problem import Problem

__all__ = ["genesis", "run"]

SIGNALED = (129, 130, 143)
OUTSIDE = 7
EPILOG = """\b
genesis                 suggests goals that fit the current folder
genesis run "GOAL"      plans and runs; genesis run --help for the rest
RUN is the id of a run, a unique beginning of it, or: last
"""


@click.group(
    cls=Commands, invoke_without_command=True, epilog=EPILOG, subcommand_metavar="COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, help="Print the version.")
@global_options(hidden=False)
@click.pass_context
def genesis(ctx: click.Context, version: bool) -> int | None:
    """Plan and apply for agent work: read, price and approve a plan, then run it with reasons and a record."""
    if version:
        from genesis_core import __version__

        streams.out(f"genesis {__version__}")
        ctx.exit(0)
    if ctx.invoked_subcommand is not None:
        return None
    from ._suggest import suggest

    return suggest(ctx.obj)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    streams.prepare()
    words = list(sys.argv[1:] if arguments is None else arguments)
    session = Session(json="--json" in words, debug="--debug" in words, lines="--follow" in words)
    try:
        code = genesis.main(words, prog_name="genesis", standalone_mode=False, obj=session)
    except BaseException as error:  # noqa: BLE001  # the one place where anything becomes an exit code
        code = _failed(error, session)
    code = _finished(code)
    if code in SIGNALED:
        _end_in_peace()
    return code if isinstance(code, int) else 0


def _finished(code: int | None) -> int | None:
    """Flush both streams and return the exit code, which says so when the last words could not be written."""
    try:
        streams.finish()
    except streams.Unwritable as error:
        return code or _unwritten(error)
    return code


def _end_in_peace() -> None:
    """Ignore further signals: the interpreter resets them while it ends, and one more would change the exit code."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)


def _failed(error: BaseException, session: Session) -> int:
    if session.debug and not isinstance(error, click.ClickException | SystemExit):
        import traceback

        from genesis_core import redacted

        streams.note(redacted("".join(traceback.format_exception(error))).rstrip())
    from ._problem import Problem, Stopped

    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, KeyboardInterrupt | click.Abort | Stopped):
        ran = bool(session.correlation_id)
        when = "" if ran else ", before a run had begun"
        problem = Problem("stopped", "; ".join((f"a signal asked for it{when}", *_notes(error))),
                          "genesis runs shows what is kept" if ran else "nothing is left running; type it again",
                          code="interrupted", exit_code=getattr(error, "exit_code", 130))
    elif isinstance(error, click.ClickException):
        problem = _usage(error)
    elif isinstance(error, streams.Unwritable):
        return _unwritten(error)
    else:
        problem = _expected(error, session) or _bug(error, session)
    return session.answer(None, "", problem)


def _notes(error: BaseException | None) -> tuple[str, ...]:
    """Return what was noted of *error* on its way, and of what it came from."""
    found: list[str] = []
    while error is not None:
        found += getattr(error, "__notes__", ())
        error = error.__context__
    return tuple(dict.fromkeys(found))


def _unwritten(error: Exception) -> int:
    """Say on stderr that stdout took no more."""
    from ._problem import Problem

    problem = Problem("the result can't be written to stdout", str(error), "write it to a place with room",
                      code="output", exit_code=OUTSIDE)
    streams.note(problem.lines())
    return problem.exit_code


def _usage(error: click.ClickException) -> Problem:
    """Return the problem of a command line that can't be read."""
    from ._problem import Problem

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "genesis"
    hint = getattr(error, "hint", "") or f"{path} --help"
    usage = context.get_usage().replace("Usage: ", "", 1) if context is not None else "genesis COMMAND ..."
    message = error.format_message().rstrip(".")
    return Problem(message[:1].lower() + message[1:], f"usage: {usage}", hint, code="usage", exit_code=2)


def _expected(error: BaseException, session: Session) -> Problem | None:
    """Return the problem of an error that Genesis raises on purpose, or None when it is not one."""
    if "genesis_core.errors" not in sys.modules:
        return None
    from genesis_core import GenesisError

    if not isinstance(error, GenesisError):
        return None
    if session.correlation_id:
        error.hint = error.hint.replace(" RUN", f" {session.correlation_id}")
    return problem_of(error)


def problem_of(error: GenesisError) -> Problem:
    """Return *error* as a problem; what an error leaves out is filled from its kind."""
    from ._problem import Problem

    return Problem(error.message, error.cause or _first_line(type(error).__doc__), error.hint,
                   code=error.code, exit_code=error.exit_code)


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().split("\n")[0].rstrip(".").lower()


def _bug(error: BaseException, session: Session) -> Problem:
    """Return the problem of an exception that nobody expected; what happened is kept where it can be found again."""
    import secrets
    import traceback

    from ._crashes import keep
    from ._problem import Problem

    name = session.correlation_id or secrets.token_hex(6)
    kept = keep(session, name, "".join(traceback.format_exception(error)))
    hint = f"report it with {kept}" if kept else "run it again with --debug and report what it prints"
    return Problem(f"a bug in Genesis: {type(error).__name__}: {error}"[:500], f"correlation id {name}", hint,
                   code="bug", exit_code=70, correlation_id=name)
