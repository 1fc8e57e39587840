"""Find out which files a task is about, and put the reports of several tools together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genesis_core import Evidence, Report, TaskContext

from ._report_text import one_line

MAX_NAMED = 10
"""So many folders that can't be opened are named; of the others there is a count."""
MAX_NAME_CHARS = 120

@dataclass(frozen=True, slots=True)
class Where:
    """The files that a task is about, what it names that is not there, and what it leaves out."""

    files: tuple[str, ...]
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    """Sentences about folders that can't be opened."""

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each thing that is not there, that is left out, and for each folder that can't be read."""
        gone = (f"There is no {name} in the workspace." for name in self.missing)
        return (*gone, *(f"{name} was left out, as the task asks." for name in self.left_out), *self.closed)


def where(context: TaskContext) -> Where:
    """Return the files below the folders and those by name that the inputs of a task give, else all of them.

    What the input ``exclude`` names is not among them.
    """
    names, below = named_files(context.inputs), named_folders(context.inputs)
    if not names and not below:
        return without_excluded(context, context.files())
    found = _named(context.files(), names) if names else Where(())
    files, missing = dict.fromkeys(found.files), list(found.missing)
    for folder in below:
        inside = _below(context, folder)
        if not inside:
            missing.append(f"folder {folder!r} with files")
        elif files.keys().isdisjoint(inside) or not names:  # "docs/guide.md in docs/" means that file alone
            files.update(dict.fromkeys(inside))
    rest = without_excluded(context, files)
    return Where(rest.files, (*missing, *rest.missing), rest.left_out, rest.closed)


def without_excluded(context: TaskContext, files: Iterable[str]) -> Where:
    """Return *files* without those that the input ``exclude`` names: files, folders or patterns."""
    rest, missing, left_out = tuple(files), list[str](), list[str]()
    excluded = _texts(context.inputs.get("exclude"))
    for name in excluded:
        gone = _meant(context, name, rest)
        rest = tuple(file for file in rest if file not in gone)
        (left_out if gone else missing).append(name if gone else f"{name!r} to leave out")
    return Where(rest, tuple(missing), tuple(left_out), tuple(_closed(context, excluded)))


def _closed(context: TaskContext, excluded: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each folder that can't be opened, of those that a task is about."""
    below, out = named_folders(context.inputs), [f"/{plain_path(name)}/" for name in excluded]
    tops = [f"{plain_path(name)}/" for name in below] or ([] if named_files(context.inputs) else [""])
    why = context.unreadable
    found = [name for name in why if f"{name}/".startswith(tuple(tops)) and not any(p in f"/{name}/" for p in out)]
    for name in found[:MAX_NAMED]:
        yield unreadable(name, why[name])
    if len(found) > MAX_NAMED:
        yield f"{len(found) - MAX_NAMED} more folders can't be read."


def unreadable(folder: str, why: str) -> str:
    """Return the sentence about a folder that can't be opened; "." is the workspace."""
    name = "workspace" if folder == "." else f"folder {one_line(folder, MAX_NAME_CHARS)}/"
    return f"The {name} can't be read: {why}."


def named_files(inputs: Mapping[str, object]) -> tuple[str, ...]:
    """Return the files that a task names."""
    return _texts(inputs.get("files"))


def named_folders(inputs: Mapping[str, object]) -> tuple[str, ...]:
    """Return the folders that a task names, one or several; none for the workspace itself."""
    both = (*_texts(inputs.get("folder")), *_texts(inputs.get("folders")))
    return () if any(not plain_path(name) and not outside(name) for name in both) else both


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()


def _below(context: TaskContext, folder: str) -> tuple[str, ...]:
    """Return the files below *folder*; none for one that lies outside of the workspace."""
    return () if outside(folder) else context.files(f"{plain_path(folder)}/**/*")


def outside(name: str) -> bool:
    """Whether a name leads out of the workspace."""
    return name.startswith(("/", "~")) or ".." in name.split("/")


def _meant(context: TaskContext, name: str, files: Sequence[str]) -> frozenset[str]:
    """Return which of *files* a name leaves out: that file or folder, else every one of that name at any depth."""
    plain = plain_path(name)
    if "*" in plain or "?" in plain:
        return frozenset(context.files(plain)) & frozenset(files)
    top = frozenset(file for file in files if file == plain or file.startswith(f"{plain}/"))
    return top or frozenset(file for file in files if f"/{plain}/" in f"/{file}/") if plain else frozenset(files)


def _named(files: Iterable[str], names: Iterable[str]) -> Where:
    """Pick files by path, or by the end of it: "app.py" means "src/app.py" too."""
    found, missing = dict[str, None](), list[str]()
    known = tuple(files)
    for name in names:
        plain = plain_path(name)
        hits = [file for file in known if not outside(name) and (file == plain or file.endswith(f"/{plain}"))]
        found.update(dict.fromkeys(hits))
        missing += [] if hits else [f"file {name!r}"]
    return Where(tuple(found), tuple(missing))


def plain_path(path: str) -> str:
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
