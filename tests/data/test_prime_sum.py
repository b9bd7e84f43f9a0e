"""The demo job prime-sum: which segments its validator accepts, and their sum."""

import itertools
import json

import pytest

from tests.data.demo import execute, is_rejection, job_of, results_of, validate_variable

JOB = "prime-sum"
pytestmark = pytest.mark.xdist_group(JOB)
MERGED = {"0000000-0000010": 4, "0000010-0000020": 4, "0000020-0000030": 2}


def validate(variable):
    return validate_variable(job_of(JOB), json.dumps(variable))


def without(segment):
    return {key: count for key, count in MERGED.items() if key != segment}


def test_there_are_25_primes_below_a_hundred():
    assert results_of(JOB)["below-0000100"] == {"primes": 25, "segments": 2}


def test_results_of_prime_segments_are_accepted_and_added_up_when_merged():
    merged = {key: count for result in results_of("prime-segments").values() for key, count in result.items()}
    assert validate(merged) is True
    assert execute(job_of(JOB), [merged]) == [{"primes": 78_498, "segments": 20}]


@pytest.mark.parametrize("order", list(itertools.permutations(MERGED)))
def test_segments_are_accepted_in_any_order(order):
    assert validate({segment: MERGED[segment] for segment in order}) is True


@pytest.mark.parametrize(
    ("missing", "following"), [("0000000-0000010", "0000010-0000020"), ("0000010-0000020", "0000020-0000030")]
)
def test_the_rejection_of_a_gap_names_the_segment_after_it(missing, following):
    assert is_rejection(validate(without(missing)), following, "gap")


@pytest.mark.parametrize("segment", ["0000000-0000009", "0000009-0000020", "0000010-0000019", "0000015-0000025"])
def test_an_overlap_is_rejected(segment):
    assert is_rejection(validate({**MERGED, segment: 0}), "overlaps")


@pytest.mark.parametrize("segment", ["0000030-0000030", "0000030-0000029"])
def test_the_rejection_of_an_empty_segment_names_it(segment):
    assert is_rejection(validate({**MERGED, segment: 0}), segment)


@pytest.mark.parametrize(
    "name",
    ["30-40", "0000030-000040", "0000030_0000040", "0000030-00000400", "0000030-0000040\n", "-", "", "prime-sum"],
)
def test_invalid_names_of_segments_are_rejected(name):
    assert is_rejection(validate({**MERGED, name: 0}), "name")


@pytest.mark.parametrize("count", [-1, 11, 2.5, "2", None, [2], True])
def test_the_rejection_of_an_impossible_count_names_its_segment(count):
    assert is_rejection(validate({**MERGED, "0000010-0000020": count}), "0000010-0000020")


@pytest.mark.parametrize("count", [0, 10])
def test_a_possible_count_is_accepted(count):
    assert validate({**MERGED, "0000010-0000020": count}) is True


@pytest.mark.parametrize("number", [0, 1001])
def test_no_segments_and_too_many_segments_are_rejected(number):
    assert is_rejection(validate({f"{start:07}-{start + 1:07}": 0 for start in range(number)}), "segments")
