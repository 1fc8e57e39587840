"""Can each task be done by whom it was given to?"""

from __future__ import annotations

from typing import Any

import pytest

from genesis_aop import genesis_revise, genesis_validate
from genesis_core import (
    AgentCard,
    Assignment,
    Effect,
    Estimate,
    Finding,
    Goal,
    GraphPatch,
    Mend,
    Plan,
    PlanContext,
    Severity,
    Skill,
    Task,
    TaskGraph,
    ToolSpec,
)


def card(name: str, *skills: str, **fields: Any) -> AgentCard:
    return AgentCard(name=name, skills=tuple(Skill(id=s, name=s) for s in skills), **fields)


SCANNER = card("scanner", "secret-scan", "static-scan", description="scans code for leaked secrets and weaknesses")
WRITER = card("writer", "prose", description="writes prose, letters and reports", prior=0.9)
THINKER = card("thinker", "reasoning", "secret-scan", needs_model=True)
CARDS = (SCANNER, WRITER, THINKER)


def context(**fields: Any) -> PlanContext:
    return PlanContext(goal=Goal(text="work"), agents=fields.pop("agents", CARDS), **fields)


def plan(*tasks: Task, score: float = 0.9, **agents: str) -> Plan:
    given = tuple(Assignment(task_id=t, agent=a, score=score) for t, a in agents.items())
    estimates = tuple(Estimate(task_id=t) for t in agents)
    return Plan(goal=Goal(text="work"), graph=TaskGraph(tasks=tasks), assignments=given, estimates=estimates)


def found(plan: Plan, context: PlanContext) -> list[Finding]:
    return [item for item in genesis_validate(plan, context) if isinstance(item, Finding)]


def only(plan: Plan, context: PlanContext) -> Finding:
    findings = found(plan, context)
    assert len(findings) == 1, findings
    return findings[0]


def mended(plan: Plan, context: PlanContext) -> GraphPatch:
    patch = genesis_revise(plan, found(plan, context), None, context)
    assert patch is not None
    return patch


def test_a_task_that_nobody_has_is_a_note_so_that_the_run_ends_blocked_and_not_rejected() -> None:
    finding = only(plan(Task(id="t", description="bake a cake")), context())
    assert (finding.rule, finding.severity, finding.task_ids) == ("unroutable", Severity.NOTE, ("t",))
    assert "'t'" in finding.message and "work order" in finding.hint


def test_a_required_skill_that_nobody_has_is_named() -> None:
    finding = only(plan(Task(id="t", description="fly to the moon", requires=("rocketry",))), context())
    assert finding.rule == "unroutable" and "'rocketry'" in finding.message


def test_a_misspelt_skill_is_put_right() -> None:
    wrong = plan(Task(id="t", description="look at the code", requires=("sectret-scan",)))
    finding = only(wrong, context())
    assert (finding.rule, finding.severity, finding.mend) == ("unknown-skill", Severity.FIXABLE, Mend.REROUTE)
    assert mended(wrong, context()).replacements[0].requires == ("secret scan",)


def test_a_skill_named_by_the_words_of_its_task_is_no_slip_of_the_pen() -> None:
    task = Task(id="t", description="run the secrets scan on the moon", requires=("secrets-scan",))
    assert only(plan(task), context()).rule == "unroutable"


def test_a_skill_that_only_a_model_brings_is_said_to_need_one() -> None:
    finding = only(plan(Task(id="t", description="think hard", requires=("reasoning",))), context())
    assert finding.rule == "needs-model" and finding.severity is Severity.NOTE and "'thinker'" in finding.message


def test_with_a_model_the_agent_that_needs_one_is_as_good_as_any() -> None:
    task = Task(id="t", description="think hard", requires=("reasoning",))
    assert found(plan(task, t="thinker"), context(models=("m",))) == []


def test_an_agent_that_lacks_a_required_skill_loses_the_task_to_one_that_has_it() -> None:
    wrong = plan(Task(id="t", description="scan it", requires=("static-scan",), agent="writer"), t="writer")
    finding = only(wrong, context())
    assert (finding.rule, finding.severity) == ("lacks-skill", Severity.FIXABLE) and "'scanner' can" in finding.message
    assert mended(wrong, context()).replacements[0].agent is None


def test_a_router_that_ignores_required_skills_is_told_whom_to_take() -> None:
    wrong = plan(Task(id="t", description="scan it", requires=("static-scan",)), t="writer")
    assert mended(wrong, context()).replacements[0].agent == "scanner"
    missed = plan(Task(id="t", description="scan it", requires=("static-scan",)))
    assert only(missed, context()).rule == "unrouted"
    assert mended(missed, context()).replacements[0].agent == "scanner"


def test_nobody_else_has_the_skill_so_the_finding_is_a_note() -> None:
    wrong = plan(Task(id="t", description="fly there", requires=("rocketry",), agent="writer"), t="writer")
    finding = only(wrong, context())
    assert (finding.rule, finding.severity) == ("lacks-skill", Severity.NOTE)
    assert genesis_revise(wrong, [finding], None, context()) is None


