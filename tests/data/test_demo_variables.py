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
    not_rejected,
    override,
    validate_variable,
    validate_variables,
)


def test_hostile_variables_are_rejected_with_a_reason(job):
    assert not not_rejected(HOSTILE, validate_variables(job, HOSTILE))


# The hostile values that are valid in one field.
VALID = {("mandelbrot", "left"): ("-1", "0.5"), ("mandelbrot", "top"): ("-1", "0.5"), ("mandelbrot", "step"): ("0.5",)}


def test_the_rejection_of_a_hostile_field_of_a_variable_names_the_field(job):
    variable = list(job.variables.values())[-1]
    for field in variable:
        values = [value for value in HOSTILE if value not in VALID.get((job.slug, field), ())]
        verdicts = validate_variables(job, [override(variable, field, value) for value in values])
        assert not not_rejected(values, verdicts, field)


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


def gap_after(number, gap):
    return {"number": str(number), "next": str(number + gap), "gap": gap}


# The costliest variables of each job, the last ones with a known result, which takes long to compute.
@pytest.mark.parametrize(
    ("slug", "changes", "known"),
    [
        ("hash-of-hashes", {"strings": ["a" * 1000] * 100}, None),
        ("mandelbrot", {"left": -0.5, "top": 0.25, "step": 0.0001, "column": 0, "row": 0}, None),
        ("mandelbrot", {"left": -4, "top": 4, "step": 1}, None),
        ("n-queens", {"size": 10, "rows": []}, None),
        ("n-queens", {"size": 1, "rows": [0]}, None),
        ("points-in-a-ball", {"from": 0, "to": 1000}, None),
        ("points-in-a-ball", {"radius": 500, "from": 0, "to": 501}, None),
        ("points-in-a-ball", {"radius": 1000, "from": 0, "to": 1000}, None),
        ("prime-count", {"from": 9900000}, None),
        ("prime-factors", {"number": str(2**59)}, None),
        ("prime-segments", {"from": 900_000}, None),
        ("prime-sum", dict.fromkeys((f"{start:07}-{start + 10:07}" for start in range(0, 10_000, 10)), 4), None),
        ("square-root", {"number": "9" * 18, "digits": 1000}, None),
        ("prime-factors", {"number": "999999999999999989"}, {"factors": ["999999999999999989"]}),
        ("prime-test", {"number": "999999999999989"}, {"number": "999999999999989", "prime": True}),
        ("prime-gap", {"number": "999999999999989"}, gap_after(999_999_999_999_989, 48)),
        ("prime-gap", {"number": "218209405436543"}, gap_after(218_209_405_436_543, 906)),  # The widest below 10 ** 15.
    ],
)
def test_the_costliest_result_is_validated_within_the_time_limit(slug, changes, known):
    job = job_of(slug)
    variable = json.dumps({**list(job.variables.values())[-1], **changes})
    assert validate_variable(job, variable) is True
    result = known or execute(job, [json.loads(variable)])[0]
    started = time.process_time()
    (verdict,) = in_quickjs(job.source["validate_result"], [f"{variable}, {json.dumps(result)}, {{}}"])
    assert time.process_time() - started < SERVER_CPU_SECONDS
    assert verdict["valid"] is True
