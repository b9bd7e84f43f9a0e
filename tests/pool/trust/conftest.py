"""The rules of trust: a test sweeps when it wants to, and nobody else decides."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _alone(no_auditor_thread: None) -> None:
    pass
