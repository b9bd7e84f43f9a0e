"""The demo job prime-factors: factors are multiplied and tested in Python; its WebAssembly module runs natively too."""

import functools
import itertools
import json
import math

import pytest
from comp_pool.deadline import Deadline
from comp_pool.executor import Executor, Unit

from tests.data.demo import execute, in_quickjs, in_v8, is_rejection, job_of, judge_all, results_of, validate_result

JOB = "prime-factors"
pytestmark = pytest.mark.xdist_group(JOB)
BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)  # Sufficient for the Miller-Rabin test up to 3 * 10 ** 23.


def is_prime(number):
    if number in BASES:
        return True
    if number < 2 or any(number % base == 0 for base in BASES):
        return False
    halvings = ((number - 1) & -(number - 1)).bit_length() - 1
    return all(is_probable_prime(number, base, halvings) for base in BASES)


def is_probable_prime(number, base, halvings):
    first = pow(base, (number - 1) >> halvings, number)
    return first == 1 or any(pow(first, 1 << round_, number) == number - 1 for round_ in range(halvings))


def factors_of(*numbers):
    return [result["factors"] for result in execute(job_of(JOB), [{"number": str(number)} for number in numbers])]


def as_result(factors):
    return {"factors": list(map(str, factors))}


def validate_each(factors_by_number):
    """The verdicts on the factors of numbers."""
    calls = [f'{{"number": "{number}"}}, {json.dumps(as_result(found))}' for number, found in factors_by_number]
    return in_quickjs(job_of(JOB).source["validate_result"], calls)


def validate(number, factors):
    return validate_each([(number, factors)])[0]


def divisor_of(number):
    """A divisor of a composite number, by Pollard's rho method."""
    return next(found for found in map(functools.partial(rho, number), itertools.count(1)) if found < number)


def rho(number, shift):
    slow = fast = 2
    divisor = 1
    while divisor == 1:
        slow = (slow * slow + shift) % number
        fast = (fast * fast + shift) % number
        fast = (fast * fast + shift) % number
        divisor = math.gcd(slow - fast, number)
    return divisor


@functools.cache
def pairs():
    """The two factors of each variable's number, by id, found in Python."""
    numbers = {variable_id: int(variable["number"]) for variable_id, variable in job_of(JOB).variables.items()}
    divisors = {variable_id: divisor_of(number) for variable_id, number in numbers.items()}
    return {variable_id: sorted((number, numbers[variable_id] // number)) for variable_id, number in divisors.items()}


def test_every_number_is_the_product_of_two_primes():
    assert all(is_prime(factor) for pair in pairs().values() for factor in pair)


def test_the_job_finds_the_two_primes():
    assert results_of(JOB) == {variable_id: as_result(pairs()[variable_id]) for variable_id in results_of(JOB)}


def test_the_two_primes_of_every_number_are_accepted():
    results = {variable_id: as_result(pair) for variable_id, pair in pairs().items()}
    verdicts = judge_all(job_of(JOB), results)
    assert verdicts == {name: {"valid": True, "result": result} for name, result in results.items()}


def test_jevons_number_has_the_known_factors():
    assert results_of(JOB)["jevons-1874"] == {"factors": ["89681", "96079"]}


def test_the_numbers_exceed_the_safe_integers_of_javascript():
    assert all(int(number["number"]) > 2**53 for number in list(job_of(JOB).variables.values())[1:])


@pytest.mark.parametrize(
    ("number", "factors"),
    [
        (2, [2]),
        (3, [3]),
        (4, [2, 2]),
        (9, [3, 3]),
        (60, [2, 2, 3, 5]),
        (2**59, [2] * 59),
        (3**37, [3] * 37),
        (2**59 - 1, [179_951, 3_203_431_780_337]),
        (2**32 + 1, [641, 6_700_417]),
        (94_906_249**2, [94_906_249, 94_906_249]),
        (2**53 + 5, [2**53 + 5]),
    ],
)
def test_known_factors_are_computed_and_accepted(number, factors):
    assert factors_of(number) == [list(map(str, factors))]
    assert validate(number, factors)["valid"] is True


def test_small_numbers_agree_with_trial_division_and_are_accepted():
    factors = dict(zip(range(2, 400), factors_of(*range(2, 400)), strict=True))
    for number, found in factors.items():
        assert math.prod(map(int, found)) == number
        assert all(number % int(factor) == 0 and is_prime(int(factor)) for factor in found)
    assert validate_each(factors.items()) == [
        {"valid": True, "result": {"factors": found}} for found in factors.values()
    ]


@pytest.mark.parametrize(
    ("number", "factors"),
    [
        (60, [4, 3, 5]),
        (60, [2, 2, 15]),
        (60, [60]),
        (60, [1, 2, 2, 3, 5]),
        (60, [2, 3, 2, 5]),
        (60, [5, 3, 2, 2]),
        (60, [2, 2, 3]),
        (60, [2, 2, 3, 5, 7]),
        (60, [0, 60]),
        (60, [-2, -2, 3, 5]),
        (60, ["2", "2", "3", "5.0"]),
        (60, ["2", "2", "3", "05"]),
        (60, [2, 2, 3, 5 + 2**64]),
    ],
)
def test_wrong_factors_are_rejected(number, factors):
    assert is_rejection(validate(number, factors), "factors")


# Strong pseudoprimes to the first one, two, four, six and eight bases, and two of Carmichael's numbers.
@pytest.mark.parametrize(
    "number", [2_047, 1_373_653, 3_215_031_751, 3_474_749_660_383, 341_550_071_728_321, 561, 6_601]
)
def test_a_pseudoprime_factor_is_rejected(number):
    assert is_rejection(validate(number, [number]), "factors", "prime")


def test_numbers_instead_of_strings_are_rejected():
    variable_id, result = list(results_of(JOB).items())[-1]
    wrong_result = {"factors": list(map(int, result["factors"]))}
    assert is_rejection(validate_result(job_of(JOB), variable_id, json.dumps(wrong_result)), "factors")


def test_the_native_volunteer_computes_the_job_in_a_confined_child_process():
    source = job_of(JOB).source["execute_function"]
    with Executor() as executor:
        for variable_id, expected in itertools.islice(results_of(JOB).items(), 3):
            unit = Unit(JOB, source, job_of(JOB).variables[variable_id])
            assert json.loads(executor.compute(unit, Deadline(20)).result) == expected


def test_the_webassembly_module_is_compiled_once():
    count = "const Module = WebAssembly.Module; let compiled = 0; WebAssembly.Module = class extends Module {"
    count += " constructor(bytes) { super(bytes); compiled++; } }; const context = {};"
    source = f"(variables) => {{ {count} const execute = ({job_of(JOB).source['execute_function']}\n);"
    source += " for (const number of variables) execute({ number }, context); return compiled; }"
    assert in_v8(source, ["['15', '21', '35']"]) == [1]
