"""Mends, as a whole: they build, they remove what they were made for, they come to an end, and names mean nothing."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import genesis_aop
from genesis_aop import genesis_revise, genesis_validate
from genesis_aop._rules import RULES
from genesis_core import (
    AgentCard,
    Assignment,
    Estimate,
    Finding,
    Genesis,
    Goal,
    GraphPatch,
    Mend,
    Plan,
    PlanContext,
    Severity,
    Skill,
    Task,
    TaskContext,
    TaskGraph,
    Verdict,
    agent,
)


def card(name: str, *skills: str, **fields: Any) -> AgentCard:
    return AgentCard(name=name, skills=tuple(Skill(id=s, name=s) for s in skills), **fields)


CARDS = (
    card("scanner", "secret-scan", "static-scan"), card("writer", "prose", prior=0.9),
    card("thinker", "reasoning", "prose", needs_model=True), card("builder", "coding", "prose"),
)
GOALS = ["work", "Build the shop, deploy the shop in 30 days and scan 12 files. Write prose about data/a.csv."]
TEXTS = [
    "build the shop", "deploy the shop", "scan the code", "scanning the code", "write prose about the shop",
    "scan the code of the whole shop", "test the shop", "",
]
SKILLS = ["secret-scan", "secret-scam", "static-scan", "prose", "coding", "reasoning", "rocketry"]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return plans with all kinds of faults: what cannot be done, is misrouted, said twice, in the wrong order."""
    tasks: list[Task] = []
    sections = ["section"] if draw(st.booleans()) else []
    for n in range(draw(st.integers(1, 7))):
        parent = draw(st.sampled_from([None, *sections]))
        earlier = [t.id for t in tasks]
        waits = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        reads = draw(st.sampled_from([None, *earlier])) if earlier else None
        tasks.append(Task.model_validate({
            "id": f"t{n}", "description": draw(st.sampled_from(TEXTS)), "parent": parent, "depends_on": waits,
            "requires": draw(st.lists(st.sampled_from(SKILLS), max_size=3, unique=True)),
            "agent": draw(st.sampled_from([None, None, "writer", "thinker"])),
            "inputs": {} if reads is None else {"got": {"task": reads, "output": draw(st.sampled_from(["", "/a"]))}},
        }))
    tasks += [Task(id=s, description="the section") for s in sections if any(t.parent for t in tasks)]
    tasks = [t if sections or t.parent is None else t.replace(parent=None) for t in tasks]
    plan = Plan(goal=Goal(text=draw(st.sampled_from(GOALS))), graph=TaskGraph(tasks=tuple(tasks)))
    return assigned(plan, lazy=draw(st.booleans()))


def assigned(plan: Plan, *, lazy: bool = False, kept: dict[str, str] | None = None) -> Plan:
    """Route by required skills; a *lazy* router takes the first agent, whatever it can do."""
    given: list[Assignment] = []
    for task in plan.graph.leaves:
        able = [c.name for c in CARDS if not c.needs_model
                and {s.replace("-", " ") for s in task.requires} <= {s.id.replace("-", " ") for s in c.skills}]
        name = task.agent or (kept or {}).get(task.id) or ("scanner" if lazy else able[0] if able else None)
        if name is not None:
            given.append(Assignment(task_id=task.id, agent=name))
    estimates = tuple(Estimate(task_id=a.task_id) for a in given)
    return plan.replace(assignments=tuple(given), estimates=estimates)


def context(plan: Plan) -> PlanContext:
    return PlanContext(goal=plan.goal, agents=CARDS, files=lambda pattern: ("data/a.csv",))


def findings(plan: Plan) -> list[Finding]:
    return [item for item in genesis_validate(plan, context(plan)) if isinstance(item, Finding)]


def fixable(plan: Plan) -> list[Finding]:
    return [f for f in findings(plan) if f.severity is Severity.FIXABLE and f.mend is not Mend.NONE]


def applied(plan: Plan, patch: GraphPatch, *, lazy: bool) -> Plan:
    changed = {t.id for t in (*patch.add, *patch.replacements)}
    kept = {a.task_id: a.agent for a in plan.assignments if a.task_id not in changed}
    return assigned(plan.replace(graph=plan.graph.apply(patch)), lazy=lazy, kept=kept)


@settings(max_examples=400, deadline=None)
@given(plans(), st.booleans())
def test_a_mend_builds_removes_its_finding_and_comes_to_an_end(plan: Plan, lazy: bool) -> None:
    seen = {plan.graph}
    for _ in range(12):
        asked = fixable(plan)
        if not asked:
            return
        patch = genesis_revise(plan, asked, None, context(plan))
        assert patch is not None and patch.reason, asked
        plan = applied(plan, patch, lazy=lazy)
        assert set(asked) - set(fixable(plan)), (asked, patch)
        assert plan.graph not in seen, "it goes round in circles"
        seen.add(plan.graph)
    raise AssertionError("twelve revisions were not enough")


