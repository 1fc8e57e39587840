"""Profiling of tables: figures equal an independent count, a planted fact changes exactly itself, nothing crashes."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import random
import statistics
import tracemalloc
import xml.etree.ElementTree as ET
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genesis_agents import _profile_scan
from genesis_agents._chart import chart_from, draw, nice_ticks
from genesis_agents._profile import TableProfile, profile_table
from genesis_agents._profile_columns import ColumnProfile
from genesis_agents._profile_scan import repeated
from genesis_agents._profile_stats import mean, outlier_rows, pearson, stdev, summarise
from genesis_agents._table_cells import Kind, plain_numbers, read_cell
from genesis_agents._tables import NotATable, open_table
from genesis_agents._tables_csv import find_delimiter
from genesis_agents.analytics import analytics, draw_chart, profile_tables
from genesis_core import Report, TaskResult, TaskState
from genesis_core.testing import AgentContract, ToolContract, run_agent

ROOT = Path(__file__).resolve().parents[3]
WORKSPACE = ROOT / "examples" / "workspace"
FINITE = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


def written(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def profiled(folder: Path, text: str | bytes, name: str = "table.csv", focus: str = "") -> TableProfile:
    return profile_table(written(folder, text, name), focus)


def column(profile: TableProfile, name: str) -> ColumnProfile:
    return next(column for column in profile.columns if column.name == name)


def rows_of(path: Path, name: str = "table.csv") -> list[list[str]]:
    return [list(row.cells) for row in open_table(path)]


def refusal(folder: Path, text: str | bytes, name: str) -> str:
    with pytest.raises(NotATable) as caught:
        profiled(folder, text, name)
    return str(caught.value)


def observations(report: Mapping[str, Any], rule: str) -> list[dict[str, Any]]:
    return [found for found in report["observations"] if found["rule"] == rule]


def run_profile(work: Path, home: Path, description: str = "profile the tables", **inputs: Any) -> TaskResult:
    given = {name: {"value": value} for name, value in inputs.items()}
    return asyncio.run(
        run_agent(analytics, description, home=home, workspace=work, requires=("table-profile",), inputs=given)
    )


# ---- cells ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", Kind.MISSING, None), ("  ", Kind.MISSING, None), ("NA", Kind.MISSING, None), ("n/a", Kind.MISSING, None),
        ("NaN", Kind.MISSING, None), ("null", Kind.MISSING, None),
        ("0", Kind.INTEGER, 0), ("-17", Kind.INTEGER, -17), ("+3", Kind.INTEGER, 3), (" 42 ", Kind.INTEGER, 42),
        ("007", Kind.TEXT, None), ("1" * 16, Kind.TEXT, None), ("9" * 5000, Kind.TEXT, None),
        ("1.50", Kind.NUMBER, 1.5), (".5", Kind.NUMBER, 0.5), ("1e3", Kind.NUMBER, 1000), ("1_000", Kind.TEXT, None),
        ("1,234", Kind.NUMBER, 1234), ("1,234,567.5", Kind.NUMBER, 1234567.5), ("12,34", Kind.TEXT, None),
        ("$12.50", Kind.NUMBER, 12.5), ("12 %", Kind.NUMBER, 12), ("1,200 €", Kind.NUMBER, 1200),
        ("inf", Kind.INFINITE, None), ("1e999", Kind.INFINITE, None), ("-Infinity", Kind.INFINITE, None),
        ("true", Kind.BOOLEAN, None), ("No", Kind.BOOLEAN, None),
        ("2024-02-29", Kind.DATE, 738945 * 86400), ("2023-02-29", Kind.TEXT, None), ("29.02.2024", Kind.DATE, None),
        ("2024-02-29T12:00:00Z", Kind.DATE, None), ("3/4/2024", Kind.DATE, None), ("13/13/2024", Kind.TEXT, None),
        ("2024-1-1 25:00", Kind.TEXT, None), ("٣", Kind.TEXT, None), ("north", Kind.TEXT, None), ("-", Kind.TEXT, None),
    ],
)
def test_a_cell_is_what_it_says_and_no_more(text: str, kind: Kind, value: float | None) -> None:
    cell = read_cell(text)
    assert cell.kind is kind
    assert value is None or cell.value == value


def test_a_comma_is_a_decimal_only_where_the_file_says_so() -> None:
    assert read_cell("1,5").kind is Kind.TEXT
    assert read_cell("1,5", comma_decimal=True) == (Kind.NUMBER, 1.5)
    assert read_cell("1.234,5", comma_decimal=True) == (Kind.NUMBER, 1234.5)


def test_a_date_with_an_offset_is_ordered_by_the_moment_it_means() -> None:
    early, late = read_cell("2024-01-01T00:30:00+02:00"), read_cell("2023-12-31T23:00:00Z")
    assert early.value < late.value


@given(st.lists(st.one_of(
    st.integers(-10**14, 10**14).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-10**6, max_value=10**6).map(str),
    st.sampled_from(["", "x", "007", "1\n2", "1e5", " 1"]),
), min_size=1))
def test_the_quick_way_for_plain_numbers_counts_what_the_slow_way_counts(cells: list[str]) -> None:
    quick = plain_numbers(cells)
    kinds = Counter(read_cell(cell).kind for cell in cells)
    if quick is not None:
        assert (kinds[Kind.INTEGER], kinds[Kind.NUMBER]) == quick
        assert [read_cell(cell).value for cell in cells] == [float(cell) for cell in cells]


# ---- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_found_and_quotes_are_understood(tmp_path: Path, delimiter: str) -> None:
    table = [["name", "count", "text"], ["a", "1", f"with {delimiter} inside"], ["b", "2", 'a "word"\nand a line']]
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(table)
    source = open_table(path)
    assert list(source.columns) == table[0]
    assert rows_of(path) == table[1:]


def test_a_row_after_a_cell_of_two_lines_keeps_its_line_number(tmp_path: Path) -> None:
    path = written(tmp_path, 'name,n\n"two\nlines",1\nplain,2\n\nlast,3\n')
    assert [row.place for row in open_table(path)] == [2, 4, 6]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    profile = profiled(tmp_path, (mark + "größe,n\nä,1\nö,2\n").encode(encoding))
    assert [column.name for column in profile.columns] == ["größe", "n"]
    assert profile.rows == 2


def test_a_file_that_is_not_utf8_is_read_and_said_so(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "city,n\nKöln,1\nKiel,2\n".encode("latin-1"))
    assert column(profile, "city").top[0][0] == "Köln"
    assert any("Windows-1252" in note for note in profile.notes)


def test_a_comma_in_a_semicolon_file_is_a_decimal(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "item;price\na;1,50\nb;2,25\nc;3,00\n")
    assert column(profile, "price").mean == pytest.approx(2.25)


def test_rows_of_another_width_are_counted_and_their_gaps_are_missing(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,1,1\n2,2,2\n")
    assert profile.rows == 5
    assert profile.missing_cells == 1
    assert [note for note in profile.notes if "another width" in note] == [
        "has 2 rows of another width than the header, the first at 3"
    ]


def test_lines_above_the_table_are_left_out_and_said_so(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "Sales 2024\n\nregion,q1,q2,q3\nnorth,1,2,3\nsouth,4,5,6\n")
    assert [column.name for column in profile.columns] == ["region", "q1", "q2", "q3"]
    assert profile.notes[0] == "starts with 1 line that is no part of the table"


def test_comments_above_the_table_are_left_out_but_for_the_one_that_is_its_header(tmp_path: Path) -> None:
    text = "# made by hand, with care\n# and more\n" * 8 + "#code\tplace\tn\nA\tx, y\t1\nB\tz\t2\n"
    profile = profiled(tmp_path, text, "table.tab")
    assert [column.name for column in profile.columns] == ["#code", "place", "n"]
    assert profile.rows == 2


@pytest.mark.parametrize(
    ("text", "names", "note"),
    [
        ("name,age\nann,3\nbob,4\n", ["name", "age"], ""),
        ("ann,3\nbob,4\ncid,5\n", ["column 1", "column 2"], "no header"),
        ("first,second\nann,bob\ncid,dan\n", ["first", "second"], "taken as the header"),
        ("country,2019,2020\nNL,5,6\nBE,7,8\n", ["country", "2019", "2020"], ""),
        ("a,a,\n1,2,3\n", ["a", "a (2)", "column 3"], ""),
        ("value\n1\n2\n3\n", ["value"], ""),
    ],
)
def test_the_header_is_what_the_columns_below_say_it_is(
    tmp_path: Path, text: str, names: list[str], note: str
) -> None:
    profile = profiled(tmp_path, text)
    assert [column.name for column in profile.columns] == names
    assert any(note in line for line in profile.notes) == bool(note)


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "a,b,c\n")
    assert (profile.rows, len(profile.columns), profile.missing_cells) == (0, 3, 0)
    assert "holds a header and no rows" in profile.notes


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.csv", "is empty"), (b"\n\n  \n", "a.csv", "holds no rows"),
        (bytes(range(256)) * 4, "a.csv", "is binary"), (b"\x89PNG\r\n\x1a\n\0\0", "a.json", "is binary"),
        (b'{"name": "x", "version": 2}', "package.json", "is a JSON object, not an array of records"),
        (b'{"rules": [{"a": 1}, {"a": 2}], "more": {"b": 1}}', "a.json", "is a JSON object, not an array of records"),
        (b"[1, 2, 3]", "a.json", "holds no records, but other JSON values"), (b"[]", "a.json", "holds no records"),
        (b"{oops", "a.json", "is no JSON at line 1"), (b"not json\nat all\n", "a.jsonl", "holds no records"),
        (b"[" * 100_000, "a.json", "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(
    tmp_path: Path, data: bytes, name: str, reason: str
) -> None:
    assert refusal(tmp_path, data, name).startswith(reason)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotATable, match="can't be opened"):
        profile_table(tmp_path / "gone.csv")


def test_an_unclosed_quote_ends_the_table_and_says_where(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "a,b\n1,2\n3,4\n" + '5,"' + "x" * 200_000 + "\n")
    assert profile.rows == 2
    assert any("line 4" in note and "rows before it were read" in note for note in profile.notes)


JSON_FORMS = {
    "array.json": '[\n{"a": 1, "b": "x"},\n{"a": 2, "b": null},\n{"a": 4, "c": {"d": true}}\n]',
    "stream.json": '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n{"a": 4, "c": {"d": true}}',
    "lines.jsonl": '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n{"a": 4, "c": {"d": true}}\n',
    "wrapped.json": '{"page": 1, "items": [{"a": 1, "b": "x"}, {"a": 2, "b": null}, {"a": 4, "c": {"d": true}}]}',
}


@pytest.mark.parametrize("name", JSON_FORMS)
def test_every_form_of_json_records_gives_the_same_columns(tmp_path: Path, name: str) -> None:
    profile = profiled(tmp_path, JSON_FORMS[name], name)
    found = {each.name: (each.type, each.count, each.missing) for each in profile.columns}
    assert found == {"a": ("integer", 3, 0), "b": ("text", 1, 2), "c.d": ("boolean", 1, 2)}
    assert column(profile, "a").mean == pytest.approx(7 / 3)


def test_json_records_are_found_by_line_or_by_number_where_they_share_one(tmp_path: Path) -> None:
    assert [row.place for row in open_table(written(tmp_path, JSON_FORMS["array.json"], "a.json"))] == [2, 3, 4]
    one_line = written(tmp_path, '[{"a": 1},{"a": 2}]', "b.json")
    assert [row.place for row in open_table(one_line)] == ["record 1", "record 2"]


def test_a_broken_line_of_json_lines_is_counted_and_left_out(tmp_path: Path) -> None:
    profile = profiled(tmp_path, '{"a": 1}\noops\n{"a": 3}\n[1]\n', "a.jsonl")
    assert profile.rows == 2
    assert profile.notes[0] == "has 2 entries that are no records, the first at 2"


def test_a_json_array_that_is_cut_off_keeps_what_stands_before(tmp_path: Path) -> None:
    records = ",\n".join(json.dumps({"a": number}) for number in range(50))
    profile = profiled(tmp_path, f"[{records},\n{{\"a\": ", "cut.json")
    assert profile.rows == 50
    assert any("rows before it were read" in note for note in profile.notes)


def test_numbers_of_json_are_quoted_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path, '[{"a": 1.50, "b": 12345678901234567890123, "c": 1e2, "d": NaN}, {"a": 2}]', "a.json")
    assert rows_of(path)[0] == ["1.50", "12345678901234567890123", "1e2", "NaN"]


@settings(max_examples=200)
@given(st.binary(max_size=400), st.sampled_from(["t.csv", "t.tsv", "t.json", "t.jsonl"]))
@example(b"a,b\n\xff\xfe,1\n", "t.csv")
@example(b'[{"\\ud800": "\\udfff"}, {"": {"": {"": {"": 1}}}}]', "t.json")
@example(b"\xef\xbb\xbf", "t.csv")
@example(b"\xff\xfe", "t.csv")
def test_no_bytes_crash_a_profile_and_its_report_is_always_json(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    found = profile_tables([written(tmp_path_factory.mktemp("any"), data, name)])
    text = json.dumps(found, allow_nan=False)
    text.encode("utf-8")
    Report.model_validate(found["report"])


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(
    ["1", "-2.5", "", "NA", "1e308", "-1e308", "1e-308", "inf", "nan", "x", "2024-01-01", "3/4/2024", "true", "9" * 40]
), min_size=1, max_size=4), max_size=40))
def test_no_mixture_of_cells_crashes_a_profile(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = "\n".join(",".join(row) for row in [["a", "b", "c", "d"], *rows])
    found = profile_tables([written(tmp_path_factory.mktemp("mix"), text)])
    json.dumps(found, allow_nan=False)


# ---- figures -------------------------------------------------------------------------------------------------------


@given(st.lists(FINITE, min_size=2, max_size=200))
def test_the_figures_of_a_column_are_those_of_the_statistics_module(values: list[float]) -> None:
    found = summarise(values)
    assert found is not None
    assert (found.minimum, found.maximum) == (min(values), max(values))
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-12)
    assert found.median == pytest.approx(statistics.median(values), rel=1e-12)
    scale = max(map(abs, values)) or 1.0
    assert found.stdev == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-12 * scale)


def test_very_large_and_very_small_numbers_do_not_overflow() -> None:
    assert mean([1e308, 1e308, 1e308]) == pytest.approx(1e308)
    assert stdev([-1e300, 1e300], 0.0) == pytest.approx(math.sqrt(2) * 1e300)
    assert stdev([1e-200, 3e-200], 2e-200) == pytest.approx(math.sqrt(2) * 1e-200)
    assert stdev([5.0], 5.0) is None


@given(st.lists(st.tuples(FINITE, FINITE), min_size=10, max_size=60))
def test_the_correlation_is_that_of_the_statistics_module(points: list[tuple[float, float]]) -> None:
    left, right = [x for x, _ in points], [y for _, y in points]
    found = pearson(left, right)
    spread = min(statistics.pstdev(left), statistics.pstdev(right))
    if spread > 1e-3 * max(map(abs, left + right)):
        assert found == pytest.approx(statistics.correlation(left, right), abs=1e-6)


def independent_outliers(values: Sequence[float]) -> list[int]:
    """Iglewicz and Hoaglin by the book, with the statistics module."""
    median = statistics.median(values)
    mad = statistics.median(abs(value - median) for value in values)
    return [at for at, value in enumerate(values) if mad and abs(0.6745 * (value - median) / mad) > 3.5]


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=8, max_size=80))
def test_outliers_are_those_of_the_modified_z_score(values: list[float]) -> None:
    usual, rows = outlier_rows(array("d", values), statistics.median(values))
    if usual is not None and usual.method == "MAD":
        assert rows == independent_outliers(values)


def test_where_most_values_are_equal_only_a_rare_value_is_an_outlier() -> None:
    usual, rows = outlier_rows(array("d", [5.0] * 30 + [500.0]), 5.0)
    assert usual is not None and usual.method == "mean deviation"
    assert rows == [30]
    often = array("d", [1.0] * 70 + [2.0] * 20 + [9.0] * 10)
    assert outlier_rows(often, 1.0)[1] == []


def test_a_flag_and_a_handful_of_values_have_no_outliers() -> None:
    assert outlier_rows(array("d", [0.0] * 500 + [1.0]), 0.0)[1] == []
    assert outlier_rows(array("d", [1.0, 2.0, 3.0, 900.0]), 2.5)[1] == []


def test_gaps_in_a_column_do_not_shift_the_rows_of_its_outliers() -> None:
    values = array("d", [1.0, math.nan, 2.0, 3.0, 2.0, 1.0, math.nan, 2.0, 3.0, 99.0, 2.0])
    assert outlier_rows(values, 2.0)[1] == [9]


def sales(folder: Path, name: str = "sales.csv", rows: int = 120) -> Path:
    """A table from a seed, with gaps, one repeated row and no outlier."""
    chance = random.Random(7)
    lines = [
        [str(1000 + at), f"2024-03-{1 + at % 28:02d}", chance.choice(["north", "south", "east"]),
         "" if at % 17 == 5 else str(chance.randint(10, 30)), f"{chance.uniform(5, 9):.2f}"]
        for at in range(rows)
    ]
    lines.append(lines[10])
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["order_id", "day", "region", "units", "price"], *lines])
    return path


def test_figures_equal_an_independent_count(tmp_path: Path) -> None:
    path = sales(tmp_path)
    with path.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    found = profile_tables([path])["report"]["figures"]
    assert found == {
        "tables": 1,
        "rows": len(records),
        "columns": 5,
        "missing_cells": sum(1 for record in records for cell in record.values() if not cell),
        "duplicate_rows": len(records) - len({tuple(record.values()) for record in records}),
        "outliers": sum(
            len(independent_outliers([float(record[name]) for record in records if record[name]]))
            for name in ("units", "price")
        ),
    }


def test_the_figures_of_the_example_workspace_equal_an_independent_count() -> None:
    paths = sorted((WORKSPACE / "data").glob("*"))
    tables: list[list[dict[str, str]]] = []
    for path in paths:
        if path.suffix == ".json":
            tables.append([{key: str(value or "") for key, value in record.items()}
                           for record in json.loads(path.read_text())])
        else:
            with path.open(newline="") as stream:
                start = stream.readline()
                stream.seek(0)
                tables.append(list(csv.DictReader(stream, delimiter=";" if start.count(";") else ",")))
    found = profile_tables(paths)["report"]["figures"]
    assert found["tables"] == len(tables) > 0
    assert found["rows"] == sum(map(len, tables))
    assert found["columns"] == sum(len(table[0]) for table in tables)
    assert found["missing_cells"] == sum(not cell for table in tables for row in table for cell in row.values())
    assert found["duplicate_rows"] == sum(len(t) - len({tuple(row.values()) for row in t}) for t in tables)


def test_a_measure_is_grouped_by_a_category_with_the_right_figures(tmp_path: Path) -> None:
    path = sales(tmp_path)
    profile = profile_table(path)
    with path.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    for grouping in profile.groupings:
        assert grouping.category == "region"
        for group in grouping.groups:
            values = [float(r[grouping.measure]) for r in records if r["region"] == group.label and r[grouping.measure]]
            assert group.rows == sum(record["region"] == group.label for record in records)
            assert group.total == pytest.approx(math.fsum(values))
            assert group.summary.median == pytest.approx(statistics.median(values))
    assert {grouping.measure for grouping in profile.groupings} == {"units", "price"}


def test_words_of_the_task_choose_what_is_grouped(tmp_path: Path) -> None:
    text = "city,colour,weight,height\n" + "".join(
        f"{'ABC'[n % 3]},{'red green blue'.split()[n % 2]},{n}.5,{n * 2}.25\n" for n in range(20)
    )
    assert profiled(tmp_path, text).groupings[0].category == "city"
    chosen = profiled(tmp_path, text, focus="average height by colour").groupings[0]
    assert (chosen.category, chosen.measure) == ("colour", "height")


def test_correlations_equal_those_of_the_statistics_module_and_need_ten_rows(tmp_path: Path) -> None:
    chance = random.Random(3)
    x = [chance.uniform(0, 10) for _ in range(40)]
    y = [2 * value + chance.gauss(0, 1) for value in x]
    rows = [f"{a!r},{b!r}\n" for a, b in zip(x, y, strict=True)]
    found = profiled(tmp_path, "x,y\n" + "".join(rows)).correlations
    assert [(each.left, each.right, each.rows) for each in found] == [("x", "y", 40)]
    assert found[0].value == pytest.approx(statistics.correlation(x, y), abs=1e-12)
    assert profiled(tmp_path, "x,y\n" + "".join(rows[:9])).correlations == ()


def test_keys_and_years_are_not_added_up(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 7 + 100},{1990 + n % 20},{'ab'[n % 2]},{n * 1.5}\n" for n in range(1, 31))
    profile = profiled(tmp_path, "row,customer_id,year,kind,amount\n" + rows)
    assert [each.name for each in profile.columns if each.identifier] == ["row", "customer_id"]
    assert [grouping.measure for grouping in profile.groupings] == ["amount"]


def test_types_follow_what_most_cells_hold_and_the_others_are_named(tmp_path: Path) -> None:
    rows = [f"{n},{n}.5,2024-01-{n:02d},{'yes' if n % 2 else 'no'},word{n}" for n in range(1, 20)]
    rows.append("oops,2.5,2024-01-20,yes,word20")
    profile = profiled(tmp_path, "\n".join(["i,n,d,b,t", *rows]))
    assert [each.type for each in profile.columns] == ["integer", "number", "date", "boolean", "text"]
    assert (column(profile, "d").minimum, column(profile, "d").maximum) == ("2024-01-01", "2024-01-20")
    assert [(odd.place, odd.column, odd.text) for odd in profile.odd_cells] == [("21", "i", "oops")]


def test_infinite_values_and_ambiguous_dates_are_said_to_be_left_out(tmp_path: Path) -> None:
    profile = profiled(tmp_path, "n,d\n1,3/4/2024\n2,5/6/2024\ninf,7/8/2024\n")
    assert (column(profile, "n").maximum, column(profile, "n").infinite) == (2.0, 1)
    assert column(profile, "d").type == "date" and column(profile, "d").minimum is None
    assert sum("left out" in note or "told apart" in note for note in profile.notes) == 2


# ---- planted facts -------------------------------------------------------------------------------------------------


def planted(path: Path, line: int, at: int, cell: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the report before and after one cell of a file is changed."""
    before = profile_tables([path])["report"]
    lines = path.read_text().splitlines()
    cells = lines[line - 1].split(",")
    cells[at] = cell
    lines[line - 1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")
    return before, profile_tables([path])["report"]


def test_a_planted_outlier_changes_exactly_that(tmp_path: Path) -> None:
    before, after = planted(sales(tmp_path), 42, 4, "9999.75")
    changed = {name for name in after["figures"] if after["figures"][name] != before["figures"][name]}
    assert changed == {"outliers"}
    assert after["figures"]["outliers"] == before["figures"]["outliers"] + 1
    new = [found for found in after["observations"] if found not in before["observations"]]
    assert [(o["rule"], o["location"], o["quote"]) for o in new] == [("outlier", "42", "9999.75")]
    assert [found for found in before["observations"] if found not in after["observations"]] == []
    assert "42" not in new[0]["message"]


def test_a_planted_gap_changes_exactly_that(tmp_path: Path) -> None:
    before, after = planted(sales(tmp_path), 50, 4, "")
    changed = {name: after["figures"][name] - before["figures"][name] for name in after["figures"]}
    assert changed == {"tables": 0, "rows": 0, "columns": 0, "missing_cells": 1, "duplicate_rows": 0, "outliers": 0}


def test_a_repeated_row_is_named_with_both_lines(tmp_path: Path) -> None:
    report = profile_tables([sales(tmp_path)])["report"]
    found = observations(report, "duplicate-row")
    assert [each["location"] for each in found] == ["12, 122"]


def test_a_quote_is_the_exact_cell_at_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "name,n\n" + "".join(f"x,{n % 5}\n" for n in range(30)) + 'y, "4,000.50" \n')
    found = observations(profile_tables([path])["report"], "outlier")
    assert [(each["location"], each["quote"].strip()) for each in found] == [("32", "4,000.50")]


