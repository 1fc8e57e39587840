"""Tools that were made, in words: the list, one version with its source, what layers found, what a tool asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genesis_core import Admission, LayerCheck, Made

from . import _streams as streams
from ._plan_text import table

__all__ = ["asked", "asking", "check_lines", "list_lines", "refused_by", "show_lines"]


def list_lines(made: Sequence[Made], offered: frozenset[str], refused: str) -> Iterator[str]:
    """Yield a line a version, and why none is offered where none is."""
    if not made:
        yield "no tools were made here; the first one: genesis tools propose NEED.json"
    rows = [(m.name, _state(m, offered, refused), m.author, m.label.trust.name.lower(), str(m.calls), str(m.failures),
             m.digest[:12], "" if m.tool is None else streams.one_line(m.tool.description)) for m in made]
    if rows:
        yield from table(("TOOL", "STATE", "AUTHOR", "TRUST", "CALLS", "FAILED", "DIGEST", "DOES"), rows)
    if refused:
        yield streams.paint(f"nothing generated is offered here: {streams.one_line(refused)}", "yellow")


def _state(made: Made, offered: frozenset[str], refused: str) -> str:
    if made.state.value == "active" and made.digest not in offered and not refused:
        return "active, not offered"
    return made.state.value


def show_lines(made: Made, *, offered: bool) -> Iterator[str]:
    """Yield everything that a person needs to judge one version."""
    tool, label = made.tool, made.label
    assert tool is not None  # noqa: S101  # an agent is shown by genesis agents
    hidden = made.state.value == "active" and not offered
    state = made.state.value + (", not offered: genesis tools verify" if hidden else "")
    yield f"{streams.paint(made.name, 'bold')}  {streams.one_line(tool.description)}"
    yield f"  state      {state}{': ' + streams.one_line(made.why) if made.why else ''}"
    yield f"  digest     {made.digest}"
    yield f"  author     {streams.one_line(made.author)}, {made.created:%Y-%m-%d %H:%M:%S}" + (
        f", in run {made.run}" if made.run else "")
    sources = f", from {', '.join(streams.exact(s) for s in sorted(label.sources))}" if label.sources else ""
    yield f"  believed   {label.trust.name.lower()}, {label.secrecy.name.lower()}{sources}"
    yield f"  asks for   {'; '.join(asked(tool.capabilities)) or 'nothing beyond computing'}" + (
        f" (granted by {streams.one_line(made.approved)})" if made.approved else "")
    yield f"  takes      {_json(tool.input_schema)}"
    yield f"  gives      {_json(tool.output_schema)}"
    yield f"  examples   {0 if made.need is None else len(made.need.examples)}"
    yield f"  calls      {made.calls}, of which {made.failures} failed"
    yield from (f"  {line}" for line in check_lines(made.checks))
    yield ""
    yield streams.clean(made.code.rstrip())


def check_lines(checks: Sequence[LayerCheck]) -> Iterator[str]:
    """Yield a line for each layer, and one for each thing that it found."""
    for check in checks:
        word = "passed" if check.ok else streams.paint("refused", "red")
        yield f"{check.layer.ljust(10)} {word}  {check.seconds * 1000:.0f} ms"
        yield from (f"{' ' * 11}{streams.one_line(finding)}" for finding in check.findings)


def asked(capabilities: Mapping[str, Any]) -> list[str]:
    """Return what a tool asks for, a phrase each, with nothing that is not seen."""
    return [f"{name} {_each(value)}" for name, value in capabilities.items() if value]


def asking(made: Made) -> list[str]:
    """Return what a version asks for, a sentence each."""
    return [f"it asks for {what}" for what in asked({} if made.tool is None else made.tool.capabilities)]


def _each(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(streams.exact(str(item)) for item in value)
    return streams.exact(_json(value))


def _json(value: Any) -> str:
    return streams.clean(json.dumps(value, ensure_ascii=False))


def refused_by(admission: Admission) -> tuple[str, str]:
    """Return the layer that refused, and what it found."""
    layer = next((check for check in admission.checks if not check.ok), None)
    return ("", "") if layer is None else (layer.layer, "; ".join(layer.findings))
