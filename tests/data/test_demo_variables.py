"""The demo jobs refuse variables that make no sense, and say which field is at fault."""

import json
import time

import pytest

from tests.data.demo import (
    HOSTILE,
    SERVER_CPU_SECONDS,
    execute,
    in_quickjs,
    is_refusal,
    job_of,
    judge_variable,
    override,
)


@pytest.mark.parametrize("variable", HOSTILE)
def test_hostile_variable_is_refused_with_a_reason(job, variable):
    assert is_refusal(judge_variable(job, variable))


# Those of the hostile values that are honest in this one field.
HONEST = {("mandelbrot", "left"): ("-1", "0.5"), ("mandelbrot", "top"): ("-1", "0.5"), ("mandelbrot", "step"): ("0.5",)}


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_field_of_a_variable_is_refused_by_name(job, value):
    variable = list(job.variables.values())[-1]
    for field in variable:
        if value not in HONEST.get((job.slug, field), ()):
            assert is_refusal(judge_variable(job, override(variable, field, value)), field)


def test_missing_field_of_a_variable_is_refused_by_name(job):
    variable = list(job.variables.values())[-1]
    for field in variable:
        rest = {key: value for key, value in variable.items() if key != field}
        assert is_refusal(judge_variable(job, json.dumps(rest)), field)


@pytest.mark.parametrize(
    ("slug", "changes", "field"),
    [
        ("hash-of-hashes", {"strings": ["a", 1]}, "strings"),
        ("hash-of-hashes", {"strings": ["a"] * 101}, "strings"),
        ("hash-of-hashes", {"strings": ["a" * 1001]}, "strings"),
        ("hash-of-hashes", {"strings": "text"}, "strings"),
        ("mandelbrot", {"left": -4.001}, "left"),
        ("mandelbrot", {"top": 4.001}, "top"),
        ("mandelbrot", {"step": 0}, "step"),
        ("mandelbrot", {"step": 1.001}, "step"),
        ("mandelbrot", {"column": 100001}, "column"),
        ("mandelbrot", {"row": 2.5}, "row"),
        ("mandelbrot", {"width": 101}, "width"),
        ("mandelbrot", {"height": 0}, "height"),
        ("mandelbrot", {"limit": 0}, "limit"),
        ("mandelbrot", {"limit": 1001}, "limit"),
        ("n-queens", {"size": 13}, "size"),
        ("n-queens", {"size": 0, "rows": []}, "size"),
        ("n-queens", {"size": 12, "rows": [0]}, "rows"),
        ("n-queens", {"size": 3, "rows": [0, 2, 1, 0]}, "rows"),
        ("n-queens", {"size": 12, "rows": [0, 12]}, "rows"),
        ("n-queens", {"size": 12, "rows": [3, 3]}, "rows"),
        ("n-queens", {"size": 12, "rows": [3, 4]}, "rows"),
        ("n-queens", {"size": 12, "rows": [4, 0, 2]}, "rows"),
        ("points-in-a-ball", {"radius": 0}, "radius"),
        ("points-in-a-ball", {"radius": 20_001}, "radius"),
        ("points-in-a-ball", {"radius": 19_999}, "to"),
        ("points-in-a-ball", {"from": -1}, "from"),
        ("points-in-a-ball", {"from": 19_999.5}, "from"),
        ("points-in-a-ball", {"from": 20_001}, "to"),
        ("points-in-a-ball", {"from": 19_000}, "to"),
        ("points-in-a-ball", {"to": 20_002}, "to"),
        ("prime-count", {"from": -1, "to": 10}, "from"),
        ("prime-count", {"from": 9900000.5}, "from"),
        ("prime-count", {"to": 10000001}, "to"),
        ("prime-count", {"to": 9900000}, "to"),
        ("prime-count", {"from": 9899999}, "to"),
        ("prime-factors", {"number": "1"}, "number"),
        ("prime-factors", {"number": "012"}, "number"),
        ("prime-factors", {"number": "1000000000000000000"}, "number"),
        ("prime-factors", {"number": "-12"}, "number"),
        ("prime-factors", {"number": "0xff"}, "number"),
        ("prime-factors", {"number": "12\n"}, "number"),
        ("prime-factors", {"number": "١٢"}, "number"),
        ("prime-factors", {"number": 12}, "number"),
    ],
)
def test_variable_out_of_range_is_refused_by_name(slug, changes, field):
    variable = {**list(job_of(slug).variables.values())[-1], **changes}
    assert is_refusal(judge_variable(job_of(slug), json.dumps(variable)), field)


@pytest.mark.parametrize(
    ("slug", "changes"),
    [
        ("hash-of-hashes", {"strings": ["a" * 1000] * 100}),
        ("mandelbrot", {"left": -0.5, "top": 0.25, "step": 0.0001, "column": 0, "row": 0}),
        ("mandelbrot", {"left": -4, "top": 4, "step": 1}),
        ("n-queens", {"size": 10, "rows": []}),
        ("n-queens", {"size": 1, "rows": [0]}),
        ("points-in-a-ball", {"from": 0, "to": 1000}),
        ("points-in-a-ball", {"radius": 500, "from": 0, "to": 501}),
        ("points-in-a-ball", {"radius": 1000, "from": 0, "to": 1000}),
        ("prime-count", {"from": 9900000}),
        ("prime-factors", {"number": "999999999999999989"}),
        ("prime-factors", {"number": str(2**59)}),
    ],
)
def test_costliest_variable_is_judged_within_the_limit(slug, changes):
    job = job_of(slug)
    variable = {**list(job.variables.values())[-1], **changes}
    assert judge_variable(job, json.dumps(variable)) is True
    (result,) = execute(job, [variable])
    started = time.process_time()
    assert in_quickjs(job.source["validate_result"], json.dumps(variable), json.dumps(result), "{}")["valid"]
    assert time.process_time() - started < SERVER_CPU_SECONDS
