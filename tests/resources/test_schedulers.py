"""`/jobs`, `/jobs/scheduler`, `/jobs/scheduled/{scheduler}`: which job a volunteer gets."""

from __future__ import annotations

from collections import Counter

import pytest

from config import InvalidSetting
from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import VOLUNTEER, problem

URIS = ["/jobs", "/jobs/scheduler", "/jobs/scheduled", "/jobs/scheduled/random", "/jobs/scheduled/short-first"]
EVERY = [*URIS, "/jobs/scheduled/owners?owner=semprebeta", "/jobs/scheduled/least-done"]
BAD_SOURCES = {
    "throws": "() => { throw new Error('no') }",
    "returns-nonsense": "() => 'no-such-job'",
    "returns-an-object": "(context) => context.jobs[0]",
    "loops": "() => { for (;;) {} }",
    "is-no-function": "1",
    "is-no-javascript": "function (",
}


def chosen(pool: PoolApp, path: str) -> str:
    return str(pool.get(path, status=200).json["id"])


def post(pool: PoolApp, name: str, owner: str = "semprebeta", variables: int = 1) -> str:
    job = pool.post_job(name, metadata={"owner": owner})
    for number in range(variables):
        pool.post_variable(job, f"v{number}")
    return job


def add_scheduler(pool: PoolApp, name: str, source: str) -> str:
    folder = pool.data / "schedulers"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return f"/jobs/scheduled/{name}"


def compute(pool: PoolApp, job: str, seconds: float) -> None:
    pool.post_json(pool.lease(job)["post_result"], 2, headers={"Run-Seconds": str(seconds)}, status=201)


@pytest.mark.parametrize("path", EVERY)
def test_the_scheduled_job_is_served_as_at_its_own_uri(pool: PoolApp, path: str) -> None:
    job = post(pool, "One")
    response = pool.get(path, status=200)
    assert response.json == pool.get(job).json
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", EVERY)
def test_a_pool_without_jobs_is_204(pool: PoolApp, path: str) -> None:
    response = pool.get(path, status=204)
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", EVERY)
def test_paused_jobs_are_not_served(pool: PoolApp, path: str) -> None:
    pool.patch_json(post(pool, "Paused"), {"state": "paused"}, headers=pool.owner)
    pool.get(path, status=204)


@pytest.mark.parametrize("path", EVERY)
def test_a_job_with_work_is_preferred(pool: PoolApp, path: str) -> None:
    post(pool, "Idle", variables=0)
    post(pool, "Working")
    assert {chosen(pool, path) for _ in range(15)} == {"working"}


@pytest.mark.parametrize("path", URIS)
def test_a_job_without_work_is_served_if_no_job_has_work(pool: PoolApp, path: str) -> None:
    post(pool, "Idle", variables=0)
    assert chosen(pool, path) == "idle"


@pytest.mark.parametrize("path", URIS)
def test_every_scheduler_respects_the_owner_parameter(pool: PoolApp, path: str) -> None:
    post(pool, "One", owner="one")
    post(pool, "Two", owner="two")
    assert {chosen(pool, f"{path}?owner=two") for _ in range(10)} == {"two"}


@pytest.mark.parametrize("path", URIS)
def test_a_directory_without_a_job_is_ignored(pool: PoolApp, path: str) -> None:
    post(pool, "One")
    (pool.data / "jobs" / "lost-and-found").mkdir()
    assert chosen(pool, path) == "one"


def test_random_serves_every_job(pool: PoolApp) -> None:
    for name in ("One", "Two", "Three"):
        post(pool, name)
    counts = Counter(chosen(pool, "/jobs") for _ in range(60))
    assert set(counts) == {"one", "two", "three"}


def test_owners_serves_none_without_the_owner_parameter(pool: PoolApp) -> None:
    post(pool, "One")
    pool.get("/jobs/scheduled/owners", status=204)


def test_owners_serves_jobs_of_the_named_owners(pool: PoolApp) -> None:
    for name in ("one", "two", "three"):
        post(pool, name, owner=name)
    path = "/jobs/scheduled/owners?owner=one&owner=three"
    assert {chosen(pool, path) for _ in range(40)} == {"one", "three"}


@pytest.mark.parametrize("owner", ["", "nobody", "ONE", "%00", "one,two"])
def test_owners_serves_none_of_an_unknown_owner(pool: PoolApp, owner: str) -> None:
    post(pool, "One", owner="one")
    pool.get(f"/jobs/scheduled/owners?owner={owner}", status=204)