# ---- size ----------------------------------------------------------------------------------------------------------


def test_a_large_json_array_is_streamed(tmp_path: Path) -> None:
    record = json.dumps({"a": 1, "text": "word " * 20})
    path = written(tmp_path, "[" + ",\n".join([record] * 40_000) + "]", "large.json")
    tracemalloc.start()
    try:
        profile = profile_table(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert profile.rows == 40_000
    assert peak < path.stat().st_size


def test_a_table_over_the_limit_is_profiled_by_its_first_rows_and_counted_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_profile_scan, "MAX_ROWS", 5_000)
    profile = profiled(tmp_path, "n\n" + "".join(f"{n}.5\n" for n in range(20_000)))
    assert profile.rows == 20_000
    assert column(profile, "n").count == 2 * _profile_scan.BATCH
    assert any("first 8192 rows of 20000" in note for note in profile.notes)


def test_a_table_of_more_columns_than_can_be_read_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, (",".join(f"c{n}" for n in range(2_500)) + "\n") + ("1," * 2_499 + "1\n") * 3)
    tracemalloc.start()
    try:
        profile = profile_table(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (profile.rows, len(profile.columns), profile.missing_cells) == (3, 2_000, 0)
    assert any("more than 2000 columns" in note for note in profile.notes)
    assert not any("another width" in note for note in profile.notes)
    assert peak < 50_000_000


def test_one_row_of_another_width_is_one_row(tmp_path: Path) -> None:
    profile = profile_table(written(tmp_path, "a,b\n1,2\n3\n4,5\n", "t.csv"))
    assert "has 1 row of another width than the header, the first at 3" in profile.notes


def test_a_short_row_of_a_table_that_is_cut_is_of_another_width(tmp_path: Path) -> None:
    text = "\n".join([",".join(f"c{n}" for n in range(2_001)), ",".join(["1"] * 2_001), "1,2"]) + "\n"
    profile = profile_table(written(tmp_path, text, "wide.csv"))
    assert [note for note in profile.notes if "another width" in note] == [
        "has 1 row of another width than the header, the first at 3"
    ]


@pytest.mark.parametrize("width", [2_001, 2_002, 4_000])
def test_rows_that_differ_only_beyond_the_columns_that_are_read_do_not_repeat(tmp_path: Path, width: int) -> None:
    rows = [["1"] * (width - 1) + [last] for last in ("a", "b", "a", "")]
    text = "\n".join(",".join(row) for row in [[f"c{n}" for n in range(width)], *rows]) + "\n"
    profile = profile_table(written(tmp_path, text, "wide.csv"))
    assert (profile.rows, profile.duplicate_rows, [d.place for d in profile.duplicates]) == (4, 1, ["2, 4"])


def test_records_that_differ_only_beyond_the_columns_that_are_read_do_not_repeat(tmp_path: Path) -> None:
    wide = {f"c{n}": 1 for n in range(2_000)}
    records = [{**wide, "x": 1, "y": last} for last in (1, 2, None)] + [{"y": 1, "x": 1, **wide}]
    profile = profile_table(written(tmp_path, "\n".join(map(json.dumps, records)), "wide.jsonl"))
    assert (profile.rows, profile.duplicate_rows, [d.place for d in profile.duplicates]) == (4, 1, ["1, 4"])


def test_more_distinct_texts_than_can_be_counted_are_said_to_be_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_profile_scan, "MAX_DISTINCT", 1_000)
    profile = profiled(tmp_path, "t\n" + "".join(f"word {n}\n" for n in range(3_000)))
    assert column(profile, "t").distinct is None


