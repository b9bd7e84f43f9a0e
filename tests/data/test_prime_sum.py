"""The demo job prime-sum: which segments it adds up, and which it refuses."""

import itertools
import json

import pytest

from tests.data.demo import execute, is_refusal, job_of, judge_variable, results_of

JOB = "prime-sum"
MERGED = {"0000000-0000010": 4, "0000010-0000020": 4, "0000020-0000030": 2}


def judge(variable):
    return judge_variable(job_of(JOB), json.dumps(variable))


def without(segment):
    return {key: count for key, count in MERGED.items() if key != segment}


def test_below_a_hundred_there_are_25_primes():
    assert results_of(JOB)["below-0000100"] == {"primes": 25, "segments": 2}


def test_results_of_prime_segments_are_accepted_and_added_up_when_merged():
    merged = {key: count for result in results_of("prime-segments").values() for key, count in result.items()}
    assert judge(merged) is True
    assert execute(job_of(JOB), [merged]) == [{"primes": 78_498, "segments": 20}]


@pytest.mark.parametrize("order", list(itertools.permutations(MERGED)))
def test_segments_may_come_in_any_order(order):
    assert judge({segment: MERGED[segment] for segment in order}) is True


@pytest.mark.parametrize(
    ("missing", "following"), [("0000000-0000010", "0000010-0000020"), ("0000010-0000020", "0000020-0000030")]
)
def test_gap_is_refused_by_the_name_of_the_segment_after_it(missing, following):
    assert is_refusal(judge(without(missing)), following, "gap")


@pytest.mark.parametrize("segment", ["0000000-0000009", "0000009-0000020", "0000010-0000019", "0000015-0000025"])
def test_overlap_is_refused(segment):
    assert is_refusal(judge({**MERGED, segment: 0}), "overlaps")


@pytest.mark.parametrize("segment", ["0000030-0000030", "0000030-0000029"])
def test_segment_without_numbers_is_refused_by_name(segment):
    assert is_refusal(judge({**MERGED, segment: 0}), segment)


@pytest.mark.parametrize(
    "name",
    ["30-40", "0000030-000040", "0000030_0000040", "0000030-00000400", "0000030-0000040\n", "-", "", "prime-sum"],
)
def test_other_names_are_refused(name):
    assert is_refusal(judge({**MERGED, name: 0}), "name")


@pytest.mark.parametrize("count", [-1, 11, 2.5, "2", None, [2], True])
def test_impossible_count_is_refused_by_the_name_of_its_segment(count):
    assert is_refusal(judge({**MERGED, "0000010-0000020": count}), "0000010-0000020")


@pytest.mark.parametrize("count", [0, 10])
def test_possible_count_is_accepted(count):
    assert judge({**MERGED, "0000010-0000020": count}) is True


@pytest.mark.parametrize("number", [0, 1001])
def test_no_segments_and_too_many_are_refused(number):
    assert is_refusal(judge({f"{start:07}-{start + 1:07}": 0 for start in range(number)}), "segments")
