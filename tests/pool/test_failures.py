"""Reports of volunteers: which are read, and what a reported error does."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool.errors import BadLease, Conflict, Finished, Invalid, Rejected, Withdrawn
from pool.failures import MAX_CONSOLE, MAX_ENGINE, MAX_MESSAGE, MAX_STACK, Report, read_report
from pool.keys import Caller
from pool.peers import Peer
from pool.results import Posted
from pool.scheduling import Volunteer
from storage.base import Document
from storage.clock import ManualClock
from storage.errors import NotFound
from tests.conftest import EXECUTE

HERE, THERE = Peer("a" * 12, "1" * 16), Peer("b" * 12, "2" * 16)
THREW = {"kind": "threw", "message": "TypeError: no", "stack": "at f"}


# What is read


@pytest.mark.parametrize(
    ("posted", "report"),
    [
        ({"error": THREW}, Report(THREW)),
        ({"error": {"kind": "no-result"}}, Report({"kind": "no-result", "message": "", "stack": ""})),
        ({"console": "said\n"}, Report(console="said\n")),
        ({"error": None, "console": "said"}, Report(console="said")),
        (
            {"error": THREW, "console": "said", "engine": "Chromium 131", "run_seconds": 1},
            Report(THREW, "said", "Chromium 131", 1.0),
        ),
        ({"console": "x", "run_seconds": None}, Report(console="x")),
        ({"console": "x", "run_seconds": 0}, Report(console="x", run_seconds=0.0)),
    ],
)
def test_a_report_is_read(posted: Any, report: Report) -> None:
    assert read_report(posted) == report


@pytest.mark.parametrize(
    ("posted", "named"),
    [
        (None, "the body"),
        ([], "the body"),
        ("x", "the body"),
        ({}, "error: a report has an error, console output, or both"),
        ({"console": ""}, "error: a report has"),
        ({"engine": "x"}, "error: a report has"),
        ({"console": 1}, "console: must be a string"),
        ({"console": None}, "console: must be a string"),
        ({"console": "x", "engine": []}, "engine: must be a string"),
        ({"console": "x", "note": 1}, "note"),
        ({"error": "x"}, "error"),
        ({"error": []}, "error"),
        ({"error": {}}, r"error\.kind: must be a word"),
        ({"error": {"kind": 1}}, r"error\.kind"),
        ({"error": {"kind": "Threw"}}, r"error\.kind"),
        ({"error": {"kind": "no result"}}, r"error\.kind"),
        ({"error": {"kind": ""}}, r"error\.kind"),
        ({"error": {"kind": "x" * 41}}, r"error\.kind"),
        ({"error": {"kind": "threw", "message": 1}}, r"error\.message: must be a string"),
        ({"error": {"kind": "threw", "stack": None}}, r"error\.stack: must be a string"),
        ({"error": {"kind": "threw", "line": 1}}, r"error\.line"),
        ({"console": "x", "run_seconds": -1}, "run_seconds: must be a number"),
        ({"console": "x", "run_seconds": "1"}, "run_seconds"),
        ({"console": "x", "run_seconds": True}, "run_seconds"),
    ],
)
def test_anything_else_is_refused_by_name(posted: Any, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        read_report(posted)


def test_texts_that_are_too_long_are_cut() -> None:
    long = "ü" * 20_000
    report = read_report({"error": {"kind": "threw", "message": long, "stack": long}, "console": long, "engine": long})
    assert report.error is not None
    lengths = [len(report.error["message"]), len(report.error["stack"]), len(report.console), len(report.engine)]
    assert lengths == [MAX_MESSAGE, MAX_STACK, MAX_CONSOLE, MAX_ENGINE]


# What it does


@pytest.fixture
def job(parts: Pool, operator: Caller) -> str:
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, "settings": {"max_errors": 2}}, operator)
    parts.variables.put("job", "one", {"x": 1}, operator)
    return "job"


def lease(parts: Pool, peer: Peer = HERE) -> str:
    leased = parts.variables.lease("job", Volunteer(peer))
    assert leased is not None
    return leased.token


def report(parts: Pool, token: str, peer: Peer = HERE, **error: str) -> None:
    parts.failures.report("job", "one", token, Report({**THREW, **error}, "said", "Chromium 131", 1.5), peer)


def errors(parts: Pool) -> list[Document]:
    return parts.store.results.rejected("job", "one")


def state(parts: Pool) -> str:
    return parts.store.variables.state("job", "one")


def test_an_error_is_stored_with_what_was_reported(parts: Pool, job: str, clock: ManualClock) -> None:
    token = lease(parts)
    clock.advance(2)
    report(parts, token)
    (stored,) = errors(parts)
    assert (stored["failure"], stored["console"], stored["engine"]) == (THREW, "said", "Chromium 131")
    assert (stored["run_seconds"], stored["volunteer"], stored["party"]) == (1.5, HERE.volunteer, HERE.prefix)


def test_an_error_ends_the_lease(parts: Pool, job: str) -> None:
    report(parts, lease(parts))
    assert state(parts) == "open"
    assert lease(parts, THERE)


def test_whoever_failed_gets_the_variable_again_after_a_pause(parts: Pool, job: str, clock: ManualClock) -> None:
    report(parts, lease(parts))
    assert parts.variables.lease("job", Volunteer(HERE)) is None
    clock.advance(600)
    assert lease(parts)


def test_the_same_report_counts_once(parts: Pool, job: str) -> None:
    token = lease(parts)
    for _ in range(3):
        report(parts, token)
    assert (len(errors(parts)), state(parts)) == (1, "open")


def test_another_error_under_the_same_lease_is_refused(parts: Pool, job: str) -> None:
    token = lease(parts)
    report(parts, token)
    with pytest.raises(Conflict, match="lease: has ended with an error"):
        report(parts, token, message="another")


def test_a_result_after_an_error_under_the_same_lease_is_refused(parts: Pool, job: str) -> None:
    token = lease(parts)
    report(parts, token)
    with pytest.raises(Conflict, match="lease: has ended with an error"):
        parts.results.post(parts.results.job("job"), "one", Posted(2, token, peer=HERE))


def test_errors_of_enough_parties_fail_the_variable(parts: Pool, job: str) -> None:
    for peer in (HERE, THERE):
        report(parts, lease(parts, peer), peer)
    assert state(parts) == "failed"


def test_the_same_report_is_known_after_the_variable_failed(parts: Pool, job: str) -> None:
    report(parts, lease(parts))
    token = lease(parts, THERE)
    for _ in range(2):
        report(parts, token, THERE)
    with pytest.raises(Conflict, match="has failed"):
        report(parts, token, THERE, message="another")


def test_errors_of_one_party_count_once(parts: Pool, job: str, clock: ManualClock) -> None:
    for _ in range(5):
        report(parts, lease(parts))
        clock.advance(600)
    assert (len(errors(parts)), state(parts)) == (5, "open")


def test_failures_and_rejected_results_count_alike(parts: Pool, operator: Caller) -> None:
    checks = {"validate_variable": "() => true", "validate_result": "() => false"}
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, "settings": {"max_errors": 2}, **checks}, operator)
    parts.variables.put("job", "one", {"x": 1}, operator)
    report(parts, lease(parts))
    with pytest.raises(Rejected) as caught:
        parts.results.post(parts.results.job("job"), "one", Posted(1, lease(parts, THERE), peer=THERE))
    assert caught.value.failed


def test_an_error_for_a_finished_or_withdrawn_variable_is_too_late(
    parts: Pool, job: str, operator: Caller, clock: ManualClock
) -> None:
    token = lease(parts)
    clock.advance(400)
    parts.results.post(parts.results.job("job"), "one", Posted(2, lease(parts, THERE), peer=THERE))
    with pytest.raises(Finished, match="a result has been accepted"):
        report(parts, token)
    parts.variables.put("job", "two", {"x": 1}, operator)
    leased = parts.variables.lease("job", Volunteer(HERE))
    assert leased is not None
    parts.variables.withdraw("job", "two", operator)
    with pytest.raises(Withdrawn):
        parts.failures.report("job", "two", leased.token, Report(THREW), HERE)


def test_a_late_error_does_not_end_the_next_lease(parts: Pool, job: str, clock: ManualClock) -> None:
    token = lease(parts)
    clock.advance(400)
    lease(parts, THERE)
    report(parts, token)
    assert (len(errors(parts)), state(parts)) == (1, "leased")


@pytest.mark.parametrize("token", ["", "x", "a" * 16 + ".1.2..AAAAAAAAAAAAAAAAAAAAAA"])
def test_a_report_needs_the_token_of_the_lease(parts: Pool, job: str, token: str) -> None:
    with pytest.raises(BadLease):
        report(parts, token)


def test_a_report_for_an_unknown_job_is_not_found(parts: Pool, job: str) -> None:
    with pytest.raises(NotFound):
        parts.failures.report("nobody", "one", lease(parts), Report(THREW), HERE)


def test_console_output_alone_ends_no_lease_and_counts_no_error(parts: Pool, job: str) -> None:
    parts.failures.report("job", "one", lease(parts), Report(console="said"), HERE)
    assert (state(parts), errors(parts)) == ("leased", [])
    reported = parts.store.counts.get("job").reports["execute_function"]
    assert (reported["errors"], reported["console"]) == (0, "said")


def test_errors_of_a_party_that_only_fails_end_its_leases_and_count_no_more(
    parts: Pool, job: str, operator: Caller, clock: ManualClock
) -> None:
    parts.variables.put_many("job", {f"v{number:02}": {"x": number} for number in range(20)}, operator)
    for _ in range(15):
        leased = parts.variables.lease("job", Volunteer(HERE))
        assert leased is not None
        parts.failures.report("job", leased.variable_id, leased.token, Report(THREW), HERE)
        assert parts.store.variables.state("job", leased.variable_id) in ("open", "stuck")
        clock.advance(601)
    assert parts.store.counts.get("job").failures == 10


# Jobs that fail everywhere


@pytest.fixture
def failing(parts: Pool, operator: Caller) -> None:
    """A job of thirty variables that accepts the result 2 alone."""
    check = {"validate_variable": "() => true", "validate_result": "(variable, result) => result === 2"}
    parts.jobs.post({"name": "job", "execute_function": EXECUTE, **check}, operator)
    parts.variables.put_many("job", {f"v{number:02}": {"x": number} for number in range(30)}, operator)


def fail(parts: Pool, number: int, party: int) -> None:
    """A wrong result for the variable of this number."""
    peer = Peer(f"{party}" * 12, f"{number:016}")
    with pytest.raises(Rejected):
        parts.results.post(parts.results.job("job"), f"v{number:02}", Posted(1, peer=peer))


@pytest.mark.parametrize(
    ("variables", "parties", "paused"), [(19, 3, False), (20, 2, False), (20, 3, True), (25, 5, True)]
)
def test_a_job_that_fails_everywhere_is_paused(
    parts: Pool, failing: None, variables: int, parties: int, paused: bool
) -> None:
    for number in range(variables):
        fail(parts, number, number % parties)
    document = parts.jobs.get("job")
    assert document["state"] == ("paused" if paused else "open")
    if paused:
        assert document["paused"]["reason"].startswith(f"20 variables failed at {parties} different addresses")


def test_a_job_with_a_result_is_not_paused(parts: Pool, failing: None) -> None:
    parts.results.post(parts.results.job("job"), "v29", Posted(2))
    for number in range(25):
        fail(parts, number, number % 5)
    assert parts.jobs.get("job")["state"] == "open"


def test_a_resumed_job_gets_another_chance(parts: Pool, failing: None, operator: Caller) -> None:
    for number in range(20):
        fail(parts, number, number % 5)
    assert parts.jobs.get("job")["state"] == "paused"
    parts.jobs.patch("job", {"state": "open"}, operator)
    fail(parts, 20, 5)
    document = parts.jobs.get("job")
    assert (document["state"], "paused" in document) == ("open", False)
