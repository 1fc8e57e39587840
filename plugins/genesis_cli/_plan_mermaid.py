"""A plan as a Mermaid flowchart: tasks with agent, time and cost, the longest chain in bold, findings in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from genesis_core import Finding, Plan, PlanReport, Severity

from ._amounts import duration
from ._plan_text import critical_path

__all__ = ["plan_mermaid"]

_SHOWN = 120
"""Characters of one line of a label."""
_PLAIN = re.compile(r"[^\w .,:$()+/=-]")
_STYLES = (
    "classDef critical stroke-width:3px", "classDef nobody stroke-dasharray:4 3",
    "classDef note fill:#eef3fb,color:#222", "classDef fixable fill:#fdf3d0,color:#222",
    "classDef fatal fill:#f9d6d5,color:#222",
)  # fmt: skip


def plan_mermaid(report: PlanReport) -> str:
    """Return the plan as a flowchart; any text in it, whoever wrote it, is a label and nothing more."""
    plan = report.plan
    names = {task.id: f"t{number}" for number, task in enumerate(plan.graph.tasks)}
    path = critical_path(plan)
    lines = ["flowchart TD", f"  %% plan {plan.digest[:16]}", *_nodes(plan, names), *_edges(plan, names, path),
             *_findings(report.findings, names), *(f"  {style}" for style in _STYLES)]
    if path:
        lines.append(f"  class {','.join(names[task] for task in path)} critical")
    nobody = [names[t.id] for t in plan.graph.leaves if t.id not in plan.assigned]
    return "\n".join([*lines, f"  class {','.join(nobody)} nobody"] if nobody else lines)


def _nodes(plan: Plan, names: Mapping[str, str]) -> Iterator[str]:
    """Yield every task, what is below a composite inside of it."""
    children = plan.graph.children
    stack = [(task.id, 1) for task in reversed(plan.graph.tasks) if task.parent is None]
    while stack:
        name, depth = stack.pop()
        if not name:
            yield f"{'  ' * depth}end"
        elif name in children:
            yield f'{"  " * depth}subgraph {names[name]}["{_label(name)}"]'
            stack.append(("", depth))
            stack += [(child, depth + 1) for child in reversed(children[name])]
        else:
            yield f'{"  " * depth}{names[name]}["{"<br/>".join(_about(plan, name))}"]'


def _about(plan: Plan, name: str) -> Iterator[str]:
    yield _label(name)
    given, estimate = plan.assigned.get(name), plan.estimated.get(name)
    yield _label("nobody" if given is None else given.agent)
    if estimate is not None:
        cost = "cost unknown" if estimate.cost is None else f"${estimate.cost:.4f}"
        yield _label(f"{duration(estimate.seconds)}, {cost}")


def _edges(plan: Plan, names: Mapping[str, str], path: list[str]) -> Iterator[str]:
    """Yield what waits for what, those of the longest chain as thick arrows."""
    chained = set(pairwise(path))
    for task in plan.graph.tasks:
        for need in task.needs:
            yield f"  {names[need]} {'==>' if (need, task.id) in chained else '-->'} {names[task.id]}"


def _findings(findings: tuple[Finding, ...], names: Mapping[str, str]) -> Iterator[str]:
    order = (Severity.FATAL, Severity.FIXABLE, Severity.NOTE)
    for number, finding in enumerate(sorted(findings, key=lambda f: order.index(f.severity))):
        text = _label(f"{finding.severity.value} {finding.rule}: {finding.message}")
        yield f'  f{number}>"{text}"]:::{finding.severity.value}'
        yield from (f"  f{number} -.- {names[task]}" for task in finding.task_ids if task in names)


def _label(text: str) -> str:
    """Return *text* on one line, cut short, with every character that Mermaid or HTML may read as its number."""
    line = " ".join(text.split())
    line = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
    return _PLAIN.sub(lambda match: f"#{ord(match[0])};", line)
