"""What is written as Python does just what the search saw, and nothing that a layer would refuse."""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_aatc.candidate import Candidate
from genesis_aatc.layers import examine
from genesis_aatc.schemas import schema_of
from genesis_aatc.synthesis import Example, emit, search
from genesis_aatc.synthesis.budget import Budget
from genesis_aatc.synthesis.expressions import FAILURES, Expr, evaluate
from genesis_aatc.synthesis.operations import OPS
from genesis_aatc.synthesis.places import CLASSES, SHAPES
from genesis_aatc.synthesis.trust import variations
from genesis_core import Effect, Need, Proposal, ToolSpec
from genesis_core import Example as Shown

sys.path.insert(0, str(Path(__file__).parent))
from own_tasks import TASKS

MODULES = {"re", "datetime", "decimal", "math", "string", "unicodedata", "collections", "itertools", "functools",
           "statistics"}  # fmt: skip
PROGRAMS: dict[str, tuple[Expr, str, Any]] = {}


def program(task: str) -> tuple[Expr, str, Any]:
    """Return the expression, the code and the function for a task, made once."""
    if task not in PROGRAMS:
        rows = TASKS[task][0]
        examples = [Example(*row) for row in rows]
        expr = search._programs(examples, Budget(60))[0]
        code = emit.emit(expr, "tool", ("one", "two", "three")[: len(rows[0][0])], rows, "Return it.")
        names: dict[str, Any] = {}
        exec(compile(code, "tool", "exec"), names)
        PROGRAMS[task] = expr, code, names["tool"]
    return PROGRAMS[task]


def both(task: str, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return what the search evaluates and what the code gives; "refused" for a failure of one or the other."""
    expr, _, function = program(task)
    results = []
    for run in (lambda: evaluate(expr, inputs, OPS), lambda: function(*inputs)):
        try:
            results.append(run())
        except FAILURES:
            results.append("refused")
    return results[0], results[1]


@pytest.mark.parametrize("task", TASKS)
def test_the_code_gives_what_the_search_saw_on_inputs_like_the_examples(task: str) -> None:
    rows = [inputs for inputs, _ in (*TASKS[task][0], *TASKS[task][1])]
    for inputs in (*rows, *variations(rows, 60)):
        evaluated, ran = both(task, inputs)
        assert evaluated == ran and type(evaluated) is type(ran), inputs


TEXTS = [task for task, (rows, _) in TASKS.items() if all(isinstance(value, str) for value in rows[0][0])]


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(task=st.sampled_from(TEXTS), value=st.text(max_size=30) | st.from_regex(r"[A-Za-z0-9 .,@:/<>()-]{0,30}"))
def test_the_code_gives_what_the_search_saw_on_any_text(task: str, value: str) -> None:
    inputs = (value,) * len(TASKS[task][0][0][0])
    evaluated, ran = both(task, inputs)
    assert evaluated == ran


@pytest.mark.parametrize("task", TEXTS)
def test_a_text_outside_its_domain_is_refused_with_a_reason_or_answered_in_kind(task: str) -> None:
    *_, function = program(task)
    kind = type(TASKS[task][0][0][1])
    for value in ("", " ", "\x00", "?", "€" * 40, "9" * 60, "a" * 500):
        try:
            assert isinstance(function(*(value,) * len(TASKS[task][0][0][0])), kind)
        except ValueError as problem:
            assert str(problem)


@pytest.mark.parametrize("task", TASKS)
def test_the_code_has_one_public_function_and_imports_little(task: str) -> None:
    tree = ast.parse(program(task)[1])
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions if not node.name.startswith("_")] == ["tool"]
    assert functions[-1].returns is not None and all(arg.annotation for arg in functions[-1].args.args)
    assert ">>> tool(" in str(ast.get_docstring(functions[-1]))
    assert set(imported(tree)) <= MODULES
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("_")]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_code_passes_the_layers_that_run_nothing(task: str) -> None:
    rows, names = TASKS[task][0], ("one", "two", "three")
    examples = tuple(Shown(arguments=dict(zip(names, inputs, strict=False)), value=output) for inputs, output in rows)
    takes, gives = schema_of(examples)
    spec = ToolSpec(name="tool", version="1.0.0", description="Do it.", effect=Effect.PURE, input_schema=takes,
                    output_schema=gives)  # fmt: skip
    proposal = Proposal(spec=spec, code=program(task)[1], author="examples")
    candidate = Candidate(Need(name="tool", examples=examples), proposal)
    assert [(check.layer, check.findings) for check in examine(candidate) if not check.ok] == []


@pytest.mark.parametrize("pattern", [pattern for _, pattern in (*CLASSES, *SHAPES)])
def test_patterns_take_linear_time_on_what_they_almost_match(pattern: str) -> None:
    for unit in ("1", "a", "A", "1.", "a-", " ", "-", "Aa", "+"):
        short, long = (spent(pattern, unit * count) for count in (4_000, 64_000))
        assert long < 160 * max(short, 1e-4), unit  # a quadratic pattern takes 256 times as long


def spent(pattern: str, text: str) -> float:
    begun = time.process_time()
    sum(1 for _ in re.finditer(pattern, text))
    return time.process_time() - begun
