"""The kernel's own parts keep the contracts that it asks of others."""

from __future__ import annotations

from genesis_core._engine import LocalEngine
from genesis_core._keys import LocalKeyRing
from genesis_core.testing import EngineContract, KeyRingContract


class TestLocalEngine(EngineContract):
    engine = LocalEngine


class TestLocalKeyRing(KeyRingContract):
    keys = LocalKeyRing(b"k" * 32)
