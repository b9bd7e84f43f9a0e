"""The rules of trust, without the auditor's thread: a test sweeps when it wants to, and nobody else decides."""

from __future__ import annotations

import pytest

from pool.trust.sweeper import Sweeper


@pytest.fixture(autouse=True)
def _no_auditor_beside_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sweeper, "_start", lambda _sweeper: None)
