"""The process that becomes the program: it reads the request, runs it, and ends. Its word on anything is untrusted.

Nothing here decides whether a call went well: the keeper, which the program cannot reach, sees how the process ended.
"""

from __future__ import annotations

import gc
import os
import sys

from ._libc import close_from
from ._wires import ENVIRONMENT, ERRORS, OUTPUT, REQUEST, RESULT

TYPE_CHECKING = False  # as typing has it, without importing typing: every cold start would pay for that
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, TextIO

__all__ = ["work"]

NAME = "tool.py"
CHUNK = 1 << 16
BROKEN_REQUEST = 126
STREAMS = (
    ("stdin", REQUEST, "r", "strict"), ("stdout", OUTPUT, "w", "surrogateescape"),
    ("stderr", ERRORS, "w", "backslashreplace"),
)  # fmt: skip
SEEDED = ("random", "numpy.random")
KEPT_ENTRIES = ("_frozen_importlib", "_frozen_importlib_external", "importlib._bootstrap",
                "importlib._bootstrap_external", "zipimport")  # fmt: skip


_OPEN: list[TextIO] = []
"""The streams as they were opened, whatever the program has put in their place."""


def work(paths: list[str], parked: bool = False) -> None:
    """Read one request and be it; never returns. `paths` are the folders of granted third-party modules."""
    close_from(RESULT + 1)
    try:
        _tidy(paths)
        main = _main()
        if parked:
            _stretch()
        code, call = _request()
        if parked:
            _seed()
    except BaseException:  # noqa: BLE001  # in the sandbox already: the status is all that can be said
        os._exit(BROKEN_REQUEST)
    gc.enable()
    end = os._exit  # as it is now: the program may put something else in its place
    end(_run(code, call, main) & 0xFF)


def _main() -> dict[str, Any]:
    """Return the names of the module that the program will be."""
    from types import ModuleType

    main = ModuleType("__main__")
    main.__dict__.update({"__builtins__": __builtins__, "__file__": NAME})
    sys.modules["__main__"] = main
    return main.__dict__


def _stretch() -> None:
    """Use once what every call uses, while nobody waits: a fork copies memory when it is first touched."""
    json = sys.modules.get("json")
    exec(compile("def f(a):\n    return a", NAME, "exec"), {})  # noqa: S102  # nosec B102  # our own two lines
    if json is not None:
        json.loads(json.dumps({"v": 1, "result": [1.5, "text", None]}))


def _seed() -> None:
    """Never share the state of a generator: all workers are forked from one parent."""
    for name in SEEDED:
        if name in sys.modules:
            sys.modules[name].seed()


def _request() -> tuple[bytes, bytes]:
    """Return the program and, as JSON, what to call in it (empty: it is run as it stands)."""
    buffer = bytearray()
    while chunk := os.read(REQUEST, CHUNK):
        buffer += chunk
    if not buffer:
        os._exit(0)  # parked, and no longer wanted
    head, _, rest = bytes(buffer).partition(b"\n")
    size = int(head)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, REQUEST)
    os.close(nothing)
    return rest[:size], rest[size:]


