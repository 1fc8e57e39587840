"""How hard a task of a plan is: what can go wrong in each of its steps, until outcomes say more.

What was learned from examination questions says little of work that an agent does with tools: there difficulty is the
chance that one of several steps goes wrong. How many there are is read from the length of the description (learned
from 603 requests whose steps are known, ``benchmarks/fit_daao.py --steps``), from the skills it asks for, and from
what it needs of other tasks; how often one goes wrong is what the agent's card says. These weights are a first guess.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from genesis_core import AgentCard, Task, Tier

from ._difficulty import difficulty
from ._features import read

__all__ = ["asks", "hardness", "steps"]

STEP_WORDS, STEP_POWER = 3.3, 0.366
"""A description of so many words is one step; of others, their ratio to that power."""
PER_INPUT, PER_TOOL = 0.5, 0.1
"""Steps that an input from another task adds; and what a tool that the agent may choose wrongly adds to the risk."""
RISK: Mapping[Tier, float] = {Tier.CHEAP: 0.7, Tier.MEDIUM: 1.0, Tier.STRONG: 1.4}
"""What a step that needs an agent of this tier is likelier to go wrong than one of the middling kind."""
LEAST, MOST = 0.02, 0.98
WORD = re.compile(r"[A-Za-z']+")
_QUESTION = re.compile(r"[?0-9]")
_MAX_CHARS = 20_000


def hardness(task: Task, agent: AgentCard) -> float:
    """Return how hard *task* is for *agent*, in 0..1: a question as examinations tell, work by its steps."""
    if asks(task):
        return difficulty(task.description)
    wrong = min(max((1 - agent.prior) * RISK[agent.tier], LEAST), MOST)
    found = 1 - math.pow(1 - wrong, steps(task) + PER_TOOL * len(agent.tools))
    return round(min(max(found, LEAST), MOST), 6)


def asks(task: Task) -> bool:
    """Return whether *task* is nothing but a question: no skill, nothing given; a mark, a number, answers to pick."""
    if task.requires or task.inputs:
        return False
    return bool(_QUESTION.search(task.description[:_MAX_CHARS])) or read(task.description).offers_answers


def steps(task: Task) -> float:
    """Return how many steps *task* takes, roughly; at least one."""
    words = sum(1 for _ in WORD.finditer(task.description[:_MAX_CHARS]))
    said = max(1.0, math.pow(words / STEP_WORDS, STEP_POWER), len(task.requires))
    given = sum(1 for item in task.inputs.values() if item.task is not None)
    return said + PER_INPUT * given
