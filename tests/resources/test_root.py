"""`/` and `/health`."""

from __future__ import annotations

import json

import pytest

from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import HAL, problem

PLAIN_LINKS = [
    "self",
    "jobs",
    "post_job",
    "post_form",
    "flows",
    "post_flow",
    "client",
    "sandbox",
    "volunteer",
    "status",
    "leaderboard",
    "badge",
    "keys",
    "widget",
    "health",
    "metrics",
    "status",
    "service-desc",
]


def test_every_plain_link_of_the_root_can_be_followed(pool: PoolApp) -> None:
    pool.post_job()
    links = pool.get("/").json["_links"]
    for rel in PLAIN_LINKS:
        pool.get(links[rel], status=200)


def test_all_other_links_of_the_root_are_templates(module_pool: PoolApp) -> None:
    links = module_pool.get("/", headers=HAL).json["_links"]
    assert {rel for rel, link in links.items() if not link.get("templated")} == set(PLAIN_LINKS)


def test_the_job_template_fits_a_job(pool: PoolApp) -> None:
    path = pool.post_job()
    template = pool.get("/").json["_links"]["job"]
    assert template.replace("{job}", "example-job") == path


def test_the_flow_template_fits_a_flow(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    flow = pool.post_json("/flows", {"jobs": [{"job": job}]}, headers=pool.owner, status=201).json
    assert pool.get("/").json["_links"]["flow"].replace("{flow}", flow["id"]) == flow["_links"]["self"]


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/plain", "garbage", "a/b;q=x", ""])
def test_json_is_served_for_any_accept_header(module_pool: PoolApp, accept: str) -> None:
    assert module_pool.get("/", headers={"Accept": accept}, status=200).content_type == "application/json"


def test_the_root_has_the_pools_name(make_pool: MakePool) -> None:
    assert make_pool(name="Our pool").get("/").json["name"] == "Our pool"


@pytest.mark.parametrize(("setting", "who"), [(False, "key"), (True, "open"), ("review", "review")])
def test_the_root_says_who_may_post(make_pool: MakePool, setting: bool | str, who: str) -> None:
    assert make_pool(open=setting).get("/").json["posting"] == who


def test_the_preferred_media_type_is_served(module_pool: PoolApp) -> None:
    accept = "application/json;q=0.5, application/hal+json"
    assert module_pool.get("/", headers={"Accept": accept}).content_type == "application/hal+json"


def test_the_vary_header_of_documents(module_pool: PoolApp) -> None:
    assert module_pool.get("/").headers["Vary"] == "Accept, Authorization"


def test_a_trailing_slash_is_ignored(module_pool: PoolApp) -> None:
    module_pool.get("/jobs/index/", status=200)


def test_an_unknown_path_is_404(module_pool: PoolApp) -> None:
    problem(module_pool.get("/nothing", status=404), 404, "/nothing")


def test_a_document_cannot_be_used_as_a_page(module_pool: PoolApp) -> None:
    headers = module_pool.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_healthy_pool_is_live_and_ready(module_pool: PoolApp) -> None:
    health = module_pool.get("/health", status=200)
    assert (health.json["live"], health.json["ready"]) == (True, True)
    assert health.headers["Cache-Control"] == "no-store"


def test_a_pool_that_cannot_store_is_live_and_not_ready(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.flat.writer.Writer.temporary", _full_disk)
    health = pool.get("/health", status=503)
    assert (health.json["live"], health.json["ready"]) == (True, False)
    assert int(health.headers["Retry-After"]) > 0


def test_a_full_disk_is_507_with_retry_after(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    job = pool.post_job()
    monkeypatch.setattr("storage.flat.writer.Writer.temporary", _full_disk)
    response = pool.post_json(f"{job}/variables", {"x": 1}, headers=pool.owner, status=507)
    problem(response, 507, "disk")
    assert int(response.headers["Retry-After"]) > 0


def test_a_500_has_no_internal_details(module_pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret of the pool")

    monkeypatch.setattr("pool.jobs.Jobs.page", fail)
    response = module_pool.get("/jobs/index", status=500)
    assert "secret" not in response.text
    problem(response, 500, "log")


def _full_disk(*_: object, **__: object) -> str:
    raise OSError(28, "No space left on device")


def test_health_tells_what_takes_long_in_the_background(pool: PoolApp) -> None:
    assert "housekeeping" not in pool.get("/health").json
    store = pool.pool.store
    progress = {"task": "trash", "since": "2026-01-01T00:00:00.000Z", "removed": 5}
    by = store._tree.writer.workspace().rsplit("/")[-1]
    (pool.data / "housekeeping" / "progress.json").write_text(json.dumps({**progress, "by": by}))
    assert pool.get("/health").json["housekeeping"] == progress
    (pool.data / "housekeeping" / "progress.json").write_text(json.dumps({**progress, "by": "1-dead"}))
    assert "housekeeping" not in pool.get("/health").json
