"""A plan in words: its tasks with agent, fit and estimate, the longest chain, findings, the score with its terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genesis_core import Finding, Input, Plan, PlanReport, Score, Severity, plan_document

from . import _streams as streams
from ._amounts import duration
from ._progress import Progress, TaskLine
from ._team_view import team

__all__ = ["critical_path", "plan_data", "plan_text", "table"]

TERMS = ("success", "quality", "cost", "time")
SHOWN = 5
"""Members of a list that one line tells."""
IN_PLACE = 3
"""Notes of one rule that stand below the tasks that they are about; more are told once, below the plan."""
MAX_INPUT = 300
TONES = {Severity.NOTE: "dim", Severity.FIXABLE: "yellow", Severity.FATAL: "red"}


def plan_text(report: PlanReport) -> str:
    """Return the plan as people read it."""
    plan = report.plan
    parts = [streams.paint(streams.one_line(plan.goal.text), "bold"),
             f"workspace {streams.one_line(plan.goal.workspace)}", "", *_tasks(report), "", *_given(plan),
             *_sums(plan, report.score), *_findings([f for f in report.findings if _place(plan, f) is None]),
             *_repeated(report),
             *_left_over(plan), f"plan {plan.digest[:16]}"]
    return "\n".join(parts)


def _tasks(report: PlanReport) -> Iterator[str]:
    """Yield a line for each task, those of the longest chain with a star, and below it what was found about it."""
    plan, progress, longest = report.plan, Progress(), set(critical_path(report.plan))
    progress.plan(plan)
    shown = list(progress.lines.values())
    if not shown:
        yield "  no tasks"
        return
    about: dict[str | None, list[Finding]] = {}
    repeated = _many(report)
    for finding in report.findings:
        if finding.rule not in repeated:
            about.setdefault(_place(plan, finding), []).append(finding)
    rows = [_row(plan, line, len(longest) > 1 and line.id in longest) for line in shown]
    head, *lines = table(("TASK", "AGENT", "FIT", "EXPECTED", "AFTER"), rows, indent=2)
    yield head
    for line, text in zip(shown, lines, strict=True):
        yield text
        yield from (f"    {found}" for found in _findings(about.get(line.id, ())))


def _place(plan: Plan, finding: Finding) -> str | None:
    """Return the task below which *finding* is told: the first that it names; None: it is about the plan."""
    return next((task for task in finding.task_ids if task in plan.graph), None)


def _many(report: PlanReport) -> Mapping[str, Sequence[Finding]]:
    """Return the notes about tasks that are told too often to stand below each of them, by their rule."""
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.severity is Severity.NOTE and _place(report.plan, finding) is not None:
            found.setdefault(finding.rule, []).append(finding)
    return {rule: told for rule, told in found.items() if len(told) > IN_PLACE}


def _repeated(report: PlanReport) -> Iterator[str]:
    """Yield such notes once, with all tasks that they are about."""
    for rule, told in _many(report).items():
        tasks = list(dict.fromkeys(name for finding in told for name in finding.task_ids))
        word = streams.paint(Severity.NOTE.value, TONES[Severity.NOTE])
        yield f"finding   {word}  {rule}, {len(told)} times: {streams.one_line(told[0].message)}"
        yield f"            the others: {_value(tasks[1:])}"
        if told[0].hint:
            yield f"            hint: {streams.one_line(told[0].hint)}"


def _row(plan: Plan, line: TaskLine, longest: bool) -> tuple[str, ...]:
    name = "  " * line.depth + line.id
    after = ", ".join(plan.graph[line.id].needs)
    if line.composite:
        return (name, "", "", "", after)
    assignment, estimate = plan.assigned.get(line.id), plan.estimated.get(line.id)
    if assignment is None:
        return (name, streams.paint("nobody", "yellow"), "", "", after)
    takes = "" if estimate is None else _expected(estimate) + ("  *" if longest else "")
    return (name, assignment.agent, f"{assignment.score:.2f}", takes, after)


def _given(plan: Plan) -> Iterator[str]:
    """Yield for each task which folder and files it looks at, which it leaves out, and what it looks for."""
    wide = max((len(task.id) for task in plan.graph.leaves), default=0)
    for task in plan.graph.leaves:
        given = {name: item for name, item in task.inputs.items() if item.task is None}
        said = [f"{name} {_from(item)}" for name, item in given.items()]
        if said:
            yield f"input     {task.id.ljust(wide)}  {streams.one_line(', '.join(said), MAX_INPUT)}"


def _from(item: Input) -> str:
    if item.secret is not None:
        return f"(secret {item.secret})"
    return _value(item.value) if item.file is None else item.file


def _value(value: Any) -> str:
    """Return an input's value in a few words: a text as it is, a list by its members."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        more = f" and {len(value) - SHOWN} more" if len(value) > SHOWN else ""
        return " ".join(_value(item) for item in value[:SHOWN]) + more
    import json

    import pydantic_core

    return json.dumps(pydantic_core.to_jsonable_python(value), ensure_ascii=False)


