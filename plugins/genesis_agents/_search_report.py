"""Compose the report of a document search from the answer to it."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_core import Evidence, Observation, Report, Table

from ._search_answer import Answer, Quote

MAX_SAID = 3  # reasons in a summary that has nothing else to say


def compose(answer: Answer, *, subject: str, scope: str, notes: Sequence[str] = ()) -> Report:
    """Return the report: promises and mentions as observations, counts as figures, the rest as notes."""
    subject = subject.replace('"', "")
    return Report(
        title=f"What the documents say about {subject}" if subject else "What the documents promise",
        summary=_summary(answer, subject),
        figures={
            **{key: answer[key] for key in ("documents", "passages", "matches", "promises")},
            "table_rows": answer["rows"],
            "quotes": len(answer["promised"]) + len(answer["mentioned"]),
        },
        observations=(
            *(_observation("promise", quote) for quote in answer["promised"]),
            *(_observation("mention", quote) for quote in answer["mentioned"]),
        ),
        tables=_tables(answer),
        notes=(*notes, *_notes(answer, scope, empty=not (notes or answer["notes"]))),
    )


def evidence(answer: Answer) -> list[Evidence]:
    """Return every quote with its place."""
    quotes = (*answer["promised"], *answer["mentioned"])
    return [Evidence(source=each["source"], location=each["lines"], quote=each["quote"]) for each in quotes]


def _observation(rule: str, quote: Quote) -> Observation:
    return Observation(
        rule=rule, message=quote["message"], source=quote["source"], location=quote["lines"], quote=quote["quote"]
    )


def _summary(answer: Answer, subject: str) -> str:
    read = f"Read {_count(answer['documents'], 'document')} in {_count(answer['passages'], 'passage')}."
    if not answer["documents"]:
        return " ".join(["There was no document to read.", *answer["notes"][:MAX_SAID]])
    if not (answer["matches"] or answer["rows"]):
        return f"{read} Nothing was found about {subject}." if subject else f"{read} None of them promises anything."
    found = f"{_count(answer['promises'], 'sentence')} in {_count(answer['matches'], 'passage')} promise something"
    if subject:
        rows = f", and {_count(answer['rows'], 'row')} of tables" if answer["rows"] else ""
        promises = _count(answer["promises"], "promise")
        found = f"{_count(answer['matches'], 'passage')} about {subject}, with {promises}{rows}"
    best = max(answer["places"], key=lambda place: (place["promises"], place["matches"], place["rows"]))
    quotes = len(answer["promised"]) + len(answer["mentioned"])
    return f"{read} Found {found}, most of it in {best['source']}. {_listed(quotes)}"


def _listed(quotes: int) -> str:
    return f"{_count(quotes, 'quote')} {'is' if quotes == 1 else 'are'} listed."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _tables(answer: Answer) -> tuple[Table, ...]:
    rows = tuple((place["source"], place["matches"], place["promises"], place["rows"]) for place in answer["places"])
    columns = ("file", "passages", "promises", "table rows")
    return (Table(title="Where it stands", columns=columns, rows=rows),) if rows else ()


def _notes(answer: Answer, scope: str, *, empty: bool) -> list[str]:
    none = not answer["documents"] and empty
    notes = [f"No documents (.md, .rst, .txt) were found {scope}."] if none else []
    if answer["documents"] and not (answer["matches"] or answer["rows"]) and answer["words"]:
        words = ", ".join(f'"{word}"' for word in answer["words"])
        notes.append(f"Nothing was found: searched {_count(answer['documents'], 'document')} for {words}.")
    for what, total, listed in (
        ("promises", answer["promises"], answer["promised"]),
        ("other passages", answer["mentions"], answer["mentioned"]),
    ):
        if total > len(listed):
            notes.append(f"{total} {what} were found; the best {len(listed)} are listed.")
    return [*notes, *answer["notes"]]
