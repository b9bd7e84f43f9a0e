"""The demo job hash-of-hashes, compared with an implementation in Python."""

import copy
import json

import pytest

from tests.data.demo import execute, is_rejection, job_of, results_of, validate_result

pytestmark = pytest.mark.xdist_group("hash-of-hashes")


def java_hash(values):
    """Java's String.hashCode as the polynomial of its definition."""
    total = sum(value * 31**power for power, value in enumerate(reversed(values)))
    return (total + 2**31) % 2**32 - 2**31


def code_units(string):
    encoded = string.encode("utf-16-le")
    return [int.from_bytes(encoded[place : place + 2], "little") for place in range(0, len(encoded), 2)]


def test_hashes_equal_an_independent_implementation():
    for variable_id, result in results_of("hash-of-hashes").items():
        strings = job_of("hash-of-hashes").variables[variable_id]["strings"]
        assert result["hashes"] == [java_hash(code_units(string)) for string in strings]


def test_hash_of_hashes_equals_an_independent_implementation():
    for result in results_of("hash-of-hashes").values():
        assert result["hash"] == java_hash(result["hashes"])


@pytest.mark.parametrize(
    ("string", "expected"),
    [("", 0), ("Aa", 2112), ("BB", 2112), ("polygenelubricants", -(2**31)), ("😀", 1772899)],
)
def test_known_strings_have_the_known_hashes(string, expected):
    assert execute(job_of("hash-of-hashes"), [{"strings": [string]}])[0]["hashes"] == [expected]


@pytest.mark.parametrize("place", [0, 11, -1])
@pytest.mark.parametrize("error", [-1, 1])
def test_a_single_hash_off_by_one_is_rejected(place, error):
    variable_id, result = list(results_of("hash-of-hashes").items())[7]
    wrong_result = copy.deepcopy(result)
    wrong_result["hashes"][place] += error
    assert is_rejection(validate_result(job_of("hash-of-hashes"), variable_id, json.dumps(wrong_result)), "hashes")


@pytest.mark.parametrize(
    "change", [lambda hashes: hashes[:-1], lambda hashes: [*hashes, 0], lambda hashes: hashes[::-1]]
)
def test_hashes_in_another_number_or_order_are_rejected(change):
    variable_id, result = list(results_of("hash-of-hashes").items())[7]
    wrong_result = {**result, "hashes": change(result["hashes"])}
    assert is_rejection(validate_result(job_of("hash-of-hashes"), variable_id, json.dumps(wrong_result)), "hashes")
