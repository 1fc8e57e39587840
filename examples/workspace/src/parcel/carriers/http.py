"""Fetch a carrier's feed: a few attempts, growing pauses, one error at the end."""

import json
import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

from parcel.errors import CarrierError, CarrierUnavailable

Fetch = Callable[[str, float], bytes]


def fetch_bytes(url: str, timeout_seconds: float) -> bytes:
    """Return the body of an answer."""
    with urlopen(url, timeout=timeout_seconds) as answer:
        body: bytes = answer.read()
    return body


def fetch_json(
    url: str,
    *,
    timeout_seconds: float = 8.0,
    attempts: int = 3,
    fetch: Fetch = fetch_bytes,
    pause: Callable[[float], None] = time.sleep,
) -> object:
    """Return a feed as JSON values; try again after a pause when the carrier does not answer."""
    for attempt in range(1, attempts + 1):
        try:
            return _parsed(fetch(url, timeout_seconds), url)
        except (URLError, TimeoutError, ConnectionError) as error:
            if attempt == attempts:
                raise CarrierUnavailable(f"{url} did not answer: {error}", "try again later") from error
        pause(2.0 ** (attempt - 1))
    raise CarrierUnavailable(f"{url} was not asked: attempts is {attempts}", "set attempts to 1 or more")


def _parsed(body: bytes, url: str) -> object:
    try:
        parsed: object = json.loads(body)
    except ValueError as error:
        raise CarrierError(f"{url} sent something that is not JSON") from error
    return parsed