@given(st.lists(st.integers(0, 20), max_size=200))
def test_repeated_rows_are_counted_in_slices_as_at_once(values: list[int]) -> None:
    assert repeated(array("Q", values)) == {value: n for value, n in Counter(values).items() if n > 1}


# ---- the delimiter -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a\nb\nc\n", ""), ("a;b\n1,5;2,5\n3,5;4,5\n", ";"), ("1,5;2,5;3\n1,5;2,5;3\n", ";"),
        ("name\nDoe, John\nRoe, Ann\nsingle\nother\n", ""), ("a,b\n1,2\n3,4,5\n6,7\n", ","),
        ("a,b,c,d\n1,2\n1,2,3\n1,2,3,4\n1,2\n1\n1,2,3\n", ","), ("One, two.\nThree\nFour\nFive\n", ""),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_rows_alike(sample: str, delimiter: str) -> None:
    assert find_delimiter(sample) == delimiter


# ---- the chart -----------------------------------------------------------------------------------------------------


def test_a_chart_is_plain_svg_with_a_title_and_the_same_every_time() -> None:
    data = {"kind": "bars", "title": "A <b> & c", "subtitle": "s", "labels": ["x<script>", "y"], "values": [1.0, -2.0]}
    svg = draw(chart_from(data))
    assert svg == draw(chart_from(data))
    root = ET.fromstring(svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "desc", "style", "text", "rect", "line"}
    assert root.find("{http://www.w3.org/2000/svg}title").text == "A <b> & c"  # type: ignore[union-attr]
    assert root.get("role") == "img"