def _tidy(paths: list[str]) -> None:
    """Look like a fresh interpreter: streams, search path, environment, and no module of ours."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    for name, fd, mode, errors in STREAMS:
        stream = open(fd, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115  # the program's own
        _OPEN.append(stream)  # type: ignore[arg-type]  # mode and encoding make it text
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv, sys.orig_argv = [NAME], [NAME]
    sys.dont_write_bytecode = True
    _search_only(paths)
    for name in [name for name in sys.modules if name.split(".")[0] in ("genesis_sandbox", "ctypes", "_ctypes")]:
        del sys.modules[name]


def _search_only(paths: list[str]) -> None:
    """Find modules in the standard library and the granted folders, by the standard finders only."""
    library = os.path.dirname(os.__file__)
    prefix = os.path.dirname(library)
    version = f"{sys.version_info[0]}{sys.version_info[1]}"
    sys.path[:] = [f"{prefix}/python{version}.zip", library, f"{library}/lib-dynload", *paths]
    sys.meta_path[:] = [finder for finder in sys.meta_path if _standard(finder)]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if _standard(hook)]
    sys.path_importer_cache.clear()


def _standard(thing: object) -> bool:
    return getattr(thing, "__module__", "") in KEPT_ENTRIES


def _run(code: bytes, call: bytes, main: dict[str, Any]) -> int:
    """Run the program and return its exit status."""
    status = 0
    try:
        wanted = _wanted(call)
        exec(compile(code, NAME, "exec", dont_inherit=True), main)  # noqa: S102  # nosec B102  # this is the sandbox
        if wanted.get("entry"):
            _answer(wanted, main)
    except SystemExit as ended:
        status = _status(ended)
    except BaseException as error:  # noqa: BLE001  # the program's own, of whatever kind
        status = 1
        _explain(error)
    return _finished(status)


def _status(ended: SystemExit) -> int:
    """Return the status as the interpreter does: of an int, whatever a class of the program's says that it is."""
    if ended.code is None:
        return 0
    if isinstance(ended.code, int):
        return int.__and__(ended.code, 0xFF)
    sys.stderr.write(f"{ended.code}\n")
    return 1


def _wanted(call: bytes) -> dict[str, Any]:
    """Return what is to be called, after the variables that are granted are set."""
    if not call:
        return {}
    import json

    wanted: dict[str, Any] = json.loads(call)
    os.environ.update(wanted["env"])
    return wanted


def _answer(wanted: dict[str, Any], names: dict[str, object]) -> None:
    """Call the named function with JSON, and send what it returns as JSON."""
    entry = names.get(wanted["entry"])
    if not callable(entry):
        raise NameError(f"the program defines no function {wanted['entry']!r}")
    _send({"v": 1, "result": entry(**wanted["arguments"])})


def _send(frame: dict[str, object]) -> None:
    import json

    data = json.dumps(frame, allow_nan=False, ensure_ascii=False).encode("utf-8", "strict")
    view = memoryview(len(data).to_bytes(4, "big") + data)
    while view:
        view = view[os.write(RESULT, view):]


def _explain(error: BaseException) -> None:
    """Print the traceback as Python does, and send it as text: no object of the program crosses."""
    try:
        import traceback

        lines = traceback.format_exception(type(error), error, _inside(error))
        sys.stderr.write("".join(lines))
        _send({"v": 1, "error": {"type": type(error).__name__[:200], "message": str(error)[:2000],
                                 "traceback": "".join(lines)[-8000:]}})  # fmt: skip
    except BaseException:  # noqa: BLE001
        # Too little memory to say so, or a program that breaks its own errors: the status says enough.
        try:
            _send({"v": 1, "error": {"type": type(error).__name__[:200], "message": "", "traceback": ""}})
        except BaseException:  # noqa: BLE001
            return


def _inside(error: BaseException) -> TracebackType | None:
    """Return the traceback from the program's own first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != NAME and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _finished(status: int) -> int:
    """End as an interpreter does: threads joined, exit functions called, streams flushed.

    A program that has failed has nothing more to say: what it left to be called could end the process as a success.
    """
    threading, atexit = sys.modules.get("threading"), sys.modules.get("atexit")
    try:
        if threading is not None and status == 0:
            threading._shutdown()
        if atexit is not None and status == 0:
            atexit._run_exitfuncs()
        if status == 0:
            sys.stdout.flush()
    except BaseException:  # noqa: BLE001  # what the program left to be called may do anything
        status = status or 1
    for stream in _OPEN[1:]:
        try:
            type(stream).flush(stream)
        except ValueError:
            continue  # the program has closed it, or put another in its place
        except OSError:
            status = status or 1
    return status
