"""Find out which files a task is about, and put the reports of several tools together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from genesis_core import Evidence, Report, TaskContext


@dataclass(frozen=True, slots=True)
class Where:
    """The files that a task is about, and what it names that is not there."""

    files: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each thing that is not there."""
        return tuple(f"There is no {name} in the workspace." for name in self.missing)


def where(context: TaskContext) -> Where:
    """Return the files below the folder, or those by name, that the inputs of a task give; else all of them."""
    folder, named = context.inputs.get("folder"), context.inputs.get("files")
    if isinstance(named, Sequence) and named:
        names = (named,) if isinstance(named, str) else tuple(map(str, named))
        return _named(context.files(), names)
    if isinstance(folder, str) and (inside := _plain(folder)):
        files = context.files(f"{inside}/**/*")
        return Where(files, () if files else (f"folder {folder!r} with files",))
    return Where(context.files())


def _named(files: Iterable[str], names: Iterable[str]) -> Where:
    """Pick files by path, or by the end of it: "app.py" means "src/app.py" too."""
    found, missing = dict[str, None](), list[str]()
    known = tuple(files)
    for name in names:
        plain = _plain(name)
        hits = [file for file in known if file == plain or file.endswith(f"/{plain}")]
        found.update(dict.fromkeys(hits))
        missing += [] if hits else [f"file {name!r}"]
    return Where(tuple(found), tuple(missing))


def _plain(path: str) -> str:
    """Return a path of the workspace without "./" before it or "/" after it; "" for the workspace itself."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def together(title: str, parts: Iterable[Mapping[str, object]], notes: Iterable[str] = ()) -> Report:
    """Return one report of several: sentences, figures, observations, tables and notes in their order."""
    reports = [Report.model_validate({k: v for k, v in part.items() if k in Report.model_fields}) for part in parts]
    return Report(
        title=title,
        summary=" ".join(report.summary for report in reports),
        figures={name: value for report in reports for name, value in report.figures.items()},
        observations=tuple(found for report in reports for found in report.observations),
        tables=tuple(table for report in reports for table in report.tables),
        notes=tuple(dict.fromkeys((*notes, *(note for report in reports for note in report.notes)))),
    )


def evidence_of(parts: Iterable[Mapping[str, object]]) -> list[Evidence]:
    """Return the places that several tools name as evidence, each once."""
    rows = (row for part in parts if isinstance(found := part.get("evidence"), list) for row in found)
    return list(dict.fromkeys(Evidence.model_validate(row) for row in rows))
