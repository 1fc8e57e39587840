"""Ask a model: authorize, reserve, ask, settle, record - and ask the next one of the chain when one fails.

The kernel does this for tasks and for planning alike, through the doors of whoever asks. Each call is a pair of rows:
``model.asked`` (with the most that it may cost) is on disk before the request leaves, ``model.answered`` says what it
did cost. An asked row without its answer counts as spent at its most.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from ._passed import kept
from ._replay.tape import essence
from .errors import Category, DependencyDown, GenesisError, ModelError, TimedOut
from .models import BoundedModel, Message, Model, ModelReply, ModelRequest
from .policy import Action, Effect, Label, Trust, Usage
from .records import canonical_json, digest
from .runs import EventKind

__all__ = ["Doors", "ask", "most"]

FAILED = (ModelError, DependencyDown, TimedOut)
"""How a model fails so that another one may be asked instead."""
REPAIR = "That answer can't be used, for the reason above. Answer again, as you were asked to in the first place."
WHY = "Why the answer can't be used: {why}"


class Doors(Protocol):
    """What a question goes through: those of a task, or those of planning."""

    @property
    def seconds_left(self) -> float:
        """Seconds until whoever asks must be done."""
        ...

    @property
    def in_money(self) -> bool:
        """Whether there is a budget in money, into which nothing fits whose cost is not known."""
        ...

    def emit(self, kind: EventKind, data: dict[str, Any]) -> object:
        """Append a row."""
        ...

    async def commit(self) -> None:
        """Return when all rows so far are on disk."""
        ...

    async def authorize(self, action: Action) -> None:
        """Let an allowed action pass (raises AccessDenied)."""
        ...

    def passing(self, action: Action) -> dict[str, Any]:
        """Return what the row of an allowed *action* says of the approval that let it pass."""
        ...

    def given(self, action: Action) -> Any:
        """Return what came of *action* when an earlier attempt did it as a person approved; None: it is to be done."""
        ...

    async def spend(self, need: Usage, work: Callable[[], Awaitable[tuple[Any, Usage]]]) -> Any:
        """Reserve *need*, do *work*, settle for what it says was spent."""
        ...

    async def screen(self, text: str, what: str) -> None:
        """Let a text pass (raises AccessDenied)."""
        ...

    async def fit(self, request: ModelRequest) -> ModelRequest:
        """Return *request* as screening lets it become a prompt (raises AccessDenied)."""
        ...

    def rise(self, label: Label) -> None:
        """Take *label* into that of whoever asks."""
        ...

    async def reply(
        self, model: Model, request: ModelRequest, answer: Callable[[], Awaitable[ModelReply]], said: dict[str, Any]
    ) -> ModelReply:
        """Return what *answer* gives, kept when the run is recorded; in a replay, what was kept. *said* tells of it."""
        ...


async def ask(doors: Doors, chain: Sequence[Model], request: ModelRequest, *, who: str) -> ModelReply:
    """Return the answer of the first model in *chain* that gives one.

    Raises DependencyDown when there is none, or when all fail; BudgetExceeded, LimitExceeded and AccessDenied stop it.
    """
    if not chain:
        raise DependencyDown("no model is configured", cause=f"{who} asked for one",
                             hint="genesis resume RUN --model NAME")
    doors.rise(Label.join(*(m.label for m in request.messages)) if request.messages else Label(Trust.TRUSTED))
    failures: list[tuple[str, GenesisError]] = []
    for model in chain:
        try:
            return await _answered(doors, model, request)
        except FAILED as error:
            failures.append((model.name, error))
    raise _all_failed(failures)


def _all_failed(failures: Sequence[tuple[str, GenesisError]]) -> GenesisError:
    if len(failures) == 1:
        return failures[0][1]
    return DependencyDown(
        "no configured model answered", cause="; ".join(f"{name}: {error.message}" for name, error in failures),
        hint=failures[0][1].hint or "genesis models test", category=failures[0][1].category,
    )


async def _answered(doors: Doors, model: Model, request: ModelRequest) -> ModelReply:
    """Return a right answer: one that does not follow the schema is repaired once."""
    request = await doors.fit(request)
    reply = await _call(doors, model, request)
    if reply.wrong:
        reply = await _call(doors, model, await doors.fit(_repair(request, reply)))
    if reply.wrong:
        raise ModelError(f"model {model.name!r} answered twice against the schema", cause=reply.wrong,
                         hint="choose a model that can give structured answers")
    said = [text for text in (reply.text, _data(reply)) if text]
    if said:
        await doors.screen("\n".join(said), f"what {model.name!r} answered")
    return reply


def _repair(request: ModelRequest, reply: ModelReply) -> ModelRequest:
    """Return *request* and what is wrong with its answer: as data, since that may quote the answer's own words."""
    said, label = reply.text or _data(reply), Label(Trust.UNTRUSTED, sources=frozenset({f"model:{reply.model}"}))
    return request.replace(messages=(
        *request.messages,
        Message(role="assistant", text=said, label=label),
        Message(role="user", text=WHY.format(why=reply.wrong[:500]), label=label),
        Message(role="user", text=REPAIR, label=Label(Trust.TRUSTED)),
    ))