def test_an_agent_that_needs_a_model_gives_way_to_one_that_does_not() -> None:
    wrong = plan(Task(id="t", description="scan it", requires=("secret-scan",), agent="thinker"), t="thinker")
    finding = only(wrong, context())
    assert (finding.rule, finding.severity) == ("needs-model", Severity.FIXABLE)
    assert mended(wrong, context()).replacements[0].agent is None


def test_a_task_for_two_agents_is_split_and_who_waited_for_it_waits_for_both() -> None:
    both = Task(id="both", description="scan it and write it up", requires=("static-scan", "prose"), depends_on=("a",))
    last = Task.model_validate({"id": "last", "inputs": {"found": {"task": "both", "output": ""}}})
    wrong = plan(Task(id="a"), both, last, a="writer", last="writer")
    finding = only(wrong, context())
    assert (finding.rule, finding.mend) == ("needs-several-agents", Mend.SPLIT)
    graph = wrong.graph.apply(mended(wrong, context()))
    assert graph["both"].requires == ("static-scan",) and graph["both-2"].requires == ("prose",)
    assert graph["both-2"].depends_on == ("a",)
    assert {i.task for i in graph["last"].inputs.values()} == {"both", "both-2"}
    assert graph.waits_for("last") == ("both-2", "both") or set(graph.waits_for("last")) == {"both", "both-2"}


def test_a_split_never_passes_the_limit_of_tasks() -> None:
    tight = context(limits=PlanContext(goal=Goal(text="x")).limits.replace(max_tasks=1))
    task = Task(id="both", description="scan and write", requires=("static-scan", "prose"))
    rules = {f.rule: f.severity for f in found(plan(task), tight)}
    assert rules["needs-several-agents"] is Severity.NOTE


def test_skills_are_compared_without_case_hyphens_and_underscores() -> None:
    task = Task(id="t", description="scan it", requires=("Secret_Scan",))
    assert found(plan(task, t="scanner"), context()) == []


@pytest.mark.parametrize(("fields", "rule"), [({"score": 0.1}, "weak-fit")])
def test_a_weak_choice_is_said_once_for_all_tasks(fields: dict[str, Any], rule: str) -> None:
    tasks = [Task(id=f"t{n}", description=f"scan the part number {n}") for n in range(3)]
    finding = only(plan(*tasks, t0="scanner", t1="scanner", t2="scanner", **fields), context())
    assert finding.rule == rule and finding.task_ids == ("t0", "t1", "t2") and finding.severity is Severity.NOTE


def test_an_agent_that_often_fails_is_named_with_its_tasks() -> None:
    shaky = card("shaky", "prose", prior=0.4)
    finding = only(plan(Task(id="t", description="write prose"), t="shaky"), context(agents=(shaky,)))
    assert finding.rule == "low-success" and "40%" in finding.message and finding.task_ids == ("t",)


def test_an_agent_with_a_sending_tool_needs_a_permission() -> None:
    poster = card("poster", "post", tools=("web.post", "count"))
    tools = (ToolSpec(name="web.post", effect=Effect.SEND), ToolSpec(name="count"))
    finding = only(plan(Task(id="t", description="post it"), t="poster"), context(agents=(poster,), tools=tools))
    assert finding.rule == "permission" and "'web.post'" in finding.message and "'count'" not in finding.message


def test_an_agent_whose_sending_tool_a_rule_lets_is_no_finding() -> None:
    poster = card("poster", "post", tools=("web.post", "web.put"))
    tools = tuple(ToolSpec(name=name, effect=Effect.SEND) for name in poster.tools)
    offers = {"policy": {"guard": lambda agent, tool: (agent, tool) == ("poster", "web.post")}}
    finding = only(plan(Task(id="t", description="post it"), t="poster"),
                   context(agents=(poster,), tools=tools, offers=offers))
    assert finding.rule == "permission" and "'web.put'" in finding.message and "'web.post'" not in finding.message


def test_an_agent_that_the_author_named_against_all_words_is_a_note() -> None:
    odd = plan(Task(id="t", description="scan the code for leaked secrets", agent="writer"), t="writer")
    finding = only(odd, context())
    assert (finding.rule, finding.severity) == ("odd-agent", Severity.NOTE) and "'scanner'" in finding.message
    fine = plan(Task(id="t", description="write a letter about leaked secrets", agent="writer"), t="writer")
    assert found(fine, context()) == []


def test_the_kind_of_a_task_speaks_for_the_agent_that_claims_it() -> None:
    painter = card("painter", "brush", kinds=("paint",))
    task = Task(id="t", description="the ceiling", kind="paint", agent="writer")
    assert only(plan(task, t="writer"), context(agents=(WRITER, painter))).rule == "odd-agent"
    assert found(plan(task.replace(agent="painter"), t="painter"), context(agents=(WRITER, painter))) == []


def test_while_a_run_is_under_way_nothing_is_revised() -> None:
    from genesis_core import TaskResult, TaskState

    wrong = plan(Task(id="t", description="scan it", requires=("static-scan",)), t="writer")
    result = TaskResult(task_id="t", state=TaskState.COMPLETED)
    assert genesis_revise(wrong, found(wrong, context()), result, context()) is None
    assert genesis_revise(wrong, [], None, context()) is None
