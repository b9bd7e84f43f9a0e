"""Signals: which a finished variable gives, and which entries they touch."""

from __future__ import annotations

from typing import Any

import pytest

from pool.flows.signals import ALL, CACHED_FLOWS, StepSignals, touched_entries

FLOW = "20141202090909123456-5f3c9a"
LEVELS = [
    [{"job": "root", "variable": "copied", "is_own": False}],
    [
        {"job": "leaf", "variable": "one", "is_own": True},
        {"job": "leaf"},
        {"job": "leaf", "variable": "one", "is_own": True},
    ],
]


class RecordedFlows:
    """In place of a store's flows: all have the same levels."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def get(self, flow_id: str) -> dict[str, Any]:
        self.read.append(flow_id)
        return {"id": flow_id, "levels": LEVELS}


@pytest.fixture
def flows() -> RecordedFlows:
    return RecordedFlows()


@pytest.fixture
def signals(flows: RecordedFlows) -> StepSignals:
    return StepSignals(flows)  # type: ignore[arg-type]


def test_the_signal_of_a_step_is_in_its_id(signals: StepSignals, flows: RecordedFlows) -> None:
    assert signals.of(FLOW, "leaf", f"{FLOW}.1.0.3") == ["1.0.3"]
    assert flows.read == []


def test_a_variable_of_the_job_signals_every_entry_that_uses_it(signals: StepSignals) -> None:
    assert signals.of(FLOW, "leaf", "one") == ["1.0.1", "1.2.1"]


@pytest.mark.parametrize(
    ("job_id", "variable_id"),
    [("leaf", "two"), ("root", "one"), ("root", "copied"), ("leaf", "20141202090909123456-000000.1.0.3")],
)
def test_any_other_variable_gives_no_signal(signals: StepSignals, job_id: str, variable_id: str) -> None:
    assert signals.of(FLOW, job_id, variable_id) == []


def test_a_flow_is_read_once_while_it_is_in_the_cache(signals: StepSignals, flows: RecordedFlows) -> None:
    for _ in range(3):
        signals.of(FLOW, "leaf", "one")
    assert flows.read == [FLOW]
    for number in range(CACHED_FLOWS):
        signals.of(f"flow-{number}", "leaf", "one")
    assert signals.of(FLOW, "leaf", "one") == ["1.0.1", "1.2.1"]


@pytest.mark.parametrize(
    ("given", "touched"),
    [
        ([], {}),
        (["0.1.1"], {1: 1}),
        (["0.1.1", "0.1.3", "0.1.2", "0.4.1"], {1: 3, 4: 1}),
        (["1.1.1", "0.2.1"], {2: 1}),
        ([ALL], None),
        (["0.1.1", ALL], None),
        (["0.1.1", "left by another program"], None),
        (["0.1"], None),
    ],
)
def test_the_touched_entries_have_their_latest_iteration(given: list[str], touched: dict[int, int] | None) -> None:
    assert touched_entries(given, 0) == touched
