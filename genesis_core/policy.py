"""Who may do what, and what a value may cause: Label, Identity, Action, Decision, Budget, Usage, PlanLimits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .records import FrozenDict, JsonObject, Record, digest

__all__ = [
    "Action", "Approval", "Budget", "Decision", "Effect", "Grant", "Identity", "Label", "PlanLimits", "Ruling",
    "Secrecy", "Trust", "Usage",
]


class Trust(IntEnum):
    """How far a text may be believed; lower wins when two meet."""

    UNTRUSTED = 0
    USER = 1
    TRUSTED = 2


class Secrecy(IntEnum):
    """Who may see a value; higher wins when two meet."""

    PUBLIC = 0
    INTERNAL = 1
    SECRET = 2


@dataclass(frozen=True, slots=True)
class Label:
    """Where a value comes from and what it may cause.

    ``a | b`` is the label of what was made from both: the lower trust, the higher secrecy, both sources
    (the product lattice of D. Denning, "A Lattice Model of Secure Information Flow", 1976).
    """

    trust: Trust = Trust.USER
    secrecy: Secrecy = Secrecy.PUBLIC
    sources: frozenset[str] = field(default=frozenset())

    def __or__(self, other: Label) -> Label:
        if self is other or self == other:
            return self
        return Label(
            min(self.trust, other.trust), max(self.secrecy, other.secrecy), self.sources | other.sources
        )

    @classmethod
    def join(cls, *labels: Label) -> Label:
        """Return the label of what was made from all of *labels*, in one pass over their sources."""
        if not labels:
            return cls(Trust.TRUSTED)
        if all(label is labels[0] for label in labels):
            return labels[0]
        return cls(min(label.trust for label in labels), max(label.secrecy for label in labels),
                   frozenset().union(*(label.sources for label in labels)))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form that journals hold."""
        return {"trust": self.trust.name, "secrecy": self.secrecy.name, "sources": sorted(self.sources)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Label:
        """Return the label that :meth:`to_json` wrote (raises KeyError for an unknown word)."""
        return cls(Trust[value["trust"]], Secrecy[value["secrecy"]], frozenset(value["sources"]))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Labels are written as words and with sorted sources, so that equal labels have equal bytes."""
        return core_schema.no_info_plain_validator_function(
            _as_label, serialization=core_schema.plain_serializer_function_ser_schema(cls.to_json)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "object", "additionalProperties": False, "required": ["trust", "secrecy", "sources"],
            "properties": {
                "trust": {"enum": [t.name for t in Trust]}, "secrecy": {"enum": [s.name for s in Secrecy]},
                "sources": {"type": "array", "items": {"type": "string"}},
            },
        }


def _as_label(value: Any) -> Label:
    if isinstance(value, Label):
        return value
    try:
        return Label.from_json(value)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no label: {error}") from None


class Effect(StrEnum):
    """What a tool does to the world, from harmless to irrevocable."""

    PURE = "pure"
    READ = "read"
    WRITE = "write"
    SEND = "send"


class Identity(Record):
    """Who acts: a subject, what it may do, and for whom (a delegation chain that only narrows)."""

    subject: str = "user"
    scopes: tuple[str, ...] = ()
    actor: tuple[str, ...] = ()

    def delegate(self, subject: str) -> Identity:
        """Return the identity of *subject* acting for this one."""
        return Identity(subject=subject, scopes=self.scopes, actor=(*self.actor, self.subject))


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody wants to do: verb ("read", "write", "call", "ask", "run", "endorse"), resource, effect.

    Of a call, *arguments* are those of the tool; of a question to a model, its digest and the most that it may take,
    and *cost* is that in US dollars (None: not known); of what is written, its sha256 and size.
    """

    verb: str
    resource: str
    effect: Effect = Effect.PURE
    arguments: Mapping[str, Any] | None = None
    cost: Decimal | None = None

    @property
    def digest(self) -> str:
        """sha256 of what is to be done, arguments included: what a person approves is exactly this."""
        return digest([self.verb, self.resource, self.effect.value, self.arguments])


class Grant(Record):
    """One call that a plan's author lets a task make, whatever the task has read.

    It covers a call of *tool* that gives each of *arguments* as it stands here, and nothing else but those that *free*
    names: what is free may come from anywhere, so a recipient, a path or an amount does not belong there. A secret is
    handed over only where it stands in *arguments*: what is free names none.
    """

    tool: str
    arguments: JsonObject = FrozenDict()
    free: tuple[str, ...] = ()
    times: int = Field(default=1, ge=1)
    """Calls that its task may make by it, over all attempts."""

    def covers(self, action: Action) -> bool:
        """Return whether *action* is a call that this grants."""
        if action.verb != "call" or action.resource != self.tool:
            return False
        given = {} if action.arguments is None else action.arguments
        same = all(name in given and _equal(given[name], value) for name, value in self.arguments.items())
        return same and all(
            name in self.arguments or (name in self.free and not names_secret(value)) for name, value in given.items())

    def misses(self, action: Action) -> str:
        """Return which argument keeps *action*, a call of its tool, from being what it grants; empty when none does."""
        given = {} if action.arguments is None else action.arguments
        for name, value in self.arguments.items():
            if name not in given:
                return f"argument {name!r} is missing"
            if not _equal(given[name], value):
                return f"argument {name!r} is another one than it says"
        for name, value in given.items():
            if name not in self.arguments and name not in self.free:
                return f"argument {name!r} is neither granted nor free"
            if name not in self.arguments and names_secret(value):
                return f"argument {name!r} hands over a secret, and it is free"
        return ""


def names_secret(value: Any) -> bool:
    """Return whether a JSON value is a secret by its name, ``{"secret": NAME}``, or holds one."""
    left = [value]
    while left:
        inner = left.pop()
        if isinstance(inner, Mapping):
            if set(inner) == {"secret"}:
                return True
            left.extend(inner.values())
        elif isinstance(inner, list | tuple):
            left.extend(inner)
    return False


def _equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same one: 1 is neither true nor 1.0."""
    return digest(one) == digest(other)


class Ruling(StrEnum):
    """What a decision says."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to an Action, the rule that gave it, and why."""

    effect: Ruling
    rule: str
    reason: str = ""

    def __post_init__(self) -> None:
        """Take a plain word for its ruling: "deny" that only looked like one would be overheard (ValueError)."""
        if self.effect.__class__ is not Ruling:
            object.__setattr__(self, "effect", Ruling(self.effect))

    @classmethod
    def allow(cls, rule: str, reason: str = "") -> Decision:
        """Return a decision that lets the action happen."""
        return cls(Ruling.ALLOW, rule, reason)

    @classmethod
    def deny(cls, rule: str, reason: str = "") -> Decision:
        """Return a decision that stops the action."""
        return cls(Ruling.DENY, rule, reason)

    @classmethod
    def ask(cls, rule: str, reason: str = "") -> Decision:
        """Return a decision that leaves the action to a person."""
        return cls(Ruling.ASK, rule, reason)


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person said of one action."""

    granted: bool
    by: str
    row: int
    """Of the journal."""
    reason: str = ""


class Usage(Record):
    """What happened: money in US dollars (None: unknown, never 0), tokens, seconds, calls."""

    cost: Decimal | None = Decimal(0)
    tokens: int = Field(default=0, ge=0)
    """Read and written together."""
    output_tokens: int = Field(default=0, ge=0)
    """Those of ``tokens`` that a model wrote."""
    seconds: float = Field(default=0.0, ge=0)
    tool_calls: int = Field(default=0, ge=0)
    model_calls: int = Field(default=0, ge=0)
    generated: int = Field(default=0, ge=0)
    """Tools and agents that were begun to be made."""

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            cost=cost,
            tokens=self.tokens + other.tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            seconds=self.seconds + other.seconds,
            tool_calls=self.tool_calls + other.tool_calls,
            model_calls=self.model_calls + other.model_calls,
            generated=self.generated + other.generated,
        )


class Budget(Record):
    """What one run may spend; None is no limit. Money in US dollars."""

    max_cost: Decimal | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, ge=0)
    max_seconds: float | None = Field(default=None, ge=0)
    max_tool_calls: int | None = Field(default=None, ge=0)


class PlanLimits(Record):
    """How large a run may grow over the life of its root run; planner, validator and kernel read this one object."""

    max_tasks: int = Field(default=1000, ge=1)
    """Of the plan, and of all that changes have added to it, dropped tasks among them."""
    max_depth: int = Field(default=5, ge=1)
    """Levels of nesting by ``parent``, and of runs below each other's tools."""
    max_new_tasks: int = Field(default=20, ge=0)
    """Of one update."""
    max_updates: int = Field(default=10, ge=0)
    max_model_calls: int = Field(default=1000, ge=0)
    max_tool_calls: int = Field(default=100_000, ge=0)
    max_seconds: float | None = Field(default=None, gt=0)
    """Seconds of drivers at work, all resumes together. A budget can be raised by whoever resumes; this can't."""
    max_cost: Decimal | None = Field(default=None, ge=0)
    """US dollars."""
    max_generated: int = Field(default=20, ge=0)
    """Tools and agents that are begun to be made."""
    max_goal_chars: int = Field(default=5000, ge=1)
    max_text_chars: int = Field(default=20_000, ge=1)
    """Characters of one task's description."""
    max_revisions: int = Field(default=3, ge=0)
