"""The exceptions of Genesis, and the seven categories of failure.

::

    GenesisError
     ├─ SettingsError        a setting, flag or file that can't be used            exit 2
     ├─ PluginError          a plugin that can't be loaded or misbehaves           exit 2
     ├─ PlanError            a plan that can't be                                  exit 2
     │   ├─ GraphError           its graph: cycle, duplicate, dangling, unknown
     │   ├─ NoAnswer             no plugin answered a hook that needs an answer
     │   └─ PlanRejected         validated and refused                             exit 3
     ├─ AccessDenied         policy said no, or silence did                        exit 4
     ├─ BudgetExceeded       the run's budget is spent                             exit 5
     ├─ LimitExceeded        a limit on size was passed                            exit 3
     ├─ TimedOut             a deadline passed                                     exit 6
     ├─ DependencyDown       something outside did not answer                      exit 7
     ├─ JournalError         the record is damaged, newer, in use or not writable  exit 2
     ├─ ToolError            a tool failed                                         exit 1
     └─ ModelError           a model failed                                        exit 7

Every error carries what happened (its message), why (``cause``), the way out (``hint``: a command to type where there
is one) and its category. Expected failure of a task is a value (``TaskResult.error``), not an exception.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from .records import Record, sayable

if TYPE_CHECKING:
    from .policy import Usage

__all__ = [
    "AccessDenied", "BudgetExceeded", "Category", "DependencyDown", "GenesisError", "GraphError", "JournalError",
    "LimitExceeded", "ModelError", "NoAnswer", "PlanError", "PlanRejected", "PluginError", "SettingsError", "TaskError",
    "TimedOut", "ToolError",
]


MAX_TRACEBACK = 8192
MAX_WORDS = 2000
"""Characters of a message: what is longer quotes somebody's bomb."""
MAX_NAME = 200
"""Characters of a name that others are compared with."""


class Category(StrEnum):
    """Where a failure belongs; each has its own recovery."""

    DECOMPOSITION = "decomposition"
    ROUTING = "routing"
    VALIDATION = "validation"
    LLM = "llm"
    NETWORK = "network"
    RESOURCE = "resource"
    SECURITY = "security"
    UNKNOWN = "unknown"  # a bug: something is missing in the mapping


class GenesisError(Exception):
    """The root of every error that Genesis raises on purpose."""

    category: Category = Category.UNKNOWN
    exit_code: int = 1

    usage: Usage | None = None
    """What was spent on the way to a failed answer of a model; None: not known."""

    def __init__(
        self, message: str, *, cause: str = "", hint: str = "", category: Category | None = None,
        usage: Usage | None = None,
    ) -> None:
        self.message, self.cause, self.hint, self.usage = brief(message), brief(cause), brief(hint), usage
        super().__init__(self.message)
        if category is not None:
            self.category = category

    @property
    def code(self) -> str:
        """The stable name of the error in JSON output, for example ``graph_error``."""
        name = type(self).__name__
        return "".join(("_" if i and c.isupper() else "") + c.lower() for i, c in enumerate(name))

    @property
    def told(self) -> str:
        """What happened and the way out, in one line: ``MESSAGE (hint: HINT)``."""
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


class SettingsError(GenesisError):
    """A setting, flag or input file can't be used."""

    category, exit_code = Category.VALIDATION, 2


class PluginError(GenesisError):
    """A plugin can't be loaded, or breaks the contract of a hook; the message names its distribution."""

    category, exit_code = Category.VALIDATION, 2


class PlanError(GenesisError):
    """A plan that can't be."""

    category, exit_code = Category.DECOMPOSITION, 2


class GraphError(PlanError):
    """A graph with a cycle, a duplicate, a dangling dependency or an unknown name."""


class NoAnswer(PlanError):
    """No plugin answered a hook that must be answered."""

    exit_code = 3


class PlanRejected(PlanError):
    """A plan was validated and refused; the findings say why."""

    category, exit_code = Category.VALIDATION, 3


class AccessDenied(GenesisError):
    """Policy denied an action, or no policy allowed it."""

    category, exit_code = Category.SECURITY, 4


class BudgetExceeded(GenesisError):
    """A run's budget does not cover what comes next."""

    category, exit_code = Category.RESOURCE, 5


class LimitExceeded(GenesisError):
    """A limit on the size of a plan or a run was passed."""

    category, exit_code = Category.RESOURCE, 3


class TimedOut(GenesisError):
    """A deadline passed."""

    category, exit_code = Category.RESOURCE, 6


class DependencyDown(GenesisError):
    """Something outside this process did not answer or is not installed."""

    category, exit_code = Category.NETWORK, 7


class JournalError(GenesisError):
    """The record of a run is damaged, edited, newer than this program, in use, or can't be written."""

    category, exit_code = Category.RESOURCE, 2


class ToolError(GenesisError):
    """A tool failed; raised by ``context.call``."""

    category = Category.RESOURCE


class ModelError(GenesisError):
    """A model failed; raised by ``context.ask``."""

    category, exit_code = Category.LLM, 7


class TaskError(Record):
    """Why a task did not complete: the value in ``TaskResult.error``."""

    category: Category
    message: str
    hint: str = ""
    cause: str = ""
    code: str = ""
    traceback: str = ""
    """Where a bug struck, for whoever mends it; empty for failures that were expected."""

    @classmethod
    def of(cls, error: BaseException) -> TaskError:
        """Return what *error* says; of an exception that nobody expected, also where it came from.

        What looks like a secret is left out: an error quotes what it met, and is kept and shown.
        """
        from .redaction import redacted

        if isinstance(error, GenesisError):
            return cls(category=error.category, message=sayable(error.message), hint=sayable(error.hint),
                       cause=sayable(error.cause), code=error.code).redacted()
        message = sayable(f"{type(error).__name__}: {error}"[:2000])
        told = redacted("".join(traceback.format_exception(error))[-2 * MAX_TRACEBACK:])  # before it is cut to length
        return cls(category=_category(error), message=message, code="unexpected", cause=_place(error),
                   traceback=sayable(told[-MAX_TRACEBACK:])).redacted()

    def redacted(self) -> TaskError:
        """Return it without what looks like a secret."""
        from .redaction import redacted

        said = {name: redacted(getattr(self, name)) for name in ("message", "hint", "cause", "traceback")}
        return self if all(getattr(self, name) == text for name, text in said.items()) else self.replace(**said)


def brief(text: str) -> str:
    """Return *text*, its middle left out where it is too long to be read."""
    if len(text) <= MAX_WORDS:
        return text
    return f"{text[: MAX_WORDS - 300]} … ({len(text) - MAX_WORDS + 100} characters left out) … {text[-200:]}"


def _place(error: BaseException) -> str:
    """Return the innermost place of *error*: file, line and function."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""


def _category(error: BaseException) -> Category:
    if isinstance(error, PermissionError):
        return Category.SECURITY
    if isinstance(error, ConnectionError):
        return Category.NETWORK
    if isinstance(error, OSError | MemoryError):
        return Category.RESOURCE
    if isinstance(error, ValueError):
        return Category.VALIDATION
    return Category.UNKNOWN


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest of *known*, or an empty string."""
    if len(name) > MAX_NAME:
        return ""
    near = difflib.get_close_matches(name, [k for k in known if len(k) <= MAX_NAME][:2000], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
