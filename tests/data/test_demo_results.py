"""The demo jobs do their work, and their validators see through lies about it."""

import itertools
import json

import pytest

from tests.data.demo import (
    HOSTILE,
    KEPT,
    SERVER_CPU_SECONDS,
    SLUGS,
    execute,
    in_quickjs,
    in_v8,
    is_refusal,
    job_of,
    judge_result,
    judge_variable,
    override,
    results_of,
    verdicts_of,
)


def test_every_variable_is_accepted(job):
    verdicts = [judge_variable(job, json.dumps(variable)) for variable in job.variables.values()]
    assert verdicts == [True] * len(verdicts)


def test_every_honest_result_is_accepted(job):
    assert all(verdict["valid"] is True for verdict, _ in verdicts_of(job.slug).values())


def test_what_is_stored_is_the_honest_result(job):
    stored = {variable_id: verdict["result"] for variable_id, (verdict, _) in verdicts_of(job.slug).items()}
    assert stored == results_of(job.slug)


def test_verdict_takes_less_than_the_server_allows(job):
    assert max(seconds for _, seconds in verdicts_of(job.slug).values()) < SERVER_CPU_SECONDS


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "prime-factors"])
def test_quickjs_computes_the_same_results(slug):  # It has no WebAssembly.
    job = job_of(slug)
    sample = dict(itertools.islice(job.variables.items(), 0, None, max(1, len(job.variables) // 4)))
    source = job.computes
    computed = {key: in_quickjs(source, json.dumps(value), "{}")["result"] for key, value in sample.items()}
    assert computed == {key: results_of(job.slug)[key] for key in sample}


@pytest.mark.parametrize("context", ["{}", "{primes: 'text'}", "{primes: null, rows: 1}", "{primes: {below: 1e9}}"])
def test_result_is_the_same_from_any_context(job, context):
    variables, results = list(job.variables.values())[::9], list(results_of(job.slug).values())[::9]
    assert execute(job, variables, context) == results


def test_result_is_the_same_in_reverse_order(job):
    variables, results = list(job.variables.values())[::-4], list(results_of(job.slug).values())[::-4]
    calls = [f"{json.dumps(variable)}, {KEPT}" for variable in variables]
    assert [answer["result"] for answer in in_v8(job.computes, calls)] == results


def test_the_context_itself_is_returned(job):
    variable = json.dumps(next(iter(job.variables.values())))
    source = f"(variable, context) => ({job.computes}\n)(variable, context) === context"
    assert in_v8(source, [f"{variable}, {{}}"]) == [True]


def test_the_variable_is_left_as_it_was(job):
    variable = next(iter(job.variables.values()))
    source = f"(variable) => (({job.computes}\n)(variable, {{}}), variable)"
    assert in_v8(source, [json.dumps(variable)]) == [variable]


@pytest.mark.parametrize("result", HOSTILE)
def test_hostile_result_is_refused_with_a_reason(job, result):
    assert is_refusal(judge_result(job, next(iter(job.variables)), result))


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_field_of_a_result_is_refused_by_name(job, value):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        assert is_refusal(judge_result(job, variable_id, override(result, field, value)), field)


def test_missing_field_of_a_result_is_refused_by_name(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        rest = {key: value for key, value in result.items() if key != field}
        assert is_refusal(judge_result(job, variable_id, json.dumps(rest)), field)


def test_honest_result_of_another_variable_is_refused(job):
    (variable_id, honest), *others = results_of(job.slug).items()
    other = next(result for _, result in others if result != honest)
    assert is_refusal(judge_result(job, variable_id, json.dumps(other)))


def test_what_nobody_asked_for_is_not_stored(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    verdict = judge_result(job, variable_id, json.dumps({**result, "advertisement": "buy"}))
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
def test_number_off_by_one_is_refused_everywhere(slug, field):
    for (variable_id, result), error in zip(results_of(slug).items(), itertools.cycle((1, -1)), strict=False):
        lie = {**result, field: result[field] + error}
        assert is_refusal(judge_result(job_of(slug), variable_id, json.dumps(lie)), field)


@pytest.mark.parametrize(
    ("slug", "field"),
    [("hash-of-hashes", "hash"), ("n-queens", "count"), ("prime-count", "count"), ("prime-gap", "gap")],
)
def test_refusal_keeps_the_right_answer_to_itself(slug, field):
    variable_id, result = list(results_of(slug).items())[-1]
    verdict = judge_result(job_of(slug), variable_id, json.dumps({**result, field: result[field] + 1}))
    assert str(result[field]) not in verdict["reason"]