def _data(reply: ModelReply) -> str:
    return "" if reply.data is None else json.dumps(reply.data, ensure_ascii=False)


async def _call(doors: Doors, model: Model, request: ModelRequest) -> ModelReply:
    need, answer = most(model, request), lambda: _within(model, request, doors.seconds_left)
    action = _action(model, request, need)
    await doors.authorize(action)
    if (given := doors.given(action)) is not None:  # an earlier attempt has asked it, as a person approved
        doors.rise(_answers(model))
        return ModelReply(**given)
    if need.cost is None and doors.in_money:
        need, answer = Usage(), lambda: _unpriced(model)  # on record like any other failure, so that a replay has it
    passing = doors.passing(action)
    reply: ModelReply = await doors.spend(need, lambda: _asked(doors, model, request, need, answer, passing))
    return reply


def _action(model: Model, request: ModelRequest, need: Usage) -> Action:
    """Return what a person would approve: this question, word for word, at no more than it may cost."""
    limit = {"cost": "not known" if need.cost is None else f"{need.cost} USD", "tokens": need.tokens}
    return Action("ask", model.name, Effect.SEND, {"request": digest(essence(request)), "most": limit}, need.cost)


def _answers(model: Model) -> Label:
    """Return the label of what a model says: its answer, and what it fails with."""
    return Label(Trust.UNTRUSTED, sources=frozenset({f"model:{model.name}"}))


async def _unpriced(model: Model) -> ModelReply:
    """Raise ModelError: *model* is passed over, as no sum of money would ever be shown to be enough for it."""
    raise ModelError(
        f"the price of the model {model.name!r} is not known: under a budget in money it is not asked",
        cause="what it costs can't be shown to fit", category=Category.RESOURCE,
        hint="state input_price and output_price of its endpoint, or leave money out of the budget: --budget tokens=N",
        usage=Usage())


async def _asked(
    doors: Doors, model: Model, request: ModelRequest, need: Usage, answer: Callable[[], Awaitable[ModelReply]],
    passing: dict[str, Any],
) -> tuple[ModelReply, Usage]:
    """Send one request; its two rows hold what it may cost and what it did, and what let it pass."""
    name = digest(request.to_json())
    doors.emit(EventKind.MODEL_ASKED, {
        "model": model.name, "role": request.role, "request": name, "most": need.to_json(), **passing,
    })
    await doors.commit()  # what may cost money is on record before it does
    began = time.monotonic()
    said: dict[str, Any] = {"model": model.name, "request": name, **passing}
    answers = _answers(model)
    try:
        reply = await doors.reply(model, request, answer, said)
    except GenesisError as error:
        doors.rise(answers)
        spent = need if error.usage is None else error.usage
        _say(doors, said, spent, began, error=error.code, message=error.message[:500])
        raise
    except asyncio.CancelledError:
        with contextlib.suppress(GenesisError):  # who asked may have ended: without this row, too, it counts as most
            _say(doors, said, need, began, error="canceled")
        raise
    except Exception as error:  # a model that breaks its contract may still have cost something
        doors.rise(answers)
        _say(doors, said, need, began, error="unexpected", message=f"{type(error).__name__}: {error}"[:500])
        raise
    reply = reply if reply.model else reply.replace(model=model.name)
    spent = reply.usage if reply.usage.model_calls else reply.usage.replace(model_calls=1)
    doors.rise(answers)
    gave = kept(passing, reply.to_json()) if passing else passing
    _say(doors, {**said, **gave, "by": reply.model, "finish": reply.finish,
                 "answer": digest([reply.text, reply.data, [c.to_json() for c in reply.tool_calls]])}, spent, began)
    return reply, spent


def _say(doors: Doors, said: dict[str, Any], spent: Usage, began: float, **more: str) -> None:
    seconds = round(time.monotonic() - began, 6)
    doors.emit(EventKind.MODEL_ANSWERED, {**said, **more, "usage": spent.to_json(), "seconds": seconds})


async def _within(model: Model, request: ModelRequest, left: float) -> ModelReply:
    seconds = min(request.seconds * getattr(model, "patience", 1.0), left)
    try:
        return await asyncio.wait_for(model.complete(request), seconds)
    except TimeoutError:
        raise TimedOut(f"model {model.name!r} did not answer within {seconds:g} s",
                       hint="raise max_seconds of the task, or ask for less") from None


def most(model: Model, request: ModelRequest) -> Usage:
    """Return the most that one answer can take; a token is at least one byte of what is sent, schemas included."""
    if isinstance(model, BoundedModel):
        bound = model.most(request)
        return bound if bound.model_calls else bound.replace(model_calls=1)
    sent = len(canonical_json(essence(request)))
    return Usage(model_calls=1, tokens=sent + request.max_output_tokens, cost=None)
