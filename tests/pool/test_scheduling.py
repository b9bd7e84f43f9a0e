"""Scheduling: which job a volunteer gets, by each scheduler, and which of its variables."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import data
from pool.errors import UnknownScheduler
from pool.job_index import JobIndex
from pool.peers import Peer
from pool.reports import Reports
from pool.sandbox import Sandbox
from pool.scheduling import SAMPLE_OF_VARIABLES, Capabilities, JobScheduler, VariableScheduler, Volunteer
from pool.unserved import Unserved
from storage.base import Store
from tests.storage.helpers import result, variable

BUILT_IN = ("random", "short-first", "owners")
EVERY = (*BUILT_IN, "least-done")  # The last one is a bundled file.
MINE = {"owner": ["me"]}
NOTHING = Capabilities()


# Capabilities


@pytest.mark.parametrize(
    ("requirements", "capabilities"),
    [
        ({}, Capabilities()),
        ({}, Capabilities(frozenset({"webgpu"}))),
        ({"wasm": True}, Capabilities(frozenset({"wasm"}))),
        ({"webgpu": True, "wasm": True}, Capabilities(frozenset({"wasm", "webgpu", "time_travel"}))),
        ({"memory_mb": 512}, Capabilities(memory_mb=512)),
        ({"wasm_simd": True, "memory_mb": 512}, Capabilities(frozenset({"wasm_simd"}), 1024)),
    ],
)
def test_requirements_are_met(requirements: dict[str, Any], capabilities: Capabilities) -> None:
    assert capabilities.meet(requirements)


@pytest.mark.parametrize(
    ("requirements", "capabilities"),
    [
        ({"webgpu": True}, Capabilities()),
        ({"webgpu": True}, Capabilities(frozenset({"wasm"}))),
        ({"webgpu": True}, Capabilities(frozenset({""}))),
        ({"webgpu": True}, Capabilities(frozenset({"WebGPU"}))),
        ({"webgpu": True, "wasm": True}, Capabilities(frozenset({"webgpu"}))),
        ({"wasm": True}, Capabilities(frozenset({"webgpu,wasm"}))),
        ({"wasm_simd": True}, Capabilities(frozenset({"wasm"}))),
        ({"memory_mb": 1}, Capabilities()),
        ({"memory_mb": 1}, Capabilities(frozenset({"memory_mb"}))),
        ({"memory_mb": 513}, Capabilities(memory_mb=512)),
        ({"memory_mb": 512, "wasm": True}, Capabilities(memory_mb=512)),
    ],
)
def test_requirements_are_not_met(requirements: dict[str, Any], capabilities: Capabilities) -> None:
    assert not capabilities.meet(requirements)


# Jobs


@pytest.fixture
def unserved(store: Store) -> Unserved:
    return Unserved(store.clock)


@pytest.fixture
def schedulers(store: Store, impatient: Sandbox, tmp_path: Path, unserved: Unserved) -> JobScheduler:
    return JobScheduler(store, impatient, "random", [tmp_path, data.SCHEDULERS], unserved, JobIndex(store))


Choose = Callable[..., "str | None"]


@pytest.fixture
def choose(schedulers: JobScheduler) -> Choose:
    """The id of the job that a scheduler chooses for a volunteer of the owner `me`'s jobs."""

    def choose(
        name: str | None, query: Any = MINE, capabilities: Capabilities = NOTHING, volunteer: str = ""
    ) -> str | None:
        job = schedulers.choose(name, Volunteer(Peer(volunteer=volunteer), query), capabilities)
        return None if job is None else str(job["id"])

    return choose


def add_job(store: Store, job_id: str, variables: int = 1, owner: str = "me", **fields: Any) -> None:
    created = store.clock.now_text()
    facts = {"id": job_id, "name": job_id.upper(), "uid": job_id, "created": created, "metadata": {"owner": owner}}
    settings: dict[str, Any] = {"state": "open", "requirements": {}, "settings": {"lease_seconds": 60}}
    store.jobs.create(job_id, {**facts, **settings, **fields})
    names = [f"v{number}" for number in range(variables)]
    store.variables.add(job_id, {name: variable(name, {"name": name}, job_id) for name in names})


def finish(store: Store, job_id: str, *seconds: float) -> None:
    for number, run_seconds in enumerate(seconds):
        outcome = result(f"v{number}", job_id=job_id, run_seconds=run_seconds)
        store.results.accept(job_id, f"v{number}", outcome)


def choices(choose: Choose, name: str, query: Any = MINE, count: int = 12) -> set[str | None]:
    return {choose(name, query) for _ in range(count)}


