"""The door for programs and plugins: ``Genesis.envelopes()``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesis_core import Envelopes, Genesis, KeyStore, Offer, SettingsError


def opened(home: Path, work: Any, **options: Any) -> Any:
    async def main() -> Any:
        async with Genesis.open(home, plugins="builtin", **options) as genesis:
            return work(genesis)

    return asyncio.run(main())


def test_a_program_seals_and_another_one_opens(tmp_path: Path) -> None:
    sealed = opened(tmp_path, lambda g: g.envelopes().seal("hello", sender="one", audience="two"))
    assert opened(tmp_path, lambda g: g.envelopes().open(sealed, audience="two")).body == "hello"


def test_who_signs_can_be_asked(tmp_path: Path) -> None:
    ring = opened(tmp_path, lambda g: g.keys(create=True))
    assert isinstance(ring, KeyStore)
    assert len(ring.infos()) == 1


def test_the_operators_settings_count(tmp_path: Path) -> None:
    settings = {"identity": {"max_bytes": 300}}
    with pytest.raises(Exception, match="oversized"):
        opened(tmp_path, lambda g: g.envelopes().seal("x" * 300, sender="one", audience="two"), settings=settings)


@pytest.mark.parametrize("section", [{"max_bytes": -1}, {"max_bytes": 1.5}, {"max_hops": True}, {"skew_seconds": "3"},
                                     {"skew_seconds": float("inf")}, {"admin": 1}])
def test_a_setting_that_can_not_be_is_refused(tmp_path: Path, section: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="identity"):
        opened(tmp_path, lambda g: None, settings={"identity": section})


def test_the_section_stands_in_one_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[plugin.identity\] is not read"):
        Genesis.open(tmp_path, settings={"plugin": {"identity": {"max_bytes": 1}}})


def test_another_maker_of_envelopes_is_used_only_when_it_is_named(tmp_path: Path) -> None:
    other = Offer("envelopes", "other", lambda ring, home, clock: "other")
    assert isinstance(opened(tmp_path, lambda g: g.envelopes(), extend=[other]), Envelopes)
    chosen = {"identity": {"envelopes": "other"}}
    assert opened(tmp_path, lambda g: g.envelopes(), extend=[other], settings=chosen) == "other"


def test_a_maker_of_envelopes_that_nobody_offers_is_refused_on_opening(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no maker of envelopes 'none'"):
        opened(tmp_path, lambda g: None, settings={"identity": {"envelopes": "none"}})