@settings(max_examples=200, deadline=None)
@given(plans())
def test_the_first_patch_removes_every_finding_that_it_was_asked_to_mend(plan: Plan) -> None:
    asked = fixable(plan)
    if asked:
        patch = genesis_revise(plan, asked, None, context(plan))
        assert patch is not None
        if all(f.message in patch.reason for f in asked):  # else two mends contradicted each other
            after = {(f.rule, f.task_ids) for f in fixable(applied(plan, patch, lazy=False))}
            assert not after & {(f.rule, f.task_ids) for f in asked}


@settings(max_examples=100, deadline=None)
@given(plans(), st.randoms(use_true_random=False))
def test_renaming_tasks_changes_nothing(plan: Plan, random: Any) -> None:
    names = [f"n{number}" for number in range(len(plan.graph))]
    random.shuffle(names)
    new = dict(zip(plan.graph.by_id, names, strict=True))

    def renamed(task: Task) -> Task:
        inputs = {k: i.replace(task=new[i.task]) if i.task else i for k, i in task.inputs.items()}
        return task.replace(id=new[task.id], parent=new.get(task.parent or ""), inputs=inputs,
                            depends_on=tuple(new[d] for d in task.depends_on))

    other = plan.replace(
        graph=TaskGraph(tasks=tuple(renamed(t) for t in plan.graph.tasks)),
        assignments=tuple(a.replace(task_id=new[a.task_id]) for a in plan.assignments),
        estimates=tuple(e.replace(task_id=new[e.task_id]) for e in plan.estimates),
    )
    before, after = genesis_validate(plan, context(plan)), genesis_validate(other, context(other))
    assert before[-1] == after[-1]
    told = [(f.rule, f.severity, f.mend, tuple(new[t] for t in f.task_ids)) for f in findings(plan)]
    assert told == [(f.rule, f.severity, f.mend, f.task_ids) for f in findings(other)]


def test_every_finding_has_a_listed_rule() -> None:
    package = Path(genesis_aop.__file__).parent
    used: set[str] = set()
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in ("note", "by_hand", "fixable", "fatal") and isinstance(first, ast.Constant):
                    used.add(str(first.value))
    assert used <= set(RULES)
    assert set(RULES) - used <= {"lacks-skill", "needs-model"}  # these two are chosen by a variable


def test_findings_of_others_are_left_to_them() -> None:
    plan = assigned(Plan(goal=Goal(text="work"), graph=TaskGraph(tasks=(Task(id="t", description="write prose"),))))
    theirs = Finding(rule="house-style", severity=Severity.FIXABLE, message="no", task_ids=("t",), mend=Mend.MERGE)
    assert genesis_revise(plan, [theirs], None, context(plan)) is None


# ---- in the kernel -------------------------------------------------------------------------------------------------

OTHERS = ("agents", "eval", "htdag")


@agent(name="scanner", description="Scans code for leaked secrets.", skills=["secret-scan"])
async def scanner(task: Task, context: TaskContext) -> str:
    return "clean"


@agent(name="writer", description="Writes prose and reports.", skills=["prose"])
async def writer(task: Task, context: TaskContext) -> str:
    return "once upon a time"


def planned(folder: Path, *tasks: Task, goal: str = "Scan the code and write prose about it") -> Any:
    async def go() -> Any:
        async with Genesis.open(folder / "home", extend=[scanner, writer], block=OTHERS) as genesis:
            return await genesis.plan(goal, workspace=folder, graph=TaskGraph(tasks=tasks))

    return asyncio.run(go())


def test_the_kernel_mends_a_plan_and_routes_it_anew(tmp_path: Path) -> None:
    report = planned(
        tmp_path,
        Task(id="both", description="scan the code and write prose about it", requires=("secret-scan", "prose")),
        Task(id="wrong", description="scan the attic", requires=("secret-scan",), agent="writer"),
        Task(id="one", description="write prose about the sea"),
        Task(id="two", description="Write prose about the sea!", ),
        Task(id="last", description="write prose about it all", requires=("prose",), depends_on=("both", "two")),
    )
    assert report.verdict is Verdict.ACCEPT and report.revisions == 1
    plan = report.plan
    assert {t: a.agent for t, a in plan.assigned.items()} == {
        "both": "scanner", "both-2": "writer", "wrong": "scanner", "one": "writer", "last": "writer"}
    assert set(plan.graph["last"].needs) == {"both", "both-2", "one"}
    assert all(f.severity is Severity.NOTE for f in report.findings)


def test_the_kernel_accepts_a_plan_with_a_task_that_nobody_can_do(tmp_path: Path) -> None:
    report = planned(tmp_path, Task(id="fly", description="fly to the moon", requires=("rocketry",)))
    assert report.verdict is Verdict.ACCEPT and report.score is not None
    assert "unroutable" in {f.rule for f in report.findings}


def test_the_kernel_leaves_a_sound_plan_as_it_is(tmp_path: Path) -> None:
    report = planned(tmp_path, Task(id="a", description="scan the code", requires=("secret-scan",)),
                     Task(id="b", description="write prose about it", requires=("prose",), depends_on=("a",)))
    assert report.findings == () and report.revisions == 0
