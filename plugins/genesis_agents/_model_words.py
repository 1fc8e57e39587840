"""The words of a model, made fit for a report: numbers checked, sections and files taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genesis_core import LoopResult, Table, Task

from ._numbers import MARK, Known, code_blocks, known, marked
from ._prompts import Prompt
from ._report_text import counted, one_line

__all__ = ["RECOMMENDATIONS", "Words"]

RECOMMENDATIONS = "Recommendations"
"""Title of the table of what to do."""
MAX_ITEMS, MAX_ITEM, MAX_SECTION = 12, 600, 400
LONG = 1200
"""Characters from which on a plain text is a document."""
_HEADING = re.compile(r"#{1,6}[ \t]+(.+)")
_PROSE = (".md", ".markdown", ".txt", ".rst")


@dataclass(slots=True)
class Words:
    """One answer, and the numbers that it may use without a mark."""

    found: LoopResult
    prompt: Prompt
    known: Known
    data: Mapping[str, object] = field(default_factory=dict)
    own_figures: int = 0
    """How many numbers were marked as the model's own so far."""

    @classmethod
    def of(cls, found: LoopResult, prompt: Prompt, given: Sequence[object]) -> Words:
        """Return the words of an answer; *given* is what tools, inputs and the user said."""
        data = found.data if isinstance(found.data, Mapping) else _read_text(found.text)
        return cls(found, prompt, known(*given), data)

    @property
    def usable(self) -> bool:
        """Whether there is anything in it to show."""
        return bool(self._said("summary") or self._said("document"))

    @property
    def title(self) -> str:
        """The title, on one line."""
        return self.text("title", 120)

    def _said(self, name: str) -> str:
        value = self.data.get(name)
        return value.strip() if isinstance(value, str) else ""

    def _marked(self, text: str, *, code: bool = False) -> str:
        new, count = marked(text, self.known, code=code)
        self.own_figures += count
        return new

    def text(self, name: str, limit: int = 2000) -> str:
        """Return one field on one line, its unknown numbers marked."""
        return self._marked(one_line(self._said(name), limit))

    def attributed(self, name: str) -> str:
        """Return one field with the name of the model before it: it stands among the words of others."""
        text = self.text(name)
        return f"According to {self.found.model or 'a model'}: {text}" if text else ""

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the items of one field, each on one line."""
        items = self.data.get(name)
        texts = [item for item in items if isinstance(item, str)] if isinstance(items, list | tuple) else []
        lines = [one_line(text, MAX_ITEM) for text in texts]
        return tuple(self._marked(line) for line in lines if line)[:MAX_ITEMS]

    def recommendations(self) -> tuple[Table, ...]:
        """Return what to do as a table; none when nothing is recommended."""
        rows = tuple((line,) for line in self.listed("recommendations"))
        return (Table(title=RECOMMENDATIONS, columns=("what to do, and why",), rows=rows),) if rows else ()

    def sections(self) -> tuple[Table, ...]:
        """Return the sections of the document as a table: each heading, and how it begins."""
        rows: list[tuple[str, list[str]]] = []
        lines = self._said("document").splitlines()
        inside = {n for first, last in code_blocks(lines) for n in range(first, last + 1)}
        for number, line in enumerate(lines):
            heading = None if number in inside else _HEADING.match(line)
            if heading:
                rows.append((one_line(heading[1], 120), []))
            elif rows and line.strip() and number not in inside:
                rows[-1][1].append(line)
        cells = tuple(
            (marked(title, self.known)[0], marked(one_line(" ".join(text), MAX_SECTION), self.known)[0])
            for title, text in rows if text
        )
        return (Table(title="Sections", columns=("section", "text"), rows=cells),) if cells else ()

    def files(self, task: Task, name: str) -> list[tuple[str, str, str]]:
        """Return the files to write: name, text, media type. Code that a task asks for is taken from its blocks."""
        document = self._said("document")
        if not document:
            return []
        wanted = list(task.accept.artifacts) if task.accept is not None else []
        text = self._marked(document, code=True) + "\n"
        files = [(each, text, "text/markdown") for each in wanted if each.lower().endswith(_PROSE)]
        blocks = iter(_blocks(document))
        code = [(each, next(blocks, ""), "text/plain") for each in wanted if not each.lower().endswith(_PROSE)]
        own = [] if files else [(f"{name}.md", text, "text/markdown")]
        return [*own, *files, *(each for each in code if each[1])]

    def notes(self, *, follows: bool = False) -> tuple[str, ...]:
        """Say who wrote this, by which prompt, and which of its numbers are its own; call it last.

        It *follows* when the summary begins with words of the tools.
        """
        by = f"{self.found.model or 'a model'} with the prompt {self.prompt}"
        begin = "The summary begins with the tools' own words; what follows them, and the recommendations, are written"
        said = [f"{begin if follows else 'Written'} by {by}."]
        if self.own_figures:
            one = self.own_figures == 1
            said.append(f"{counted(self.own_figures, 'number')} in its words {'is' if one else 'are'} the model's own: "
                        f"{'it occurs' if one else 'they occur'} in no result of a tool, and {'is' if one else 'are'} "
                        f"marked {MARK}.")
        if self.found.finish == "length":
            said.append("Its answer was cut at the limit of its length.")
        return tuple(said)


def _read_text(text: str) -> Mapping[str, object]:
    """Read an answer that is no JSON: a text with headings, or a long one, is a document; its first words sum it up."""
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line and not _HEADING.match(line)), "")
    if len(text) <= LONG and not any(_HEADING.match(line) for line in lines):
        return {"summary": text}
    return {"title": next((h[1] for line in lines if (h := _HEADING.match(line))), ""), "summary": first,
            "document": text}


def _blocks(document: str) -> list[str]:
    lines = document.splitlines()
    return ["\n".join(lines[first + 1 : last]) + "\n" for first, last in code_blocks(lines)]
