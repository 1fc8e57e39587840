"""When there is no answer: nothing fits, what fits is not to be trusted, or the limits come first."""

from __future__ import annotations

import asyncio
import time

import pytest

from genesis_aatc.synthesis import Example, Found, NotFound, synthesise, synthesise_apart


def ask(*rows: tuple[object, object], seconds: float = 20.0, probes: tuple[object, ...] = ()) -> Found | NotFound:
    examples = [Example((one,), output) for one, output in rows]
    return synthesise(examples, name="tool", parameters=("text",), seconds=seconds, probes=[(one,) for one in probes])


def test_nothing_is_made_of_nothing() -> None:
    assert isinstance(synthesise([], name="tool", parameters=("text",)), NotFound)


def test_examples_that_contradict_each_other_are_named() -> None:
    answer = ask(("a", "b"), ("a", "c"))
    assert isinstance(answer, NotFound) and "different outputs for the same input" in answer.why


def test_an_output_that_is_always_the_same_is_no_tool() -> None:
    answer = ask(("a", "yes"), ("b", "yes"), ("c", "yes"))
    assert isinstance(answer, NotFound) and "same output" in answer.why


def test_outputs_that_no_rule_gives_are_refused() -> None:
    answer = ask(("k4w", "zebra"), ("9pq", "quilt"), ("m2x", "ivory"))
    assert isinstance(answer, NotFound) and answer.tried > 0


def test_examples_that_leave_the_rule_open_are_refused_rather_than_guessed() -> None:
    open_rule = ask(("1199", "1200"), ("913", "915"), ("914", "915"))
    assert isinstance(open_rule, NotFound) and "more examples" in open_rule.why
    assert isinstance(ask(("1199", "1200"), ("913", "915"), ("914", "915"), ("911", "910")), Found)


def test_probes_on_which_rivals_differ_make_an_answer_doubtful() -> None:
    rows = (("a b", "b"), ("c d", "d"), ("e f", "f"))
    assert isinstance(ask(*rows), Found)
    assert isinstance(ask(*rows, probes=("x y z",)), NotFound)
    assert isinstance(ask(*rows, ("g h i", "i"), probes=("x y z",)), Found)


def test_names_that_are_no_names_are_refused() -> None:
    examples = [Example(("a",), "A"), Example(("b",), "B")]
    no_names = (("to ol", "text"), ("tool", "tool"), ("tool", "te-xt"), ("class", "text"), ("sum", "text"),
                ("re", "text"), ("_tool", "text"))  # fmt: skip
    for name, parameter in no_names:
        assert isinstance(synthesise(examples, name=name, parameters=(parameter,)), NotFound), name


def test_a_parameter_may_be_called_as_a_function_is() -> None:
    rows = ((["a", "b"], 2), (["c"], 1), (["d", "e", "f"], 3))
    for parameter in ("len", "sum", "re", "item", "list", "date", "text"):
        found = synthesise([Example((one,), output) for one, output in rows], name="tool", parameters=(parameter,))
        assert isinstance(found, Found)
        names: dict[str, object] = {}
        exec(compile(found.code, "tool", "exec"), names)
        function = names["tool"]
        assert callable(function) and function(**{parameter: ["x"] * 5}) == 5


def test_a_search_ends_at_its_time() -> None:
    rows = [([{"k": f"{at}{one}", "n": one * at} for one in range(9)], [at, {"x": at % 3}, "q"]) for at in range(1, 6)]
    begun = time.monotonic()
    answer = ask(*rows, seconds=0.2)
    assert isinstance(answer, NotFound)
    assert time.monotonic() - begun < 10


def test_long_lists_and_large_numbers_do_no_harm() -> None:
    lists = [[7 ** (at % 60) + turn for at in range(2000)] for turn in range(3)]
    assert isinstance(ask(*((one, sum(one)) for one in lists)), Found)
    assert isinstance(ask(*((one, f"{turn}z") for turn, one in enumerate(lists)), seconds=1.0), NotFound)


def test_strange_and_long_texts_do_no_harm() -> None:
    assert isinstance(ask(("a\x00b" * 400, "\ud800"), ("x", "\u202e"), ("", "\n")), NotFound)
    assert isinstance(ask(("{0.__class__}", '"""'), ("\\", "'''"), ("%s", "\\")), NotFound)


def test_quotes_braces_and_backslashes_come_out_as_they_went_in() -> None:
    rows = [("a", '{a}"\\\n\''), ("bc", '{bc}"\\\n\''), ("d e", '{d e}"\\\n\'')]
    answer = ask(*rows)
    assert isinstance(answer, Found)
    names: dict[str, object] = {}
    exec(compile(answer.code, "tool", "exec"), names)
    function = names["tool"]
    assert callable(function) and [function(one) for one, _ in rows] == [output for _, output in rows]


def test_a_search_in_a_process_of_its_own_answers_the_same() -> None:
    examples = [Example((one,), one.upper()) for one in ("ab", "cd e", "f")]
    here = synthesise(examples, name="tool", parameters=("text",))
    there = asyncio.run(synthesise_apart(examples, name="tool", parameters=("text",)))
    assert isinstance(here, Found) and isinstance(there, Found) and here.code == there.code


def test_a_search_apart_that_needs_too_much_memory_ends_without_harm() -> None:
    examples = [Example((one,), one.upper()) for one in ("ab", "cd e", "f")]
    answer = asyncio.run(synthesise_apart(examples, name="tool", parameters=("text",), memory_mb=8))
    assert isinstance(answer, NotFound) and "memory" in answer.why


def test_a_search_apart_that_takes_too_long_is_killed() -> None:
    examples = [Example(("ab " * 70,), "zz"), Example(("cd " * 70,), "yy"), Example(("ef " * 70,), "xx")]
    begun = time.monotonic()
    answer = asyncio.run(synthesise_apart(examples, name="tool", parameters=("text",), seconds=0.01))
    assert isinstance(answer, NotFound) and time.monotonic() - begun < 20


@pytest.mark.parametrize("output", [float("inf"), {1, 2}])
def test_what_is_no_json_is_a_mistake_of_the_caller(output: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        ask(("a", output), ("b", output))
