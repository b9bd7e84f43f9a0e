"""A small real pool, two of whose five volunteers lie: each answer, and a flow, is right to the last unit.

A server with two processes, of which one is killed now and then; a browser; native volunteers. The figures of longer
runs are in docs/trust.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import trust_pool

UNITS, KILL_SECONDS = 100, 3


@pytest.mark.liars
# Connections to processes that were killed are closed whenever they are collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "trust",
    [
        {"policy": "audit", "idle_seconds": 3},
        # Liars at two addresses are no three volunteers that agree.
        {"policy": "quorum", "quorum": 3, "most": 8},
        {"policy": "adaptive", "quorum": 3, "most": 8},
    ],
    ids=lambda trust: str(trust["policy"]),
)
def test_everything_is_right_where_two_of_five_lie(tmp_path: Path, trust: dict[str, Any]) -> None:
    found = trust_pool.found_by(tmp_path, trust, UNITS, KILL_SECONDS)
    assert found.is_right(UNITS), found
    assert found.lies > 0
    assert found.in_browser > 0
