"""Order: what needs a process with one thread comes first, before the servers of other tests are started in it.

Property tests draw the same examples every time and know no deadline, so that a change is judged by what it changed;
``tox run -e properties`` draws others.
"""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("anew", deadline=None, print_blob=True)
settings.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests marked ``one_thread`` first; the others keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("one_thread") is None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Let a part of the tests be empty: ``tox run -e fast -- FILE`` runs both parts, and most files are in one."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("-m"):
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture(autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> None:
    """Skip what would take this very process for the fork server, where somebody has started threads before it."""
    if request.node.get_closest_marker("one_thread") and threading.active_count() > 1:
        pytest.skip(f"other threads run: {', '.join(t.name for t in threading.enumerate()[1:])}")


class Gathering:
    """Holds back who comes in until *together* are in at a time; it notes how many were at most."""

    def __init__(self, together: int = 0) -> None:
        self.together, self.inside, self.peak = together, 0, 0
        self.full = asyncio.Event()

    async def wait(self) -> None:
        """Come in, and return once enough are."""
        self.inside += 1
        self.peak = max(self.peak, self.inside)
        if self.inside >= self.together:
            self.full.set()
        await self.full.wait()
        await asyncio.sleep(0)
        self.inside -= 1


@pytest.fixture
def gathering() -> type[Gathering]:
    """Return what shows how many do something at a time."""
    return Gathering
