"""Draw the map of a code base: files by language, packages, modules, and who imports whom."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ._code_base import CodeBase
from ._languages import is_python, language_of
from ._modules import Module
from ._not_scanned import KEY, joined, observations, python_sentence
from ._report_text import counted, number
from ._sources import Source, Unread, count_lines, encoding, some, unread_note

Json = dict[str, object]

MAX_MODULES = 300
MAX_ROWS = 20
MAX_EVIDENCE = 10
BINARY = "binary"


@dataclass(slots=True)
class Tally:
    """Files and lines of one kind; no lines where only names are known."""

    files: int = 0
    lines: int | None = None


@dataclass(slots=True)
class ModuleSize:
    """What stands in a module, and how many modules import it."""

    file: str
    name: str
    lines: int
    code_lines: int
    functions: int
    classes: int
    imports: list[str] = field(default_factory=list)
    imported_by: int = 0


@dataclass(frozen=True, slots=True)
class MapFiles:
    """The files of a workspace: code that was read, code that could not be, and the names of all else."""

    sources: Sequence[Source]
    unread: Sequence[Unread] = ()
    others: Sequence[str] = ()


Kinds = Mapping[str, Tally]


def languages(sources: Iterable[Source], others: Iterable[str] = ()) -> dict[str, Tally]:
    """Count files and lines by language, most lines first; *others* are files known by name only."""
    found: dict[str, Tally] = {}
    for source in sources:
        text = encoding(source.data) is not None
        tally = found.setdefault(language_of(source.file) if text else BINARY, Tally(lines=0))
        tally.files += 1
        tally.lines = (tally.lines or 0) + (count_lines(source.data) if text else 0)
    for file in others:
        found.setdefault(language_of(file), Tally()).files += 1
    return dict(sorted(found.items(), key=lambda item: (-(item[1].lines or 0), -item[1].files, item[0])))


def sizes(code: CodeBase) -> list[ModuleSize]:
    """Measure every module, in the order of the files."""
    found = {module.file: _size(module, code.names[module.file]) for module in code.modules}
    for file, target in dict.fromkeys((edge.file, edge.target) for edge in code.edges):
        found[file].imports.append(code.names[target])
        if target in found:
            found[target].imported_by += 1
    return list(found.values())


def _size(module: Module, name: str) -> ModuleSize:
    return ModuleSize(module.file, name, module.lines, module.code_lines, len(module.functions), module.classes)


def map_report(files: MapFiles, code: CodeBase) -> Json:
    """Return the module map of a code base as a report."""
    kinds, modules = languages(files.sources, files.others), sizes(code)
    figures, said = _figures(files, kinds, modules, code), python_sentence(code.unread, len(modules))
    return {
        "title": "Module map",
        "summary": joined(_summary(figures, kinds), said),
        "figures": figures,
        "observations": observations(code.unread),
        KEY: said,
        "tables": [table for table in _tables(kinds, modules, code) if table["rows"]],
        "evidence": [place_of(code, edge.file, edge.line) for edge in code.edges[:MAX_EVIDENCE]],
        "notes": list(_notes(files, code, len(modules))),
    }


def _figures(files: MapFiles, kinds: Kinds, modules: Sequence[ModuleSize], code: CodeBase) -> dict[str, int]:
    return {
        "files": len(files.sources) + len(files.unread) + len(files.others),
        "source_files": len(files.sources) + len(files.unread),
        "lines": sum(tally.lines or 0 for tally in kinds.values()),
        "python_files": sum(map(is_python, [*(s.file for s in files.sources), *(u.file for u in files.unread)])),
        "python_lines": kinds.get("Python", Tally()).lines or 0,
        "code_lines": sum(module.code_lines for module in modules),
        "files_not_scanned": len(code.unread),
        "modules": len(modules),
        "packages": code.packages,
        "functions": sum(module.functions for module in modules),
        "classes": sum(module.classes for module in modules),
        "internal_imports": len({(edge.file, edge.target) for edge in code.edges}),
        "external_packages": sum(name not in sys.stdlib_module_names for name in code.outside),
    }


def _summary(figures: Mapping[str, int], kinds: Kinds) -> str:
    if not figures["files"]:
        return "There are no files here."
    if not figures["source_files"]:
        return f"{counted(figures['files'], 'file')}, none of them source code in a language that is known here."
    start = (
        f"{counted(figures['files'], 'file')}, {number(figures['source_files'])} of them source code "
        f"with {counted(figures['lines'], 'line')}"
    )
    if not figures["python_files"]:
        most = ", ".join(f"{name} ({counted(t.lines, 'line')})" for name, t in list(kinds.items())[:3] if t.lines)
        return f"{start} and none of it Python: {most or 'no lines'}."
    return (
        f"{start}: {counted(figures['modules'], 'Python module')} in {counted(figures['packages'], 'package')} with "
        f"{counted(figures['code_lines'], 'line')} of code, {counted(figures['functions'], 'function')}, "
        f"{counted(figures['classes'], 'class', 'classes')} and {counted(figures['internal_imports'], 'import')} "
        f"between modules."
    )


def _tables(kinds: Kinds, modules: list[ModuleSize], code: CodeBase) -> Iterator[Json]:
    yield table("Files by language", ("language", "files", "lines"),
                ((name, tally.files, tally.lines) for name, tally in kinds.items()))
    yield table("Packages", ("package", "modules", "lines", "lines of code", "functions", "classes"),
                _packages(modules))
    yield _largest(modules)
    used = sorted((m for m in modules if m.imported_by), key=lambda module: -module.imported_by)
    yield table("Most imported modules", ("module", "imported by", "imports"),
                ((m.name, m.imported_by, len(m.imports)) for m in used[:MAX_ROWS]))
    yield table("Modules and what they import", ("module", "file", "imports", "imported by"),
                ((m.name, m.file, ", ".join(m.imports), m.imported_by) for m in modules[:MAX_MODULES]))
    yield table("Imports from outside", ("package", "modules that import it", "standard library"), _outside(code))


def _largest(modules: Iterable[ModuleSize]) -> Json:
    rows = sorted(modules, key=lambda module: -module.lines)[:MAX_ROWS]
    return table("Largest modules", ("module", "file", "lines", "lines of code", "functions", "classes"),
                 ((m.name, m.file, m.lines, m.code_lines, m.functions, m.classes) for m in rows))


def _packages(modules: Iterable[ModuleSize]) -> list[tuple[object, ...]]:
    """Add up the modules that lie in the same folder."""
    folders: dict[str, list[ModuleSize]] = {}
    for module in modules:
        folders.setdefault(PurePosixPath(module.file).parent.as_posix(), []).append(module)
    return [(_package_name(folder, inside), len(inside), *_sums(inside)) for folder, inside in folders.items()]


def _sums(modules: Iterable[ModuleSize]) -> tuple[int, ...]:
    rows = [(m.lines, m.code_lines, m.functions, m.classes) for m in modules]
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _package_name(folder: str, inside: Iterable[ModuleSize]) -> str:
    own = next((m.name for m in inside if PurePosixPath(m.file).stem == "__init__"), None)
    return own or f"{folder}/"


def _outside(code: CodeBase) -> list[tuple[object, ...]]:
    counts = Counter({name: len(files) for name, files in code.outside.items()})
    return [(name, count, "yes" if name in sys.stdlib_module_names else "no") for name, count in counts.most_common(40)]


def _notes(files: MapFiles, code: CodeBase, modules: int) -> Iterator[str]:
    if not (files.sources or files.unread or files.others):
        yield "No files to map."
    elif not modules:
        yield "No Python modules: there is nothing to say about imports, functions and classes."
    yield from unread_note([*files.unread, *(u for u in code.unread if u not in files.unread)])
    if code.missing:
        yield f"Relative imports of modules that are not there: {some(list(code.missing))}"
    if modules > MAX_MODULES:
        yield f"Of {number(modules)} modules the first {MAX_MODULES} are listed with what they import; all are counted."


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Json:
    """Return a table of a report as JSON."""
    return {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}


def place_of(code: CodeBase, file: str, line: int) -> dict[str, str]:
    """Return file, line and the words that stand there."""
    return {"source": file, "location": str(line), "quote": code.by_file[file].quote(line)}
