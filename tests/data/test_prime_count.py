"""The demo job prime-count, compared with known totals and trial division."""

import itertools
import json

import pytest

from tests.data.demo import execute, in_quickjs, in_v8, is_prime, job_of, results_of

pytestmark = pytest.mark.xdist_group("prime-count")


def test_segments_cover_ten_million():
    segments = [(variable["from"], variable["to"]) for variable in job_of("prime-count").variables.values()]
    assert segments == [(start, start + 10**5) for start in range(0, 10**7, 10**5)]


@pytest.mark.parametrize(("field", "total"), [("count", 664_579), ("twins", 58_980)])
def test_primes_add_up_to_the_known_totals(field, total):
    assert sum(result[field] for result in results_of("prime-count").values()) == total


@pytest.mark.parametrize(("field", "total"), [("count", 664_579), ("twins", 58_980)])
def test_the_totals_in_the_metadata_are_the_known_totals(field, total):
    assert job_of("prime-count").document["metadata"]["totals"][field] == total


def count_primes(start, end):
    primes = [number for number in range(start, end) if is_prime(number)]
    return {"count": len(primes), "twins": sum(is_prime(prime + 2) for prime in primes)}


SHORT_SEGMENTS = [
    *itertools.combinations(range(13), 2),
    *itertools.combinations((9999930, 9999931, 9999971, 9999973, 9999991, 9999992, 10000000), 2),
    *((square - 1, square + 1) for square in (25, 49, 3137**2, 3163**2 - 5000)),
]


def test_short_segments_equal_trial_division():
    results = execute(job_of("prime-count"), [{"from": start, "to": end} for start, end in SHORT_SEGMENTS])
    assert results == [count_primes(start, end) for start, end in SHORT_SEGMENTS]


def test_correct_results_of_short_segments_are_accepted():
    results = [count_primes(start, end) for start, end in SHORT_SEGMENTS]
    variables = [json.dumps({"from": start, "to": end}) for start, end in SHORT_SEGMENTS]
    calls = [f"{variable}, {json.dumps(result)}, {{}}" for variable, result in zip(variables, results, strict=True)]
    verdicts = in_quickjs(job_of("prime-count").source["validate_result"], calls)
    assert verdicts == [{"valid": True, "result": result} for result in results]


def test_small_primes_are_cached_in_the_context():
    source = f"(variables) => variables.map((variable) => ({job_of('prime-count').source['execute_function']}\n)"
    source += "(variable, globalThis.shared ??= {}).primes.list)"
    large, small = in_v8(source, [json.dumps([{"from": 9900000, "to": 10000000}, {"from": 0, "to": 100000}])])[0]
    assert large == small