def test_the_bars_are_as_long_as_their_values() -> None:
    svg = ET.fromstring(draw(chart_from({"kind": "bars", "title": "t", "labels": list("abc"), "values": [1, 2, 4]})))
    widths = [float(bar.get("width", "0")) for bar in svg.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.01) and widths[2] / widths[0] == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("data", [
    {"kind": "bars", "values": [1.0], "labels": []}, {"kind": "histogram", "values": [1.0], "edges": [0.0]},
    {"kind": "bars", "values": [math.inf], "labels": ["a"]}, {"kind": "bars", "values": [], "labels": []},
])
def test_a_chart_that_can_not_be_drawn_says_so(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a chart needs"):
        chart_from(data)


@given(st.floats(-1e12, 1e12), st.floats(1e-3, 1e15))
def test_ticks_are_few_and_span_the_values(low: float, width: float) -> None:
    high = low + max(width, 1e-6 * abs(low))
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 12
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    assert ticks[0] <= low + slack and ticks[-1] >= high - slack


def test_the_histogram_leaves_far_outliers_out_and_says_so(tmp_path: Path) -> None:
    rows = "".join(f"{n % 10}.5\n" for n in range(100)) + "100000\n"
    found = profile_tables([written(tmp_path, "value\n" + rows)])
    assert found["chart"]["kind"] == "histogram"
    assert sum(found["chart"]["values"]) == 100
    assert "1 outlier beyond the axis" in found["chart"]["subtitle"]


# ---- the agent -----------------------------------------------------------------------------------------------------


class TestTheAgent(AgentContract):
    agent = analytics
    workspace = WORKSPACE


class TestTheProfileTool(ToolContract):
    tool = profile_tables
    arguments = {"files": ["data/shipments.csv"]}
    workspace = WORKSPACE


class TestTheChartTool(ToolContract):
    tool = draw_chart
    arguments = {"kind": "bars", "title": "t", "values": [1.0], "labels": ["a"]}


def test_the_agent_profiles_a_named_folder_and_writes_a_chart(tmp_path: Path) -> None:
    sales(tmp_path / "work", "data/sales.csv")
    sales(tmp_path / "work", "other/sales.csv")
    result = run_profile(tmp_path / "work", tmp_path / "home", folder="data")
    report = Report.model_validate(result.output)
    assert result.state is TaskState.COMPLETED
    assert report.figures["tables"] == 1
    assert {each.source for each in report.observations} == {"data/sales.csv"}
    assert report.charts == ("chart.svg",)
    assert [(each.name, each.media_type) for each in result.artifacts] == [("chart.svg", "image/svg+xml")]
    assert [each.source for each in result.evidence] == [each.source for each in report.observations]


def test_the_agent_profiles_named_files_and_says_which_are_no_tables(tmp_path: Path) -> None:
    sales(tmp_path / "work", "sales.csv")
    written(tmp_path / "work", "# hello\n", "README.md")
    result = run_profile(tmp_path / "work", tmp_path / "home", files=["sales.csv", "README.md", "gone.csv"])
    report = Report.model_validate(result.output)
    assert report.figures["tables"] == 1
    assert "README.md is no table file." in report.notes
    assert any("gone.csv" in note for note in report.notes)


def test_an_empty_folder_is_reported_as_empty(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    result = run_profile(tmp_path / "work", tmp_path / "home")
    report = Report.model_validate(result.output)
    assert result.state is TaskState.COMPLETED
    assert set(report.figures.values()) == {0}
    assert report.summary == "There is no table to profile."
    assert report.notes == ("No tables (.csv, .tsv, .json, .jsonl) were found in the workspace.",)
    assert result.artifacts == ()


def test_unreadable_files_are_notes_beside_the_tables_that_are_fine(tmp_path: Path) -> None:
    sales(tmp_path / "work", "sales.csv")
    written(tmp_path / "work", bytes(range(256)), "noise.csv")
    written(tmp_path / "work", "", "empty.csv")
    written(tmp_path / "work", '{"name": "x"}', "package.json")
    report = Report.model_validate(run_profile(tmp_path / "work", tmp_path / "home").output)
    assert report.figures["tables"] == 1
    assert "Left out because it is binary: noise.csv." in report.notes
    assert "Left out because it is empty: empty.csv." in report.notes
    assert any(note.endswith("package.json.") for note in report.notes)


def test_the_method_for_outliers_is_stated(tmp_path: Path) -> None:
    notes = " ".join(profile_tables([sales(tmp_path)])["report"]["notes"])
    assert "Iglewicz and Hoaglin 1993" in notes and "3.5" in notes and "MAD is 0" in notes


def test_the_chart_file_is_the_one_that_the_report_can_draw_again(tmp_path: Path) -> None:
    found = profile_tables([sales(tmp_path)])
    chart = found["chart"]
    table = next(each for each in found["report"]["tables"] if each["title"] == f"Chart: {chart['title']}")
    assert [tuple(row) for row in table["rows"]] == list(zip(chart["labels"], chart["values"], strict=True))
