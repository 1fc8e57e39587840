"""The fifteen cards: complete, in the words of the table, and offered as agents that run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from genesis_agents import genesis_provide
from genesis_agents._cards import card, cards
from genesis_agents._team import waiting
from genesis_core import Acceptance, AgentCard, Skill, TaskState
from genesis_core.testing import run_agent

TABLE: Mapping[str, tuple[str, str, str, float, int]] = {
    "spec": ("design, requirements, planning, specification",
             "specification, planning, requirements analysis, documentation", "cheap", 0.85, 10),
    "architect": ("architecture, system design, technical spec", "system design, scalability, patterns",
                  "medium", 0.88, 8),
    "builder": ("implement, code, build, refactor, generic, api call, file write",
                "coding, debugging, refactoring, algorithms", "medium", 0.82, 6),
    "frontend": ("frontend, ui, web", "html, css, javascript, react, accessibility", "medium", 0.80, 6),
    "backend": ("backend, api, database, server", "python, sql, api design, rest", "medium", 0.83, 6),
    "qa": ("test, validation, verify, test run", "test automation, regression, integration testing",
           "cheap", 0.87, 15),
    "security": ("security, vulnerability scan, penetration test, audit", "vulnerability analysis, compliance, owasp",
                 "medium", 0.90, 8),
    "deploy": ("deploy, infrastructure, devops, cicd", "cloud, kubernetes, docker, ci cd", "medium", 0.84, 8),
    "monitoring": ("monitor, observability, metrics, logging, alerting", "alerting, performance analysis, prometheus",
                   "cheap", 0.86, 12),
    "marketing": ("marketing, promotion, content, seo", "copywriting, seo, content", "cheap", 0.78, 12),
    "sales": ("sales, outreach, lead generation", "prospecting, crm, outreach", "cheap", 0.75, 15),
    "support": ("support, customer service, troubleshooting", "ticket resolution, documentation", "cheap", 0.82, 20),
    "analytics": ("analytics, reporting, data analysis, metrics", "statistics, sql, visualisation", "medium", 0.85, 8),
    "research": ("research, discovery, competitive analysis", "research, market research, investigation",
                 "medium", 0.81, 8),
    "finance": ("finance, accounting, budgeting, pricing, revenue", "forecasting, pricing, accounting",
                "medium", 0.88, 8),
}
OFFLINE = {
    "architect": {"module-map", "import-cycles", "code-complexity"},
    "security": {"static-scan", "secret-scan"},
    "analytics": {"table-profile", "report"},
    "research": {"document-search"},
}


def wants_model(skill: Skill) -> bool:
    return "needs-model" in skill.tags


@pytest.mark.parametrize("name", TABLE)
def test_a_card_says_what_the_table_says(name: str) -> None:
    kinds, skills, tier, prior, at_once = TABLE[name]
    found = card(name)
    assert found.kinds == tuple(kinds.split(", "))
    assert {s.id for s in found.skills} >= {s.replace(" ", "-") for s in skills.split(", ")}
    assert (found.tier.value, found.prior, found.max_concurrent) == (tier, prior, at_once)


def test_there_are_fifteen_cards_in_the_order_of_the_table() -> None:
    assert [c.name for c in cards()] == list(TABLE)


def test_every_card_and_skill_describes_itself_in_a_sentence() -> None:
    for found in cards():
        assert found.description.endswith(".") and len(found.description.split()) >= 25, found.name
        for skill in found.skills:
            assert skill.name and skill.tags and skill.description.endswith("."), (found.name, skill.id)
        assert len({s.id for s in found.skills}) == len(found.skills), found.name


def test_exactly_the_offline_skills_need_no_model() -> None:
    assert {c.name for c in cards() if not c.needs_model} == set(OFFLINE)
    for name, ids in OFFLINE.items():
        assert {s.id for s in card(name).skills if not wants_model(s)} == ids


def test_a_card_is_the_same_value_each_time_and_an_unknown_name_is_a_bug() -> None:
    assert card("qa") is card("qa")
    with pytest.raises(KeyError):
        card("nobody")


def test_the_plugin_offers_every_card_with_the_tools_that_its_agent_calls() -> None:
    offered = {a.card.name: a for a in genesis_provide({})}
    assert list(offered) == list(TABLE)
    for name, found in offered.items():
        own = card(name)
        assert found.card.replace(tools=()) == own.replace(tools=())
        assert bool(found.card.tools) == (name in OFFLINE)


def test_an_agent_that_waits_for_a_model_ends_blocked_with_a_work_order(tmp_path: Path) -> None:
    agent = waiting(AgentCard(name="builder"))
    accept = Acceptance(output=("/files",), artifacts=("tool.py",), min_evidence=2)
    result = asyncio.run(
        run_agent(agent, "Write a parser", home=tmp_path / "home", workspace=tmp_path, accept=accept)
    )
    assert result.state is TaskState.BLOCKED
    assert result.output is None
    assert result.work_order is not None
    assert result.work_order.goal == "Write a parser"
    assert result.work_order.acceptance == (
        "the output has /files", "the artefact tool.py is there", "at least 2 pieces of evidence are given",
    )
    assert "builder" in result.work_order.tried[0]


def test_a_task_without_a_check_asks_in_its_own_words(tmp_path: Path) -> None:
    result = asyncio.run(run_agent(waiting(AgentCard(name="qa")), "Run the tests", home=tmp_path / "home",
                                   workspace=tmp_path))
    assert result.work_order is not None
    assert result.work_order.acceptance == ("the result does what the task says: Run the tests",)


