"""The demo jobs compute results that their validators accept; wrong results are rejected."""

import itertools
import json
import time

import pytest

from tests.data.demo import (
    EXECUTED,
    HOSTILE,
    SERVER_CPU_SECONDS,
    SHARED_CONTEXT,
    execute,
    grouped,
    in_quickjs,
    in_v8,
    is_rejection,
    job_of,
    judge_all,
    not_rejected,
    override,
    results_of,
    sample_of,
    validate_result,
    validate_results,
    validate_variables,
)


def test_every_variable_is_accepted(job):
    verdicts = validate_variables(job, map(json.dumps, job.variables.values()))
    assert verdicts == [True] * len(job.variables)


def test_every_correct_result_is_accepted_and_stored_unchanged(job):
    results = results_of(job.slug)
    assert judge_all(job, results) == {name: {"valid": True, "result": result} for name, result in results.items()}


def test_a_verdict_on_the_server_is_the_same_and_takes_less_cpu_time_than_it_allows(job):
    for variable_id, result in sample_of(results_of(job.slug).items()):
        started = time.process_time()
        assert validate_result(job, variable_id, json.dumps(result)) == {"valid": True, "result": result}
        assert time.process_time() - started < SERVER_CPU_SECONDS


@pytest.mark.parametrize("slug", grouped(*(slug for slug in EXECUTED if slug != "prime-factors")))
def test_quickjs_computes_the_same_results(slug):  # It has no WebAssembly.
    job, sample = job_of(slug), dict(sample_of(results_of(slug).items()))
    calls = [f"{json.dumps(job.variables[variable_id])}, {{}}" for variable_id in sample]
    assert [value["result"] for value in in_quickjs(job.execute_source, calls)] == list(sample.values())


@pytest.mark.parametrize("slug", grouped(*EXECUTED))
def test_results_do_not_depend_on_the_context(slug):
    job, sample = job_of(slug), dict(sample_of(results_of(slug).items()))
    variables = [job.variables[variable_id] for variable_id in sample]
    for context in ("{}", "{primes: 'text'}", "{primes: null, rows: 1}", "{primes: {below: 1e9}}"):
        assert execute(job, variables, context) == list(sample.values()), context


@pytest.mark.parametrize("slug", grouped(*EXECUTED))
def test_results_do_not_depend_on_the_order_of_units(slug):
    job, results = job_of(slug), dict(list(results_of(slug).items())[::-4])
    calls = [f"{json.dumps(job.variables[variable_id])}, {SHARED_CONTEXT}" for variable_id in results]
    assert [value["result"] for value in in_v8(job.execute_source, calls)] == list(results.values())


@pytest.mark.parametrize("slug", grouped(*EXECUTED))
def test_execute_returns_the_context_itself(slug):
    job = job_of(slug)
    variable = json.dumps(next(iter(job.variables.values())))
    source = f"(variable, context) => ({job.execute_source}\n)(variable, context) === context"
    assert in_v8(source, [f"{variable}, {{}}"]) == [True]


@pytest.mark.parametrize("slug", grouped(*EXECUTED))
def test_execute_does_not_change_the_variable(slug):
    job = job_of(slug)
    variable = next(iter(job.variables.values()))
    source = f"(variable) => (({job.execute_source}\n)(variable, {{}}), variable)"
    assert in_v8(source, [json.dumps(variable)]) == [variable]


def test_hostile_results_are_rejected_with_a_reason(job):
    assert not not_rejected(HOSTILE, validate_results(job, next(iter(job.variables)), HOSTILE))


def test_the_rejection_of_a_hostile_field_names_the_field(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        results = [override(result, field, value) for value in HOSTILE]
        assert not not_rejected(HOSTILE, validate_results(job, variable_id, results), field)


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
    grouped(
        ("hash-of-hashes", "hash"),
        ("n-queens", "count"),
        ("prime-count", "count"),
        ("prime-count", "twins"),
        ("prime-gap", "gap"),
        ("prime-sum", "primes"),
        ("prime-sum", "segments"),
    ),
)
def test_a_number_off_by_one_is_rejected_for_every_variable(slug, field):
    errors = itertools.cycle((1, -1))
    wrong = {name: {**result, field: result[field] + next(errors)} for name, result in results_of(slug).items()}
    assert not not_rejected(wrong, judge_all(job_of(slug), wrong).values(), field)


@pytest.mark.parametrize(
    ("slug", "field"),
    grouped(("hash-of-hashes", "hash"), ("n-queens", "count"), ("prime-count", "count"), ("prime-gap", "gap")),
)
def test_a_rejection_does_not_reveal_the_correct_number(slug, field):
    variable_id, result = list(results_of(slug).items())[-1]
    verdict = validate_result(job_of(slug), variable_id, json.dumps({**result, field: result[field] + 1}))
    assert is_rejection(verdict, field)
    assert str(result[field]) not in verdict["reason"]
