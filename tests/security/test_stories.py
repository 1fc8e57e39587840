"""Attack stories: each is told through the whole kernel, with its benign twin, and with the defence taken away.

Everybody is obedient (``obedient.py``) and the detector is off. Of the attack nothing may come that nobody authorised;
the twin must get its work done; and where the defence that a story names is taken away, the attack must work, so that
no story passes by being harmless.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from obedient import World, run
from stories import STORIES, Story

NAMES = sorted(STORIES)


def told(story: Story, *, attack: bool) -> tuple[Counter[str], Counter[str]]:
    """Return what happened, and what of it was authorised."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder, "world"))
        allowed = run(story.tell(world, attack))
        return Counter(map(repr, world.done)), Counter(map(repr, allowed))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_comes_of_the_attack_that_nobody_authorised(name: str) -> None:
    happened, allowed = told(STORIES[name], attack=True)
    assert not happened - allowed


@pytest.mark.parametrize("name", NAMES)
def test_its_benign_twin_gets_its_work_done(name: str) -> None:
    happened, allowed = told(STORIES[name], attack=False)
    assert happened == allowed and allowed


@pytest.mark.parametrize("name", NAMES)
def test_the_attack_works_without_the_defence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    STORIES[name].off(monkeypatch)
    happened, allowed = told(STORIES[name], attack=True)
    assert happened - allowed


def test_there_are_stories_enough() -> None:
    assert len(STORIES) >= 40
    assert sum(story.provenance for story in STORIES.values()) >= 30
