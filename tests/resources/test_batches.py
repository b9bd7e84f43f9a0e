"""Several variables leased, and several results posted, by one request: each with an outcome of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resources.request import MAX_LEASES
from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import VOLUNTEER

NDJSON = {"Content-Type": "application/x-ndjson"}
RIGHT = "(variable, result) => result === undefined || result === variable.n * 2"


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    """Every request is of a volunteer that may hold many leases."""
    return make_pool(trusted="127.0.0.0/8")


def post_job(pool: PoolApp, variables: int = 3, **fields: Any) -> str:
    job = pool.post_job("Doubles", **fields)
    for number in range(variables):
        pool.post_variable(job, f"v{number}", n=number)
    return job


def lease(pool: PoolApp, job: str, count: int) -> list[dict[str, Any]]:
    response = pool.get(f"{job}/variables?count={count}", headers=VOLUNTEER, status=200)
    return list(response.json["_embedded"]["items"])


def line(variable: dict[str, Any], result: Any, **fields: Any) -> dict[str, Any]:
    return {"post_result": variable["_links"]["post_result"], "result": result, **fields}


def post(pool: PoolApp, job: str, *lines: Any, **options: Any) -> Any:
    body = b"\n".join(part if isinstance(part, bytes) else json.dumps(part).encode() for part in lines)
    return pool.post(f"{job}/results", body, headers={**NDJSON, **VOLUNTEER}, **options)


def outcomes(pool: PoolApp, job: str, *lines: Any) -> list[dict[str, Any]]:
    return list(post(pool, job, *lines, status=200).json["outcomes"])


def statuses(pool: PoolApp, job: str, *lines: Any) -> list[int]:
    return [outcome["status"] for outcome in outcomes(pool, job, *lines)]


# Leasing


def test_a_count_leases_so_many(pool: PoolApp) -> None:
    job = post_job(pool)
    response = pool.get(f"{job}/variables?count=2", status=200)
    items = response.json["_embedded"]["items"]
    assert response.json["count"] == len({item["_links"]["self"] for item in items}) == 2
    assert pool.get(f"{job}/progress").json["variables"]["leased"] == 2


def test_each_item_is_as_it_is_leased_alone(pool: PoolApp) -> None:
    job = post_job(pool)
    alone = pool.get(f"{job}/variables").json
    [item] = lease(pool, job, 1)
    assert set(item) == set(alone)
    assert set(item["_links"]) == set(alone["_links"])
    pool.post_json(item["_links"]["post_result"], item["n"] * 2, status=201)


def test_the_lease_is_not_cached_and_its_seconds_are_in_the_header(pool: PoolApp) -> None:
    job = post_job(pool, settings={"lease_seconds": 60})
    response = pool.get(f"{job}/variables?count=2")
    assert response.headers["Cache-Control"] == "no-store"
    assert 60 <= int(response.headers["Lease-Seconds"]) <= 63


def test_fewer_where_there_are_no_more_and_204_without_any(pool: PoolApp) -> None:
    job = post_job(pool)
    assert len(lease(pool, job, 10)) == 3
    assert int(pool.get(f"{job}/variables?count=10", status=204).headers["Retry-After"]) > 0


def test_the_scheduler_of_the_job_chooses_each(pool: PoolApp) -> None:
    source = "(context) => context.variables.map((one) => one.id).sort().pop()"
    job = post_job(pool, variable_scheduler=source)
    assert [item["n"] for item in lease(pool, job, 2)] == [2, 1]


def test_more_than_the_limit_means_the_limit(pool: PoolApp) -> None:
    job = pool.post_job("Many")
    pool.post(f"{job}/variables", b"{}\n" * (MAX_LEASES + 1), headers={**NDJSON, **pool.owner})
    assert len(lease(pool, job, 1_000_000)) == MAX_LEASES


def test_large_variables_end_a_batch(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.variables.BATCH_BYTES", 2500)
    job = pool.post_job("Large")
    for number in range(5):
        pool.post_variable(job, f"v{number}", text="x" * 1000)
    assert len(lease(pool, job, 5)) == 3


@pytest.mark.parametrize("count", ["0", "-1", "x", "", "1.5", "1&count=2", "9999999999"])
def test_an_invalid_count_is_400_and_leases_nothing(pool: PoolApp, count: str) -> None:
    job = post_job(pool)
    assert "count: " in pool.get(f"{job}/variables?count={count}", status=400).json["detail"]
    assert pool.get(f"{job}/progress").json["variables"]["leased"] == 0


def test_a_stranger_gets_as_many_as_it_may_hold(make_pool: MakePool) -> None:
    pool = make_pool()
    job = post_job(pool, 20)
    response = pool.get(f"{job}/variables?count=20", headers=VOLUNTEER, extra_environ=address(1))
    assert response.json["count"] == 4
    pool.get(f"{job}/variables?count=20", headers=VOLUNTEER, extra_environ=address(1), status=429)


def test_strangers_together_hold_the_share_of_new_volunteers(make_pool: MakePool) -> None:
    """Eight at least; then one each."""
    pool = make_pool()
    job = post_job(pool, 20)
    counts = [
        pool.get(
            f"{job}/variables?count=20", headers={"Volunteer": f"volunteer-{number:016}"}, extra_environ=address(number)
        ).json["count"]
        for number in range(4)
    ]
    assert counts == [4, 4, 1, 1]


# Posting


def test_each_result_is_accepted_and_has_its_location(pool: PoolApp) -> None:
    job = post_job(pool)
    items = lease(pool, job, 3)
    found = outcomes(pool, job, *(line(item, item["n"] * 2, run_seconds=0) for item in items))
    assert [outcome["status"] for outcome in found] == [201] * 3
    for item, outcome in zip(items, found, strict=True):
        assert pool.get(outcome["location"]).json["result"] == item["n"] * 2
    assert pool.get(f"{job}/progress").json["variables"]["done"] == 3


def test_outcomes_are_in_order_and_independent(pool: PoolApp) -> None:
    job = post_job(pool, 4, validate_result=RIGHT)
    right, wrong, forged, late = lease(pool, job, 4)
    pool.post_json(late["_links"]["post_result"].partition("?")[0], late["n"] * 2, status=201)
    forged["_links"]["post_result"] = right["_links"]["post_result"].replace(
        right["_links"]["self"], forged["_links"]["self"]
    )
    assert statuses(
        pool,
        job,
        line(wrong, -1),
        b"{",
        line(forged, forged["n"] * 2),
        line(late, late["n"] * 2),
        line(right, right["n"] * 2),
    ) == [422, 400, 403, 409, 201]


@pytest.mark.parametrize(
    ("bad", "status", "detail"),
    [
        ({"result": 1}, 422, "post_result: must be the link post_result of a variable of this job"),
        ({"post_result": "/jobs/other/variables/v0/results", "result": 1}, 422, "post_result: "),
        ({"post_result": "http://other.example/jobs/doubles/variables/v0/results", "result": 1}, 422, "post_result: "),
        ({"post_result": 5, "result": 1}, 422, "post_result: "),
        ({"post_result": "/jobs/doubles/variables/v0/results"}, 422, "result: is missing"),
        ({"post_result": "/jobs/doubles/variables/v0/results", "result": {"_links": 1}}, 422, "_links"),
        ({"post_result": "/jobs/doubles/variables/v0/results", "result": 1, "lease": "x"}, 422, "lease: unknown"),
        ({"post_result": "/jobs/doubles/variables/v0/results", "result": 1, "run_seconds": -1}, 422, "run_seconds: "),
        ({"post_result": "/jobs/doubles/variables/v0/results", "result": 1, "run_seconds": True}, 422, "run_seconds: "),
        ({"post_result": "/jobs/doubles/variables/none/results", "result": 1}, 404, "there is no variable 'none'"),
        ({"post_result": "/jobs/doubles/variables/UPPER/results", "result": 1}, 422, "variable id: "),
        ([], 422, "a line: "),
        (b'{"result": 9007199254740993}', 422, "line 1: result: "),
        (b'{"result": NaN}', 400, "line 1 is not JSON"),
        (b"\xff", 400, "line 1 is not JSON"),
    ],
)
def test_a_bad_line_says_what_is_wrong_and_refuses_no_other(pool: PoolApp, bad: Any, status: int, detail: str) -> None:
    job = post_job(pool)
    [item] = lease(pool, job, 1)
    first, second = outcomes(pool, job, bad, line(item, 1))
    assert (first["status"], second["status"]) == (status, 201)
    assert first["problem"]["status"] == status
    assert detail in first["problem"]["detail"]


def test_a_result_beyond_its_limit_is_413_and_the_others_are_accepted(make_pool: MakePool) -> None:
    pool = make_pool(trusted="127.0.0.0/8", max_document=5000)
    job = post_job(pool)
    large, small = lease(pool, job, 2)
    assert statuses(pool, job, line(large, "x" * 10_000), line(small, 1)) == [413, 201]


def test_the_same_batch_again_stores_nothing_twice(pool: PoolApp) -> None:
    job = post_job(pool)
    lines = [line(item, item["n"]) for item in lease(pool, job, 3)]
    assert outcomes(pool, job, *lines) == outcomes(pool, job, *lines)
    assert pool.get(f"{job}/results").json["count"] == 3


def test_of_two_results_of_one_variable_the_first_decides(pool: PoolApp) -> None:
    job = post_job(pool, validate_result=RIGHT)
    variable, other = lease(pool, job, 2)
    without_lease = {"post_result": variable["_links"]["post_result"].partition("?")[0], "result": variable["n"] * 2}
    same = line(variable, variable["n"] * 2)
    found = outcomes(pool, job, same, without_lease, same, line(other, other["n"] * 2))
    assert [outcome["status"] for outcome in found] == [201, 409, 201, 201]
    assert found[0] == found[2]


def test_a_lease_is_required_where_the_job_requires_it(pool: PoolApp) -> None:
    job = post_job(pool, settings={"require_lease": True})
    [item] = lease(pool, job, 1)
    without = {"post_result": item["_links"]["post_result"].partition("?")[0], "result": 1}
    assert statuses(pool, job, without, line(item, 1)) == [403, 201]


def test_a_result_to_repeat_says_when(make_pool: MakePool) -> None:
    pool = make_pool()
    job = post_job(pool, validate_result=RIGHT)
    links = [f"{job}/variables/v{number}/results" for number in range(2)]
    [first, _] = outcomes(pool, job, *({"post_result": link, "result": -1} for link in links))
    assert first["status"] == 422
    [again] = outcomes(pool, job, {"post_result": links[0], "result": 0})
    assert again["status"] == 429
    assert again["retry_after"] > 0


def test_too_many_lines_are_413(pool: PoolApp) -> None:
    job = post_job(pool)
    assert "at most 256" in post(pool, job, *[{}] * 257, status=413).json["detail"]


def test_another_media_type_is_415(pool: PoolApp) -> None:
    pool.post_json(f"{post_job(pool)}/results", [], status=415)


def test_results_of_an_anonymous_poster_s_job_count_once_for_its_quota(make_pool: MakePool) -> None:
    """Those that are not stored do not count."""
    pool = make_pool(open=True, open_bytes=20_000)
    job = pool.post_json("/jobs", {"name": "Doubles", "execute_function": "() => 1"}).json["_links"]["self"]
    for number in range(2):
        pool.put_json(f"{job}/variables/v{number}", {"n": number})
    large = {"post_result": f"{job}/variables/v0/results", "result": "x" * 8000}
    assert statuses(pool, job, large, large) == [201, 409]
    assert statuses(pool, job, {**large, "post_result": f"{job}/variables/v1/results"}) == [201]


def test_a_mount_prefix_is_part_of_the_links(pool: PoolApp) -> None:
    job = post_job(pool)
    environ = {"SCRIPT_NAME": "/pool"}
    items = pool.get(f"{job}/variables?count=1", extra_environ=environ).json["_embedded"]["items"]
    body = json.dumps(line(items[0], 1)).encode()
    [outcome] = pool.post(f"{job}/results", body, headers=NDJSON, extra_environ=environ).json["outcomes"]
    assert outcome["status"] == 201
    assert outcome["location"].startswith("/pool/jobs/")
