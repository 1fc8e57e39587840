"""Arguments of a tool are filled from the words of a goal, and what no word speaks for is left open."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import Goal, PlanContext, ToolSpec
from genesis_htdag.arguments import arguments
from genesis_htdag.plan import decompose
from genesis_htdag.values import Shape, values


def schema(*required: str, optional: tuple[str, ...] = (), **typed: Any) -> dict[str, Any]:
    names: dict[str, Any] = {name: {} for name in (*required, *optional)}
    return {"type": "object", "properties": {**names, **typed}, "required": [*required, *typed]}


@pytest.mark.parametrize(("text", "wanted", "found"), [
    ("Compute the area of a triangle with base 6 and height 10", schema("base", "height"), {"base": 6, "height": 10}),
    ("A triangle with a height of 10 and a base of 6", schema("base", "height"), {"base": 6, "height": 10}),
    ("Find trains from Lyon to Paris", schema("origin", "destination"), {"origin": "Lyon", "destination": "Paris"}),
    ("To Paris, from Lyon", schema("origin", "destination"), {"origin": "Lyon", "destination": "Paris"}),
    ('Find the song "Imagine" by John Lennon', schema("title", "artist"),
     {"title": "Imagine", "artist": "John Lennon"}),
    ("The sales between 2022-01-01 and 2022-12-31", schema("start_date", "end_date"),
     {"start_date": "2022-01-01", "end_date": "2022-12-31"}),
    ("Leave on August 15, 2024", schema("departure_date"), {"departure_date": "2024-08-15"}),
    ("The tax on an amount of $1,250.50 at a rate of 7%", schema("amount", "rate"), {"amount": 1250.5, "rate": 0.07}),
    ("A tip of 15%", schema("tip_percentage"), {"tip_percentage": 15}),
    ("Write to ann@example.org", schema("recipient_email"), {"recipient_email": "ann@example.org"}),
    ("Run the program at /opt/tools/run", schema("program_path"), {"program_path": "/opt/tools/run"}),
    ("The mean of [1, 2, 3.5]", schema(numbers={"type": "array"}), {"numbers": [1, 2, 3.5]}),
    ("Go from 'Rome', 'Oslo' and 'Bern'", schema(cities={"type": "array"}), {"cities": ["Rome", "Oslo", "Bern"]}),
    ("Order three pizzas", schema(number_of_pizzas={"type": "integer"}), {"number_of_pizzas": 3}),
    ("Sides of 5 units, 4 units and 3 units", schema("side1", "side2", "side3"), {"side1": 5, "side2": 4, "side3": 3}),
    ("Book it as first class", schema(cabin={"enum": ["economy", "first class"]}), {"cabin": "first class"}),
])  # fmt: skip
def test_a_value_goes_to_the_parameter_that_its_neighbours_speak_of(
    text: str, wanted: dict[str, Any], found: dict[str, Any]
) -> None:
    assert arguments(text, wanted) == found


@pytest.mark.parametrize(("text", "wanted"), [
    ("What is the weather like?", schema("city")),
    ("Tell me about Rome", schema(count={"type": "integer"})),
    ("Show 5 of them", schema(optional=("minimum_price",), query={"type": "string"})),
    ("Find hotels in Rome", schema("hotelId")),
    ("Find hotels in Rome", {}),
])  # fmt: skip
def test_what_no_word_speaks_for_is_left_open(text: str, wanted: dict[str, Any]) -> None:
    assert arguments(text, wanted) == {}


@given(st.text(max_size=200), st.lists(st.sampled_from(["a", "date", "name", "n", "to", "path", "x y"]), max_size=5))
def test_any_text_gives_values_that_stand_in_it_and_only_declared_parameters(text: str, names: list[str]) -> None:
    found = arguments(text, schema(*names))
    assert set(found) <= set(names)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for value in values(text):
        assert 0 <= value.start < value.end <= len(text)
        if value.shape in (Shape.QUOTED, Shape.URL, Shape.ADDRESS):
            assert str(value.value) in text


@pytest.mark.parametrize(
    "piece", ["a", "1", "'", '"', "[", "A ", "a@", "1,", "/a", "Aug ", "1:", "http://", "a.", "-1e", "[1e999] "])
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            arguments(text, schema("date", "name", "count"))
            best = min(best, time.process_time() - began)
        return best

    assert seconds(40_000) < 16 * max(seconds(10_000), 1e-3)


MAILS = ToolSpec(
    name="send_email", description="Send an email with a text to a recipient",
    input_schema=schema("recipient_email", "text"),
)
WEATHER = ToolSpec(
    name="get_forecast", description="Get the weather forecast of a city",
    input_schema=schema("city"), output_schema={"type": "object", "properties": {"text": {}}},
)  # fmt: skip


def test_a_plan_over_tools_names_values_and_what_an_earlier_call_gives() -> None:
    text = "Get the weather forecast of Rome, then send it by email to ann@example.org"
    made = decompose(text, PlanContext(goal=Goal(text=text), tools=(WEATHER, MAILS)))
    forecast, mail = made.tasks
    assert forecast.inputs["city"].value == "Rome"
    assert mail.inputs["recipient_email"].value == "ann@example.org"
    assert (mail.inputs["text"].task, mail.inputs["text"].output) == (forecast.id, "/text")
    assert mail.needs == (forecast.id,)
