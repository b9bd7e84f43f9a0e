"""The demo job points-in-a-ball, compared with known totals and with counting in Python.

Its execute_function needs WebGPU: tests/browser/test_webgpu_demo.py covers it. Here a simpler function replaces it in
tests of the variables, the totals and the validator. The failure without WebGPU is tested too.
"""

import json
import math
import random

import pytest
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import Executor, Unit

from tests.data.demo import execute, in_quickjs, is_rejection, job_of, results_of, validate_result

JOB = "points-in-a-ball"
pytestmark = pytest.mark.xdist_group(JOB)
KNOWN = {1: 7, 2: 33, 3: 123, 4: 257, 5: 515, 6: 925, 7: 1419, 8: 2109, 9: 3071, 10: 4169, 37: 212_095, 100: 4_187_857}


def points_of_slice(radius, x):
    square = radius * radius - x * x
    rows = range(-math.isqrt(square), math.isqrt(square) + 1)
    return sum(2 * math.isqrt(square - y * y) + 1 for y in rows)


def points_of_ball(counts):
    """The points of a ball, from the counts of its slices at x = 0, 1, …"""
    return counts[0] + 2 * sum(counts[1:])


def validate(variable, counts):
    call = f"{json.dumps(variable)}, {json.dumps({'counts': counts})}"
    return in_quickjs(job_of(JOB).source["validate_result"], [call])[0]


def test_slices_cover_the_ball():
    variables = list(job_of(JOB).variables.values())
    assert {variable["radius"] for variable in variables} == {20_000}
    edges = [(variable["from"], variable["to"]) for variable in variables]
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert (edges[0][0], edges[-1][1]) == (0, 20_001)


def test_points_add_up_to_the_total_in_the_metadata():
    counts = [count for result in results_of(JOB).values() for count in result["counts"]]
    assert points_of_ball(counts) == job_of(JOB).document["metadata"]["totals"]["points"] == 33_510_321_341_689


def test_the_total_in_the_metadata_approximates_pi():
    points = job_of(JOB).document["metadata"]["totals"]["points"]
    assert int(points / 20_000**3 * 3 / 4 * 1e7) == int(math.pi * 1e7)


def test_sampled_slices_equal_counting_in_python():
    sample = random.Random(1834)
    for variable_id in sample.sample(list(job_of(JOB).variables), 10):
        variable = job_of(JOB).variables[variable_id]
        x = sample.randrange(variable["from"], variable["to"])
        assert results_of(JOB)[variable_id]["counts"][x - variable["from"]] == points_of_slice(20_000, x)


@pytest.mark.parametrize("radius", KNOWN)
def test_known_balls_have_the_known_points_and_are_accepted(radius):
    variable = {"radius": radius, "from": 0, "to": radius + 1}
    (result,) = execute(job_of(JOB), [variable])
    assert points_of_ball(result["counts"]) == KNOWN[radius]
    assert validate(variable, result["counts"]) == {"valid": True, "result": result}


@pytest.mark.parametrize("error", [-4, -1, 1, 4])
@pytest.mark.parametrize("x", [0, 1, 24, 49, 50])
def test_a_count_off_by_one_is_rejected_in_a_small_ball(x, error):
    counts = [points_of_slice(50, x) for x in range(51)]
    counts[x] += error
    assert is_rejection(validate({"radius": 50, "from": 0, "to": 51}, counts), "counts")


@pytest.mark.parametrize(
    "invented", [lambda count: 0, lambda count: count * 1.0002, lambda count: round(count * 1.0002)]
)
def test_a_count_far_from_the_area_of_its_slice_is_rejected(invented):
    variable_id, result = list(results_of(JOB).items())[20]
    wrong_result = [invented(count) if index == 123 else count for index, count in enumerate(result["counts"])]
    assert is_rejection(validate_result(job_of(JOB), variable_id, json.dumps({"counts": wrong_result})), "counts")


def test_counts_invented_from_the_areas_of_slices_are_rejected():
    variable_id = "04000-04200"
    areas = [round(math.pi * (20_000**2 - x * x)) for x in range(4_000, 4_200)]
    assert is_rejection(validate_result(job_of(JOB), variable_id, json.dumps({"counts": areas})), "counts", "slice")


def test_every_count_fits_into_32_bits():
    assert max(count for result in results_of(JOB).values() for count in result["counts"]) < 2**32


@pytest.mark.parametrize(
    "change", [lambda counts: counts[:-1], lambda counts: [*counts, 1], lambda counts: counts[::-1]]
)
def test_counts_in_another_number_or_order_are_rejected(change):
    variable_id, result = list(results_of(JOB).items())[7]
    wrong_result = {"counts": change(result["counts"])}
    assert is_rejection(validate_result(job_of(JOB), variable_id, json.dumps(wrong_result)), "counts")


def test_the_error_without_webgpu_names_the_requirement():
    variable = next(iter(job_of(JOB).variables.values()))
    with Executor() as executor, pytest.raises(JobError, match="this job needs WebGPU") as caught:
        executor.compute(Unit(JOB, job_of(JOB).source["execute_function"], variable), Deadline(10))
    assert caught.value.kind == "threw"
