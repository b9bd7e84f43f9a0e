"""One level of a flow: when it starts and merges, and how the results of its entries are merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app import Pool
from pool.flows.check import FlowLimits
from pool.flows.entry import EntryFailed
from pool.flows.level import FlowLevel, OpenStep
from pool.keys import Caller
from pool.reports import Reports
from pool.validation import Validation
from storage.base import Document
from tests.conftest import EXECUTE
from tests.storage.helpers import result

FLOW = "20141202090909123456-5f3c9a"
ALPHA, BETA = {"job": "alpha"}, {"job": "beta"}
MakeLevel = Callable[..., FlowLevel]


@pytest.fixture
def make_level(parts: Pool, operator: Caller) -> MakeLevel:
    """Makes the level of a flow with these entries, at the leaf; each has a variable `v<index>` of its own."""
    for name in ("alpha", "beta"):
        parts.jobs.post({"name": name, "execute_function": EXECUTE}, operator)

    def make_level(*entries: Document, merged_bytes: int = 1000) -> FlowLevel:
        level = []
        for index, entry in enumerate(entries):
            job_id, variable_id = entry["job"], f"v{index}"
            parts.variables.put(job_id, variable_id, {"x": index}, operator)
            facts = {"uid": parts.store.jobs.get(job_id)["uid"], "variable": variable_id, "is_own": True}
            level.append({**entry, **facts})
        flow = {"id": FLOW, "levels": [level]}
        parts.store.flows.create(FLOW, flow)
        validation = Validation(parts.sandbox, Reports(parts.store))
        limits = FlowLimits(merged_bytes=merged_bytes)
        deadline = parts.store.clock.monotonic() + 1000
        return FlowLevel(parts.store, parts.sandbox, validation, limits, flow, 0, deadline)

    return make_level


Merged = Callable[..., Any]


@pytest.fixture
def merged(parts: Pool, make_level: MakeLevel) -> Merged:
    """The merged result of entries with these results; an entry is of the job alpha unless given with its result."""

    def merged(*results: Any, **options: Any) -> Any:
        pairs = [value if isinstance(value, tuple) else (ALPHA, value) for value in results]
        level = make_level(*(entry for entry, _ in pairs), **options)
        for index, (entry, value) in reversed(list(enumerate(pairs))):
            parts.store.results.accept(entry["job"], f"v{index}", result(f"v{index}", value, entry["job"]))
        assert level.advance(None)
        return parts.store.flows.read(FLOW, "0/merged")["result"]  # type: ignore[index]

    return merged


# Merging


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([{"x": 1, "y": {"z": 2}}, {"u": [3]}], {"x": 1, "y": {"z": 2}, "u": [3]}),
        ([{"x": 1, "y": 1}, {"x": 2, "z": 2}, {"z": 3}], {"x": 2, "y": 1, "z": 3}),
        ([{"x": {"a": 1}}, {"x": {"b": 2}}], {"x": {"b": 2}}),
        ([{}, {"x": 1}, {}], {"x": 1}),
        ([1, {"alpha": 2, "x": 3}, 4], {"alpha": 4, "x": 3}),
        ([(ALPHA, [1]), (BETA, [2])], {"alpha": [1], "beta": [2]}),
        ([{"__proto__": 1, "": 2, "ü": 3}], {"__proto__": 1, "": 2, "ü": 3}),
        ([{"x": 1}, ({**ALPHA, "if": "() => false"}, {"x": 2})], {"x": 1}),
        *(([value], {"alpha": value}) for value in (None, True, 0, 1.5, "", "text", [], [{"x": 1}])),
    ],
)
def test_objects_are_merged_and_any_other_result_is_stored_under_its_jobs_id(
    merged: Merged, results: list[Any], expected: Any
) -> None:
    assert merged(*results) == expected


def test_a_merged_result_that_is_too_large_fails_the_entry_that_exceeds_the_limit(merged: Merged) -> None:
    with pytest.raises(EntryFailed) as caught:
        merged({"a": "x" * 400}, {"b": "x" * 400}, {"c": "x" * 400}, {"d": 1})
    assert caught.value.path == "jobs[2]"
    assert "larger than 1000 bytes" in caught.value.reason


# The name takes three bytes, the quotes of the text two, colon and comma one each.
@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 993, True), ("x" * 994, False), ("é" * 496, True), ("é" * 497, False)]
)
def test_the_size_of_a_merged_result_is_that_of_its_utf8(merged: Merged, text: str, fits: bool) -> None:
    if fits:
        assert merged({"a": text}) == {"a": text}
    else:
        with pytest.raises(EntryFailed, match="larger than 1000 bytes"):
            merged({"a": text})


def test_overwritten_values_do_not_count(merged: Merged) -> None:
    assert merged({"x": "1" * 900}, {"x": "2" * 900}) == {"x": "2" * 900}


# Starting and ending


def test_a_level_is_merged_when_all_of_its_entries_have_finished(parts: Pool, make_level: MakeLevel) -> None:
    level = make_level(ALPHA, BETA)
    assert not level.advance(None)
    assert list(level.open_steps()) == [OpenStep("alpha", "v0", True), OpenStep("beta", "v1", True)]
    parts.store.results.accept("alpha", "v0", result("v0", job_id="alpha"))
    assert not level.advance(None)
    assert list(level.open_steps()) == [OpenStep("beta", "v1", True)]
    parts.store.results.accept("beta", "v1", result("v1", job_id="beta"))
    assert level.advance(None)
    assert list(level.open_steps()) == []


def test_only_touched_entries_are_looked_at(parts: Pool, make_level: MakeLevel) -> None:
    level = make_level(ALPHA, ALPHA)
    level.advance(None)
    for name in ("v0", "v1"):
        parts.store.results.accept("alpha", name, result(name, job_id="alpha"))
    assert not level.advance({0: 1})
    assert parts.store.flows.names(FLOW, "0/settled") == ["0"]
    assert level.advance({1: 1})


def test_an_advanced_level_writes_nothing_twice(make_level: MakeLevel) -> None:
    level = make_level(ALPHA)
    level.advance(None)
    written = level.changes
    level.advance(None)
    assert level.changes == written


def test_a_repeated_entry_opens_its_next_step(parts: Pool, make_level: MakeLevel) -> None:
    level = make_level({**ALPHA, "while": "(variable, context) => context.iteration < 2"})
    level.advance(None)
    parts.store.results.accept("alpha", "v0", result("v0", 5, job_id="alpha"))
    assert not level.advance(None)
    step = f"{FLOW}.0.0.2"
    assert list(level.open_steps()) == [OpenStep("alpha", step, False)]
    document = parts.store.variables.get("alpha", step)
    assert (document["flow"], document["data"]) == (FLOW, {"x": 0})
    assert document["context"] == {"result": 5, "iteration": 1}
    parts.store.results.accept("alpha", step, result(step, {"y": 6}, job_id="alpha"))
    assert level.advance(None)
    assert parts.store.flows.read(FLOW, "0/merged")["result"] == {"y": 6}  # type: ignore[index]


def test_every_job_of_a_level_must_exist(parts: Pool, operator: Caller, make_level: MakeLevel) -> None:
    level = make_level(ALPHA, BETA)
    level.require_jobs()
    parts.jobs.delete("beta", operator)
    with pytest.raises(EntryFailed) as caught:
        level.require_jobs()
    assert caught.value.path == "jobs[1]"
