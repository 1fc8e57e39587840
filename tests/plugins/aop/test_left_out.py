"""What a plan leaves out is given to whom the goal names, with what it says of it, in the place where it says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from genesis_aop import genesis_revise, genesis_validate
from genesis_aop._coverage import _most
from genesis_core import (
    AgentCard,
    Assignment,
    Finding,
    Goal,
    Mend,
    Plan,
    PlanContext,
    Severity,
    Skill,
    Task,
    TaskGraph,
)


def card(skill: str, description: str = "") -> AgentCard:
    name = skill.replace("_", "-")
    return AgentCard(name=name, description=description, skills=(Skill(id=skill, name=skill, description=description),))


CARDS = (
    card("encrypt_data", "Encrypt sensitive data."), card("calculate_age", "Calculate the age from a birthdate."),
    card("book_hotel", "Book a room in a hotel."), card("hotel_query", "Look at the bookings of a hotel."),
    card("get_translation", "Get the translation of a text."), card("weather_forecast", "Forecast of the weather."),
    card("air_quality_forecast", "Forecast of the quality of the air."), card("change_password", "Change a password."),
    card("write_report", "Write everything down."),
)


def plan(goal: str, *tasks: Task, **agents: str) -> Plan:
    given = tuple(Assignment(task_id=task, agent=agent) for task, agent in agents.items())
    return Plan(goal=Goal(text=goal), graph=TaskGraph(tasks=tasks), assignments=given)


def context(made: Plan) -> PlanContext:
    return PlanContext(goal=made.goal, agents=CARDS)


def found(made: Plan) -> list[Finding]:
    return [item for item in genesis_validate(made, context(made)) if isinstance(item, Finding)]


def mended(made: Plan) -> TaskGraph:
    fixable = [f for f in found(made) if f.severity is Severity.FIXABLE]
    patch = genesis_revise(made, fixable, None, context(made))
    return made.graph if patch is None else made.graph.apply(patch)


def task(name: str, description: str, **fields: Any) -> Task:
    return Task.model_validate({"id": name, "description": description, **fields})


AGE = task("age", "calculate the age from the birthdate")


def new(graph: TaskGraph, *known: str) -> Task:
    (one,) = [t for t in graph.tasks if t.id not in known]
    return one


def test_what_a_skill_is_called_after_is_given_to_it_in_its_place() -> None:
    made = plan("Encrypt the birthdate with the key, then calculate the age from it.", AGE, age="calculate-age")
    (finding,) = [f for f in found(made) if f.severity is Severity.FIXABLE]
    assert (finding.rule, finding.mend) == ("uncovered", Mend.REPLAN) and "'encrypt-data'" in finding.message
    graph = mended(made)
    added = new(graph, "age")
    assert added.requires == ("encrypt_data",) and "birthdate with the key" in added.description
    assert graph["age"].depends_on == (added.id,)


def test_a_step_that_comes_later_waits_for_the_one_before() -> None:
    made = plan("Calculate the age from the birthdate, then encrypt the number.", AGE, age="calculate-age")
    assert new(mended(made), "age").depends_on == ("age",)


def test_words_of_one_family_call_a_skill() -> None:
    made = plan("Calculate the age from the birthdate and then translate the sentence.", AGE, age="calculate-age")
    assert new(mended(made), "age").requires == ("get_translation",)


def test_of_two_that_could_the_one_whose_name_is_said_does_it() -> None:
    air = task("air", "forecast of the quality of the air for Rome")
    made = plan("Give me a forecast of the quality of the air for Rome, and a weather forecast for Oslo.", air,
                air="air-quality-forecast")  # fmt: skip
    assert new(mended(made), "air").requires == ("weather_forecast",)


def test_what_the_goal_says_of_it_goes_with_it() -> None:
    made = plan("Calculate the age from the birthdate. Book a room in a hotel, my name is Li Si. "
                "Assume that only one night is wanted.", AGE, age="calculate-age")  # fmt: skip
    added = new(mended(made), "age")
    assert added.requires == ("book_hotel",)
    assert "Li Si" in added.description and "one night" in added.description


def test_what_somebody_at_work_is_called_after_is_no_work_of_its_own() -> None:
    look = task("look", "look at the bookings of the hotel", requires=["hotel_query"])
    made = plan("Query the hotel and query the time of it.", look, look="hotel-query")
    assert [f.rule for f in found(made) if f.severity is Severity.FIXABLE] == []


@pytest.mark.parametrize("goal", [
    "Calculate the age from the birthdate, do not encrypt the data.",
    "Calculate the age from the birthdate. The data is encrypted.",
    "Calculate the age from the birthdate of 'weather forecast'.",
])  # fmt: skip
def test_what_is_denied_stated_or_a_name_asks_for_nothing(goal: str) -> None:
    assert mended(plan(goal, AGE, age="calculate-age")) == plan(goal, AGE).graph


def test_arrows_part_the_steps_of_a_goal() -> None:
    made = plan("calculate the age from the birthdate -> write report", AGE, age="calculate-age")
    added = new(mended(made), "age")
    assert added.requires == ("write_report",) and added.depends_on == ("age",)


def test_a_number_in_a_list_is_a_number_and_the_task_keeps_its_agent() -> None:
    made = plan("Calculate the age from the birthdate and 36.", AGE, age="calculate-age")
    (finding,) = found(made)
    assert finding.rule == "left-out" and "'36'" in finding.message
    graph = mended(made)
    assert "36" in graph["age"].description and graph["age"].agent == "calculate-age"


def test_names_are_quoted_as_the_goal_has_them() -> None:
    made = plan("Calculate the age from the birthdate for 10,000 people.", AGE, age="calculate-age")
    (finding,) = [f for f in found(made) if f.severity is Severity.FIXABLE]
    assert "'10,000'" in finding.message


def test_a_name_that_no_task_repeats_is_told_to_the_task_it_belongs_to() -> None:
    made = plan("Calculate the age from the birthdate of Miller.", AGE, age="calculate-age")
    (finding,) = found(made)
    assert (finding.rule, finding.mend) == ("left-out", Mend.REDESCRIBE) and "'Miller'" in finding.message
    assert "Miller" in mended(made)["age"].description and mended(made)["age"].agent == "calculate-age"
    assert found(plan("Calculate The Age From The Birthdate.", AGE, age="calculate-age")) == []


def test_what_gathers_takes_what_was_added_before_it() -> None:
    made = plan("Calculate the age from the birthdate, encrypt the number, and write everything into a report.", AGE,
                age="calculate-age")  # fmt: skip
    report = next(t for t in mended(made).tasks if t.requires == ("write_report",))
    assert {item.task for item in report.inputs.values()} == {"age", "encrypt-the-number"}


def test_a_new_task_looks_where_the_goal_says_and_follows_one_that_is_as_new() -> None:
    made = plan("Calculate the age from the birthdate, encrypt the data in Lists/, then write a report.", AGE,
                age="calculate-age")  # fmt: skip
    there = PlanContext(goal=made.goal, agents=CARDS, files=lambda pattern: ("Lists/a.csv", "b.csv"))
    wrong = [f for f in genesis_validate(made, there) if isinstance(f, Finding) and f.severity is Severity.FIXABLE]
    patch = genesis_revise(made, wrong, None, there)
    assert patch is not None
    encrypt, report = patch.add
    assert encrypt.inputs["folder"].value == "Lists" and report.depends_on == (encrypt.id,)


def test_a_file_that_no_task_repeats_becomes_an_input() -> None:
    made = plan("Calculate the age from the birthdate in people.csv.", AGE, age="calculate-age")
    there = PlanContext(goal=made.goal, agents=CARDS, files=lambda pattern: ("people.csv",))
    wrong = [f for f in genesis_validate(made, there) if isinstance(f, Finding) and f.severity is Severity.FIXABLE]
    patch = genesis_revise(made, wrong, None, there)
    assert patch is not None and patch.replacements[0].inputs["files"].value == ["people.csv"]


def test_it_is_what_came_right_before() -> None:
    other = task("look", "look at the bookings of the hotel")
    made = plan("Calculate the age from the birthdate. Look at the bookings of the hotel and encrypt it.", AGE, other,
                age="calculate-age", look="hotel-query")  # fmt: skip
    added = new(mended(made), "age", "look")
    assert [item.task for item in added.inputs.values()] == ["look"]


def test_a_task_cut_off_is_the_whole_one_again() -> None:
    whole = task("whole", "encrypt the birthdate of every customer with the key")
    cut = task("cut", "encrypt the birthdate of")
    made = plan("Encrypt the birthdate of every customer with the key.", whole, cut, whole="encrypt-data",
                cut="encrypt-data")  # fmt: skip
    assert [f.rule for f in found(made) if f.severity is Severity.FIXABLE] == ["duplicate"]
    assert [t.id for t in mended(made).tasks] == ["whole"]


def test_said_twice_in_the_goal_it_is_done_twice() -> None:
    whole = task("whole", "encrypt the birthdate with the key")
    cut = task("cut", "encrypt the birthdate")
    made = plan("Encrypt the birthdate, and encrypt the birthdate with the key.", whole, cut, whole="encrypt-data",
                cut="encrypt-data")  # fmt: skip
    assert len(mended(made)) == 2


def test_who_has_no_word_of_a_task_hands_it_to_whose_name_says_most_of_it() -> None:
    odd = plan("Look at the hotel.", task("t", "see the hotel"), t="calculate-age")
    (finding,) = [f for f in found(odd) if f.rule == "odd-agent"]
    assert finding.mend is Mend.REROUTE and mended(odd)["t"].agent in {"book-hotel", "hotel-query"}


def many(count: int) -> Plan:
    """Return a plan of so many tasks that say nearly the same, of a goal that says a number more for each."""
    words = ["".join("bdfgklmnrt"[int(digit)] + "a" for digit in f"{n:03}") for n in range(count)]
    tasks = tuple(Task(id=f"t{n}", description=f"scan thing {word}") for n, word in enumerate(words))
    goal = ", ".join(f"scan thing {word} zork{n}" for n, word in enumerate(words))
    return plan(goal, *tasks, **{task.id: "encrypt-data" for task in tasks})


def test_where_all_tasks_say_the_same_words_the_rare_one_says_whose_a_name_is() -> None:
    nearest = {one.task_ids[0]: one.message for one in found(many(300)) if one.rule == "left-out" and one.task_ids}
    assert len(nearest) == 20 and all(f"'zork{name[1:]}'" in said for name, said in nearest.items())


def test_words_that_all_tasks_say_cost_no_more_for_each_clause_where_there_are_more_tasks() -> None:
    """Of a term that many share it is looked up who does, and not walked through."""
    walked = []

    class Ids(dict[str, None]):
        def __iter__(self) -> Iterator[str]:
            for name in super().__iter__():
                walked.append(name)
                yield name

    for count in (100, 10_000):
        walked.clear()
        common = Ids.fromkeys(f"t{n}" for n in range(count))
        assert _most([common, common, Ids.fromkeys(["t7", "t8"]), Ids.fromkeys(["t8"])]) == "t8"
        assert _most([common]) == "t0" and _most([]) is None
        assert len(walked) < 100
