"""Bundles: one version of a tool in one file, signed, for another machine.

Canonical JSON and nothing else: what could be said in other bytes is refused. It is believed when the operator names
the key that signed it, once, and until it expires; and then only as far as a proposal is.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Never

from pydantic import ValidationError

from genesis_core import AccessDenied, Label, Trust, canonical_json

from ._signer import fingerprint, public_key, sign, signed_by
from ._versions import checks_of, label_of, manifest_of, need_of, same_version, tool_of
from .candidate import NOTHING

__all__ = ["DAYS", "MOST_BYTES", "Bundle", "export", "opened", "signer_of"]

FORMAT = "genesis.bundle/1"
MOST_BYTES, MOST_DEPTH, MOST_DAYS, DAYS = 1 << 20, 64, 366, 90
SKEW = timedelta(minutes=5)
FIELDS = ("days", "format", "id", "issued", "signature", "signer", "source", "version")
KEPT = ("author", "checks", "digest", "kind", "label", "limits", "manifest", "name", "need", "source", "spec", "wanted")
"""What of a version's content leaves: who approved it, and in which run it was made, are matters of this place."""
HEX = re.compile(r"[0-9a-f]+")
CONTEXT = b"genesis bundle 1\0"


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds, once everything about it was found right."""

    id: str
    signer: str
    """The fingerprint of its key."""
    content: Mapping[str, Any]
    code: bytes


def export(content: Mapping[str, Any], code: bytes, keys: Path, now: datetime, days: int = DAYS) -> bytes:
    """Return *content* and its source as a bundle, signed with the key in the folder *keys*."""
    said = {
        "format": FORMAT, "id": secrets.token_hex(16), "issued": now.astimezone(UTC).isoformat(), "days": days,
        "signer": public_key(keys).hex(), "version": {name: content[name] for name in KEPT}, "source": code.decode(),
    }
    return canonical_json({**said, "signature": sign(keys, CONTEXT + canonical_json(said)).hex()})


def signer_of(data: bytes) -> str:
    """Return the fingerprint of the key that *data* says it is signed by (raises AccessDenied)."""
    return fingerprint(bytes.fromhex(_parsed(data)["signer"]))


def opened(data: bytes, signer: str, now: datetime) -> Bundle:
    """Return what the bundle *data* holds, if the key with the fingerprint *signer* signed it (raises AccessDenied)."""
    said = _parsed(data)
    public = bytes.fromhex(said["signer"])
    if HEX.fullmatch(signer) is None or fingerprint(public) != signer:
        raise _refused(f"it is signed by {fingerprint(public)}, not by {signer[:80]}",
                       "name the key that you trust: genesis tools import FILE --signer FINGERPRINT")
    unsigned = {name: value for name, value in said.items() if name != "signature"}
    if not signed_by(public, CONTEXT + canonical_json(unsigned), bytes.fromhex(said["signature"])):
        raise _refused("its signature is not of what it holds: it was changed, or the signer never made it")
    _check_times(said, now)
    return Bundle(said["id"], signer, _content(said, signer), said["source"].encode())


def _check_times(said: Mapping[str, Any], now: datetime) -> None:
    issued = datetime.fromisoformat(said["issued"])
    if issued > now + SKEW:
        raise _refused(f"it is from the future: {issued.isoformat()}", "compare the clocks of both machines")
    if now > issued + timedelta(days=said["days"]):
        raise _refused(f"it has expired: it was issued on {issued.date()} for {said['days']} days",
                       "have it exported again")


def _content(said: Mapping[str, Any], signer: str) -> dict[str, Any]:
    """Return the version that a bundle holds, as a proposal: nobody has approved it here, no trial is believed."""
    from ._versions import source_digest

    version = said["version"]
    try:
        code = said["source"].encode()
        need, tool, manifest = need_of(version), tool_of(version), manifest_of(version)
        right = version["kind"] == "tool" and same_version(version) and version["source"] == source_digest(code)
        label, _ = label_of(version), checks_of(version)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise _refused(f"what it holds is no tool: {type(error).__name__}"[:300]) from None
    if not right or (tool.capabilities and manifest == NOTHING):
        raise _refused("what it holds is not what its digest says")
    label = Label(min(label.trust, need.label.trust, Trust.USER), max(label.secrecy, need.label.secrecy),
                  label.sources | need.label.sources | {f"bundle:{signer[:16]}"})
    return {**version, "label": label.to_json(), "checks": [], "limits": {}, "approved": "", "run": "",
            "need": need.replace(label=label).to_json(), "bundle": said["id"], "signer": signer}


# ---- strict parsing ----------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> dict[str, Any]:
    """Return the fields of *data*, each of the kind that it must be; nothing is believed yet."""
    if len(data) > MOST_BYTES:
        raise _refused(f"it has more than {MOST_BYTES} bytes")
    if _depth(data) > MOST_DEPTH:
        raise _refused(f"it nests deeper than {MOST_DEPTH} levels")
    try:
        said = _DECODER.decode(data.decode())
        canonical = canonical_json(said) == data
    except (UnicodeError, ValueError, RecursionError) as error:
        raise _refused(f"it is no JSON that has one spelling: {error}"[:300]) from None
    if not isinstance(said, dict) or tuple(sorted(said)) != FIELDS or not _right_kinds(said):
        raise _refused("it has not the fields of a bundle of version 1")
    if not canonical:
        raise _refused("the same could be said in other bytes")
    return said


def _right_kinds(said: Mapping[str, Any]) -> bool:
    texts = all(isinstance(said[name], str) for name in ("format", "id", "issued", "signature", "signer", "source"))
    days = said["days"]
    if not texts or said["format"] != FORMAT or isinstance(days, bool) or not isinstance(days, int):
        return False
    lengths = {"id": 32, "signer": 64, "signature": 128}
    if any(len(said[name]) != size or HEX.fullmatch(said[name]) is None for name, size in lengths.items()):
        return False
    version = said["version"]
    return 0 < days <= MOST_DAYS and _is_time(said["issued"]) and isinstance(version, dict) \
        and tuple(sorted(version)) == KEPT


def _is_time(text: str) -> bool:
    try:
        return len(text) < 40 and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _depth(data: bytes) -> int:
    """Return how deep *data* nests, at most: strings are left out, and nothing is parsed for it."""
    deepest = depth = 0
    for piece in re.sub(rb'"(?:[^"\\]|\\.)*+"', b"", data, flags=re.DOTALL):
        if piece in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif piece in b"]}":
            depth -= 1
    return deepest


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(text: str) -> Never:
    raise ValueError(f"{text} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_number)


def _refused(why: str, hint: str = "") -> AccessDenied:
    return AccessDenied("the bundle was refused", cause=why, hint=hint or "have it exported again by its maker")


