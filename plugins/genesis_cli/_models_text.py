"""What ``genesis models`` prints, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _streams as streams
from ._models import Answered, Configured, Weights
from ._plan_text import table
from ._problem import Problem
from ._session import Session

if TYPE_CHECKING:
    from genesis_core import GenesisError

__all__ = ["Progress", "endpoint_lines", "list_data", "list_text", "size", "test_answer"]

HOW = """no model is configured: everything here works without one. To have one asked:
  genesis run "GOAL" --model local              a local model, once it is fetched
  genesis run "GOAL" --model openai:NAME        with OPENAI_API_KEY in the environment
  [models] use = ["NAME"] in your settings file for every run"""


def size(count: int) -> str:
    """Return bytes as a person says them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def list_data(found: Sequence[Configured], local: Mapping[str, Weights], providers: Sequence[str]) -> dict[str, Any]:
    """Return the list as JSON."""
    return {
        "models": [{
            "name": one.name, "roles": list(one.roles), "provider": None, "model": None, "url": None, "price": None,
            "breaker": None, **one.about,
            "error": None if one.error is None else
            {"code": one.error.code, "message": one.error.message, "cause": one.error.cause, "hint": one.error.hint},
        } for one in found],
        "local": [{"name": w.name, "title": w.title, "about": w.about, "license": w.license, "bytes": w.bytes,
                   "fetched": w.fetched, "path": str(w.path)} for w in local.values()],
        "providers": list(providers),
    }


def list_text(found: Sequence[Configured], local: Mapping[str, Weights], providers: Sequence[str]) -> str:
    """Return the list for people."""
    return "\n".join(_list(found, local, providers))


def _list(found: Sequence[Configured], local: Mapping[str, Weights], providers: Sequence[str]) -> Iterator[str]:
    if found:
        rows = [(one.name, _roles(one), str(one.about.get("provider", "-")), _price(one), _state(one)) for one in found]
        yield from table(("MODEL", "ASKED FIRST FOR", "PROVIDER", "IN / OUT PER MILLION TOKENS", "STATE"), rows)
    else:
        yield HOW
    if local:
        yield ""
        rows = [(w.name, size(w.bytes), "yes" if w.fetched else "no", w.license, w.about) for w in local.values()]
        yield from table(("LOCAL MODEL", "SIZE", "FETCHED", "LICENCE", "ABOUT"), rows)
    yield ""
    yield f"providers  {', '.join(providers) or 'none'}"


def _roles(one: Configured) -> str:
    from ._model_option import ROLES

    return "everything" if one.roles == ROLES else ", ".join(one.roles) or "nothing: a fallback"


def _price(one: Configured) -> str:
    price = one.about.get("price")
    if price is None:
        return "unknown"
    return "free" if set(price.values()) == {"0"} else f"${price['input']} / ${price['output']}"


def _state(one: Configured) -> str:
    if one.error is not None:
        return streams.paint(streams.one_line(f"{one.error.message}; {one.error.hint}"), "red")
    breaker = one.about.get("breaker") or {}
    if breaker.get("state", "closed") == "closed":
        return "ready"
    return streams.paint(f"left alone for {breaker.get('seconds_left', 0)} s: it failed", "yellow")


def test_answer(session: Session, found: Sequence[tuple[Configured, Sequence[Answered]]]) -> int:
    """Print what the questions came to and return the exit code: 7 when one failed, 2 when one could not be asked."""
    failed = [(one.name, *_fault(one, answers), one.error) for one, answers in found if _fault(one, answers)]
    failed.sort(key=lambda fault: _exit(fault[-1]))  # what has to be mended here comes before what may pass
    problem = None
    if failed:
        name, what, cause, hint, error = failed[0]
        count = f"{len(failed)} of {len(found)} models failed: " if len(found) > 1 else ""
        problem = Problem(f"{count}{name}: {what}", cause or "the model's own answer", hint or "genesis models",
                          code="model_error" if error is None else error.code, exit_code=_exit(error))
    data = {"models": [_tested(one, answers) for one, answers in found]}
    return session.answer(data, lambda: "\n".join(_rows(found)), problem)


def _exit(error: GenesisError | None) -> int:
    """Return the exit code for a model that failed: 7 when it was asked, else that of why it could not be made."""
    return 7 if error is None else error.exit_code


def _fault(one: Configured, answers: Sequence[Answered]) -> tuple[str, str, str] | tuple[()]:
    if one.error is not None:
        return one.error.message, one.error.cause, one.error.hint
    return next(((a.error, a.cause, a.hint) for a in answers if a.error), ())


def _tested(one: Configured, answers: Sequence[Answered]) -> dict[str, Any]:
    fault = _fault(one, answers)
    return {
        "name": one.name, "ok": not fault,
        "error": dict(zip(("message", "cause", "hint"), fault, strict=True)) if fault else None,
        "answers": [{"question": a.question, "ok": not a.error, "seconds": round(a.seconds, 3), **_usage(a),
                     "text": a.reply.text if a.reply else None, "error": a.error or None} for a in answers],
    }


def _usage(answer: Answered) -> dict[str, Any]:
    usage = None if answer.reply is None else answer.reply.usage
    return {"tokens": usage.tokens if usage else None,
            "cost": None if usage is None or usage.cost is None else format(usage.cost, "f")}


def _rows(found: Sequence[tuple[Configured, Sequence[Answered]]]) -> Iterator[str]:
    rows = []
    for one, answers in found:
        for answer in answers:
            usage = _usage(answer)
            cost = "-" if answer.reply is None else "unknown" if usage["cost"] is None else f"${usage['cost']}"
            tokens = str(usage["tokens"] or "-")
            rows.append((one.name, answer.question, f"{answer.seconds:.1f} s", tokens, cost, _result(answer.error)))
        if one.error is not None:
            rows.append((one.name, "-", "-", "-", "-", _result(one.error.message)))
    yield from table(("MODEL", "QUESTION", "TOOK", "TOKENS", "COST", "RESULT"), rows)


def _result(error: str) -> str:
    return streams.paint(streams.one_line(error), "red") if error else streams.paint("ok", "green")


def endpoint_lines(name: str, url: str) -> str:
    """Return what to write into the settings to have a served model asked."""
    return f"""{name} answers on {url}
in your settings file:

[models]
use = ["lab"]

[models.endpoint.lab]
provider = "openai"
model = "{name}"
url = "{url}"
protocol = "json"
free = true
"""


class Progress:
    """Tells on stderr how far a download has come: one line on a terminal, a line a tenth elsewhere."""

    def __init__(self) -> None:
        self._live = streams.terminal(sys.stderr)
        self._tenth, self._open, self._what = -1, False, ""

    def __call__(self, done: int, whole: int, what: str) -> None:
        """Show that *done* of *whole* bytes are there."""
        line = f"{done * 100 // whole:3d} %  {size(done)} of {size(whole)}  {what}"
        if self._live:
            streams.note(f"\r\x1b[K{line}", end="")
            self._open = True
        elif done * 10 // whole != self._tenth or what == "verifying":
            self._tenth = done * 10 // whole
            streams.note(line)

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            streams.note()
            self._open = False