def test_short_first_serves_the_shortest_mean_run_time(pool: PoolApp) -> None:
    compute(pool, post(pool, "Long", variables=2), 60)
    compute(pool, post(pool, "Short", variables=2), 5)
    assert {chosen(pool, "/jobs/scheduled/short-first") for _ in range(10)} == {"short"}


def test_short_first_serves_unmeasured_jobs_first(pool: PoolApp) -> None:
    compute(pool, post(pool, "Short", variables=2), 0.001)
    post(pool, "New")
    assert {chosen(pool, "/jobs/scheduled/short-first") for _ in range(10)} == {"new"}


def test_short_first_uses_the_mean(pool: PoolApp) -> None:
    uneven, even = post(pool, "Uneven", variables=3), post(pool, "Even", variables=3)
    for seconds in (1, 99):
        compute(pool, uneven, seconds)
    for seconds in (40, 40):
        compute(pool, even, seconds)
    assert chosen(pool, "/jobs/scheduled/short-first") == "even"


def test_the_default_scheduler_is_a_setting(make_pool: MakePool) -> None:
    pool = make_pool(scheduler="owners")
    post(pool, "One")
    pool.get("/jobs", status=204)
    assert chosen(pool, "/jobs?owner=semprebeta") == "one"


def test_a_file_in_the_pool_is_a_scheduler(pool: PoolApp) -> None:
    for name in ("One", "Two", "Three"):
        post(pool, name)
    path = add_scheduler(pool, "last", "(context) => context.jobs.map((job) => job.id).sort().pop()")
    assert {chosen(pool, path) for _ in range(5)} == {"two"}


def test_a_file_in_the_pool_overrides_a_bundled_one(pool: PoolApp) -> None:
    post(pool, "One")
    pool.get(add_scheduler(pool, "least-done", "() => null"), status=204)


def test_a_file_can_be_the_default(make_pool: MakePool) -> None:
    add_scheduler(make_pool(), "nothing", "() => null")
    pool = make_pool(scheduler="nothing")
    post(pool, "One")
    pool.get("/jobs", status=204)


def test_an_unknown_default_is_refused_at_the_start(make_pool: MakePool) -> None:
    with pytest.raises(InvalidSetting, match="nobody"):
        make_pool(scheduler="nobody")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("job.name", "One"),
        ("job.metadata.owner", "semprebeta"),
        ("job.has_work", True),
        ("job.open", 1),
        ("job.leased", 1),
        ("job.done", 1),
        ("job.mean_run_seconds", 7),
        ("context.query.tag[0]", "x"),
        ("context.volunteer.length", 16),
        ("job.execute_function === undefined", True),
    ],
)
def test_the_context_of_a_file(pool: PoolApp, expression: str, value: object) -> None:
    job = post(pool, "One", variables=3)
    compute(pool, job, 7)
    pool.lease(job)
    source = "(context) => { const job = context.jobs[0]; return %s === %s ? job.id : null }"
    literal = {True: "true"}.get(value, repr(value)) if value is True else repr(value)
    path = add_scheduler(pool, "seeing", source % (expression, literal))
    pool.get(f"{path}?tag=x", headers=VOLUNTEER, status=200)


@pytest.mark.parametrize("name", BAD_SOURCES)
def test_if_a_file_fails_the_choice_is_random(pool: PoolApp, name: str) -> None:
    post(pool, "One")
    assert chosen(pool, add_scheduler(pool, name, BAD_SOURCES[name])) == "one"


def test_a_file_cannot_serve_a_paused_job(pool: PoolApp) -> None:
    post(pool, "One")
    pool.patch_json(post(pool, "Two"), {"state": "paused"}, headers=pool.owner)
    assert chosen(pool, add_scheduler(pool, "stubborn", "() => 'two'")) == "one"


@pytest.mark.parametrize(
    "name", ["nobody", "Random", "..", "..%2F..%2Fsecrets", "%00", "random.js", "x" * 300, ".hidden", "least-done.js"]
)
def test_an_unknown_scheduler_is_404(pool: PoolApp, name: str) -> None:
    post(pool, "One")
    problem(pool.get(f"/jobs/scheduled/{name}", status=404), 404)


def test_the_problem_names_the_unknown_scheduler(pool: PoolApp) -> None:
    problem(pool.get("/jobs/scheduled/nobody", status=404), 404, "scheduler 'nobody'")


def test_the_root_has_the_template_of_schedulers(pool: PoolApp) -> None:
    assert pool.get("/").json["_links"]["scheduled"] == "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}"