def _expected(estimate: Any) -> str:
    money = f"  ${estimate.cost:.4f}" if estimate.cost else ""
    model = f"  {estimate.model}" if estimate.model else ""
    return f"{duration(estimate.seconds)}{money}{model}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 0) -> Iterator[str]:
    """Yield aligned lines; on a terminal the last column is cut so that each row stays on one line."""
    shown = [[*head], *([streams.clean(cell) if "\x1b" not in cell else cell for cell in row] for row in rows)]
    wide = [max(_cells(row[column]) for row in shown) for column in range(len(head))]
    limit = streams.width()
    for number, row in enumerate(shown):
        cells = [cell + " " * (wide[i] - _cells(cell)) for i, cell in enumerate(row[:-1])]
        line = " " * indent + "".join(cell + "  " for cell in cells)
        last = row[-1]
        if limit and _cells(line) + _cells(last) > limit and "\x1b" not in last:
            last = streams.one_line(last, max(8, limit - _cells(line)))
        text = (line + last).rstrip()
        yield streams.paint(text, "dim") if number == 0 else text


def _cells(text: str) -> int:
    """Return the columns that *text* takes on a terminal, colour not counted, wide letters as two."""
    import re
    import unicodedata

    bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
    if bare.isascii():
        return len(bare)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in bare)


def critical_path(plan: Plan) -> list[str]:
    """Return the tasks of the longest chain, by expected seconds, in order; ties go to what is declared first."""
    graph, best, before = plan.graph, dict[str, float](), dict[str, str | None]()
    for name in graph.order:
        if name in graph.children:
            continue
        waits = [leaf for need in graph.waits_for(name) for leaf in graph.leaves_of(need)]
        last = max(waits, key=lambda leaf: best.get(leaf, 0.0), default=None)
        estimate = plan.estimated.get(name)
        best[name] = (best.get(last, 0.0) if last else 0.0) + (estimate.seconds if estimate else 0.0)
        before[name] = last
    end: str | None = max(best, key=lambda name: best[name], default=None)
    path: list[str] = []
    while end is not None:
        path.append(end)
        end = before.get(end)
    return path[::-1]


def _sums(plan: Plan, score: Score | None) -> Iterator[str]:
    expected = plan.expected
    cost = "unknown" if expected.cost is None else f"${expected.cost:.4f}" if expected.cost else "nothing"
    arrow = streams.glyph(" → ", " -> ", None)
    path = critical_path(plan)
    chain = arrow.join(path if len(path) <= 8 else [*path[:4], "...", *path[-3:]])
    work, chained = duration(expected.seconds), duration(plan.critical_seconds)
    yield f"expected  {work} of work, {chained} on the longest chain, cost {cost}"
    if len(path) > 1:
        yield f"longest * {chain}"
    if score is not None:
        weighed = zip(TERMS, score.weights, strict=True)
        yield f"score     {score.value:.3f} = " + " + ".join(_term(name, weight, score) for name, weight in weighed)
        if score.reason:
            yield f"          {streams.one_line(score.reason, MAX_INPUT)}"


def _term(name: str, weight: float, score: Score) -> str:
    value = getattr(score, name)
    return f"{weight:g} x {f'(1 - {name} {value:.2f})' if name in ('cost', 'time') else f'{name} {value:.2f}'}"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        tasks = f" ({', '.join(finding.task_ids[:5])})" if finding.task_ids else ""
        word = streams.paint(finding.severity.value, TONES[finding.severity])
        yield f"finding   {word}  {finding.rule}: {streams.one_line(finding.message)}{tasks}"
        if finding.hint:
            yield f"            hint: {streams.one_line(finding.hint)}"


def _left_over(plan: Plan) -> Iterator[str]:
    if plan.not_understood:
        words = ", ".join(f'"{streams.one_line(text)}"' for text in plan.not_understood)
        yield f"{streams.paint('not understood:', 'yellow')} {words}"
    nobody = [t.id for t in plan.graph.leaves if t.id not in plan.assigned]
    if nobody:
        yield f"{streams.paint('nobody here can do:', 'yellow')} {', '.join(nobody)}"


def plan_data(report: PlanReport) -> Mapping[str, Any]:
    """Return the plan and all that is known of it as JSON."""
    plan, score, path = report.plan, report.score, critical_path(report.plan)
    return {
        "plan": plan_document(plan), "verdict": report.verdict.value, "revisions": report.revisions,
        "findings": [finding.model_dump(mode="json") for finding in report.findings],
        "score": None if score is None else score.model_dump(mode="json"),
        "critical_path": path, "critical_seconds": plan.critical_seconds, "team": team(plan, path),
        "expected": plan.expected.model_dump(mode="json"), "not_understood": list(plan.not_understood),
        "unassigned": [t.id for t in plan.graph.leaves if t.id not in plan.assigned],
    }
