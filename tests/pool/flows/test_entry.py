"""One entry of a flow: its conditions, the context of its next step, and every way in which it fails."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool.flows.entry import Entry, EntryFailed
from pool.flows.steps import StepId
from pool.keys import Caller
from pool.reports import Reports
from pool.sandbox import Sandbox
from pool.validation import Validation
from storage.base import Document
from tests.conftest import EXECUTE
from tests.storage.helpers import rejected_result, result

FIRST = StepId("20141202090909123456-5f3c9a", 1, 2, 1)
PATH = "dependent.jobs[2]"
BELOW = {"x": 1}


# Conditions, of an entry without a variable: they need no store


def with_condition(sandbox: Sandbox, **conditions: str) -> Entry:
    entry = {"job": "job", "uid": "u", **conditions}
    return Entry(None, sandbox, None, entry, FIRST, lambda: dict(BELOW))  # type: ignore[arg-type]


def failure_of(entry: Entry, iteration: int = 1, limit: int = 3) -> EntryFailed:
    """The failure of `while` after this iteration."""
    with pytest.raises(EntryFailed) as caught:
        entry.next_context(iteration, 5, limit)
    assert caught.value.path == PATH
    return caught.value


def test_without_while_there_is_no_next_step(sandbox: Sandbox) -> None:
    assert with_condition(sandbox).next_context(1, 5, 3) is None


def test_a_false_while_ends_the_entry(sandbox: Sandbox) -> None:
    assert with_condition(sandbox, **{"while": "() => false"}).next_context(1, 5, 3) is None


def test_the_next_context_has_result_and_iteration(sandbox: Sandbox) -> None:
    source = "(variable, context) => variable.x === 1 && context.x === 1 && context.result === 5"
    context = with_condition(sandbox, **{"while": source}).next_context(2, 5, 3)
    assert context == {"x": 1, "result": 5, "iteration": 2}


def test_result_and_iteration_replace_those_from_below(sandbox: Sandbox) -> None:
    entry = {"job": "job", "while": "(variable) => variable.result === 'below'"}
    below = {"result": "below", "iteration": "below"}
    made = Entry(None, sandbox, None, entry, FIRST, lambda: below)  # type: ignore[arg-type]
    assert made.next_context(1, 5, 3) == {"result": 5, "iteration": 1}
    assert below == {"result": "below", "iteration": "below"}


def test_a_while_that_is_still_true_at_the_limit_fails(sandbox: Sandbox) -> None:
    entry = with_condition(sandbox, **{"while": "() => true"})
    assert entry.next_context(2, 5, 3) is not None
    assert failure_of(entry, iteration=3).reason == "while: still true after 3 iterations (the limit)"


def test_a_while_that_ends_at_the_limit_does_not_fail(sandbox: Sandbox) -> None:
    source = "(variable, context) => context.iteration < 3"
    assert with_condition(sandbox, **{"while": source}).next_context(3, 5, 3) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("undefined", "nothing (is a `return` missing?)"),
        ("null", "nothing (is a `return` missing?)"),
        ("1", "a number"),
        ("0", "a number"),
        ("''", "a string"),
        ("'true'", "a string"),
        ("[]", "an array"),
        ("({})", "an object"),
    ],
)
def test_a_condition_returns_true_or_false(sandbox: Sandbox, value: str, kind: str) -> None:
    failure = failure_of(with_condition(sandbox, **{"while": f"() => {{ console.log('said'); return {value} }}"}))
    assert failure.reason == f"while: must return true or false, not {kind}"
    assert failure.for_owner == {"console": "said\n"}


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("console.log('said'); throw new Error('no more')", ["Error: no more"]),
        ("variable.no.such", ["TypeError"]),
        ("for (;;);", ["in time"]),
        ("let all = 'x'; for (;;) all += all", ["in time", "too much memory", "invalid string length"]),
    ],
)
def test_a_condition_that_fails_is_a_failure_of_the_entry(impatient: Sandbox, body: str, reasons: list[str]) -> None:
    failure = failure_of(with_condition(impatient, **{"while": f"(variable) => {{ {body} }}"}))
    assert failure.reason.startswith("while: ")
    assert any(reason in failure.reason for reason in reasons)
    assert failure.for_owner == {"console": "said\n" if "said" in body else ""}


# Entries of a job


@pytest.fixture
def job(parts: Pool, operator: Caller) -> Document:
    """A job that accepts variables with an `x` as it is in BELOW, and has some variables."""
    check = "(variable) => 'x' in variable || ({valid: false, reason: 'not like this'})"
    job = parts.jobs.post({"name": "job", "execute_function": EXECUTE, "validate_variable": check}, operator)
    parts.variables.put_many("job", {name: {"x": 2} for name in ("one", "failed", "withdrawn", "ended")}, operator)
    parts.store.results.reject("job", "failed", rejected_result("failed", job_id="job"), max_errors=1)
    parts.variables.withdraw("job", "withdrawn", operator)
    ended = {"job": "job", "variable": "ended", "withdrawn": parts.store.clock.now_text(), "flow": "of this one"}
    parts.store.results.withdraw("job", "ended", ended)
    return job


def entry_of(parts: Pool, job: Document, below: Any = BELOW, **fields: Any) -> Entry:
    validation = Validation(parts.sandbox, Reports(parts.store))
    entry = {"job": "job", "uid": job["uid"], **fields}
    return Entry(parts.store, parts.sandbox, validation, entry, FIRST, lambda: below)


def refusal(entry: Entry) -> str:
    with pytest.raises(EntryFailed) as caught:
        entry.is_wanted()
    assert caught.value.path == PATH
    return caught.value.reason


@pytest.mark.parametrize(("source", "expected"), [("() => true", True), ("() => false", False)])
def test_if_decides_whether_an_entry_is_wanted(parts: Pool, job: Document, source: str, expected: bool) -> None:
    assert entry_of(parts, job, **{"if": source}).is_wanted() is expected
    assert entry_of(parts, job).is_wanted()


def test_if_gets_the_variable_and_the_result_from_below(parts: Pool, job: Document) -> None:
    source = "(variable, context) => variable.x === 2 && context.x === 1 && Object.keys(context).length === 1"
    assert entry_of(parts, job, variable="one", **{"if": source}).is_wanted()
    assert refusal(entry_of(parts, job, **{"if": "() => 1"})) == "if: must return true or false, not a number"


def test_the_job_must_accept_what_comes_from_below(parts: Pool, job: Document) -> None:
    reason = refusal(entry_of(parts, job, below={"y": 1}))
    assert reason == "variable: validate_variable(variable, context) rejected it: not like this"
    assert refusal(entry_of(parts, job, below={"_links": {}})) == "_links: is reserved"
    assert not entry_of(parts, job, below={"y": 1}, **{"if": "() => false"}).is_wanted()


def test_a_named_variable_is_not_checked_again(parts: Pool, job: Document) -> None:
    assert entry_of(parts, job, below={"y": 1}, variable="one").is_wanted()


def test_a_variable_that_would_be_copied_must_not_be_withdrawn_by_its_owner(parts: Pool, job: Document) -> None:
    assert refusal(entry_of(parts, job, variable="withdrawn")) == "variable 'withdrawn' was withdrawn"
    assert entry_of(parts, job, variable="ended").is_wanted()
    assert entry_of(parts, job, variable="withdrawn", is_own=True).is_wanted()


def test_the_job_must_exist(parts: Pool, job: Document, operator: Caller) -> None:
    entry = entry_of(parts, job)
    parts.jobs.delete("job", operator)
    assert refusal(entry) == "job 'job' has been deleted"
    parts.jobs.post({"name": "job", "execute_function": EXECUTE}, operator)
    assert refusal(entry) == "job 'job' has been deleted, and another one has its name"


# Outcomes


def test_an_unfinished_step_has_no_outcome(parts: Pool, job: Document) -> None:
    assert entry_of(parts, job, variable="one", is_own=True).outcome(1) is None


def test_the_outcome_of_a_step_is_its_accepted_result(parts: Pool, job: Document) -> None:
    parts.store.results.accept("job", "one", result("one", 7))
    outcome = entry_of(parts, job, variable="one", is_own=True).outcome(1)
    assert outcome is not None
    assert outcome["result"] == 7


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("withdrawn", "variable 'withdrawn' was withdrawn"),
        ("nobody", "there is no variable 'nobody'"),
    ],
)
def test_a_step_without_a_possible_result_fails(parts: Pool, job: Document, variable: str, reason: str) -> None:
    with pytest.raises(EntryFailed) as caught:
        entry_of(parts, job, variable=variable, is_own=True).outcome(1)
    assert (caught.value.path, caught.value.reason, caught.value.for_owner) == (PATH, reason, {})


def test_a_failed_step_is_blocked(parts: Pool, job: Document) -> None:
    entry = entry_of(parts, job, variable="failed", is_own=True)
    assert entry.outcome(1) is None
    assert entry.is_blocked(1)
    assert not entry_of(parts, job, variable="one", is_own=True).is_blocked(1)
    failure = entry.step_failure(1)
    assert (failure.path, failure.reason) == (PATH, "variable 'failed' of job 'job' has failed after 1 error")
    assert failure.for_owner == {"last_refusal": "wrong"}
