"""The order of decision: required skills, outright rules, fit with priors; then load, then name; else nobody."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from types import FrameType

import pytest

from genesis_agents._cards import card, cards
from genesis_core import AgentCard, Assignment, Skill, Task
from genesis_core.testing import context_for
from genesis_halo import genesis_route
from genesis_halo._hook import routed

WITH_MODEL = ("some-model",)


def assigned(
    *tasks: Task, agents: tuple[AgentCard, ...] = (), models: tuple[str, ...] = (), rules: Mapping[str, object] = {}
) -> dict[str, Assignment]:
    agents = agents or cards()
    never = {"halo": {"margin": 0}}  # no model is asked
    context = context_for(agents=agents, models=models, offers={"rule": rules}, settings=never)
    found = genesis_route(tasks, agents, context)
    assert isinstance(found, list)
    return {a.task_id: a for a in found if a.agent}


def who(description: str = "", *, models: tuple[str, ...] = WITH_MODEL, **fields: object) -> str | None:
    found = assigned(Task(id="t", description=description, **fields), models=models)
    return found["t"].agent if found else None


def why_nobody(task: Task, agents: tuple[AgentCard, ...] = ()) -> str:
    [found] = routed([task], agents or cards(), context_for(agents=agents or cards()))
    assert found.assignment is None
    assert found.reasons[0].rule == "unrouted"
    return found.reasons[0].text


@pytest.mark.parametrize(("kind", "metadata", "agent", "rule"), [
    ("pricing", {"model": "subscription"}, "finance", "subscription_pricing"),
    ("design", {"monetization": "api"}, "architect", "api_monetization"),
    ("implement", {"domain": "ml"}, "research", "ml_research"),
    ("deploy", {"platform": "cloud"}, "deploy", "cloud_deploy"),
    ("implement", {"platform": "frontend"}, "frontend", "frontend_impl"),
    ("implement", {"platform": "backend"}, "backend", "backend_impl"),
])
def test_a_rule_on_metadata_decides_outright(kind: str, metadata: dict[str, str], agent: str, rule: str) -> None:
    task = Task(id="t", kind=kind, metadata=metadata, description="write an essay on invoices and payroll taxes")
    found = assigned(task, models=WITH_MODEL)["t"]
    assert (found.agent, found.reasons[0].rule) == (agent, rule)


@pytest.mark.parametrize(("kind", "agent"), [
    ("design", "spec"), ("requirements", "spec"), ("planning", "spec"), ("architecture", "architect"),
    ("implement", "builder"), ("code", "builder"), ("build", "builder"), ("test", "qa"), ("qa", "qa"),
    ("security", "security"), ("deploy", "deploy"), ("infrastructure", "deploy"), ("devops", "deploy"),
    ("monitor", "monitoring"), ("marketing", "marketing"), ("sales", "sales"), ("support", "support"),
    ("analytics", "analytics"), ("research", "research"), ("finance", "finance"), ("api call", "builder"),
    ("api_call", "builder"), ("file write", "builder"), ("test run", "qa"), ("Frontend", "frontend"),
    ("backend", "backend"), ("generic", "builder"),
])
def test_a_kind_with_a_bare_description_goes_to_its_agent(kind: str, agent: str) -> None:
    assert who("do number seven", kind=kind) == agent


def test_a_kind_is_a_prior_that_a_clear_description_outweighs() -> None:
    assert who("the next one", kind="design") == "spec"
    text = "design the system architecture: components, network topology, load balancing, scalability"
    found = assigned(Task(id="t", kind="design", description=text), models=WITH_MODEL)["t"]
    assert found.agent == "architect"
    assert "design (10, spec)" in found.reasons[1].text


def test_the_generic_fallback_serves_only_the_kind_generic() -> None:
    assert who("do number seven", kind="generic") == "builder"
    assert who("do number seven") is None
    assert who("do number seven", kind="unheard of") is None


def test_of_two_rules_the_higher_priority_decides() -> None:
    rules = {
        "low": {"priority": 40, "when": {"words": "prose"}, "then": "sales"},
        "high": {"priority": 50, "when": {"words": "prose"}, "then": "support"},
    }
    found = assigned(Task(id="t", description="polish the prose"), models=WITH_MODEL, rules=rules)["t"]
    assert (found.agent, found.reasons[0].rule, found.alternatives[0][0]) == ("support", "high", "sales")


def test_only_an_agent_that_has_every_required_skill_may_do_it() -> None:
    found = assigned(Task(id="t", description="profile the tables", requires=("import-cycles",)))["t"]
    assert (found.agent, found.reasons[0].rule) == ("architect", "required-skills")
    assert assigned(Task(id="t", requires=("module-map", "import-cycles")))["t"].agent == "architect"
    assert "split the task" in why_nobody(Task(id="t", requires=("module-map", "secret-scan")))


def test_an_unknown_skill_is_named_with_the_nearest_known_one() -> None:
    assert "no agent has the skill 'import-cycels'; did you mean 'import cycles'?" in why_nobody(
        Task(id="t", requires=("import-cycels",), description="find import cycles")
    )


def test_required_skills_outweigh_a_rule_that_names_somebody_without_them() -> None:
    editor = AgentCard(name="editor", skills=(Skill(id="secret-sniff"),))
    task = Task(id="t", description="scan for every secret", requires=("secret-sniff",))
    assert assigned(task, agents=(*cards(), editor))["t"].agent == "editor"
    assert assigned(task.replace(requires=()), agents=(*cards(), editor))["t"].agent == "security"


def test_without_a_model_an_agent_that_needs_one_is_no_candidate_and_the_explanation_says_so() -> None:
    text = why_nobody(Task(id="t", description="Deploy the application to Kubernetes"))
    assert "deploy, which needs a model" in text
    assert who("Deploy the application to Kubernetes", models=WITH_MODEL) == "deploy"


def test_without_a_model_a_skill_that_needs_one_is_not_there_either() -> None:
    assert "architect, which needs a model" in why_nobody(Task(id="t", requires=("system-design",)))
    assert who("", requires=("system-design",)) == "architect"
    assert who("", requires=("sql",)) in {"backend", "analytics"}
    assert who("", requires=("sql",), models=()) is None


def test_a_rule_that_names_an_agent_in_need_of_a_model_gives_the_task_to_nobody_else() -> None:
    text = why_nobody(Task(id="t", kind="pricing", metadata={"model": "subscription"}, description="profile a table"))
    assert "rule subscription_pricing speaks for finance, which needs a model" in text


def test_a_rule_whose_agent_is_not_here_decides_nothing() -> None:
    agents = tuple(c for c in cards() if c.name != "security")
    assert "rule vulnerability_scan names 'security', which is not here" in why_nobody(
        Task(id="t", description="run a security scan"), agents
    )


def test_a_text_that_fits_nobody_is_given_to_nobody() -> None:
    for text in ("Make me a cup of coffee", "Drive the car to the airport", "hello", "asdf qwer"):
        assert "no agent's card fits" in why_nobody(Task(id="t", description=text))


def test_equal_agents_share_the_work_by_load_and_then_by_name() -> None:
    one = AgentCard(name="ada", skills=(Skill(id="prose", name="measure prose"),))
    agents = (one.replace(name="zoe"), one, one.replace(name="mia"))
    tasks = [Task(id=f"t{n}", description="measure the prose") for n in range(7)]
    found = assigned(*tasks, agents=agents)
    assert [found[t.id].agent for t in tasks][:4] == ["ada", "mia", "zoe", "ada"]
    assert Counter(a.agent for a in found.values()) == {"ada": 3, "mia": 2, "zoe": 2}


def test_a_limit_on_concurrency_leaves_no_task_unassigned() -> None:
    narrow = card("architect").replace(max_concurrent=1)
    tasks = [Task(id=f"t{n}", description="map the modules") for n in range(50)]
    assert len(assigned(*tasks, agents=(narrow,))) == 50


def test_a_renamed_card_is_chosen_for_the_same_tasks() -> None:
    tasks = [Task(id=f"t{n}", description=text) for n, text in enumerate((
        "Investigate an intrusion and preserve the evidence", "Encrypt data and erect firewalls",
        "Prepare tax returns", "Repair network cables", "Assess threats to computer networks",
    ))]
    renamed = tuple(c.replace(name="aegis") if c.name == "security" else c for c in cards())
    before, after = assigned(*tasks, models=WITH_MODEL), assigned(*tasks, agents=renamed, models=WITH_MODEL)
    names = {t: "aegis" if a.agent == "security" else a.agent for t, a in before.items()}
    assert {t: a.agent for t, a in after.items()} == names
    assert "aegis" in names.values()


def test_a_strangers_card_wins_the_work_that_it_describes_better() -> None:
    editor = AgentCard(
        name="editor", description="Counts the words of a text and measures how readable its prose is.",
        skills=(Skill(id="measure-prose", name="measure prose", tags=("prose", "readability", "word count")),),
    )
    found = assigned(Task(id="t", description="Measure the prose of README.md"), agents=(*cards(), editor))["t"]
    assert found.agent == "editor"
    assert "prose" in found.reasons[0].text


def test_the_words_are_shown_as_the_task_spells_them() -> None:
    found = assigned(Task(id="t", description="Detect vulnerabilities, please."))["t"]
    assert found.agent == "security"
    assert "vulnerabilities" in found.reasons[0].text


def test_a_task_without_description_speaks_by_its_id_and_kind() -> None:
    assert assigned(Task(id="profile-tables"))["profile-tables"].agent == "analytics"


def steps(count: int) -> int:
    """Return how many functions, Python's and built-in ones, are called to route *count* tasks of many wordings."""
    words = ("scan source", "profile tables", "write pages", "design services", "answer customers", "deploy it")
    tasks = [Task(id=f"t{n}", kind=("", "test", "design")[n % 3], description=f"{words[n % 6]} of unit{count}x{n}")
             for n in range(count)]  # fmt: skip
    seen = 0

    def tally(frame: FrameType, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tally)
    try:
        assigned(*tasks)
    finally:
        sys.setprofile(before)
    return seen


def test_routing_1000_tasks_takes_four_times_the_steps_of_250() -> None:
    steps(50)  # what is worked out once
    assert steps(1000) < 4.4 * steps(250)
