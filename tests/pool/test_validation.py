"""Validation: functions that are refused when they are posted, verdicts, and the calls of a job's validators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pool.errors import Invalid
from pool.fields import DEFAULT_SETTINGS
from pool.sandbox import Outcome, Sandbox, SandboxBusy
from pool.seeds import unit_seed
from pool.validation import MAX_REASON, Validation, Verdict, read_verdict, require_function

JOB = {"id": "example-job", "name": "Example job", "settings": DEFAULT_SETTINGS}
VARIABLE = {"id": "one", "data": {"x": 1}}
NEITHER = "it returned neither true, false nor {valid: true or false, …}"


# Functions


@pytest.mark.parametrize(
    "source",
    [
        "function (a) { return a; }",
        "function named(a) { return a; }",
        "async function (a) { return a; }",
        "(a) => a",
        "async (a) => a",
        "  // said first\n (a) => a // and last",
    ],
)
def test_every_kind_of_function_expression_is_accepted(sandbox: Sandbox, source: str) -> None:
    require_function(sandbox, "execute_function", source)


@pytest.mark.parametrize("source", ["1", "'text'", "{}", "class A {}", "null", "x", "(() => 1)()"])
def test_anything_but_a_function_expression_is_refused(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_function(sandbox, "execute_function", source)
    assert caught.value.field == "execute_function"


def test_a_syntax_error_has_line_and_column(sandbox: Sandbox) -> None:
    with pytest.raises(Invalid, match=r"validate_result: .* \(line 2, column 10\)"):
        require_function(sandbox, "validate_result", "function (variable) {\n  return );\n}")


# Verdicts


@pytest.mark.parametrize(
    ("returned", "verdict"),
    [
        (True, Verdict(True)),
        ({"valid": True}, Verdict(True, "it returned {valid: false}")),
        ({"valid": True, "result": None}, Verdict(True, "it returned {valid: false}", (None,))),
        ({"valid": True, "result": {"sum": 3}}, Verdict(True, "it returned {valid: false}", ({"sum": 3},))),
        (False, Verdict(False, "it returned false")),
        ({"valid": False}, Verdict(False, "it returned {valid: false}")),
        ({"valid": False, "reason": "too small"}, Verdict(False, "too small")),
        ({"valid": False, "reason": "ü🏊", "result": 7}, Verdict(False, "ü🏊", (7,))),
        ({"valid": False, "reason": 7}, Verdict(False, "it returned {valid: false}")),
        ({"valid": False, "reason": "x" * 3000}, Verdict(False, "x" * MAX_REASON)),
        ({"valid": 1}, Verdict(False, NEITHER)),
        ({"valid": None}, Verdict(False, NEITHER)),
        ({}, Verdict(False, NEITHER)),
        (None, Verdict(False, NEITHER)),
        (1, Verdict(False, NEITHER)),
        ("yes", Verdict(False, NEITHER)),
        ([True], Verdict(False, NEITHER)),
    ],
)
def test_a_verdict_is_read_strictly(returned: Any, verdict: Verdict) -> None:
    assert read_verdict(returned) == verdict


# The calls


class RecordedReports:
    """In place of Reports."""

    def __init__(self) -> None:
        self.added: list[tuple[str, str, str | None, str]] = []

    def add(self, job_id: str, function: str, message: str | None, console: str) -> None:
        self.added.append((job_id, function, message, console))


@pytest.fixture
def reports() -> RecordedReports:
    return RecordedReports()


@pytest.fixture
def validation(sandbox: Sandbox, reports: RecordedReports) -> Validation:
    return Validation(sandbox, reports)  # type: ignore[arg-type]


# What a function returns or throws, and the reason of the rejection.
FAILURES = [
    ("(() => { throw new Error('broken') })()", "Error: broken"),
    ("(() => { throw 'just text' })()", "just text"),
    ("Promise.reject(new TypeError('later'))", "TypeError: later"),
    ("new Promise(() => {})", "never settled"),
    ("(() => { for (;;) {} })()", "in time"),
    ("({valid: true, result: '\\ud800'})", "JSON cannot represent"),
]
# What a validator puts in a result's place, and the fault. The table of values is tests/client/unit-cases.json.
LOSSES = [
    ("NaN", "its result is NaN"),
    ("{rows: [1, {mean: Infinity}]}", "its result.rows[1].mean is Infinity"),
    ("[new Map()]", "its result[0] is a Map"),
    ("[undefined]", "its result[0] is undefined"),
]
UNWRITABLE = [("{n: [12n]}", "its result.n[0] is a BigInt"), ("() => 1", "its result is a function")]


def rejected(validation: Validation, job: dict[str, Any], value: Any) -> str:
    with pytest.raises(Invalid) as caught:
        validation.require_variable(job, value)
    assert caught.value.field == "variable"
    return caught.value.reason


NESTED = {"anything": "at all", "nested": {"_links": {}}}


@pytest.mark.parametrize("value", [NESTED, None, True, 1, "text", [], [{"_links": {}}]])
def test_without_validators_every_value_is_a_variable(validation: Validation, value: Any) -> None:
    validation.require_variable(JOB, value)


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_a_variable_has_no_reserved_field(validation: Validation, field: str) -> None:
    with pytest.raises(Invalid, match=f"{field}: is reserved"):
        validation.require_variable(JOB, {field: {}})


def test_validate_variable_decides(validation: Validation) -> None:
    source = "(variable, context) => variable.x > 0 && context.job.id === 'example-job' && context.job.name !== ''"
    job = {**JOB, "validate_variable": source, "validate_result": "() => false"}
    validation.require_variable(job, {"x": 1})
    reason = rejected(validation, job, {"x": 0})
    assert reason == "validate_variable(variable, context) rejected it: it returned false"


def test_without_it_validate_result_is_called_without_a_result(validation: Validation) -> None:
    source = "(variable, result, context) => result === undefined && context.job.id === 'example-job' && variable.x > 0"
    job = {**JOB, "validate_result": source}
    validation.require_variable(job, {"x": 1})
    reason = rejected(validation, job, {"x": 0})
    assert reason == "validate_result(variable, undefined, context) rejected it: it returned false"


@pytest.mark.parametrize(("returned", "reason"), FAILURES)
def test_a_validator_that_fails_rejects_the_variable(
    impatient: Sandbox, reports: RecordedReports, returned: str, reason: str
) -> None:
    validation = Validation(impatient, reports)  # type: ignore[arg-type]
    job = {**JOB, "validate_variable": f"() => {returned}"}
    text = rejected(validation, job, {"x": 1})
    assert text.startswith("validate_variable(variable, context) failed: ")
    assert reason in text
    ((job_id, function, message, _),) = reports.added
    assert (job_id, function) == ("example-job", "validate_variable")
    assert reason in str(message)


def test_the_console_of_a_rejection_is_in_the_error_and_reported(
    validation: Validation, reports: RecordedReports
) -> None:
    job = {**JOB, "validate_variable": "(variable) => { console.log('saw', variable); return false }"}
    with pytest.raises(Invalid) as caught:
        validation.require_variable(job, {"x": 1})
    assert caught.value.console == 'saw {"x":1}\n'
    assert reports.added == [("example-job", "validate_variable", None, 'saw {"x":1}\n')]


def result(value: Any = 2) -> dict[str, Any]:
    return {"result": value, "lease": "a" * 16, "volunteer": "b" * 16, "run_seconds": 1.5}


def judge(
    validation: Validation, source: str, document: dict[str, Any], lossy: bool = False, **variable: Any
) -> tuple[Verdict, list[Any]]:
    """The verdict of a validator, and what it reported."""
    reported: list[Any] = []
    job = {**JOB, "validate_result": source, "settings": {"lossy": lossy}}
    posted = [({**VARIABLE, **variable}, document)]
    [verdict] = validation.judge_results(job, posted, lambda *said: reported.append(said))
    assert isinstance(verdict, Verdict)
    return verdict, reported


def test_without_a_validator_every_result_is_accepted(validation: Validation) -> None:
    posted = [(VARIABLE, result()), (VARIABLE, result())]
    assert validation.judge_results(JOB, posted, lambda *_: None) == [Verdict(True)] * 2


def test_results_judged_together_have_verdicts_and_consoles_of_their_own(validation: Validation) -> None:
    source = "(variable, result) => { if (result === 3) throw new Error('no'); console.log(result); return result < 2 }"
    documents = [result(value) for value in (1, 2, 3)]
    reported: list[Any] = []
    verdicts = validation.judge_results(
        {**JOB, "validate_result": source, "settings": DEFAULT_SETTINGS},
        [(VARIABLE, document) for document in documents],
        lambda *said: reported.append(said),
    )
    assert [isinstance(verdict, Verdict) and verdict.valid for verdict in verdicts] == [True, False, False]
    assert [document["console"] for document in documents] == ["1\n", "2\n", ""]
    assert reported == [(None, "1\n"), (None, "2\n"), ("Error: no (at 1:53)", "")]


def test_where_the_sandbox_is_busy_there_is_no_verdict(validation: Validation, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_after_one(*_: Any) -> Iterator[Outcome]:
        yield Outcome(True, "")
        raise SandboxBusy(1.0)

    monkeypatch.setattr(Sandbox, "judge_many", busy_after_one)
    job = {**JOB, "validate_result": "() => true", "settings": DEFAULT_SETTINGS}
    verdicts = validation.judge_results(job, [(VARIABLE, result())] * 3, lambda *_: None)
    assert [type(verdict) for verdict in verdicts] == [Verdict, SandboxBusy, SandboxBusy]


@pytest.mark.parametrize(
    "expression",
    [
        "result === 2 && variable.x === 1",
        "context.job.id === 'example-job' && context.job.name === 'Example job'",
        "context.variable === 'one' && context.lease.length === 16 && context.volunteer.length === 16",
        "context.run_seconds === 1.5",
        "variable._links === undefined && context.starting_context === undefined",
        f"context.seed === {unit_seed('example-job', 'one')}",
    ],
)
def test_the_arguments_of_a_validator(validation: Validation, expression: str) -> None:
    verdict, _ = judge(validation, f"async (variable, result, context) => {expression}", result())
    assert verdict == Verdict(True)


def test_a_step_of_a_flow_has_its_starting_context(validation: Validation) -> None:
    source = "(variable, result, context) => context.starting_context.iteration === 1"
    assert judge(validation, source, result(), context={"iteration": 1})[0].valid


def test_a_validator_draws_the_random_numbers_of_the_unit(validation: Validation) -> None:
    source = "(variable, result) => ({ valid: true, result: Math.random() })"
    one, again, other = (judge(validation, source, result(), id=name)[0] for name in ("one", "one", "other"))
    assert one == again
    assert one != other


def test_other_functions_draw_other_random_numbers_each_time(sandbox: Sandbox) -> None:
    assert sandbox.call("() => Math.random()", []) != sandbox.call("() => Math.random()", [])


@pytest.mark.parametrize(("returned", "reason"), FAILURES)
def test_a_validator_that_fails_rejects_the_result(
    impatient: Sandbox, reports: RecordedReports, returned: str, reason: str
) -> None:
    validation = Validation(impatient, reports)  # type: ignore[arg-type]
    verdict, reported = judge(validation, f"() => {returned}", result())
    assert not verdict.valid
    assert verdict.reason.startswith("validate_result failed: ")
    assert reason in verdict.reason
    ((message, _),) = reported
    assert reason in message


@pytest.mark.parametrize(("replacement", "fault"), LOSSES + UNWRITABLE)
def test_a_result_that_json_would_lose_is_not_put_in_place(
    validation: Validation, replacement: str, fault: str
) -> None:
    verdict, ((message, _),) = judge(validation, f"() => ({{valid: true, result: {replacement}}})", result())
    assert not verdict.valid
    assert verdict.reason == f"validate_result failed: {message}"
    assert message.startswith(f"the verdict has a value that JSON would lose: {fault}, which JSON cannot represent")


@pytest.mark.parametrize(("replacement", "fault"), UNWRITABLE)
def test_a_lossy_job_cannot_store_what_json_cannot_write(validation: Validation, replacement: str, fault: str) -> None:
    verdict, _ = judge(validation, f"() => ({{valid: true, result: {replacement}}})", result(), lossy=True)
    assert fault in verdict.reason


@pytest.mark.parametrize(
    ("lossy", "replacement", "stored"),
    [
        (True, "[NaN, new Map(), undefined, new Float32Array([1, NaN])]", [None, {}, None, [1, None]]),
        (False, "{a: new Uint8Array([1]), b: undefined, c: new Date(0)}", {"a": [1], "c": "1970-01-01T00:00:00.000Z"}),
    ],
)
def test_what_is_put_in_a_results_place(validation: Validation, lossy: bool, replacement: str, stored: Any) -> None:
    verdict, _ = judge(validation, f"() => ({{valid: true, result: {replacement}}})", result(), lossy=lossy)
    assert verdict.replacement == (stored,)


def test_a_loss_in_a_rejection_does_not_matter(validation: Validation) -> None:
    verdict, reported = judge(validation, "() => ({valid: false, reason: 'too small', result: NaN})", result())
    assert (verdict, reported) == (Verdict(False, "too small", (None,)), [])


@pytest.mark.parametrize("verdict", ["true", "false"])
def test_the_console_of_a_validator_is_kept_with_the_result_and_reported(validation: Validation, verdict: str) -> None:
    document = result(7)
    source = f"(variable, result) => {{ console.log('judging', result); return {verdict} }}"
    _, reported = judge(validation, source, document)
    assert document["console"] == "judging 7\n"
    assert reported == [(None, "judging 7\n")]


def test_a_rejection_alone_is_not_reported(validation: Validation) -> None:
    assert judge(validation, "() => false", result()) == (Verdict(False, "it returned false"), [])
