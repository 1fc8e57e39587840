"""What a plan looks like: as a table with findings in place, and as a Mermaid flowchart."""

from __future__ import annotations

import re
from decimal import Decimal

from genesis_cli._plan_mermaid import plan_mermaid
from genesis_cli._plan_text import plan_text
from genesis_core import Assignment, Estimate, Finding, Goal, Mend, Plan, PlanReport, Severity, Task, TaskGraph

TASKS = (
    Task(id="prepare", description="the preparation"), Task(id="read", parent="prepare"),
    Task(id="weigh", parent="prepare"), Task(id="write", depends_on=("prepare",)), Task(id="odd"),
)  # fmt: skip
SECONDS = {"read": 1.0, "weigh": 4.0, "write": 2.0}


def report(*findings: Finding, tasks: tuple[Task, ...] = TASKS) -> PlanReport:
    who = tuple(Assignment(task_id=t, agent=f"{t}-agent") for t in SECONDS)
    takes = tuple(Estimate(task_id=t, seconds=s, cost=Decimal("0.01")) for t, s in SECONDS.items())
    return PlanReport(plan=Plan(goal=Goal(text="go"), graph=TaskGraph(tasks=tasks), assignments=who, estimates=takes),
                      findings=findings)


def finding(rule: str, *tasks: str, message: str = "look here") -> Finding:
    return Finding(rule=rule, severity=Severity.FIXABLE, message=message, task_ids=tasks, mend=Mend.MERGE, hint="do so")


def test_a_finding_stands_below_the_first_task_that_it_names() -> None:
    lines = plan_text(report(finding("overlap", "weigh", "write"), finding("budget"))).splitlines()
    at = next(n for n, line in enumerate(lines) if line.strip().startswith("weigh"))
    assert "overlap: look here" in lines[at + 1] and "hint: do so" in lines[at + 2]
    assert lines[at + 3].strip().startswith("write")
    assert next(n for n, line in enumerate(lines) if "budget: look here" in line) > at + 4


def test_a_finding_about_no_task_of_the_plan_is_told_at_the_end() -> None:
    lines = plan_text(report(finding("strange", "nowhere"))).splitlines()
    told = [n for n, line in enumerate(lines) if "strange: look here" in line]
    assert told and told[0] > next(n for n, line in enumerate(lines) if line.startswith("expected"))


def test_a_note_about_many_tasks_is_told_once() -> None:
    tasks = tuple(Task(id=f"t{n}") for n in range(5))
    notes = [Finding(rule="lacks", severity=Severity.NOTE, message=f"t{n} lacks it", task_ids=(f"t{n}",), hint="get it")
             for n in range(5)]
    lines = plan_text(report(*notes, tasks=tasks)).splitlines()
    assert [line.strip() for line in lines if "lacks" in line] == ["finding   note  lacks, 5 times: t0 lacks it"]
    assert "the others: t1 t2 t3 t4" in "\n".join(lines) and sum("hint: get it" in line for line in lines) == 1
    few = plan_text(report(*notes[:3], tasks=tasks))
    assert few.count("lacks it") == 3 and "times" not in few


def test_the_longest_chain_has_stars() -> None:
    lines = plan_text(report()).splitlines()
    starred = {line.split()[0] for line in lines if line.rstrip().endswith("*") or "*  " in line}
    assert starred >= {"weigh", "write"} and "read" not in starred


def test_a_flowchart_holds_every_task_edge_and_finding() -> None:
    text = plan_mermaid(report(finding("overlap", "weigh", "write")))
    assert text.startswith("flowchart TD\n")
    assert re.search(r'subgraph t0\["prepare"\]\n +t1\["read<br/>read-agent.*\n +t2\["weigh<br/>.*\n +end\n', text)
    assert "t3[" in text and "  t0 --> t3" in text
    assert '  f0>"fixable overlap: look here"]:::fixable' in text
    assert "  f0 -.- t2" in text and "  f0 -.- t3" in text
    assert "  class t2,t3 critical" in text and "  class t4 nobody" in text
    assert "$0.0100" in text


def test_edges_of_the_longest_chain_are_thick() -> None:
    chain = (Task(id="read"), Task(id="weigh", depends_on=("read",)), Task(id="write"))
    assert "  t0 ==> t1" in plan_mermaid(report(tasks=chain))


def test_words_of_others_are_labels_and_nothing_more() -> None:
    evil = '"] click t0 href "javascript:alert(1)" \n end %%{init: {}}%% <script>`x`</script> #quot;'
    text = plan_mermaid(report(finding("left-out", "read", message=evil)))
    (line,) = [line for line in text.splitlines() if ">" in line and "left-out" in line]
    label = line.split('"')[1]
    assert line.count('"') == 2 and not set(label) & set("<>`{}%[]\n")
    assert text.count("\n  end\n") == 1


def test_a_plan_without_tasks_is_a_flowchart_too() -> None:
    empty = PlanReport(plan=Plan(goal=Goal(text="go"), graph=TaskGraph()))
    assert plan_mermaid(empty).startswith("flowchart TD\n")
