"""The demo job prime-segments, compared with trial division, and its results merged as a flow merges them."""

import itertools
import json

import pytest

from tests.data.demo import execute, in_quickjs, is_prime, is_rejection, job_of, results_of, validate_result

JOB = "prime-segments"
pytestmark = pytest.mark.xdist_group(JOB)


def count_primes(start, end):
    return {f"{start:07}-{end:07}": sum(map(is_prime, range(start, end)))}


def test_segments_cover_a_million():
    segments = [(variable["from"], variable["to"]) for variable in job_of(JOB).variables.values()]
    assert segments == [(start, start + 50_000) for start in range(0, 10**6, 50_000)]


def test_each_result_has_the_id_of_its_variable_as_key():
    assert all(list(result) == [variable_id] for variable_id, result in results_of(JOB).items())


def test_the_merged_results_add_up_to_the_known_total():
    merged = {key: count for result in results_of(JOB).values() for key, count in result.items()}
    assert sum(merged.values()) == job_of(JOB).document["metadata"]["totals"]["primes"] == 78_498


SHORT_SEGMENTS = [
    *itertools.combinations(range(13), 2),
    *itertools.combinations((999_930, 999_931, 999_953, 999_958, 999_959, 999_983, 999_984, 1_000_000), 2),
    *((square - 1, square + 1) for square in (25, 49, 961, 994_009)),
]


def test_short_segments_equal_trial_division():
    results = execute(job_of(JOB), [{"from": start, "to": end} for start, end in SHORT_SEGMENTS])
    assert results == [count_primes(start, end) for start, end in SHORT_SEGMENTS]


def test_correct_results_of_short_segments_are_accepted():
    results = [count_primes(start, end) for start, end in SHORT_SEGMENTS]
    variables = [json.dumps({"from": start, "to": end}) for start, end in SHORT_SEGMENTS]
    calls = [f"{variable}, {json.dumps(result)}, {{}}" for variable, result in zip(variables, results, strict=True)]
    verdicts = in_quickjs(job_of(JOB).source["validate_result"], calls)
    assert verdicts == [{"valid": True, "result": result} for result in results]


@pytest.mark.parametrize("error", [-1, 1])
def test_a_count_off_by_one_is_rejected_without_the_correct_one(error):
    for segment, result in results_of(JOB).items():
        verdict = validate_result(job_of(JOB), segment, json.dumps({segment: result[segment] + error}))
        assert is_rejection(verdict, segment)
        assert str(result[segment]) not in verdict["reason"]


def test_a_count_for_another_segment_is_not_stored():
    (first, result), (second, _) = itertools.islice(results_of(JOB).items(), 2)
    verdict = validate_result(job_of(JOB), first, json.dumps({**result, second: 0}))
    assert verdict == {"valid": True, "result": result}
