"""How far what was made is believed, with the real registry and sandbox: by whoever had it made, run after run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from making_shop import NEED, TASK, Shop

from genesis_aatc.sandboxes import Bench
from genesis_core import Input, Label, RunState, Secrecy, Trust

OUTSIDE = Label(Trust.UNTRUSTED, sources=frozenset({"mail"}))


@pytest.fixture(scope="module", autouse=True)
def _contained() -> None:
    if why := Bench().refuses():
        pytest.skip(f"no sandbox here: {why}")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "home")
    yield made
    made.bench._pools.close()


def test_what_text_from_outside_had_made_is_lent_to_its_like_and_believed_no_further(shop: Shop) -> None:
    async def told() -> list[Label]:
        first = await shop.run(label=OUTSIDE)
        proposal, shop.proposes = shop.proposes, None  # the second run has what the first one made
        second = await shop.run(label=OUTSIDE)
        assert second.usage.generated == 0 and second.tasks["t"].output == first.tasks["t"].output
        trusted = await shop.run()
        assert trusted.usage.generated == 1 and trusted.tasks["t"].output is None, "it is not lent to a trusted need"
        shop.proposes = proposal
        made = await shop.run()
        assert made.tasks["t"].label.trust is Trust.USER
        return [first.tasks["t"].label, second.tasks["t"].label]

    for label in asyncio.run(told()):
        assert label.trust is Trust.UNTRUSTED and "mail" in label.sources


def test_what_its_author_had_made_has_the_label_of_what_it_is_handed(shop: Shop) -> None:
    (shop.home.parent / "notes.txt").write_text("hello")
    read = TASK.replace(id="u", inputs={"text": Input(file="notes.txt")})
    result = asyncio.run(shop.run(TASK, read))
    assert result.state is RunState.COMPLETED
    assert result.tasks["t"].label.trust is Trust.USER and result.tasks["u"].label.trust is Trust.UNTRUSTED


def test_what_was_made_from_a_secret_is_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "open sesame, 1001 times")
    shop.settings = {"secrets": {"key": "SHOP_KEY"}}
    result = asyncio.run(shop.run(TASK.replace(inputs={"text": Input(secret="key")})))
    assert result.tasks["t"].output == {"value": "OPEN SESAME, 1001 TIMES"}
    assert result.tasks["t"].label.secrecy is Secrecy.SECRET


def test_a_tool_that_was_made_under_another_name_is_lent_under_the_one_that_is_needed(shop: Shop) -> None:
    async def told() -> None:
        await shop.run()
        shop.proposes = None
        need = NEED.replace(name="capitals", description="Return a text in capitals, please.")
        result = await shop.run(TASK.replace(need=need))
        assert result.tasks["t"].output == {"value": "HELLO"} and result.usage.generated == 0

    asyncio.run(told())


def test_a_tool_of_another_name_is_not_taken_for_an_installed_one(shop: Shop) -> None:
    """What is installed has its name for itself, whatever was made before it came."""
    from genesis_core import tool

    @tool(inline=True)
    def shout(text: str) -> str:
        return f"{text}!"

    async def told() -> None:
        await shop.run()
        shop.bench.ran.clear()
        shop.more = (shout,)
        assert (await shop.run()).tasks["t"].output == {"value": "hello!"} and shop.bench.ran == []

    asyncio.run(told())