@pytest.mark.parametrize("name", EVERY)
def test_without_jobs_there_is_no_choice(choose: Choose, name: str) -> None:
    assert choose(name) is None


@pytest.mark.parametrize("name", EVERY)
def test_paused_jobs_are_not_chosen(store: Store, choose: Choose, name: str) -> None:
    add_job(store, "paused", state="paused")
    assert choose(name) is None


@pytest.mark.parametrize("name", EVERY)
def test_a_job_with_work_is_preferred(store: Store, choose: Choose, name: str) -> None:
    add_job(store, "idle", variables=0)
    add_job(store, "working")
    assert choices(choose, name) == {"working"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_job_without_work_is_chosen_if_no_job_has_work(store: Store, choose: Choose, name: str) -> None:
    add_job(store, "idle", variables=0)
    assert choose(name) == "idle"


@pytest.mark.parametrize("name", EVERY)
def test_the_owner_parameter_is_respected(store: Store, choose: Choose, name: str) -> None:
    for owner in ("one", "two"):
        add_job(store, owner, owner=owner)
    assert choices(choose, name, {"owner": ["two"]}) == {"two"}


@pytest.mark.parametrize("name", EVERY)
def test_a_job_whose_requirements_are_not_met_is_not_chosen(store: Store, choose: Choose, name: str) -> None:
    add_job(store, "special", requirements={"webgpu": True})
    assert choose(name) is None
    assert choose(name, capabilities=Capabilities(frozenset({"webgpu"}))) == "special"
    add_job(store, "plain")
    assert choices(choose, name) == {"plain"}


def test_random_chooses_every_job(store: Store, choose: Choose) -> None:
    for name in ("one", "two", "three"):
        add_job(store, name)
    assert choices(choose, "random", {}, 60) == {"one", "two", "three"}


@pytest.mark.parametrize(
    "query", [{}, {"owner": [""]}, {"owner": ["nobody"]}, {"owner": ["ME"]}, {"owner": ["me,you"]}]
)
def test_owners_chooses_none_without_a_known_owner(store: Store, choose: Choose, query: dict[str, list[str]]) -> None:
    add_job(store, "one")
    assert choose("owners", query) is None


def test_owners_chooses_jobs_of_all_named_owners(store: Store, choose: Choose) -> None:
    for owner in ("one", "two", "three"):
        add_job(store, owner, owner=owner)
    assert choices(choose, "owners", {"owner": ["one", "three"]}, 40) == {"one", "three"}


def test_short_first_chooses_the_shortest_mean_run_time(store: Store, choose: Choose) -> None:
    add_job(store, "uneven", variables=3)
    add_job(store, "even", variables=3)
    finish(store, "uneven", 1, 99)
    finish(store, "even", 40, 40)
    assert choices(choose, "short-first") == {"even"}


def test_short_first_chooses_unmeasured_jobs_first(store: Store, choose: Choose) -> None:
    add_job(store, "short", variables=2)
    finish(store, "short", 0.001)
    add_job(store, "new")
    assert choices(choose, "short-first") == {"new"}


def test_without_a_name_the_default_is_used(store: Store, impatient: Sandbox) -> None:
    add_job(store, "one")
    by_owner = JobScheduler(store, impatient, "owners", [], Unserved(store.clock), JobIndex(store))
    assert by_owner.choose(None, Volunteer(), Capabilities()) is None
    assert by_owner.choose("random", Volunteer(), Capabilities()) is not None


@pytest.mark.parametrize("name", EVERY)
def test_a_job_without_a_variable_for_the_volunteer_is_not_preferred(
    store: Store, choose: Choose, unserved: Unserved, name: str
) -> None:
    add_job(store, "faulty")
    add_job(store, "sound")
    unserved.add("faulty", Peer(volunteer="unlucky"))
    assert {choose(name, volunteer="unlucky") for _ in range(12)} == {"sound"}


def test_others_are_not_affected(store: Store, choose: Choose, unserved: Unserved) -> None:
    add_job(store, "faulty")
    add_job(store, "idle", variables=0)
    unserved.add("faulty", Peer(volunteer="unlucky"))
    assert choices(choose, "random") == {"faulty"}


def test_it_is_preferred_to_a_job_without_work(store: Store, choose: Choose, unserved: Unserved) -> None:
    add_job(store, "faulty")
    add_job(store, "idle", variables=0)
    unserved.add("faulty", Peer(volunteer="unlucky"))
    assert {choose("random", volunteer="unlucky") for _ in range(12)} == {"faulty"}


@pytest.mark.parametrize(
    "name", ["nobody", "Random", "..", "../../secrets", "\0", "random.js", "x" * 300, ".hidden", "least-done.js"]
)
def test_an_unknown_scheduler_is_refused(choose: Choose, name: str) -> None:
    with pytest.raises(UnknownScheduler) as caught:
        choose(name)
    assert caught.value.scheduler_id == name


# Schedulers in files


def test_a_file_is_a_scheduler(store: Store, schedulers: JobScheduler, choose: Choose, tmp_path: Path) -> None:
    (tmp_path / "last.js").write_text("(context) => context.jobs.map((job) => job.id).sort().pop()")
    for name in ("one", "two", "three"):
        add_job(store, name)
    assert schedulers.names() == ["last", "least-done", "owners", "random", "short-first"]
    assert choices(choose, "last") == {"two"}


def test_a_file_of_the_first_directory_overrides_a_later_one(store: Store, choose: Choose, tmp_path: Path) -> None:
    add_job(store, "one")
    assert choose("least-done") == "one"
    (tmp_path / "least-done.js").write_text("() => null")
    assert choose("least-done") is None


@pytest.mark.parametrize(
    "expression",
    [
        "job.name === 'ONE'",
        "job.metadata.owner === 'me'",
        "job.requirements.wasm === true",
        "job.created.startsWith('20')",
        "job.has_work === true",
        "job.open === 1",
        "job.leased === 1",
        "job.done === 1",
        "job.mean_run_seconds === 7",
        "context.query.tag[0] === 'x'",
        "context.volunteer === 'a volunteer'",
        "job.execute_function === undefined",
    ],
)
def test_the_context_of_a_file(store: Store, choose: Choose, tmp_path: Path, expression: str) -> None:
    add_job(store, "one", variables=3, requirements={"wasm": True})
    finish(store, "one", 7)
    store.leases.lease("one", 60)
    source = f"(context) => {{ const job = context.jobs[0]; return {expression} ? job.id : null }}"
    (tmp_path / "seeing.js").write_text(source)
    assert choose("seeing", {"tag": ["x"]}, Capabilities(frozenset({"wasm"})), "a volunteer") == "one"


@pytest.mark.parametrize(
    "source",
    [
        "() => { throw new Error('no') }",
        "() => 'no-such-job'",
        "(context) => context.jobs[0]",
        "() => { for (;;) {} }",
        "1",
        "function (",
    ],
)
def test_if_a_file_fails_the_choice_is_random(store: Store, choose: Choose, tmp_path: Path, source: str) -> None:
    add_job(store, "one")
    (tmp_path / "failing.js").write_text(source)
    assert choose("failing") == "one"


def test_a_file_cannot_choose_a_paused_job(store: Store, choose: Choose, tmp_path: Path) -> None:
    add_job(store, "one")
    add_job(store, "two", state="paused")
    (tmp_path / "stubborn.js").write_text("() => 'two'")
    assert choose("stubborn") == "one"


# Variables


@pytest.fixture
def variables(store: Store, impatient: Sandbox) -> VariableScheduler:
    return VariableScheduler(store, impatient, Reports(store))


Lease = Callable[..., "str | None"]


@pytest.fixture
def lease(store: Store, variables: VariableScheduler) -> Lease:
    """Leases a variable of the job `one`; returns its id."""

    def lease(query: Any = None, volunteer: str = "") -> str | None:
        whoever = Volunteer(Peer(volunteer=volunteer), query or {})
        leased = variables.lease_many(store.jobs.get("one"), whoever, 1, math.inf, lambda _id, _errors: False)
        return leased[0].variable_id if leased else None

    return lease


def report_of(store: Store) -> Any:
    return store.counts.get("one").reports.get("variable_scheduler")


def test_the_scheduler_of_the_job_chooses(store: Store, lease: Lease) -> None:
    source = "(context) => context.variables.map((one) => one.id).sort().pop()"
    add_job(store, "one", variables=3, variable_scheduler=source)
    assert [lease() for _ in range(4)] == ["v2", "v1", "v0", None]


def test_the_scheduler_can_choose_none(store: Store, lease: Lease) -> None:
    add_job(store, "one", variable_scheduler="() => null")
    assert lease() is None
    assert report_of(store) is None


def test_the_scheduler_is_not_called_without_open_variables(store: Store, lease: Lease) -> None:
    add_job(store, "one", variables=0, variable_scheduler="() => { throw new Error('asked') }")
    assert lease() is None
    assert report_of(store) is None


def test_if_the_chosen_variable_is_leased_another_is(store: Store, lease: Lease) -> None:
    add_job(store, "one", variables=3, variable_scheduler="() => 'v0'")
    assert sorted(str(lease()) for _ in range(3)) == ["v0", "v1", "v2"]


@pytest.mark.parametrize(
    "expression",
    [
        "context.variables.length === 1",
        "context.variables[0].id === 'v0'",
        "context.variables[0].data.name === 'v0'",
        "context.variables[0].results === 0",
        "context.job.id === 'one' && context.job.name === 'ONE'",
        "context.volunteer === 'a volunteer'",
        "context.query.tag[1] === 'y'",
    ],
)
def test_the_context_of_the_scheduler(store: Store, lease: Lease, expression: str) -> None:
    add_job(store, "one", variable_scheduler=f"(context) => {expression} ? 'v0' : null")
    assert lease({"tag": ["x", "y"]}, "a volunteer") == "v0"


def test_the_sample_of_variables_is_limited(store: Store, lease: Lease) -> None:
    source = f"(context) => context.variables.length === {SAMPLE_OF_VARIABLES} ? context.variables[0].id : null"
    add_job(store, "one", variables=SAMPLE_OF_VARIABLES + 8, variable_scheduler=source)
    assert lease() is not None


BROKEN = [
    ("() => { throw new Error('no idea') }", "Error: no idea"),
    ("() => { for (;;) {} }", "in time"),
    ("() => new Promise(() => {})", "never settled"),
    ("() => 'nobody'", '"nobody", which is not the id of a variable'),
    ("() => '../../secrets'", "not the id of a variable"),
    ("() => 7", "not the id of a variable"),
    ("() => ({})", "not the id of a variable"),
    ("() => true", "not the id of a variable"),
    ("() => 'x'.repeat(1000)", "not the id of a variable"),
    ("(context) => context.variables[0]", "not the id of a variable"),
]


@pytest.mark.parametrize(("source", "message"), BROKEN)
def test_a_failure_of_the_scheduler_is_reported_and_the_choice_random(
    store: Store, lease: Lease, source: str, message: str
) -> None:
    add_job(store, "one", variable_scheduler=source)
    assert lease() == "v0"
    assert report_of(store)["errors"] == 1
    assert message in report_of(store)["message"]


@pytest.mark.parametrize(("source", "message"), BROKEN[:4])
def test_a_flow_reserves_the_last_candidate_if_the_scheduler_fails(
    store: Store, variables: VariableScheduler, source: str, message: str
) -> None:
    add_job(store, "one", variables=2, variable_scheduler=source)
    assert variables.choose_from(store.jobs.get("one"), ["v0", "v1"]) == "v1"
    assert message in report_of(store)["message"]


@pytest.mark.parametrize(("source", "expected"), [("() => 'v0'", "v0"), ("() => 'v2'", "v1"), ("() => null", "v1")])
def test_a_flow_reserves_the_candidate_that_the_scheduler_chooses(
    store: Store, variables: VariableScheduler, source: str, expected: str
) -> None:
    add_job(store, "one", variables=3, variable_scheduler=source)
    assert variables.choose_from(store.jobs.get("one"), ["v0", "v1"]) == expected


def test_the_console_of_a_scheduler_is_reported(store: Store, lease: Lease) -> None:
    add_job(store, "one", variable_scheduler="() => { console.log('choosing'); return 'v0' }")
    lease()
    assert (report_of(store)["errors"], report_of(store)["console"]) == (0, "choosing\n")


# The cost


@pytest.mark.parametrize("name", ["random", "short-first"])
def test_a_choice_looks_at_few_jobs_however_many_there_are(
    store: Store, choose: Choose, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        add_job(store, f"j{number}", variables=number % 2)
    choices(choose, name)
    looks: list[str] = []
    for part, look in ((store.jobs, "get"), (store.leases, "has_work"), (store.counts, "get")):
        monkeypatch.setattr(part, look, functools.partial(_looked, getattr(part, look), looks))
    assert choose(name) is not None
    assert len(looks) < 10


def _looked(look: Callable[[str], Any], looks: list[str], job_id: str) -> Any:
    looks.append(job_id)
    return look(job_id)


@pytest.mark.parametrize("name", BUILT_IN)
def test_one_job_with_work_is_found_among_many_without(store: Store, choose: Choose, name: str) -> None:
    for number in range(80):
        add_job(store, f"j{number}", variables=0)
    add_job(store, "working")
    assert choices(choose, name) == {"working"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_one_job_that_fits_is_found_among_many_that_do_not(store: Store, choose: Choose, name: str) -> None:
    for number in range(80):
        add_job(store, f"j{number}", requirements={"memory_mb": 100 + number})
    add_job(store, "fits")
    assert choices(choose, name) == {"fits"}
