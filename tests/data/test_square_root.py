"""The demo job square-root, step by step, held against Python's whole-number roots."""

import json
import math
import re
import time

import pytest

from tests.data.demo import SERVER_CPU_SECONDS, execute, in_quickjs, is_refusal, job_of

JOB = "square-root"
TWO = {"number": "2", "digits": 100}


def context_after(results):
    """What a step of a flow begins with."""
    return {"result": results[-1], "iteration": len(results)} if results else {}


def steps(variable):
    """Every result, until the root has settled."""
    results = []
    while not (results and results[-1]["settled"]):
        results += execute(job_of(JOB), [variable], json.dumps(context_after(results)))
    return results


def judge(variable, result, context):
    source = job_of(JOB).source["validate_result"]
    given = {"starting_context": context} if context else {}
    return in_quickjs(source, json.dumps(variable), json.dumps(result), json.dumps(given))


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
def test_it_settles_on_the_right_digits(variable):
    assert steps(variable)[-1] == {"root": root_of(variable), "settled": True}


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_step_is_accepted_and_stored_as_it_is(variable):
    results = steps(variable)
    for number, result in enumerate(results):
        assert judge(variable, result, context_after(results[:number])) == {"valid": True, "result": result}


def test_the_root_of_two_takes_as_many_steps_as_its_description_says():
    assert len(steps(TWO)) == 8
    assert "eight steps" in job_of(JOB).document["metadata"]["description"]["en"]


def test_the_first_steps_are_the_known_fractions():
    numerators = [(3, 2), (17, 12), (577, 408)]
    found = [result["root"] for result in steps(TWO)[:3]]
    assert found == [off_by_one("1." + "0" * 100, over * 10**100 // under - 10**100) for over, under in numerators]


def test_every_root_has_its_places():
    assert all(re.fullmatch(r"1\.\d{100}", result["root"]) for result in steps(TWO))


@pytest.mark.parametrize("error", [-1, 1, 10**50])
@pytest.mark.parametrize("number", range(8))
def test_wrong_root_is_refused_at_every_step(number, error):
    results = steps(TWO)
    lie = {**results[number], "root": off_by_one(results[number]["root"], error)}
    assert is_refusal(judge(TWO, lie, context_after(results[:number])), "root")


@pytest.mark.parametrize("number", range(8))
def test_wrong_settled_is_refused_at_every_step(number):
    results = steps(TWO)
    lie = {**results[number], "settled": not results[number]["settled"]}
    assert is_refusal(judge(TWO, lie, context_after(results[:number])), "settled")


@pytest.mark.parametrize("number", range(1, 8))
def test_step_that_begins_from_the_start_again_is_refused(number):
    results = steps(TWO)
    assert is_refusal(judge(TWO, results[0], context_after(results[:number])), "root")


@pytest.mark.parametrize("number", range(1, 7))
def test_step_that_stays_where_it_is_is_refused(number):
    results = steps(TWO)
    assert is_refusal(judge(TWO, results[number - 1], context_after(results[:number])), "root")


def test_the_right_digits_are_refused_before_their_step():
    assert is_refusal(judge(TWO, steps(TWO)[-1], {}), "root")


@pytest.mark.parametrize(
    "root", ["1.5", "1,5" + "0" * 99, "01.5" + "0" * 99, "1.5" + "0" * 100, "15" + "0" * 99, "-1.5" + "0" * 99, 1.5]
)
def test_root_of_another_shape_is_refused(root):
    assert is_refusal(judge(TWO, {"root": root, "settled": False}, {}), "root")


def test_endless_digits_are_refused_before_they_are_read():
    started = time.process_time()
    assert is_refusal(judge(TWO, {"root": "1" * 500_000 + "." + "0" * 100, "settled": False}, {}), "root")
    assert time.process_time() - started < SERVER_CPU_SECONDS


def test_last_step_of_the_longest_root_is_judged_within_the_limit():
    variable = {"number": "9" * 18, "digits": 1000}
    results = steps(variable)
    started = time.process_time()
    assert judge(variable, results[-1], context_after(results[:-1]))["valid"] is True
    assert time.process_time() - started < SERVER_CPU_SECONDS
