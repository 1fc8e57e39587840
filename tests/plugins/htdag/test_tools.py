"""A goal over tools alone: which are called, what they need first, what flows from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_core import Task, TaskGraph, ToolSpec
from genesis_core.testing import context_for
from genesis_htdag import genesis_decompose


def tool(name: str, description: str, takes: Sequence[str] | None = None, gives: Sequence[str] = ()) -> ToolSpec:
    ports = {} if takes is None else {"type": "object", "properties": {t: {} for t in takes}, "required": list(takes)}
    outputs = {"type": "object", "properties": {g: {} for g in gives}} if gives else {}
    return ToolSpec(name=name, description=description, input_schema=ports, output_schema=outputs)


def graph(text: str, *tools: ToolSpec) -> TaskGraph:
    answer = genesis_decompose(Task(id="goal", kind="goal", description=text), context_for(text, tools=tools))
    assert answer is not None
    return TaskGraph(tasks=answer.tasks)


def called(found: TaskGraph) -> list[object]:
    return [t.metadata["tool"] for t in found.tasks]


def links(found: TaskGraph) -> list[tuple[object, object]]:
    return [(found[n].metadata["tool"], t.metadata["tool"]) for t in found.tasks for n in t.needs]


OPAQUE = (
    tool("alarm_set", "Set a new alarm"), tool("alarm_cancel", "Cancel an alarm"),
    tool("send_email", "Send an email"), tool("file_delete", "Delete a file"),
)  # fmt: skip


def test_each_clause_calls_the_tool_that_it_speaks_of_in_the_users_order() -> None:
    found = graph(
        "Please cancel the alarm for Monday, set a new alarm for 8 am and then delete the file notes.txt", *OPAQUE
    )
    assert called(found) == ["alarm_cancel", "alarm_set", "file_delete"]
    assert links(found) == [("alarm_cancel", "alarm_set"), ("alarm_set", "file_delete")]


def test_a_value_calls_nothing() -> None:
    assert called(graph("Send an email, the file is notes.txt", *OPAQUE)) == ["send_email"]


def test_a_tool_that_works_on_an_id_is_preceded_by_one_that_finds_it() -> None:
    found = graph(
        "Show me the reviews of the movie Titanic",
        tool("SearchMovie", "Search and find movies"), tool("SearchPeople", "Search and find people"),
        tool("GetMovieReview", "Retrieve reviews of a movie using its ID"),
    )  # fmt: skip
    assert called(found) == ["SearchMovie", "GetMovieReview"]
    assert links(found) == [("SearchMovie", "GetMovieReview")]


def test_an_identifier_that_is_asked_for_comes_from_the_tool_that_gives_it() -> None:
    found = graph(
        "Find flights from Rome to Oslo",
        tool("FindFlights", "Find flights for a route", ["originSkyId", "date"], ["price"]),
        tool("FindAirport", "Find airports by name", ["query"], ["skyId"]),
        tool("FindHotel", "Find hotels by name", ["query"], ["hotelId"]),
    )
    assert links(found) == [("FindAirport", "FindFlights")]
    airport, flights = found.tasks
    assert (flights.inputs["originSkyId"].task, flights.inputs["originSkyId"].output) == (airport.id, "/skyId")


def test_tools_that_declare_inputs_and_get_none_from_each_other_stay_apart() -> None:
    found = graph(
        "Calculate the area of a circle of radius 5 and calculate the volume of a cube of side 3",
        tool("circle_area", "Calculate the area of a circle", ["radius"]),
        tool("cube_volume", "Calculate the volume of a cube", ["side"]),
    )
    assert called(found) == ["circle_area", "cube_volume"] and links(found) == []


def test_no_tool_is_made_up() -> None:
    assert called(graph("Sing a song about the sea", *OPAQUE)) == []


def test_the_same_request_gives_the_same_calls() -> None:
    text = "Send an email and delete the file"
    assert graph(text, *OPAQUE) == graph(text, *OPAQUE)
