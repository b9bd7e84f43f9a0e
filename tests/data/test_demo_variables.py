"""The demo jobs reject invalid variables, with a reason that names the field."""

import json
import time

import pytest

from tests.data.demo import (
    HOSTILE,
    SERVER_CPU_SECONDS,
    SLUGS,
    execute,
    in_quickjs,
    is_rejection,
    job_of,
    override,
    validate_variable,
)


@pytest.mark.parametrize("variable", HOSTILE)
def test_a_hostile_variable_is_rejected_with_a_reason(job, variable):
    assert is_rejection(validate_variable(job, variable))


# The hostile values that are valid in one field.
VALID = {("mandelbrot", "left"): ("-1", "0.5"), ("mandelbrot", "top"): ("-1", "0.5"), ("mandelbrot", "step"): ("0.5",)}


@pytest.mark.parametrize("value", HOSTILE)
def test_the_rejection_of_a_hostile_field_of_a_variable_names_the_field(job, value):
    variable = list(job.variables.values())[-1]
    for field in variable:
        if value not in VALID.get((job.slug, field), ()):
            assert is_rejection(validate_variable(job, override(variable, field, value)), field)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "prime-sum"])  # The number of its fields varies.
def test_the_rejection_of_a_missing_field_of_a_variable_names_the_field(slug):
    job = job_of(slug)
    variable = list(job.variables.values())[-1]
    for field in variable:
        rest = {key: value for key, value in variable.items() if key != field}
        assert is_rejection(validate_variable(job, json.dumps(rest)), field)


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
        ("prime-gap", {"number": "1"}, "number"),
        ("prime-gap", {"number": "0113"}, "number"),
        ("prime-gap", {"number": "1000000000000000"}, "number"),
        ("prime-gap", {"number": 113}, "number"),
        ("prime-segments", {"from": 949_999.5}, "from"),
        ("prime-segments", {"from": 899_999}, "to"),
        ("prime-segments", {"to": 1_000_001}, "to"),
        ("prime-segments", {"to": 950_000}, "to"),
        ("prime-test", {"number": "1"}, "number"),
        ("prime-test", {"number": "12\n"}, "number"),
        ("prime-test", {"number": "-12"}, "number"),
        ("prime-test", {"number": "1000000000000000"}, "number"),
        ("prime-test", {"number": 12}, "number"),
        ("square-root", {"number": "0"}, "number"),
        ("square-root", {"number": "02"}, "number"),
        ("square-root", {"number": "1.5"}, "number"),
        ("square-root", {"number": "1000000000000000000"}, "number"),
        ("square-root", {"number": 2}, "number"),
        ("square-root", {"digits": 0}, "digits"),
        ("square-root", {"digits": 1001}, "digits"),
        ("square-root", {"digits": "100"}, "digits"),
    ],
)
def test_the_rejection_of_a_field_out_of_range_names_the_field(slug, changes, field):
    variable = {**list(job_of(slug).variables.values())[-1], **changes}
    assert is_rejection(validate_variable(job_of(slug), json.dumps(variable)), field)


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
        ("prime-gap", {"number": "218209405436543"}),  # Before the widest gap below 10 ** 15.
        ("prime-gap", {"number": "999999999999989"}),
        ("prime-segments", {"from": 900_000}),
        ("prime-sum", dict.fromkeys((f"{start:07}-{start + 10:07}" for start in range(0, 10_000, 10)), 4)),
        ("prime-test", {"number": "999999999999989"}),
        ("square-root", {"number": "9" * 18, "digits": 1000}),
    ],
)
def test_the_costliest_result_is_validated_within_the_time_limit(slug, changes):
    job = job_of(slug)
    variable = {**list(job.variables.values())[-1], **changes}
    assert validate_variable(job, json.dumps(variable)) is True
    (result,) = execute(job, [variable])
    started = time.process_time()
    assert in_quickjs(job.source["validate_result"], json.dumps(variable), json.dumps(result), "{}")["valid"]
    assert time.process_time() - started < SERVER_CPU_SECONDS
