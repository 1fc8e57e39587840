"""Replay: carry a recorded run out again, with every answer of a model and every result of a tool from its recording.

Nothing is called and nothing changes but the new run's own folder. What agents do themselves is done for real, and held
against what is on record: what they ask, what they call tools with, the files that they read, what comes of each task.
``recording.py`` reads a recording, ``start.py`` sets a replay going.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_core import errors
from genesis_core._again import changed_files, copy_artifacts
from genesis_core._files import find_artifact
from genesis_core._lineup import Lineup
from genesis_core.errors import Category, DependencyDown, GenesisError
from genesis_core.policy import Action, Decision, Ruling, Usage
from genesis_core.records import digest
from genesis_core.runs import Difference, EventKind, Replayed
from genesis_core.tasks import Task, TaskGraph, TaskResult

from .differences import Place, excerpt, first_difference
from .pages import Pages
from .recording import Kept, Part, Recording
from .redact import Redactor
from .tape import Call

if TYPE_CHECKING:
    from genesis_core._run import Driver

__all__ = ["Replay", "raised"]

ONE_CALL = Usage(model_calls=1)
Emit = Callable[..., object]


class Replay:
    """Answers for the models and tools of one run, from its recording, and notes what goes another way than then."""

    def __init__(self, recording: Recording, redact: Redactor) -> None:
        self.recording, self._redact = recording, redact
        self.emit: Emit = lambda *_, **__: None
        self.folder = Path()
        """The folder of the new run."""
        self.pages = Pages(recording.record.run_id)
        self._differences: list[Difference] = []
        self._strayed: set[tuple[str, int]] = set()
        """Attempts that asked or called something that is not on record: what they do from there is a consequence."""
        self._done: set[str] = set()
        self._taken = {"model": 0, "tool": 0}

    @property
    def run_id(self) -> str:
        """The run that is replayed; agents see its id, so that what they make of it is the same."""
        return self.recording.record.run_id

    def lineup(self, task_id: str, attempt: int) -> Lineup:
        """Return the models that an attempt could ask."""
        part = self.recording.parts.get((task_id, attempt))
        return self.recording.lineup if part is None or part.lineup is None else part.lineup

    # -- calls ------------------------------------------------------------------------------------------------------

    async def take(self, call: Call, run: Callable[[], Awaitable[Any]], said: dict[str, Any]) -> Any:
        """Return what was recorded for *call*, or raise what it failed with; *run* is never called.

        A call that is not on record is a difference, and raises DependencyDown.
        """
        part, what = self._part(call), self.pages.as_made(call.what)
        shown = self._redact(what)
        kept = part.take(call.kind, call.name, (digest(what), digest(shown)))
        if kept is None:
            raise self._unknown(call, shown, part)
        answer = self.recording.blob(kept)
        self._taken[call.kind] += 1
        said["replayed"] = True
        if "cut" in answer:  # it was never answered: its task was stopped, or its agent would not wait
            await asyncio.get_running_loop().create_future()
        if "error" in answer:
            raise raised(answer["error"])
        if call.kind == "tool":
            return answer["value"]
        return {**answer["value"], "usage": ONE_CALL.to_json()}

    def _part(self, call: Call) -> Part:
        if not call.task_id:
            return self.recording.changing
        return self.recording.parts.get((call.task_id, call.attempt)) or Part()

    def _unknown(self, call: Call, shown: Any, part: Part) -> GenesisError:
        """Note that *call* is not on record, beside the one that most likely stands for it."""
        word = "request" if call.kind == "model" else "call"
        near = next((k for k in part.left(call.kind) if k.name == call.name), None) or next(part.left(call.kind), None)
        place = Place("", f"no further {word}", excerpt(_gist(shown)))
        to = f"to {call.name!r}" if call.kind == "model" else f"of {call.name!r}"
        if near is not None:
            near.used = True
            found = first_difference(self.recording.blob(near)["what"], shown)
            place = found or Place("", f"{to[:2]} {near.name!r}", to)
        self._differ(call.task_id, call.attempt, word, f"{to}{_at(place.pointer)}", place)
        self._strayed.add((call.task_id, call.attempt))
        return DependencyDown(
            f"the recording of run {self.run_id} holds no such {word} {to}",
            cause="a replay calls nothing", hint="genesis run --record makes a new recording",
        )

    # -- what an attempt reads and may do -----------------------------------------------------------------------------

    def read(self, task_id: str, attempt: int, what: Mapping[str, Any]) -> None:
        """Hold what an attempt reads against what it read then."""
        part = self.recording.parts.get((task_id, attempt))
        if part is None:
            return
        if "pattern" in what:
            then = [r for r in part.reads if r.get("pattern") == what["pattern"]]
            if not any(r["names"] == what["names"] for r in then):
                was = f"{then[0]['count']} files" if then else "not listed"
                self._differ(task_id, attempt, "files", repr(what["pattern"]),
                             Place("", was, _other(was, f"{what['count']} files")))
        for name, sha256 in what.get("files", {}).items():
            known = [r["files"][name] for r in part.reads if name in r.get("files", {})]
            if sha256 not in known:
                self._differ(task_id, attempt, "file", repr(name),
                             Place("", _file(known[0]) if known else "not read", _file(sha256)))

    def approves(self, task_id: str, attempt: int, action: Action, decision: Decision) -> bool:
        """Return whether somebody approved then what policy leaves to a person now; note any other decision."""
        part = self.recording.parts.get((task_id, attempt))
        if part is None:
            return False
        known = part.decided.get((action.verb, action.resource), set())
        if action.verb == "read" and not known and any(action.resource in r.get("files", {}) for r in part.reads):
            known = {str(Ruling.ALLOW)}  # of a read that was allowed nothing more is on record
        if known and str(decision.effect) not in known:
            self._differ(task_id, attempt, "decision", f"on {action.verb} {action.resource!r}",
                         Place("", " or ".join(sorted(known)), f"{decision.effect} (rule {decision.rule!r})"))
        asked = decision.effect is Ruling.ASK and str(Ruling.ASK) in known
        return asked and (task_id, attempt) in self.recording.results  # a task that waited has no result

    # -- results ----------------------------------------------------------------------------------------------------

    def done(self, result: TaskResult) -> None:
        """Hold what a task came to against what it came to then."""
        task_id, attempt = result.task_id, result.attempt
        self._done.add(task_id)
        then = self.recording.result(task_id, attempt)
        if then is None:
            self._differ(task_id, attempt, "task", "", Place("", "not done", result.state.value))
            return
        part = self.recording.parts.get((task_id, attempt))
        if part is not None and part.lineup is not None and (task_id, attempt) not in self._strayed:
            for kept in part.left():
                self._left_out(task_id, attempt, kept)
        now = self.pages.as_made(_gist_of(result))
        place = first_difference(self._redact(_gist_of(then)), self._redact(now))
        if place is not None and place.pointer.startswith("/artifacts/"):  # a secret in it was not kept
            texts = self._texts_of(self.recording.folder, then), self._texts_of(self.folder, result)
            place = first_difference(*texts, pointer="/artifacts") or self._beside_artifacts(_gist_of(then), now)
        if place is not None:
            self._differ(task_id, attempt, "output", place.pointer, place)

    def _beside_artifacts(self, then: dict[str, Any], now: dict[str, Any]) -> Place | None:
        return first_difference(*(self._redact({**gist, "artifacts": None}) for gist in (then, now)))

    def _texts_of(self, folder: Path, result: TaskResult) -> dict[str, str]:
        """Return the artefacts of *result* without secrets; of one that is no text, the digest."""
        found: dict[str, str] = {}
        for artifact in result.artifacts:
            try:
                data = self.pages.plain(find_artifact(folder, artifact, result.task_id))
                found[artifact.name] = self._redact.text(data.decode())
            except (GenesisError, OSError, UnicodeDecodeError):
                found[artifact.name] = artifact.sha256
        return found

    def as_it_was(self, result: TaskResult) -> TaskResult:
        """Return *result* with what it had cost: tasks behind it may tell of that."""
        then = self.recording.result(result.task_id, result.attempt)
        return result if then is None else result.replace(usage=then.usage)

    def _left_out(self, task_id: str, attempt: int, kept: Kept) -> None:
        word, to = ("request", "to") if kept.kind == "model" else ("call", "of")
        was = excerpt(_gist(self.recording.blob(kept)["what"]))
        self._differ(task_id, attempt, word, f"{to} {kept.name!r}", Place("", was, "not made"))

    async def reuse(self, driver: Driver, task: Task, attempt: int, code: str) -> TaskResult | None:
        """Return the result of an attempt that is there but was not recorded: one that was itself re-used, or made
        before recording began."""
        part, then = self.recording.parts.get((task.id, attempt)), self.recording.results.get((task.id, attempt))
        if part is None or part.lineup is not None or then is None:
            return None
        why = await asyncio.to_thread(changed_files, driver.scope.workspace, part.reads)
        if why:
            self._differ(task.id, attempt, "file", why, Place("", "as recorded", "another one"))
        await asyncio.to_thread(copy_artifacts, self.recording.folder, driver.scope.folder, task.id)
        label = then.label | driver._label(task)
        driver.scope.emit(EventKind.TASK_REUSED, task_id=task.id, attempt=attempt, label=label, data={
            "from": self.run_id, "reads": part.reads, "code": code, "reason": "its calls were not recorded",
        })
        return then.replace(usage=Usage(), label=label)

    def _differ(self, task_id: str, attempt: int, what: str, name: str, place: Place) -> None:
        found = Difference(task_id=task_id, what=what, name=name, recorded=place.recorded, now=place.now)
        if found not in self._differences:
            self._differences.append(found)
            self.emit(EventKind.DIFFERED, task_id=task_id, attempt=attempt,
                      data={k: v for k, v in found.to_json().items() if k != "task_id"})

    def ended(self) -> None:
        """Note the tasks that came to something then and not now."""
        for task_id, then in self.recording.record.results.items():
            if task_id not in self._done:
                self._differ(task_id, 0, "task", "", Place("", then.state.value, "not done"))

    def outcome(self, graph: TaskGraph) -> Replayed:
        """Return how the replay compares, its differences in the order of *graph*."""
        return Replayed.of(self.run_id, graph.order, self._differences, usage=self.recording.record.usage,
                           models=self._taken["model"], tools=self._taken["tool"])


def raised(said: Mapping[str, Any]) -> Exception:
    """Return an exception that says what a recorded one said."""
    name, message = str(said["type"]), str(said["message"])
    if not said["expected"]:
        unexpected: Exception = type(name, (Exception,), {})(message)
        return unexpected
    kind = getattr(errors, name, GenesisError)
    error: GenesisError = kind(message, cause=said["cause"], hint=said["hint"], category=Category(said["category"]))
    return error


def _gist(what: Any) -> Any:
    """Return what to show of a call: of a request its last words."""
    if isinstance(what, Mapping) and "messages" in what and "role" in what:
        return next(_texts(what), what)
    return what


def _texts(request: Mapping[str, Any]) -> Iterator[str]:
    return (m["text"] for m in reversed(request["messages"]) if m.get("text"))


def _gist_of(result: TaskResult) -> dict[str, Any]:
    """Return what counts of a result when it is compared."""
    error = None if result.error is None else {"code": result.error.code, "message": result.error.message}
    return {
        "state": result.state.value, "error": error, "output": result.output, "level": result.level.value,
        "artifacts": {a.name: a.sha256 for a in result.artifacts},
        "evidence": [e.to_json() for e in result.evidence],
    }


def _at(pointer: str) -> str:
    return f", {pointer}" if pointer else ""


def _file(sha256: str) -> str:
    return f"sha256 {sha256[:12]}" if sha256 else "not there"


def _other(was: str, now: str) -> str:
    return now if now != was else f"{now}, others"
