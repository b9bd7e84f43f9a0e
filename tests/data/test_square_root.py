"""The demo job square-root, iteration by iteration, compared with Python's integer square roots."""

import functools
import json
import math
import re
import time

import pytest

from tests.data.demo import SERVER_CPU_SECONDS, execute, in_quickjs, is_rejection, job_of

JOB = "square-root"
pytestmark = pytest.mark.xdist_group(JOB)
TWO = {"number": "2", "digits": 100}


def context_after(results):
    """The starting context of the next step in a flow."""
    return {"result": results[-1], "iteration": len(results)} if results else {}


def steps(variable):
    """The results of all steps until the root is settled."""
    return steps_of(variable["number"], variable["digits"])


@functools.cache
def steps_of(number, digits):
    results = []
    while not (results and results[-1]["settled"]):
        variable = {"number": number, "digits": digits}
        results += execute(job_of(JOB), [variable], json.dumps(context_after(results)))
    return results


def validate_each(variable, steps):
    """The verdicts on results with their starting contexts."""
    given = [(result, {"starting_context": context} if context else {}) for result, context in steps]
    calls = [f"{json.dumps(variable)}, {json.dumps(result)}, {json.dumps(context)}" for result, context in given]
    return in_quickjs(job_of(JOB).source["validate_result"], calls)


def validate(variable, result, context):
    return validate_each(variable, [(result, context)])[0]


def root_of(variable):
    """The digits as the job writes them."""
    digits = variable["digits"]
    units = str(math.isqrt(int(variable["number"]) * 10 ** (2 * digits)))
    return f"{units[:-digits]}.{units[-digits:]}"


def off_by_one(root, error):
    """The root with its last place changed."""
    units = str(int(root.replace(".", "")) + error)
    places = len(root.partition(".")[2])
    return f"{units[:-places]}.{units[-places:]}"


VARIABLES = [
    TWO,
    *({"number": str(number), "digits": digits} for number in (1, 3, 4, 99, 100) for digits in (1, 2, 17)),
    {"number": "9" * 18, "digits": 300},
    {"number": "15241578750190521", "digits": 5},  # 123456789 ** 2
    {"number": "2", "digits": 1000},
]


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_last_step_has_the_correct_digits(variable):
    assert steps(variable)[-1] == {"root": root_of(variable), "settled": True}


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_step_is_accepted_and_stored_unchanged(variable):
    results = steps(variable)
    verdicts = validate_each(variable, [(result, context_after(results[:n])) for n, result in enumerate(results)])
    assert verdicts == [{"valid": True, "result": result} for result in results]


def test_the_description_has_the_number_of_steps_for_the_root_of_two():
    assert len(steps(TWO)) == 8
    assert "eight steps" in job_of(JOB).document["metadata"]["description"]["en"]


def test_the_first_steps_are_the_known_fractions():
    numerators = [(3, 2), (17, 12), (577, 408)]
    found = [result["root"] for result in steps(TWO)[:3]]
    assert found == [off_by_one("1." + "0" * 100, over * 10**100 // under - 10**100) for over, under in numerators]


def test_every_root_has_a_hundred_decimal_places():
    assert all(re.fullmatch(r"1\.\d{100}", result["root"]) for result in steps(TWO))


@pytest.mark.parametrize("error", [-1, 1, 10**50])
@pytest.mark.parametrize("number", range(8))
def test_a_wrong_root_is_rejected_at_every_step(number, error):
    results = steps(TWO)
    wrong_result = {**results[number], "root": off_by_one(results[number]["root"], error)}
    assert is_rejection(validate(TWO, wrong_result, context_after(results[:number])), "root")


@pytest.mark.parametrize("number", range(8))
def test_a_wrong_value_of_settled_is_rejected_at_every_step(number):
    results = steps(TWO)
    wrong_result = {**results[number], "settled": not results[number]["settled"]}
    assert is_rejection(validate(TWO, wrong_result, context_after(results[:number])), "settled")


@pytest.mark.parametrize("number", range(1, 8))
def test_a_step_that_starts_again_is_rejected(number):
    results = steps(TWO)
    assert is_rejection(validate(TWO, results[0], context_after(results[:number])), "root")


@pytest.mark.parametrize("number", range(1, 7))
def test_a_step_that_repeats_the_last_root_is_rejected(number):
    results = steps(TWO)
    assert is_rejection(validate(TWO, results[number - 1], context_after(results[:number])), "root")


def test_the_final_digits_are_rejected_at_the_first_step():
    assert is_rejection(validate(TWO, steps(TWO)[-1], {}), "root")


@pytest.mark.parametrize(
    "root", ["1.5", "1,5" + "0" * 99, "01.5" + "0" * 99, "1.5" + "0" * 100, "15" + "0" * 99, "-1.5" + "0" * 99, 1.5]
)
def test_a_root_in_another_format_is_rejected(root):
    assert is_rejection(validate(TWO, {"root": root, "settled": False}, {}), "root")


def test_very_long_digits_are_rejected_quickly():
    started = time.process_time()
    assert is_rejection(validate(TWO, {"root": "1" * 500_000 + "." + "0" * 100, "settled": False}, {}), "root")
    assert time.process_time() - started < SERVER_CPU_SECONDS


def test_the_last_step_of_the_longest_root_is_validated_within_the_time_limit():
    variable = {"number": "9" * 18, "digits": 1000}
    results = steps(variable)
    started = time.process_time()
    assert validate(variable, results[-1], context_after(results[:-1]))["valid"] is True
    assert time.process_time() - started < SERVER_CPU_SECONDS
