"""The arguments and the return values of a job's function, and how its context is kept."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from client_processes import gone
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import Executor, Unit
from comp_pool.frames import pack

COUNT = "function (variable, context) { context.n = (context.n || 0) + variable.step; context.result = context.n; }"
# Runs the function of each variable, so that one child serves many tests.
EVALUATE = "(variable, context) => (0, eval)(`(${variable.source})`)(variable, context)"


Case = dict[str, Any]


def read_cases() -> dict[str, list[Case]]:
    """Return the table that the JavaScript executors pass too; but for units that never end, which have tests here."""
    table = json.loads(Path(__file__).with_name("unit-cases.json").read_text())
    failures = [case for case in table["failures"] if case["kind"] != "timeout"]
    return {
        "code": [case for case in failures if case["kind"] == "code"],
        "failures": [case for case in failures if case["kind"] != "code"],
        "results": table["results"],
    }


CASES = read_cases()


def name_of(case: Case) -> str:
    return str(case["what"])


@pytest.fixture(scope="module")
def shared() -> Iterator[Executor]:
    """Return an executor whose child has evaluated before."""
    with Executor() as executor:
        compute(executor, EVALUATE, {"source": "() => ({ result: 1 })"})
        yield executor


def compute(executor: Executor, source: str, variable: dict[str, object] | None = None, **more: object) -> str:
    unit = Unit(str(more.pop("job", "job")), source, variable or {}, **more)
    return executor.compute(unit, Deadline(10)).result


@pytest.mark.parametrize(
    "source",
    [
        "function (variable, context) { context.result = variable.a + 1; return context; }",
        "function (variable, context) { context.result = variable.a + 1; }",
        "function (variable, context) { return { ...context, result: variable.a + 1 }; }",
        "(variable, context) => ({ result: variable.a + 1 })",
        "async (variable, context) => { await null; context.result = variable.a + 1; }",
        "async function (variable) { return { result: await Promise.resolve(variable.a + 1) }; } // a comment",
    ],
)
def test_a_function_may_return_its_result_in_any_of_these_ways(source: str) -> None:
    with Executor() as executor:
        assert compute(executor, source, {"a": 41}) == "42"


def test_a_result_may_depend_on_an_asynchronous_compilation(shared: Executor) -> None:
    module = "new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])"
    source = f"async (v, c) => {{ c.result = String(await WebAssembly.compile({module})); }}"
    assert compute(shared, EVALUATE, {"source": source}) == '"[object WebAssembly.Module]"'


def test_webassembly_runs_under_confinement(shared: Executor) -> None:
    # (module (func (export "f") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
    code = "0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,32,0,32,1,106,11"
    source = f"async (v, c) => {{ const m = await WebAssembly.instantiate(new Uint8Array([{code}])); "
    source += "let n = 0; for (let i = 0; i < 1e6; i++) n = m.instance.exports.f(n, 1); c.result = n; }"
    assert compute(shared, EVALUATE, {"source": source}) == "1000000"


def test_the_context_lasts_from_one_variable_to_the_next() -> None:
    with Executor() as executor:
        assert [compute(executor, COUNT, {"step": 2}) for _ in range(3)] == ["2", "4", "6"]


def test_the_returned_context_is_kept() -> None:
    source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })"
    with Executor() as executor:
        assert [compute(executor, source) for _ in range(3)] == ["0", "1", "2"]


def test_a_starting_context_replaces_the_kept_one() -> None:
    with Executor() as executor:
        compute(executor, COUNT, {"step": 1})
        assert compute(executor, COUNT, {"step": 1}, context={"n": 100}) == "101"


@pytest.mark.parametrize("context", [{}, {"a": {"b": [1]}, "result": {"sum": 3}, "iteration": 2}])
def test_a_starting_context_is_passed_unchanged(shared: Executor, context: dict[str, object]) -> None:
    seen = compute(shared, EVALUATE, {"source": "(variable, context) => ({ result: context })"}, context=context)
    assert json.loads(seen) == context


def test_the_kept_context_survives_a_starting_one() -> None:
    with Executor() as executor:
        compute(executor, COUNT, {"step": 1})
        compute(executor, COUNT, {"step": 1}, context={"n": 100, "result": 100})
        assert compute(executor, COUNT, {"step": 1}) == "2"


def test_a_context_returned_for_a_starting_one_is_not_kept() -> None:
    source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })"
    with Executor() as executor:
        compute(executor, source, context={"n": 100})
        assert compute(executor, source) == "0"


def test_a_failure_from_a_starting_context_leaves_the_kept_one() -> None:
    source = "(v, c) => { c.n = (c.n || 0) + 1; if (c.bad) throw 1; c.result = c.n; }"
    with Executor() as executor:
        compute(executor, source)
        with pytest.raises(JobError):
            compute(executor, source, context={"bad": True, "n": 100})
        assert compute(executor, source) == "2"


def test_a_starting_result_that_nothing_changes_is_the_result(shared: Executor) -> None:
    assert compute(shared, EVALUATE, {"source": "() => {}"}, context={"result": 7, "iteration": 1}) == "7"


def test_a_result_is_not_carried_over_to_the_next_variable() -> None:
    with Executor() as executor:
        source = "(variable, context) => { if (variable.first) context.result = 1; }"
        compute(executor, source, {"first": True})
        with pytest.raises(JobError, match="without a `result` field"):
            compute(executor, source)


def test_the_next_job_gets_a_fresh_child() -> None:
    with Executor() as executor:
        compute(executor, COUNT, {"step": 1})
        former = executor.child
        assert compute(executor, COUNT, {"step": 1}, job="other") == "1"
        assert former is not None
        assert gone(former.pid)


def test_changed_code_of_a_job_gets_a_fresh_child() -> None:
    with Executor() as executor:
        compute(executor, COUNT, {"step": 1})
        assert compute(executor, COUNT.replace("variable.step", "5")) == "5"


def test_links_never_reach_the_function(shared: Executor) -> None:
    source = "(variable, context) => { context.result = Object.keys(variable); }"
    variable = {"_links": {"post_result": "/secret"}, "_embedded": {"context": {}}, "a": 1, "source": source}
    assert compute(shared, EVALUATE, variable) == '["a","source"]'


def test_text_survives_both_ways(shared: Executor) -> None:
    source = "(variable, context) => { context.result = variable.text; }"
    assert compute(shared, EVALUATE, {"source": source, "text": "Ω\u2028🦀\x00"}) == '"Ω\u2028🦀\\u0000"'


@pytest.mark.parametrize("case", CASES["code"], ids=name_of)
def test_code_that_is_no_function_is_an_error(case: Case) -> None:
    with Executor() as executor, pytest.raises(JobError, match=case["message"]) as caught:
        compute(executor, case["function"])
    assert caught.value.kind == "code"


@pytest.mark.parametrize("case", CASES["failures"], ids=name_of)
def test_a_unit_fails(shared: Executor, case: Case) -> None:
    with pytest.raises(JobError, match=case["message"]) as caught:
        compute(shared, EVALUATE, {"source": case["function"]}, lossy=case.get("lossy", False))
    assert caught.value.kind == case["kind"]


@pytest.mark.parametrize("case", CASES["results"], ids=name_of)
def test_a_unit_has_a_result(shared: Executor, case: Case) -> None:
    result = compute(shared, EVALUATE, {"source": case["function"]}, lossy=case.get("lossy", False))
    assert json.loads(result) == case["result"]


def test_a_child_goes_on_after_an_error() -> None:
    with Executor() as executor:
        with pytest.raises(JobError):
            compute(executor, "(v, c) => { if (v.bad) throw 1; c.result = 2; }", {"bad": True})
        former = executor.child
        assert compute(executor, "(v, c) => { if (v.bad) throw 1; c.result = 2; }") == "2"
        assert executor.child is former


def test_a_renewed_deadline_lets_a_long_unit_end() -> None:
    grants: list[float] = []

    def renew() -> float:
        grants.append(0.4)
        return 0.4

    source = "(v, c) => { const end = Date.now() + v.ms; while (Date.now() < end); c.result = 1; }"
    with Executor() as executor:
        compute(executor, source, {"ms": 0})
        assert executor.compute(Unit("job", source, {"ms": 500}), Deadline(0.4, renew)).result == "1"
    assert grants


def test_the_stack_of_a_thrown_error_is_passed_on() -> None:
    with Executor() as executor, pytest.raises(JobError) as caught:
        compute(executor, "() => {\n  undefinedFunction();\n}")
    assert re.search(r"execute_function\.js:2:\d+", caught.value.stack)


def test_a_process_that_does_not_start_is_no_fault_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.child.CODE", "raise SystemExit(1)")
    with Executor() as executor, pytest.raises(JobError, match="its process could not start") as caught:
        compute(executor, "() => 1")
    assert caught.value.kind == "sandbox"
    assert not caught.value.is_fault_of_job


def test_a_unit_that_ends_too_late_names_its_time() -> None:
    with Executor() as executor, pytest.raises(JobError, match=r"no result within \d+\.\d s: ") as caught:
        executor.compute(Unit("job", "() => { for (;;); }", {}), Deadline(0.4))
    assert caught.value.kind == "timeout"


def test_the_engine_is_known_after_the_first_unit(shared: Executor) -> None:
    assert re.fullmatch(r"V8 [0-9.]+", shared.engine)


def breaking(monkeypatch: pytest.MonkeyPatch, frames: bytes, then: str = "time.sleep(60)") -> JobError:
    """Return the error of a child that sends these frames, as if its job had taken it over."""
    sent = (pack({"confined": False}) + frames).hex()
    monkeypatch.setattr("comp_pool.child.CODE", f"import os, time; os.write(1, bytes.fromhex('{sent}')); {then}")
    with Executor() as executor, pytest.raises(JobError) as caught:
        executor.compute(Unit("job", "() => 1", {}), Deadline(1))
    return caught.value


INVALID = {
    "no JSON": b"\0\0\0\2{]",
    "no text": b"\0\0\0\2\xff\xff",
    "a frame that is too long": b"\xff\xff\xff\xffx",
    "a frame that is no object": pack([1]),
    "a result without its run time": pack({"result": "1"}),
    "a run time that is no number": pack({"result": "1", "seconds": "1"}),
    "a run time without end": pack({"result": "1", "seconds": float("inf")}),
    "a lone surrogate": pack({"result": "\ud800", "seconds": 1.0}),
    "neither a result nor an error": pack({}),
    "an error of a kind that is the parent's": pack({"kind": "cancelled", "message": ""}),
    "a kind that is no text": pack({"kind": ["threw"], "message": ""}),
    "a message that is no text": pack({"kind": "threw", "message": 1}),
    "a stack that is no text": pack({"kind": "threw", "message": "", "stack": {}}),
    "a console that is no text": pack({"console": 1}),
    "a console that is too large": pack({"console": "x" * 5000}) * 3,
}


@pytest.mark.parametrize("frame", INVALID.values(), ids=INVALID)
def test_a_child_that_breaks_the_protocol_misbehaves(monkeypatch: pytest.MonkeyPatch, frame: bytes) -> None:
    ex = breaking(monkeypatch, frame)
    assert (ex.kind, ex.message) == ("misbehaved", "its process sent an invalid response")


def test_console_output_without_end_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = pack({"console": ""}).hex()
    ex = breaking(monkeypatch, pack({"console": "x"}), f"\nwhile True: os.write(1, bytes.fromhex('{empty}') * 1000)")
    assert (ex.kind, ex.console) == ("timeout", "x")


def test_texts_of_an_error_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    ex = breaking(monkeypatch, pack({"kind": "threw", "message": "m" * 9999, "stack": "s" * 9999}))
    assert (len(ex.message), len(ex.stack)) == (2000, 4000)


def test_half_a_surrogate_pair_in_an_error_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    ex = breaking(monkeypatch, pack({"console": "\ud800"}) + pack({"kind": "threw", "message": "\udc00", "stack": ""}))
    assert (ex.message, ex.console) == ("\ufffd", "\ufffd")


# ---- several units together


def together(executor: Executor, *sources: str, seconds: float = 10, **more: Any) -> list[Any]:
    """Return what each of the functions led to: the result, or the kind and message of its error."""
    units = [Unit("job", EVALUATE, {"source": source}, **more) for source in sources]
    found = executor.compute_together(units, Deadline(seconds))
    return [(one.kind, one.message) if isinstance(one, JobError) else one.result for one in found]


def test_units_together_have_an_outcome_each(shared: Executor) -> None:
    thrower = "() => { throw new Error('no luck'); }"
    found = together(shared, "() => ({ result: 1 })", thrower, "async () => ({ result: [await 2] })", "() => {}")
    assert (found[0], found[1], found[2]) == ("1", ("threw", "Error: no luck"), "[2]")
    assert found[3][0] == "no-result"


def test_units_together_continue_the_context_of_the_job() -> None:
    with Executor() as executor:
        units = [Unit("counter", COUNT, {"step": 2})] * 3
        executor.compute(units[0], Deadline(10))
        found = executor.compute_together(units, Deadline(10))
        assert [one.result for one in found if not isinstance(one, JobError)] == ["4", "6", "8"]


def test_units_together_may_have_starting_contexts_of_their_own(shared: Executor) -> None:
    assert together(shared, "(v, c) => ({ result: c.n + 1 })", context={"n": 41}) == ["42"]


PRINTS = ("console.log('first');", "", "console.log('third'); console.log('and more');")


def test_units_together_print_each_for_itself(shared: Executor) -> None:
    units = [Unit("job", EVALUATE, {"source": f"() => {{ {text} return {{ result: 1 }}; }}"}) for text in PRINTS]
    found = shared.compute_together(units, Deadline(10))
    assert [one.console for one in found] == ["first\n", "", "third\nand more\n"]


def test_units_together_have_the_random_numbers_that_each_has_alone(shared: Executor) -> None:
    units = [Unit("job", EVALUATE, {"source": "() => ({ result: Math.random() })"}, seed=seed) for seed in (5, 6)]
    alone = [shared.compute(unit, Deadline(10)).result for unit in reversed(units)]
    found = shared.compute_together(units, Deadline(10))
    assert [one.result for one in found if not isinstance(one, JobError)] == alone[::-1]
    assert alone[0] != alone[1]


def test_units_together_do_not_see_the_links_of_their_leases(shared: Executor) -> None:
    source = {"source": "(v) => ({ result: Object.keys(v) })", "_links": {"post_result": "secret"}}
    (found,) = shared.compute_together([Unit("job", EVALUATE, source)], Deadline(10))
    assert not isinstance(found, JobError)
    assert found.result == '["source"]'


def test_units_together_that_take_long_are_left_to_another_message(shared: Executor) -> None:
    busy = "() => { const end = Date.now() + 60; while (Date.now() < end); return { result: 1 }; }"
    # One alone where the machine is so busy that it takes as long as two.
    assert together(shared, busy, busy, busy, busy) in (["1", "1"], ["1"])


@pytest.mark.parametrize("source", ["() => { for (;;); }", "() => { const a = []; for (;;) a.push([1, 2, 3]); }"])
def test_an_endless_unit_among_others_leaves_all_of_them_to_be_computed_alone(source: str) -> None:
    with Executor(memory_bytes=64 << 20) as executor:
        assert together(executor, "() => ({ result: 1 })", source, seconds=1.5) == []
        assert compute(executor, EVALUATE, {"source": "() => ({ result: 1 })"}) == "1"


def test_a_cancelled_executor_computes_nothing_together() -> None:
    with Executor() as executor:
        executor.cancel()
        assert together(executor, "() => ({ result: 1 })") == []


def test_a_job_can_t_replace_what_units_together_need() -> None:
    spoil = "() => { JSON.parse = JSON.stringify = Date.now = () => { throw 1; }; return { result: 1 }; }"
    with Executor() as executor:
        assert together(executor, spoil, "() => ({ result: [2] })") == ["1", "[2]"]
        assert together(executor, "() => ({ result: [3] })") == ["[3]"]


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"outcomes": 1},
        {"outcomes": [1]},
        {"outcomes": [{"result": "1", "seconds": 0}] * 2},
        {"outcomes": [{"result": "1"}]},
        {"outcomes": [{"result": "1", "seconds": 0, "console": 5}]},
        {"outcomes": [{"kind": "crash", "message": "", "stack": ""}]},
        {"kind": "memory", "message": ""},
    ],
    ids=json.dumps,
)
def test_a_response_of_another_form_is_no_outcome(monkeypatch: pytest.MonkeyPatch, response: Any) -> None:
    # As of a job that controls its process.
    monkeypatch.setattr(Executor, "_child_for", lambda *_: SimpleNamespace(request=lambda *_: response))
    assert together(Executor(), "() => ({ result: 1 })") == []
