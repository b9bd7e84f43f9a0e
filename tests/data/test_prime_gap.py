"""The demo job prime-gap, compared with trial division and known gaps."""

import itertools
import json

import pytest

from tests.data.demo import execute, in_quickjs, is_prime, is_rejection, job_of, results_of

JOB = "prime-gap"
pytestmark = pytest.mark.xdist_group(JOB)


def gap_after(number):
    following = next(other for other in itertools.count(number + 1) if is_prime(other))
    return {"number": str(number), "next": str(following), "gap": following - number}


def validate_each(results):
    """The verdicts on results, each with a `number`, which is also the variable's."""
    calls = [f"{json.dumps({'number': result['number']})}, {json.dumps(result)}" for result in results]
    return in_quickjs(job_of(JOB).source["validate_result"], calls)


def validate(number, **result):
    return validate_each([{"number": str(number), **result}])[0]


def test_gaps_are_the_known_records():
    assert [result["gap"] for result in results_of(JOB).values()] == [14, 34, 72, 112]


def test_each_gap_is_wider_than_any_before_it():
    records = {int(result["number"]): result["gap"] for result in results_of(JOB).values()}
    widest, last = 0, 2
    for prime in filter(is_prime, range(3, 32_000)):
        if last in records:
            assert records[last] == prime - last > widest
        widest, last = max(widest, prime - last), prime


@pytest.mark.parametrize(
    ("number", "gap"),
    [(2_147_483_647, 12), (999_999_999_999_989, 48), (42_842_283_925_351, 778), (218_209_405_436_543, 906)],
)
def test_a_known_gap_is_computed_and_accepted(number, gap):
    result = {"number": str(number), "next": str(number + gap), "gap": gap}
    assert execute(job_of(JOB), [{"number": str(number)}]) == [result]
    assert validate(**result) == {"valid": True, "result": result}


def test_small_numbers_agree_with_trial_division_and_are_accepted():
    results = execute(job_of(JOB), [{"number": str(number)} for number in range(2, 400)])
    assert results == [gap_after(number) for number in range(2, 400)]
    assert validate_each(results) == [{"valid": True, "result": result} for result in results]


@pytest.mark.parametrize(("following", "gap"), [("121", 8), ("131", 18), ("109", -4), ("113", 0)])
def test_a_number_that_is_not_the_next_prime_is_rejected(following, gap):
    assert is_rejection(validate(113, next=following, gap=gap), "next")


@pytest.mark.parametrize("following", [127, "0127", "127.0", " 127"])
def test_the_next_prime_in_another_notation_is_rejected(following):
    assert is_rejection(validate(113, next=following, gap=14), "next")


@pytest.mark.parametrize("gap", [13, 15, -14, "14"])
def test_a_wrong_gap_is_rejected(gap):
    assert is_rejection(validate(113, next="127", gap=gap), "gap")


def test_a_result_for_another_number_is_rejected():
    call = f"{json.dumps({'number': '113'})}, {json.dumps(gap_after(1327))}"
    assert is_rejection(*in_quickjs(job_of(JOB).source["validate_result"], [call]), "number")
