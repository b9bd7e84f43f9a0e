"""The demo jobs compute results that their validators accept; wrong results are rejected."""

import itertools
import json

import pytest

from tests.data.demo import (
    HOSTILE,
    SERVER_CPU_SECONDS,
    SHARED_CONTEXT,
    SLUGS,
    execute,
    in_quickjs,
    in_v8,
    is_rejection,
    job_of,
    override,
    results_of,
    validate_result,
    validate_variable,
    verdicts_of,
)


def test_every_variable_is_accepted(job):
    verdicts = [validate_variable(job, json.dumps(variable)) for variable in job.variables.values()]
    assert verdicts == [True] * len(verdicts)


def test_every_correct_result_is_accepted(job):
    assert all(verdict["valid"] is True for verdict, _ in verdicts_of(job.slug).values())


def test_a_correct_result_is_stored_unchanged(job):
    stored = {variable_id: verdict["result"] for variable_id, (verdict, _) in verdicts_of(job.slug).items()}
    assert stored == results_of(job.slug)


def test_a_verdict_takes_less_cpu_time_than_the_server_allows(job):
    assert max(seconds for _, seconds in verdicts_of(job.slug).values()) < SERVER_CPU_SECONDS


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "prime-factors"])
def test_quickjs_computes_the_same_results(slug):  # It has no WebAssembly.
    job = job_of(slug)
    sample = dict(itertools.islice(job.variables.items(), 0, None, max(1, len(job.variables) // 4)))
    source = job.execute_source
    computed = {key: in_quickjs(source, json.dumps(value), "{}")["result"] for key, value in sample.items()}
    assert computed == {key: results_of(job.slug)[key] for key in sample}


@pytest.mark.parametrize("context", ["{}", "{primes: 'text'}", "{primes: null, rows: 1}", "{primes: {below: 1e9}}"])
def test_results_do_not_depend_on_the_context(job, context):
    variables, results = list(job.variables.values())[::9], list(results_of(job.slug).values())[::9]
    assert execute(job, variables, context) == results


def test_results_do_not_depend_on_the_order_of_units(job):
    variables, results = list(job.variables.values())[::-4], list(results_of(job.slug).values())[::-4]
    calls = [f"{json.dumps(variable)}, {SHARED_CONTEXT}" for variable in variables]
    assert [value["result"] for value in in_v8(job.execute_source, calls)] == results


def test_execute_returns_the_context_itself(job):
    variable = json.dumps(next(iter(job.variables.values())))
    source = f"(variable, context) => ({job.execute_source}\n)(variable, context) === context"
    assert in_v8(source, [f"{variable}, {{}}"]) == [True]


def test_execute_does_not_change_the_variable(job):
    variable = next(iter(job.variables.values()))
    source = f"(variable) => (({job.execute_source}\n)(variable, {{}}), variable)"
    assert in_v8(source, [json.dumps(variable)]) == [variable]


@pytest.mark.parametrize("result", HOSTILE)
def test_a_hostile_result_is_rejected_with_a_reason(job, result):
    assert is_rejection(validate_result(job, next(iter(job.variables)), result))


@pytest.mark.parametrize("value", HOSTILE)
def test_the_rejection_of_a_hostile_field_names_the_field(job, value):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        assert is_rejection(validate_result(job, variable_id, override(result, field, value)), field)


def test_the_rejection_of_a_missing_field_names_the_field(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        rest = {key: value for key, value in result.items() if key != field}
        assert is_rejection(validate_result(job, variable_id, json.dumps(rest)), field)


def test_the_correct_result_of_another_variable_is_rejected(job):
    (variable_id, correct), *others = results_of(job.slug).items()
    other = next(result for _, result in others if result != correct)
    assert is_rejection(validate_result(job, variable_id, json.dumps(other)))


def test_unknown_fields_of_a_result_are_not_stored(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    verdict = validate_result(job, variable_id, json.dumps({**result, "advertisement": "buy"}))
    assert verdict["result"] == result


@pytest.mark.parametrize(
    ("slug", "field"),
    [
        ("hash-of-hashes", "hash"),
        ("n-queens", "count"),
        ("prime-count", "count"),
        ("prime-count", "twins"),
        ("prime-gap", "gap"),
        ("prime-sum", "primes"),
        ("prime-sum", "segments"),
    ],
)
def test_a_number_off_by_one_is_rejected_for_every_variable(slug, field):
    for (variable_id, result), error in zip(results_of(slug).items(), itertools.cycle((1, -1)), strict=False):
        wrong_result = {**result, field: result[field] + error}
        assert is_rejection(validate_result(job_of(slug), variable_id, json.dumps(wrong_result)), field)


@pytest.mark.parametrize(
    ("slug", "field"),
    [("hash-of-hashes", "hash"), ("n-queens", "count"), ("prime-count", "count"), ("prime-gap", "gap")],
)
def test_a_rejection_does_not_reveal_the_correct_number(slug, field):
    variable_id, result = list(results_of(slug).items())[-1]
    verdict = validate_result(job_of(slug), variable_id, json.dumps({**result, field: result[field] + 1}))
    assert str(result[field]) not in verdict["reason"]
