"""Scores of an evaluation as people read them: a line a group, beside each score how sure it is and the baseline's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["told"]

Path = tuple[str, ...]
GRAPHS = ("n", "missing", "node_f1", "edge_f1", "arg_value_f1")
"""What is told of a group of graphs; ``--json`` has all."""


def told(kind: str, found: Mapping[str, Any]) -> str:
    """Return what an evaluation found."""
    scores, baseline = found["scores"], found.get("baseline") or {}
    many = "s" if found["rows"] != 1 else ""
    lines = [f"{kind}: {found['rows']} row{many}, variant {found['variant']}, {found['errors']} could not be planned"]
    if "baseline" in found:
        lines.append(f"baseline: {baseline['name']}" if baseline.get("name") else f"baseline: there is none for {kind}")
    if scores is None:
        return "\n".join([*lines, "no scores: the rows carry no gold"])
    silent = found.get("silent") or {}
    beside = _Beside(found.get("intervals") or {}, baseline.get("scores") or {},
                     frozenset(silent.get("scores", ())), frozenset(silent.get("baseline", ())))
    for name, value in scores.items():
        lines.append(f"  {name}: {beside.members(_main(value), (name,))}" if isinstance(value, dict)
                     else f"  {name}: {beside.number(value, (name,))}")
    lines += [f"  {line}" for line in _differences(baseline.get("differences") or {})]
    if beside.intervals:
        lines.append("in brackets: what 95 % of such samples of rows would give")
    return "\n".join(lines)


def _main(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the figures of a group of graphs that one compares by; of any other group all."""
    if "node_f1" not in values:
        return values
    return {name: values[name] for name in GRAPHS if name in values and (values[name] != 0 or name != "missing")}


class _Beside:
    """What stands beside a score: its interval, and the score of the baseline."""

    def __init__(
        self, intervals: Mapping[str, Any], baseline: Mapping[str, Any], silent: frozenset[str] = frozenset(),
        silent_baseline: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.intervals, self.baseline = intervals, baseline
        self._silent, self._silent_baseline = silent, silent_baseline

    def members(self, values: Mapping[str, Any], path: Path) -> str:
        """Return the scores of one group."""
        return ", ".join(f"{name} {self.number(value, (*path, name))}" for name, value in values.items())

    def number(self, value: object, path: Path) -> str:
        """Return one score, or those of a group within a group, with what stands beside it."""
        if isinstance(value, dict):
            return f"({self.members(value, path)})"
        between, other = _along(self.intervals, path), _at(self.baseline, path)
        sure = [f"{_number(between[0])} to {_number(between[1])}"] if isinstance(between, Sequence) else []
        theirs = "-" if path[-1] in self._silent_baseline else _number(other)
        compared = [f"baseline {theirs}"] if isinstance(value, float) and isinstance(other, float) else []
        ours = "-" if path[-1] in self._silent else _number(value)
        return f"{ours} [{'; '.join([*sure, *compared])}]" if sure or compared else ours


def _at(found: Any, path: Path) -> object:
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _along(found: Any, path: Path) -> object:
    """Return what *path* leads to, where names between the first and the last one may be left out."""
    for name in path:
        inner = found.get(name) if isinstance(found, Mapping) else None
        if inner is None and name in (path[0], path[-1]):
            return None
        found = found if inner is None else inner
    return found


def _differences(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each group with the differences in it."""
    groups: dict[Path, list[str]] = {}
    for path, value in _leaves(found, ()):
        between = value["interval"]
        sure = "" if between is None else f" [{_number(between[0])} to {_number(between[1])}]"
        groups.setdefault(path[:-1], []).append(f"{path[-1]} {value['value'] + 0.0:+.4g}{sure}")
    for path, said in groups.items():
        yield f"difference to the baseline{''.join(f', {name}' for name in path)}: {', '.join(said)}"


def _leaves(found: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, value in found.items():
        if "value" in value and "interval" in value:
            yield (*path, name), value
        else:
            yield from _leaves(value, (*path, name))


def _number(value: object) -> str:
    return f"{value + 0.0:.4g}" if isinstance(value, float) else "-" if value is None else str(value)
