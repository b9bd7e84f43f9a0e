"""The demo job prime-test, compared with trial division, and on pseudoprimes."""

import json

import pytest

from tests.data.demo import execute, in_quickjs, is_prime, is_rejection, job_of, results_of, validate_variable

JOB = "prime-test"
pytestmark = pytest.mark.xdist_group(JOB)


def validate_each(results):
    """The verdicts on results, each with a `number`, which is also the variable's."""
    calls = [f"{json.dumps({'number': result['number']})}, {json.dumps(result)}" for result in results]
    return in_quickjs(job_of(JOB).source["validate_result"], calls)


def validate(number, prime):
    return validate_each([{"number": str(number), "prime": prime}])[0]


def test_the_results_are_the_known_ones():
    known = {"euler-1732": False, "euler-1772": True, "landry-1867": True}
    assert {key: result["prime"] for key, result in results_of(JOB).items()} == known


def test_the_description_has_the_numbers_of_the_variables():
    numbers = [f"{int(variable['number']):,}" for variable in job_of(JOB).variables.values()]
    assert all(number in job_of(JOB).document["metadata"]["description"]["en"] for number in numbers)


def test_small_numbers_agree_with_trial_division_and_are_accepted():
    results = execute(job_of(JOB), [{"number": str(number)} for number in range(2, 1000)])
    assert results == [{"number": str(number), "prime": is_prime(number)} for number in range(2, 1000)]
    assert validate_each(results) == [{"valid": True, "result": result} for result in results]


# Squares and products of primes, strong pseudoprimes to the first one, two, four, six and eight bases, and two of
# Carmichael's numbers; then primes, the largest of 15 digits last.
NUMBERS = [
    *((number, False) for number in (94_906_249 * 9_000_011, 31_622_743**2, 2_047, 1_373_653, 3_215_031_751)),
    *((number, False) for number in (3_474_749_660_383, 341_550_071_728_321, 561, 6_601)),
    *((number, True) for number in (2, 3, 23, 29, 67_280_421_310_721, 999_999_999_999_989)),
]


@pytest.mark.parametrize(("number", "prime"), NUMBERS)
def test_a_known_result_is_computed(number, prime):
    assert execute(job_of(JOB), [{"number": str(number)}]) == [{"number": str(number), "prime": prime}]


@pytest.mark.parametrize(("number", "prime"), NUMBERS)
def test_a_known_result_is_accepted_and_its_opposite_rejected(number, prime):
    assert validate(number, prime)["valid"] is True
    assert is_rejection(validate(number, not prime), "prime")


@pytest.mark.parametrize("follower", ["prime-factors", "prime-gap"])
def test_the_next_jobs_of_a_flow_accept_the_result_as_a_variable(follower):
    for result in results_of(JOB).values():
        assert validate_variable(job_of(follower), json.dumps(result)) is True
