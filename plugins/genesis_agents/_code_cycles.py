"""Report import cycles: modules that can't load before each other.

Only imports that happen at load count. One inside a function, below ``if TYPE_CHECKING`` or below
``if __name__ == "__main__"`` is how people break a cycle: it is told in a note, never as a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ._code_base import CodeBase, Edge
from ._code_map import place_of
from ._cycles import shortest_cycle, strongly_connected
from ._imports import When
from ._not_scanned import KEY, joined, observations, python_sentence
from ._report_text import counted
from ._sources import some, unread_note

Json = dict[str, object]
_ROUND = " → "


def graph_of(code: CodeBase, edges: Iterable[Edge]) -> Mapping[str, list[str]]:
    """Return what each module imports along some edges, each once, in the order of the text."""
    graph: dict[str, dict[str, None]] = {module.file: {} for module in code.modules}
    for edge in edges:
        if edge.target in graph:
            graph[edge.file][edge.target] = None
    return {file: list(targets) for file, targets in graph.items()}


def cycle_report(code: CodeBase) -> Json:
    """Return the import cycles of a code base as a report: one for each group of modules that reach each other."""
    loads = graph_of(code, (edge for edge in code.edges if edge.when is When.LOAD))
    groups = strongly_connected(loads)
    broken = [group for group in strongly_connected(graph_of(code, code.edges)) if group not in groups]
    figures = {
        "modules": len(code.modules),
        "import_cycles": len(groups),
        "modules_in_cycles": sum(map(len, groups)),
        "deferred_import_cycles": len(broken),
        "files_not_scanned": len(code.unread),
    }
    said = python_sentence(code.unread, len(code.modules))
    return {
        "title": "Import cycles",
        "summary": joined(_summary(figures, code), said),
        "figures": figures,
        "observations": [*(_observation(code, loads, group) for group in groups), *observations(code.unread)],
        KEY: said,
        "evidence": [place for group in groups for place in _steps(code, shortest_cycle(loads, group))],
        "notes": list(_notes(code, broken)),
    }


def _summary(figures: Mapping[str, int], code: CodeBase) -> str:
    if not figures["modules"]:
        return "" if code.unread else "There are no Python modules, so there is no import cycle."
    among = f"among {counted(figures['modules'], 'module')}"
    if not figures["import_cycles"]:
        return f"There is no import cycle {among}."
    found, inside = figures["import_cycles"], figures["modules_in_cycles"]
    where = "it" if found == 1 else "them"
    return f"{counted(found, 'import cycle')} {among}, with {counted(inside, 'module')} in {where}."


def _observation(code: CodeBase, loads: Mapping[str, list[str]], group: Sequence[str]) -> Json:
    cycle = shortest_cycle(loads, group)
    told = _ROUND.join(code.names[file] for file in [*cycle, cycle[0]])
    rest = f", a shortest way round among {len(group)} that all reach each other" if len(group) > len(cycle) else ""
    first = next(_steps(code, cycle))
    return {"rule": "import-cycle", "severity": "medium",
            "message": f"Modules wait for each other to load: {told}{rest}.", **first}


def _steps(code: CodeBase, cycle: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield where each module of a cycle imports the next one."""
    lines = {(edge.file, edge.target): edge.line for edge in code.edges if edge.when is When.LOAD}
    for file, target in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        yield place_of(code, file, lines[file, target])


def _notes(code: CodeBase, broken: Sequence[Sequence[str]]) -> Iterator[str]:
    if not (code.modules or code.unread):
        yield "No Python modules: import cycles are looked for in Python only."
    for group in broken[:5]:
        names = some([code.names[file] for file in group])
        yield f"No cycle at load, because an import is inside a function or for type checking only: {names}"
    if len(broken) > 5:
        yield f"{counted(len(broken) - 5, 'more group')} of modules like that."
    yield from unread_note(code.unread)
