"""`/operator`: what the operator sees, who else does not, and the blocks that it sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

import server
from pool.activity import FIRST_LEASES
from storage.errors import StorageFull
from storage.flat import FlatStore
from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import HAL, VOLUNTEER, other_key, problem

NETWORK = "192.0.2.0/24"


def document(pool: PoolApp) -> dict[str, Any]:
    """What the operator sees now."""
    pool.clock.advance(60)
    return dict(pool.get("/operator", headers=pool.owner, status=200).json)


def block(pool: PoolApp, target: str = NETWORK, reason: str = "a flood", status: int = 201) -> Any:
    return pool.post_json("/operator/blocks", {"target": target, "reason": reason}, headers=pool.owner, status=status)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/operator"), ("POST", "/operator/blocks"), ("DELETE", f"/operator/blocks/{NETWORK}")]
)
def test_only_the_operators_key_opens_it(module_pool: PoolApp, method: str, path: str) -> None:
    headers = {**other_key(module_pool), "Content-Type": "application/json"}
    problem(module_pool.request(path, method=method, headers=headers, body=b"{}", status=403), 403)
    del headers["Authorization"]
    problem(module_pool.request(path, method=method, headers=headers, body=b"{}", status=401), 401)


def test_the_page_needs_no_key(module_pool: PoolApp) -> None:
    response = module_pool.get("/operator", headers={"Accept": "text/html"}, status=200)
    assert response.content_type == "text/html"


def test_it_has_jobs_volunteers_and_results(pool: PoolApp) -> None:
    job = pool.post_job()
    for number in range(3):
        pool.post_variable(job, str(number))
    first = pool.lease(job, **VOLUNTEER)
    pool.post_json(first["post_result"], 2, headers=VOLUNTEER, status=201)
    pool.lease(job, **VOLUNTEER)
    found = document(pool)
    assert found["jobs"]["states"] == {"open": 1}
    assert found["variables"] == {"open": 1, "leased": 1, "held": 0, "failed": 0, "withdrawn": 0, "done": 1}
    assert found["results"]["accepted"] == 1
    (active,) = found["active"]
    assert (active["id"], active["name"], active["variables"]["done"]) == ("example-job", "Example job", 1)
    assert (found["volunteers"]["leases"], found["volunteers"]["leasing"], found["volunteers"]["active"]) == (1, 1, 1)
    (volunteer,) = found["volunteers"]["listed"]
    assert (volunteer["leases"], volunteer["accepted"], len(volunteer["volunteer"])) == (1, 1, 16)


def test_it_lists_jobs_in_review_and_those_that_the_pool_paused(make_pool: MakePool) -> None:
    pool = make_pool(open="review")
    pool.post_json("/jobs", {"name": "Tides", "execute_function": "() => 1"}, status=201)
    paused = pool.post_job("Paused")
    pool.patch_json(paused, {"state": "paused"}, headers=pool.owner)
    found = document(pool)
    assert [job["id"] for job in found["jobs"]["review"]] == ["tides"]
    assert [job["id"] for job in found["jobs"]["paused"]] == ["paused"]
    assert found["disk"]["strangers"]["jobs"] == 1


def test_it_has_the_newest_flows(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    pool.post_json("/flows", {"name": "Sum", "jobs": [{"job": job}]}, headers=pool.owner, status=201)
    flows = document(pool)["flows"]
    assert flows["running"] == 1
    assert [(flow["name"], flow["state"]) for flow in flows["newest"]] == [("Sum", "running")]


def test_it_shows_digests_of_keys_and_no_secret(pool: PoolApp) -> None:
    key = pool.pool.keys.add("alice")
    found = pool.get("/operator", headers=pool.owner).text
    assert key not in found and pool.key not in found
    keys = pool.get("/operator", headers=pool.owner).json["keys"]
    assert {(known["owner"], known["role"]) for known in keys} == {("operator", "operator"), ("alice", "owner")}
    assert {len(known["digest"]) for known in keys} == {12}


def test_it_knows_the_disk(pool: PoolApp) -> None:
    disk = document(pool)["disk"]
    assert disk["writable"] is True
    assert 0 < disk["free"] < disk["total"]


def test_refusals_are_counted_by_limit(pool: PoolApp) -> None:
    job = pool.post_job()
    for number in range(10):
        pool.post_variable(job, str(number))
    for _ in range(int(FIRST_LEASES)):
        pool.lease(job, **VOLUNTEER)
    for _ in range(2):
        pool.get(f"{job}/variables", headers=VOLUNTEER, status=429)
    block(pool)
    pool.clock.advance(10)
    pool.get(job, extra_environ=address(9), status=403)
    assert document(pool)["refusals"] == {"blocked": 1, "leases": 2}


def test_refusals_of_the_front_door_are_among_them(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_pools", [pool.pool])
    server.PoolWorker.count_refusal(object.__new__(server.PoolWorker), "slow")
    assert document(pool)["refusals"] == {"slow": 1}


def test_refusals_of_all_processes_are_summed(pool: PoolApp) -> None:
    with closing(FlatStore(pool.data, fsync=False)) as other:
        other.processes.put({"since": "2014-12-02T09:09:09.123Z", "refusals": {"leases": 40, "x": "y"}, "sandbox": {}})
        found = document(pool)
    assert found["refusals"] == {"leases": 40}
    assert found["since"] == "2014-12-02T09:09:09.123Z"
    assert len(found["sandbox"]) == 2


def test_a_process_tells_the_others_seldom(pool: PoolApp) -> None:
    def told() -> Iterator[Any]:
        with closing(FlatStore(pool.data, fsync=False)) as other:
            yield from other.processes.others()

    pool.get("/health")
    assert list(told()) == []
    pool.clock.advance(6)
    pool.get("/health")
    assert [process["refusals"] for process in told()] == [{}]


def test_a_full_disk_fails_no_request_for_what_a_process_would_tell(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(_document: Any) -> None:
        raise StorageFull("no space left")

    monkeypatch.setattr(pool.pool.store.processes, "put", put)
    pool.clock.advance(6)
    pool.get("/health", status=200)


def test_figures_are_counted_once_for_all_who_ask_within_two_seconds(
    pool: PoolApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    count = pool.pool.index.summary
    monkeypatch.setattr(pool.pool.index, "summary", lambda listed: counted.append(listed) or count(listed))
    for _ in range(3):
        pool.get("/operator", headers=pool.owner)
    assert len(counted) == 1
    document(pool)
    assert len(counted) == 2


# Blocks


def test_a_block_is_set_shown_and_removed(pool: PoolApp) -> None:
    job = pool.post_job()
    posted = block(pool, "192.0.2.7/24")
    assert posted.json["target"] == NETWORK
    pool.clock.advance(10)
    problem(pool.get(job, extra_environ=address(9), status=403), 403, "a flood")
    (shown,) = document(pool)["blocks"]
    assert (shown["target"], shown["reason"]) == (NETWORK, "a flood")
    assert shown["_links"]["self"] == posted.headers["Location"]
    pool.delete(shown["_links"]["self"], headers=pool.owner, status=204)
    problem(pool.delete(shown["_links"]["self"], headers=pool.owner, status=404), 404)
    pool.clock.advance(10)
    pool.get(job, extra_environ=address(9), status=200)


@pytest.mark.parametrize(
    ("target", "reason", "field"),
    [("everybody", "x", "target"), ("", "x", "target"), (NETWORK, "", "reason"), (NETWORK, "x" * 501, "reason")],
)
def test_an_invalid_block_is_refused_by_its_field(module_pool: PoolApp, target: str, reason: str, field: str) -> None:
    assert block(module_pool, target, reason, status=422).json["field"] == field


@pytest.mark.parametrize("target", ["nobody", "key:5f3c", "198.51.100.0%2F24", "..%2f"])
def test_a_block_that_there_is_not_is_404(module_pool: PoolApp, target: str) -> None:
    module_pool.delete(f"/operator/blocks/{target}", headers=module_pool.owner, status=404)


def test_links_are_objects_in_hal(module_pool: PoolApp) -> None:
    block(module_pool)
    found = module_pool.get("/operator", headers={**module_pool.owner, **HAL}).json
    assert found["_links"]["job"]["templated"] is True
    assert found["blocks"][0]["_links"]["self"]["href"].startswith("/operator/blocks/")
