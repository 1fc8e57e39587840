"""What went wrong, in our words: one table from the exceptions of clients to errors, categories and what to do.

Imported when a model is asked for the first time: it names the exceptions of the client library.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Final

import httpx2
from pydantic import ValidationError
from pydantic_ai import exceptions as ai

from genesis_core import Category, DependencyDown, GenesisError, ModelError, TimedOut

__all__ = ["LATER", "TABLE", "Failure", "Kind", "failure_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a sort of failure means."""

    error: type[GenesisError]
    category: Category
    says: str
    unbilled: bool = False
    """It cost nothing."""
    again: bool = False
    """It may pass: what cost nothing besides is tried again here."""
    counts: bool = False
    """It says that the other side is ill, so the breaker counts it."""
    hint: str = ""
    """The way out: ``{name}`` of the model, ``{key}`` the variable that its key is looked for in, ``{wait}`` how long.
    """


LATER = "wait {wait}, then genesis run --again RUN asks again where no model answered"
_LIMITED = Kind(ModelError, Category.RESOURCE, "limits the rate of requests", unbilled=True, again=True, hint=LATER)
_BUSY = Kind(ModelError, Category.RESOURCE, "is overloaded", unbilled=True, again=True, counts=True, hint=LATER)
_AWAY = Kind(DependencyDown, Category.NETWORK, "is not available", unbilled=True, again=True, counts=True, hint=LATER)
_ILL = Kind(ModelError, Category.LLM, "failed on its side", unbilled=True, again=True, counts=True, hint=LATER)
_NOT_TAKEN = Kind(ModelError, Category.NETWORK, "did not take the request", unbilled=True, again=True, counts=True)
_UNREACHED = Kind(DependencyDown, Category.NETWORK, "can't be reached", unbilled=True, again=True, counts=True,
                  hint="check that the server runs, and the url in [models.endpoint.{name}]")
_BROKEN = Kind(DependencyDown, Category.NETWORK, "broke the connection off", counts=True)
_LATE = Kind(TimedOut, Category.NETWORK, "did not answer in time", counts=True)
_GARBLED = Kind(ModelError, Category.LLM, "sent what can't be read", counts=True)
_ENDED = Kind(ModelError, Category.LLM, "ended without an answer", counts=True)
_FILTERED = Kind(ModelError, Category.LLM, "had its answer withheld by a filter")
_NO_CREDIT = Kind(ModelError, Category.RESOURCE, "has no credit left", unbilled=True, hint="top the account up")
_NO_KEY = Kind(ModelError, Category.SECURITY, "refuses the key", unbilled=True,
               hint="check the key in {key}, and what it is allowed to use")
_NO_MODEL = Kind(ModelError, Category.VALIDATION, "is not known there", unbilled=True,
                 hint="check the model's name and the url in [models.endpoint.{name}]")
_TOO_LONG = Kind(ModelError, Category.RESOURCE, "can't take a text of this length", unbilled=True,
                 hint="ask with less, or choose a larger model")
_REJECTED = Kind(ModelError, Category.VALIDATION, "rejects the request", unbilled=True)
_REFUSED = Kind(ModelError, Category.LLM, "refused", unbilled=True)

# The first row whose exception fits decides: a class stands above those that it derives from.
TABLE: Final[tuple[tuple[type[BaseException], Kind], ...]] = (
    (ai.ModelQuotaExceededError, _NO_CREDIT),
    (ai.ModelRateLimitError, _LIMITED),
    (ai.ModelOverloadedError, _BUSY),
    (ai.ModelUnavailableError, _AWAY),
    (ai.ModelServerError, _ILL),
    (ai.ModelTimeoutError, _LATE),
    (ai.ModelConnectionError, _BROKEN),
    (ai.ModelRequestTimeout, _LATE),
    (ai.ModelAuthenticationError, _NO_KEY),
    (ai.ModelNotFoundError, _NO_MODEL),
    (ai.ModelContextWindowExceededError, _TOO_LONG),
    (ai.ModelRequestRejectedError, _REJECTED),
    (ai.ModelHTTPError, _REFUSED),
    (ai.ModelAPIError, _GARBLED),
    (ai.ContentFilterError, _FILTERED),
    (ai.UnexpectedModelBehavior, _ENDED),
    (ai.UserError, _REJECTED),
    (httpx2.TimeoutException, _LATE),
    (httpx2.TransportError, _BROKEN),
    (TimeoutError, _LATE),
    (ConnectionError, _BROKEN),
    (json.JSONDecodeError, _GARBLED),
    (UnicodeDecodeError, _GARBLED),
    (ValidationError, _GARBLED),
)
_AGAIN = frozenset({408, 409, 425})  # the server itself says that nothing was done
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9_\-*]{20,}")


class Failure(Exception):  # travels inside this package only
    """One failed try: what it means, and how long the other side asks to wait."""

    def __init__(self, kind: Kind, detail: str = "", retry_after: float | None = None, *, began: bool = False) -> None:
        super().__init__(f"{kind.says} {detail}".strip())
        self.kind, self.detail, self.retry_after = kind, detail, retry_after
        self.unbilled = kind.unbilled and not began


def failure_of(error: BaseException, *, began: bool) -> Failure | None:
    """Return what *error* means; None for what no row names: that is a bug, here or in a client.

    *began*: a part of the answer had arrived, so that it may cost something whatever the error says.
    """
    kind = next((kind for known, kind in TABLE if isinstance(error, known)), None)
    if kind is None or not isinstance(error, ai.ModelAPIError):
        return Failure(kind, began=began) if kind else None
    if isinstance(error, ai.ModelConnectionError) and error.phase in ("pool", "connect"):
        kind = _UNREACHED
    words = [error.provider_error_code or error.provider_error_type or ""]
    if isinstance(error, ai.ModelHTTPError):
        words.insert(0, f"status {error.status_code}")
        kind = _NOT_TAKEN if error.status_code in _AGAIN else kind
        kind = replace(kind, again=False) if error.provider_retry_hint is False else kind
    if kind.category is Category.VALIDATION:
        words.append(_told(error.body))
    told = ", ".join(word for word in words if word)
    return Failure(kind, f"({told})" if told else "", error.retry_after, began=began or error.in_stream)


def _told(body: object) -> str:
    """Return what a service says is wrong with a request, short and without anything that looks like a key."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    text = inner.get("message") if isinstance(inner, dict) else None
    return _LIKE_A_KEY.sub("...", " ".join(str(text).split()))[:200] if text else ""
