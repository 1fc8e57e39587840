"""Report how complex the functions of a code base are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._code_base import CodeBase
from ._code_map import place_of, table
from ._complexity import FunctionSize
from ._not_scanned import KEY, joined, observations, python_sentence
from ._report_text import counted, number
from ._sources import unread_note

Json = dict[str, object]

MAX_ROWS = 20
COMPLEX = 10  # McCabe's own limit: "a reasonable, but not magical, upper limit"
METHOD = "Cyclomatic complexity after McCabe (1976): decisions plus one, each condition of a compound one counted."

_Placed = tuple[str, str, FunctionSize]


def complexity_report(code: CodeBase) -> Json:
    """Return the complexity of every function as a report: the figures, and the most complex and longest ones."""
    found = [(code.names[m.file], m.file, function) for m in code.modules for function in m.functions]
    figures, said = _figures(code, found), python_sentence(code.unread, len(code.modules))
    return {
        "title": "Complexity",
        "summary": joined(_summary(figures, found) if code.modules or not code.unread else "", said),
        "figures": figures,
        "observations": observations(code.unread),
        KEY: said,
        "tables": list(_tables(found)),
        "evidence": [place_of(code, file, function.line) for _, file, function in _most(found, "complexity")[:5]],
        "notes": list(_notes(code, found)),
    }


def _figures(code: CodeBase, found: Sequence[_Placed]) -> dict[str, int | float | None]:
    complexities = [function.complexity for _, _, function in found]
    return {
        "modules": len(code.modules),
        "functions": len(found),
        "max_complexity": max(complexities, default=0),
        "mean_complexity": round(sum(complexities) / len(complexities), 2) if complexities else None,
        "complex_functions": sum(value > COMPLEX for value in complexities),
        "longest_function_lines": max((function.lines for _, _, function in found), default=0),
        "files_not_scanned": len(code.unread),
    }


def _summary(figures: dict[str, int | float | None], found: Sequence[_Placed]) -> str:
    if not found:
        return "There are no Python functions to measure."
    name, _, top = max(found, key=lambda item: item[2].complexity)
    above = figures["complex_functions"]
    return (
        f"The most complex of {counted(len(found), 'function')} is {name}.{top.name} with {number(top.complexity)}; "
        f"{above} {'is' if above == 1 else 'are'} above {COMPLEX}, the mean is {figures['mean_complexity']}."
    )


def _tables(found: Sequence[_Placed]) -> Iterator[Json]:
    columns = ("function", "file", "line", "complexity", "lines")
    for title, key in (("Most complex functions", "complexity"), ("Longest functions", "lines")):
        if found:
            yield table(title, columns, (
                (f"{name}.{f.name}", file, f.line, f.complexity, f.lines) for name, file, f in _most(found, key)
            ))


def _most(found: Sequence[_Placed], key: str) -> list[_Placed]:
    return sorted(found, key=lambda item: -int(getattr(item[2], key)))[:MAX_ROWS]


def _notes(code: CodeBase, found: Sequence[_Placed]) -> Iterator[str]:
    yield METHOD if found else "No Python functions: complexity is measured in Python only."
    yield from unread_note(code.unread)
