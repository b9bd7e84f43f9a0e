"""The demo flows: the jobs and variables that they name exist, and they have the correct results.

The entries are executed in V8, one after the other; other tests run flows in a pool.
"""

import functools
import json
import math
import re

import dukpy
import pytest
from slugify import slugify

from tests.data.demo import FOLDER, SLUGS, execute, in_quickjs, in_v8, job_of, validate_variable

FLOWS = FOLDER.parent / "flows"
NAMES = ("prime-or-not", "primes-below-a-million", "square-root-of-two")


@functools.cache
def flow_of(name):
    return json.loads((FLOWS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(params=NAMES)
def flow(request):
    return flow_of(request.param)


def levels(flow):
    """The entries of each level, the root's first."""
    return [flow["jobs"], *(levels(flow["dependent"]) if "dependent" in flow else [])]


def entries(flow):
    return [entry for level in levels(flow) for entry in level]


def slug_of(entry):
    return entry["job"].removeprefix("/jobs/")


def variable_of(entry, incoming):
    return job_of(slug_of(entry)).own[entry["variable"].rpartition("/")[2]] if "variable" in entry else incoming


def is_true(condition, variable, context):
    (value,) = in_v8(condition, [f"{json.dumps(variable)}, {json.dumps(context)}"])
    assert isinstance(value, bool)
    return value


def step(entry, variable, context):
    """The result of one execution. Asserts that the job's validators accept variable and result."""
    job = job_of(slug_of(entry))
    assert validate_variable(job, json.dumps(variable)) is True
    (result,) = execute(job, [variable], json.dumps(context))
    given = json.dumps({"starting_context": context} if context else {})
    (verdict,) = in_quickjs(job.source["validate_result"], [f"{json.dumps(variable)}, {json.dumps(result)}, {given}"])
    assert verdict["valid"] is True
    return verdict["result"]


def result_of(entry, incoming):
    """The result of an entry; empty if it is skipped."""
    variable = variable_of(entry, incoming)
    if "if" in entry and not is_true(entry["if"], variable, incoming):
        return {}
    context, iteration = incoming, 0
    while iteration == 0 or ("while" in entry and is_true(entry["while"], variable, context)):
        iteration += 1
        context = {**incoming, "result": step(entry, variable, context), "iteration": iteration}
    return context["result"]


def merged_result_of(flow):
    """The flow's merged result."""
    incoming = merged_result_of(flow["dependent"]) if "dependent" in flow else {}
    return {key: value for entry in flow["jobs"] for key, value in result_of(entry, incoming).items()}


def test_the_files_are_the_known_demo_flows():
    assert sorted(path.name for path in FLOWS.iterdir()) == [f"{name}.json" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_named_after_its_flow(name):
    assert slugify(flow_of(name)["name"]) == name


def test_a_flow_has_known_fields_only(flow):
    below = flow.get("dependent", {"jobs": []})
    assert set(flow) <= {"name", "jobs", "dependent"}
    assert set(below) == {"jobs"}


def test_entries_have_known_fields_only(flow):
    assert all({"job"} <= set(entry) <= {"job", "variable", "if", "while"} for entry in entries(flow))


def test_every_job_exists(flow):
    assert {slug_of(entry) for entry in entries(flow)} <= set(SLUGS)


def test_every_named_variable_belongs_to_its_job(flow):
    for entry in (entry for entry in entries(flow) if "variable" in entry):
        path = re.fullmatch(r"(/jobs/[a-z-]+)/variables/([a-z0-9-]+)", entry["variable"])
        assert path[1] == entry["job"]
        assert path[2] in job_of(slug_of(entry)).own


def test_no_variable_is_named_twice():
    named = [entry["variable"] for name in NAMES for entry in entries(flow_of(name)) if "variable" in entry]
    assert len(named) == len(set(named))


def test_every_leaf_names_its_variable(flow):
    """Otherwise the variables of the flow would depend on what volunteers have finished before."""
    assert all("variable" in entry for entry in levels(flow)[-1])


@pytest.mark.parametrize("condition", ["if", "while"])
def test_conditions_are_function_expressions_in_quickjs(flow, condition):
    for source in (entry[condition] for entry in entries(flow) if condition in entry):
        assert dukpy.evaljs(f"typeof (\n{source}\n)") == "function"


def test_the_flow_names_all_segments_of_its_job():
    named = [entry["variable"].rpartition("/")[2] for entry in flow_of("primes-below-a-million")["dependent"]["jobs"]]
    assert named == list(job_of("prime-segments").own)


def test_there_are_78498_primes_below_a_million():
    assert merged_result_of(flow_of("primes-below-a-million")) == {"primes": 78_498, "segments": 20}


def test_the_square_root_of_two_has_a_hundred_correct_digits():
    digits = str(math.isqrt(2 * 10**200))
    assert merged_result_of(flow_of("square-root-of-two")) == {"root": f"{digits[0]}.{digits[1:]}", "settled": True}


def test_the_next_prime_after_eulers_is_twelve_larger():
    assert merged_result_of(flow_of("prime-or-not")) == {"number": "2147483647", "next": "2147483659", "gap": 12}


def test_the_other_branch_factors_a_composite_number():
    dependent = {"jobs": [{"job": "/jobs/prime-test", "variable": "/jobs/prime-test/variables/euler-1732"}]}
    assert merged_result_of({**flow_of("prime-or-not"), "dependent": dependent}) == {"factors": ["641", "6700417"]}


@pytest.mark.parametrize("prime", [False, True])
def test_exactly_one_branch_is_taken(prime):
    conditions = [entry["if"] for entry in flow_of("prime-or-not")["jobs"]]
    merged = {"number": "2147483647", "prime": prime}
    assert sorted(is_true(condition, merged, merged) for condition in conditions) == [False, True]


def test_every_volunteer_can_compute_the_branches_that_are_not_skipped():
    """Only the skipped branch has a job with requirements."""
    special = {slug for slug in SLUGS if job_of(slug).document.get("requirements")}
    required = {slug_of(entry) for name in NAMES for entry in entries(flow_of(name))} & special
    assert required == {"prime-factors"}
    assert "factors" not in merged_result_of(flow_of("prime-or-not"))


@pytest.mark.parametrize(
    ("heading", "name"), [("### Iteration", "square-root-of-two"), ("### A branch", "prime-or-not")]
)
def test_the_docs_show_the_demo_flows_unchanged(heading, name):
    docs = (FOLDER.parents[1] / "docs" / "flows.md").read_text("utf-8")
    example = docs.split(heading)[1].split("```json\n")[1].split("```")[0]
    flow = flow_of(name)
    assert json.loads(example) == {part: flow[part] for part in flow if part != "name"}
