"""The check of a posted flow: every problem of the tree, each with its path; and the entries as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import Pool
from config import Config
from pool.errors import InvalidFlow
from pool.flows import check
from pool.flows.check import FlowLimits, TreeCheck, posted_form, segments_of
from pool.keys import Caller
from pool.sandbox import Sandbox
from storage.base import Document
from storage.clock import ManualClock
from tests.conftest import EXECUTE
from tests.pool.flows.helpers import tree
from tests.storage.helpers import rejected_result, result

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
E = {"job": ALPHA}
LIMITS = FlowLimits(depth=4, breadth=5, entries=12)
STEP = "20141202090909123456-5f3c9a.0.0.1"


def of(**fields: Any) -> Document:
    """A flow of one entry, of the job alpha by default."""
    return {"jobs": [{**E, **fields}]}


def below(jobs: Any, **fields: Any) -> Document:
    """A flow of three levels, the lowest as given."""
    return {"jobs": [E], "dependent": {"jobs": [E], "dependent": {"jobs": jobs, **fields}}}


def variable(name: str) -> str:
    return f"{ALPHA}/variables/{name}"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Pool]:
    """A pool with two jobs, one of them with a variable in each state, and a step of another flow."""
    config = Config(data=tmp_path_factory.mktemp("check") / "pool", fsync=False)
    pool = Pool(config, sandbox, ManualClock())
    pool.open()
    operator = pool.keys.operator()
    for name in ("alpha", "beta"):
        pool.jobs.post({"name": name, "execute_function": EXECUTE}, operator)
    pool.variables.put_many("alpha", {name: {} for name in ("one", "done", "failed", "withdrawn", "ended")}, operator)
    pool.variables.put("beta", "other", {}, operator)
    pool.store.results.accept("alpha", "done", result("done", job_id="alpha"))
    pool.store.results.reject("alpha", "failed", rejected_result("failed", job_id="alpha"), max_errors=1)
    pool.variables.withdraw("alpha", "withdrawn", operator)
    ended = {"job": "alpha", "variable": "ended", "withdrawn": pool.store.clock.now_text(), "flow": "of this one"}
    pool.store.results.withdraw("alpha", "ended", ended)
    pool.store.variables.add("alpha", {STEP: {"job": "alpha", "id": STEP, "created": "2014", "data": {}}})
    yield pool
    pool.store.close()


Check = Callable[..., "tuple[str | None, list[list[Document]]]"]


@pytest.fixture
def checked(filled: Pool) -> Check:
    """The name and levels of a valid flow, posted by the operator."""

    def checked(
        posted: Any, limits: FlowLimits = LIMITS, caller: Caller | None = None, locate: Any = segments_of
    ) -> Any:
        caller = caller or filled.keys.operator()
        return TreeCheck(filled.store, filled.sandbox, filled.keys, limits, caller, locate).checked(posted)

    return checked


Refused = Callable[..., None]


@pytest.fixture
def refused(checked: Check) -> Refused:
    """Asserts that a flow has this problem alone, with all these words in its reason."""

    def refused(posted: Any, path: str, *reason: str, **options: Any) -> None:
        with pytest.raises(InvalidFlow) as caught:
            checked(posted, **options)
        (problem,) = caught.value.problems
        assert problem.field == path
        for words in reason:
            assert words in problem.reason

    return refused


# The shape of the tree


@pytest.mark.parametrize("body", [None, True, 1, "text", [], [E]])
def test_a_flow_is_an_object(refused: Refused, body: Any) -> None:
    refused(body, "the body", "must be an object")


@pytest.mark.parametrize("body", [None, True, 1, "text", []])
def test_a_dependent_is_an_object(refused: Refused, body: Any) -> None:
    refused({"jobs": [E], "dependent": body}, "dependent", "must be an object")


@pytest.mark.parametrize("fields", [{}, {"jobs": None}])
def test_jobs_are_required(refused: Refused, fields: Document) -> None:
    refused(fields, "jobs", "is missing")


@pytest.mark.parametrize("jobs", [True, 1, "text", {}, E])
def test_jobs_are_an_array(refused: Refused, jobs: Any) -> None:
    refused({"jobs": jobs}, "jobs", "must be an array")


def test_jobs_are_required_at_each_level(refused: Refused) -> None:
    refused({"jobs": [E], "dependent": {"dependent": {"jobs": [E]}}}, "dependent.jobs", "is missing")


@pytest.mark.parametrize("count", [0, 6])
def test_a_level_is_neither_empty_nor_too_broad(refused: Refused, count: int) -> None:
    refused({"jobs": [E] * count}, "jobs", "1 to 5", str(count))
    refused(below([E] * count), "dependent.dependent.jobs", "1 to 5", str(count))


def test_the_maximum_breadth_and_depth_are_accepted(checked: Check) -> None:
    assert list(map(len, checked(tree([E] * 5, [E], [E], [E] * 5))[1])) == [5, 1, 1, 5]


def test_a_tree_is_not_too_deep(refused: Refused) -> None:
    refused(tree(*[[E]] * 5), "dependent.dependent.dependent.dependent", "deeper than 4 levels")


def test_a_tree_has_not_too_many_entries(refused: Refused, checked: Check) -> None:
    checked(tree([E] * 5, [E] * 5, [E] * 2))
    refused(tree([E] * 5, [E] * 5, [E] * 3), "jobs", "too many entries: 13 (at most 12)")


@pytest.mark.parametrize("entry", [None, True, 1, "/jobs/alpha", [], [E]])
def test_an_entry_is_an_object(refused: Refused, entry: Any) -> None:
    refused({"jobs": [entry]}, "jobs[0]", "must be an object")


@pytest.mark.parametrize("field", ["x", "state", "_links", "_embedded", "Jobs"])
def test_an_unknown_field_of_the_flow_is_refused(refused: Refused, field: str) -> None:
    refused({**below([E]), field: 1}, field, "unknown field")


@pytest.mark.parametrize("field", ["x", "name", "job"])
def test_an_unknown_field_of_a_dependent_is_refused(refused: Refused, field: str) -> None:
    refused(below([E], **{field: "x"}), f"dependent.dependent.{field}", "unknown field")


@pytest.mark.parametrize("field", ["x", "jobs", "dependent", "_links"])
def test_an_unknown_field_of_an_entry_is_refused(refused: Refused, field: str) -> None:
    refused({"jobs": [E, {**E, field: []}]}, f"jobs[1].{field}", "unknown field")


@pytest.mark.parametrize("name", [True, 1, [], {}, "", "  ", "x" * 201])
def test_a_name_is_a_short_string(refused: Refused, name: Any) -> None:
    refused({**of(), "name": name}, "name", "must")


@pytest.mark.parametrize("name", ["A name", "x" * 200, "\u202eeman <b>ü</b>", None])
def test_a_flow_may_have_a_name(checked: Check, name: str | None) -> None:
    assert checked({**of(), "name": name})[0] == name


# Jobs


def test_the_job_of_an_entry_is_required(refused: Refused) -> None:
    refused({"jobs": [{"variable": variable("one")}]}, "jobs[0].job", "is missing")


@pytest.mark.parametrize("job", [None, True, 1, [], {}, ["/jobs/alpha"], "", " "])
def test_a_job_is_a_string(refused: Refused, job: Any) -> None:
    refused(of(job=job), "jobs[0].job", "must")


@pytest.mark.parametrize(
    "job", ["alpha", "/", "/jobs", "/jobs/alpha/", "/./jobs/alpha", "/JOBS/alpha", "/flows/alpha", variable("one")]
)
def test_a_job_is_the_uri_of_a_job(refused: Refused, job: str) -> None:
    refused(of(job=job), "jobs[0].job", "`self` link of the job")


def test_a_uri_of_another_site_is_refused_shortened(refused: Refused) -> None:
    refused(of(job="x" * 5000), "jobs[0].job", f"'{'x' * 200}' is not the URI", locate=lambda _uri: None)


@pytest.mark.parametrize("job", ["UPPER", "..", "\0", "\ufffd", "x" * 101, "", "a b", "🏊"])
def test_an_invalid_job_id_is_refused(refused: Refused, job: str) -> None:
    refused(of(job=f"/jobs/{job}"), "jobs[0].job", "job id")


@pytest.mark.parametrize("job", ["nobody", "index", "scheduler", "scheduled"])
def test_the_job_exists(refused: Refused, job: str) -> None:
    refused(of(job=f"/jobs/{job}"), "jobs[0].job", job)


def test_a_job_of_a_dependent_is_refused_with_its_path(refused: Refused) -> None:
    refused(below([E, E, {"job": "/jobs/nobody"}]), "dependent.dependent.jobs[2].job", "nobody")


@pytest.mark.parametrize(
    ("caller", "reason"), [(Caller("other", "them"), "belongs to another key"), (Caller(), "needs its owner's key")]
)
def test_the_caller_may_post_variables_of_the_job(refused: Refused, caller: Caller, reason: str) -> None:
    refused(of(), "jobs[0].job", reason, caller=caller)


# Variables


@pytest.mark.parametrize("named", [None, True, 1, [], {}, "", " "])
def test_a_variable_is_a_string(refused: Refused, named: Any) -> None:
    refused(of(variable=named), "jobs[0].variable", "must")


@pytest.mark.parametrize(
    "named",
    [
        "one",
        ALPHA,
        f"{ALPHA}/variables",
        f"{ALPHA}/variables/one/",
        f"{ALPHA}/variables/one/results",
        f"{ALPHA}/results/one",
    ],
)
def test_a_variable_is_the_uri_of_a_variable(refused: Refused, named: str) -> None:
    refused(of(variable=named), "jobs[0].variable", "`self` link of the variable")


@pytest.mark.parametrize("named", ["nobody", "index", "UPPER", "..", "\0", "x" * 101])
def test_the_variable_exists(refused: Refused, named: str) -> None:
    refused(of(variable=variable(named)), "jobs[0].variable", "variable")


def test_the_variable_belongs_to_the_job(refused: Refused) -> None:
    refused(of(variable=f"{BETA}/variables/other"), "jobs[0].variable", "'beta'", "'alpha'")


def test_a_withdrawn_variable_is_refused(refused: Refused) -> None:
    withdrawn = {**E, "variable": variable("withdrawn")}
    refused({"jobs": [withdrawn]}, "jobs[0].variable", "was withdrawn by its owner")
    refused(tree([withdrawn], [E]), "jobs[0].variable", "was withdrawn by its owner")


def test_a_failed_variable_is_refused_at_the_leaf_alone(refused: Refused, checked: Check) -> None:
    failed = {**E, "variable": variable("failed")}
    refused({"jobs": [failed]}, "jobs[0].variable", "has failed: release it first")
    checked(tree([failed], [E]))


def test_the_variable_of_an_invalid_job_is_not_checked(refused: Refused) -> None:
    refused(of(job="/jobs/nobody", variable="/jobs/nobody/variables/x"), "jobs[0].job", "nobody")


@pytest.mark.parametrize(
    ("name", "at_leaf", "is_own"),
    [
        ("one", True, True),
        ("done", True, True),
        ("one", False, False),
        ("ended", True, False),  # Withdrawn when another flow ended.
        (STEP, True, False),  # The step of another flow.
    ],
)
def test_a_variable_is_used_itself_or_copied(checked: Check, name: str, at_leaf: bool, is_own: bool) -> None:
    named = {**E, "variable": variable(name)}
    _, levels = checked(tree([named]) if at_leaf else tree([named], [E]))
    entry = levels[0][0]
    assert (entry["variable"], entry["is_own"]) == (name, is_own)


# Conditions


@pytest.mark.parametrize("condition", ["if", "while"])
@pytest.mark.parametrize("source", [None, [], " "])
def test_a_condition_is_a_string(refused: Refused, condition: str, source: Any) -> None:
    refused(of(**{condition: source}), f"jobs[0].{condition}", "must")


@pytest.mark.parametrize("condition", ["if", "while"])
@pytest.mark.parametrize("source", ["1", "'() => true'", "[() => true]"])
def test_a_condition_is_a_function(refused: Refused, condition: str, source: str) -> None:
    refused(of(**{condition: source}), f"jobs[0].{condition}", "is not a function expression")


@pytest.mark.parametrize("condition", ["if", "while"])
def test_a_syntax_error_of_a_condition_has_line_and_column(refused: Refused, condition: str) -> None:
    source = "function (variable, context) {\n  return variable.x +;\n}"
    refused(of(**{condition: source}), f"jobs[0].{condition}", "line 2", "column")


def test_a_condition_of_a_dependent_is_refused_with_its_path(refused: Refused) -> None:
    refused(below([E, {**E, "while": "function ("}]), "dependent.dependent.jobs[1].while")


def test_conditions_are_compiled_and_not_called(checked: Check) -> None:
    conditions = {"if": "() => { throw 1; }", "while": "() => { while (true); }"}
    assert conditions.items() <= checked(of(**conditions))[1][0][0].items()


def test_a_condition_is_compiled_once_for_all_entries(
    checked: Check, filled: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(check, "require_function", lambda _sandbox, _path, source, _poster: compiled.append(source))
    entry = {**E, "if": "() => true", "while": "() => true"}
    checked(tree([entry] * 5, [entry]))
    assert compiled == ["() => true"]


def test_after_the_time_limit_no_further_condition_is_compiled(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "COMPILING_SECONDS", -1)
    refused(of(**{"if": "() => true"}), "jobs[0].if", "not compiled")


# Several problems


def test_all_problems_are_listed(checked: Check) -> None:
    flow = {
        "name": "",
        "x": 1,
        "jobs": [{"job": "/jobs/nobody", "if": "1", "y": 1}, E, {**E, "variable": "one", "while": "("}],
        "dependent": {"jobs": [E, 3, {}], "dependent": {"jobs": [], "name": "x"}},
    }
    with pytest.raises(InvalidFlow) as caught:
        checked(flow)
    assert sorted(problem.field for problem in caught.value.problems) == [
        "dependent.dependent.jobs",
        "dependent.dependent.name",
        "dependent.jobs[1]",
        "dependent.jobs[2].job",
        "jobs[0].if",
        "jobs[0].job",
        "jobs[0].y",
        "jobs[2].variable",
        "jobs[2].while",
        "name",
        "x",
    ]
    first = caught.value.problems[0]
    assert str(caught.value) == f"{first.field}: {first.reason}"


# The posted form


def test_a_checked_tree_has_the_form_in_which_it_was_posted(checked: Check) -> None:
    entry = {**E, "variable": variable("one"), "if": "() => true", "while": "() => false"}
    flow = tree([E, {"job": BETA}], [entry])
    _, levels = checked(flow)
    assert posted_form(levels) == flow
    assert segments_of(variable("one")) == ("jobs", "alpha", "variables", "one")


def test_a_reserved_variable_is_no_part_of_the_posted_form(checked: Check) -> None:
    _, levels = checked(of())
    levels[0][0].update(variable="one", is_own=True, taken=True)
    assert posted_form(levels) == of()
