"""`/jobs`, `/jobs/scheduler`, `/jobs/scheduled/{scheduler}`: which job a volunteer gets.

tests/pool/test_scheduling.py shows what each scheduler chooses.
"""

from __future__ import annotations

from typing import Any

import pytest

from config import InvalidSetting
from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import VOLUNTEER, problem

URIS = ["/jobs", "/jobs/scheduler", "/jobs/scheduled", "/jobs/scheduled/short-first"]


def chosen(pool: PoolApp, path: str) -> str:
    return str(pool.get(path, status=200).json["id"])


def post(pool: PoolApp, name: str, owner: str = "semprebeta", variables: int = 1, **fields: Any) -> str:
    job = pool.post_job(name, metadata={"owner": owner}, **fields)
    for number in range(variables):
        pool.post_variable(job, f"v{number}")
    return job


def add_scheduler(pool: PoolApp, name: str, source: str) -> str:
    folder = pool.data / "schedulers"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return f"/jobs/scheduled/{name}"


@pytest.mark.parametrize("path", URIS)
def test_the_scheduled_job_is_served_as_at_its_own_uri(pool: PoolApp, path: str) -> None:
    job = post(pool, "One")
    response = pool.get(path, status=200)
    assert response.json == pool.get(job).json
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", URIS)
def test_a_pool_without_jobs_is_204(module_pool: PoolApp, path: str) -> None:
    response = module_pool.get(path, status=204)
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", URIS)
def test_every_uri_respects_the_owner_parameter(pool: PoolApp, path: str) -> None:
    post(pool, "One", owner="one")
    post(pool, "Two", owner="two")
    assert {chosen(pool, f"{path}?owner=two") for _ in range(10)} == {"two"}


@pytest.mark.parametrize("path", URIS)
def test_every_uri_respects_requirements(pool: PoolApp, path: str) -> None:
    post(pool, "Special", requirements={"webgpu": True, "memory_mb": 512})
    pool.get(f"{path}?can=webgpu&memory_mb=511", status=204)
    pool.get(f"{path}?can=wasm&memory_mb=512", status=204)
    assert chosen(pool, f"{path}?can=wasm&can=webgpu&memory_mb=512") == "special"


@pytest.mark.parametrize("path", URIS)
def test_an_invalid_memory_is_400(module_pool: PoolApp, path: str) -> None:
    problem(module_pool.get(f"{path}?memory_mb=1.5", status=400), 400, "memory_mb: must be one whole number")


def test_a_directory_without_a_job_is_ignored(pool: PoolApp) -> None:
    post(pool, "One")
    (pool.data / "jobs" / "lost-and-found").mkdir()
    assert chosen(pool, "/jobs") == "one"


def test_the_default_scheduler_is_a_setting(make_pool: MakePool) -> None:
    pool = make_pool(scheduler="owners")
    post(pool, "One")
    pool.get("/jobs", status=204)
    assert chosen(pool, "/jobs?owner=semprebeta") == "one"


def test_a_bundled_file_can_be_the_default_and_respects_requirements(make_pool: MakePool) -> None:
    pool = make_pool(scheduler="least-done")
    post(pool, "One", requirements={"wasm": True})
    pool.get("/jobs", status=204)
    assert chosen(pool, "/jobs?can=wasm") == "one"


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
    "expression",
    ["context.query.tag[0] === 'x'", "context.query.can[0] === 'wasm'", "context.volunteer.length === 16"],
)
def test_the_request_in_the_context_of_a_file(pool: PoolApp, expression: str) -> None:
    post(pool, "One")
    path = add_scheduler(pool, "seeing", f"(context) => {expression} ? context.jobs[0].id : null")
    pool.get(f"{path}?tag=x&can=wasm", headers=VOLUNTEER, status=200)


def test_if_a_file_fails_the_choice_is_random(pool: PoolApp) -> None:
    post(pool, "One")
    assert chosen(pool, add_scheduler(pool, "throws", "() => { throw new Error('no') }")) == "one"


@pytest.mark.parametrize(
    "name", ["nobody", "Random", "..%2F..%2Fsecrets", "%00", "random.js", "x" * 300, ".hidden", "least-done.js"]
)
def test_an_unknown_scheduler_is_404(module_pool: PoolApp, name: str) -> None:
    problem(module_pool.get(f"/jobs/scheduled/{name}", status=404), 404)


def test_the_problem_names_the_unknown_scheduler(module_pool: PoolApp) -> None:
    problem(module_pool.get("/jobs/scheduled/nobody", status=404), 404, "scheduler 'nobody'")


def test_the_root_has_the_template_of_schedulers(module_pool: PoolApp) -> None:
    template = "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}"
    assert module_pool.get("/").json["_links"]["scheduled"] == template


def test_variables_of_a_job_are_leased_without_abilities(pool: PoolApp) -> None:
    assert pool.lease(post(pool, "Special", requirements={"webgpu": True}))["post_result"]


def test_a_volunteer_that_failed_on_what_is_open_gets_another_job(pool: PoolApp) -> None:
    faulty = post(pool, "Faulty")
    link = pool.lease(faulty, **VOLUNTEER)["post_report"]
    pool.post_json(link, {"error": {"kind": "threw", "message": "no"}}, headers=VOLUNTEER, status=204)
    pool.get(f"{faulty}/variables", headers=VOLUNTEER, status=204)
    post(pool, "Sound")
    assert {str(pool.get("/jobs", headers=VOLUNTEER, status=200).json["id"]) for _ in range(10)} == {"sound"}
