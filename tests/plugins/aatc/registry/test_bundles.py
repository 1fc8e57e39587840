"""Bundles: only what a named key has signed, in the one spelling that there is, once, and not for ever."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_core import AccessDenied, JournalError, Label, Trust, canonical_json

sys.path.insert(0, str(Path(__file__).parent))

from made_kit import CODE, NEED, UNTRUSTED, proposal

from genesis_aatc import _signer
from genesis_aatc._versions import candidate_of, tool_content
from genesis_aatc.bundles import MOST_BYTES, export, opened, signer_of

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def content(label: Label | None = None, code: str = CODE, **spec: Any) -> dict[str, Any]:
    return tool_content(candidate_of(NEED, proposal(code, label=label, **spec), "somebody"), ())


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def bundle(keys: Path) -> bytes:
    return export(content(), CODE.encode(), keys, NOW)


def resigned(bundle: bytes, keys: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the bundle after *change*, signed again by the same key: its owner means it."""
    said = json.loads(bundle)
    del said["signature"]
    change(said)
    data = b"genesis bundle 1\0" + canonical_json(said)
    return canonical_json({**said, "signature": _signer.sign(keys, data).hex()})


def test_a_bundle_gives_back_what_was_exported_as_a_proposal(bundle: bytes, keys: Path) -> None:
    found = opened(bundle, signer_of(bundle), NOW)
    assert found.code == CODE.encode() and found.content["digest"] == content()["digest"]
    assert found.content["approved"] == "" and found.content["checks"] == [] and found.content["limits"] == {}
    assert signer_of(bundle) == _signer.fingerprint(_signer.public_key(keys))


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = _signer.public_key(tmp_path / "keys")
    file = tmp_path / "keys" / "bundles.key"
    assert _signer.public_key(tmp_path / "keys") == first and file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["bundles.key"]
    file.chmod(0o640)
    with pytest.raises(JournalError, match="not this user's alone"):
        _signer.sign(tmp_path / "keys", b"x")
    file.chmod(0o600)
    file.rename(tmp_path / "real")
    file.symlink_to(tmp_path / "real")
    with pytest.raises(JournalError, match="can't be used"):
        _signer.sign(tmp_path / "keys", b"x")


@pytest.mark.parametrize("signer", ["", "0" * 64, "not a key"])
def test_a_key_that_nobody_named_signs_nothing(bundle: bytes, signer: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        opened(bundle, signer, NOW)
    assert "is signed by" in denied.value.cause


def test_somebody_elses_signature_under_a_trusted_name_is_refused(bundle: bytes, tmp_path: Path) -> None:
    forged = resigned(bundle, tmp_path, lambda said: said.update(source=CODE.replace("upper", "lower")))
    with pytest.raises(AccessDenied) as denied:
        opened(forged, signer_of(bundle), NOW)
    assert "its signature is not of what it holds" in denied.value.cause


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_no_changed_byte_passes(bundle: bytes, at: int, flip: int) -> None:
    changed = bytearray(bundle)
    changed[at % len(bundle)] ^= flip
    with pytest.raises(AccessDenied):
        opened(bytes(changed), signer_of(bundle), NOW)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 10**6))
def test_no_part_of_it_passes(bundle: bytes, cut: int) -> None:
    with pytest.raises(AccessDenied):
        opened(bundle[: cut % len(bundle)], signer_of(bundle), NOW)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=9)),
    max_leaves=10).map(lambda value: json.dumps(value).encode())))
def test_whatever_comes_is_refused_and_never_a_bug(data: bytes) -> None:
    with pytest.raises(AccessDenied):
        opened(data, "0" * 64, NOW)


def wrong(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said.update({name: value})


def in_version(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said["version"].update({name: value})


WRONG = {
    "expired": (wrong("issued", (NOW - timedelta(days=91)).isoformat()), "it has expired"),
    "from the future": (wrong("issued", (NOW + timedelta(hours=1)).isoformat()), "from the future"),
    "without a time zone": (wrong("issued", "2026-05-04T12:00:00"), "not the fields"),
    "valid for ever": (wrong("days", 10**6), "not the fields"),
    "of another version": (wrong("format", "genesis.bundle/2"), "not the fields"),
    "with one field more": (wrong("more", 1), "not the fields"),
    "with another source": (wrong("source", CODE + "\n"), "not what its digest says"),
    "with another name": (in_version("name", "whisper"), "not what its digest says"),
    "with another digest": (in_version("digest", "0" * 64), "not what its digest says"),
    "with wider capabilities": (in_version("manifest", {"read": ["/etc"]}), "not what its digest says"),
    "with a swapped need": (in_version("need", {"name": "other"}), "not what its digest says"),
    "with a spec that is none": (in_version("spec", {"name": 7}), "is no tool"),
    "with a field of a run": (in_version("approved", "me"), "not the fields"),
    "with an agent": (in_version("kind", "agent"), "not what its digest says"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_its_maker_signed_is_refused_too_when_it_is(bundle: bytes, keys: Path, what: str) -> None:
    change, why = WRONG[what]
    bad = resigned(bundle, keys, change)
    with pytest.raises(AccessDenied) as denied:
        opened(bad, hashlib.sha256(bytes.fromhex(json.loads(bad)["signer"])).hexdigest(), NOW)
    assert why in denied.value.cause, denied.value.cause


def test_other_bytes_that_say_the_same_are_refused(bundle: bytes) -> None:
    for other in (bundle + b"\n", bundle.replace(b'"days":90', b'"days": 90'), bundle.replace(b"{", b'{"days":90,', 1),
                  json.dumps(json.loads(bundle), indent=1).encode()):
        with pytest.raises(AccessDenied) as denied:
            opened(other, signer_of(bundle), NOW)
        assert "JSON" in denied.value.cause or "other bytes" in denied.value.cause


@pytest.mark.parametrize("bomb", [b"[" * 100_000, b'{"a":' * 5000, b"9" * 10_000, b" " * (MOST_BYTES + 1)])
def test_a_bomb_is_refused(bomb: bytes) -> None:
    with pytest.raises(AccessDenied):
        opened(bomb, "0" * 64, NOW)


@pytest.mark.parametrize(("label", "trust"), [(Label(Trust.TRUSTED), Trust.USER), (UNTRUSTED, Trust.UNTRUSTED)])
def test_it_is_believed_no_further_than_its_reader_is(keys: Path, label: Label, trust: Trust) -> None:
    bundle = export(content(label), CODE.encode(), keys, NOW)
    found = Label.from_json(opened(bundle, signer_of(bundle), NOW).content["label"])
    assert found.trust is trust and found.sources >= label.sources
    assert f"bundle:{signer_of(bundle)[:16]}" in found.sources
