"""`GET /jobs/{job}/results?wait=…&order=…&errors=…`: the stream that clients follow to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from resources.request import CLIENT_IS_GONE
from storage.clock import ManualClock
from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import HAL, NDJSON, other_key, problem
from tests.serving import wait_until

JOB = "/jobs/example-job"
FAILURE = {"error": {"kind": "threw", "message": "TypeError: no", "stack": "at f"}, "console": "hello\n"}


def post_variables(pool: PoolApp, count: int, **fields: Any) -> None:
    pool.post_job(**fields)
    for number in range(count):
        pool.post_variable(JOB, f"v{number}", x=number)


def finish(pool: PoolApp, number: int) -> None:
    pool.post_json(f"{JOB}/variables/v{number}/results", number * 2, status=201)


def fail(pool: PoolApp, number: int = 1) -> str:
    """Leases the one variable that is open, and reports a failure; returns its id."""
    links = pool.get(f"{JOB}/variables", extra_environ=address(number), status=200).json["_links"]
    pool.post_json(links["post_report"], FAILURE, extra_environ=address(number), status=204)
    return str(links["self"]).rpartition("/")[2]


def stream(pool: PoolApp, query: str = "wait=0", **headers: str) -> dict[str, Any]:
    return dict(pool.get(f"{JOB}/results?{query}", headers=headers, status=200).json)


def entries(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["variable"], item["state"]) for item in page["_embedded"]["items"]]


def done(*numbers: int) -> list[tuple[str, str]]:
    return [(f"v{number}", "done") for number in numbers]


def follow(pool: PoolApp, query: str, **headers: str) -> list[tuple[str, str]]:
    """All entries up to the last page, by the links `next`."""
    path, found = f"{JOB}/results?{query}", []
    while path:
        page = pool.get(path, headers=headers, status=200).json
        found += entries(page)
        path = page["_links"].get("next", "")
    return found


def waiting(pool: PoolApp, query: str = "wait=60") -> Callable[[], dict[str, Any]]:
    """Sends a request that waits; returns what gets its page."""
    count = waiters(pool)._jobs.total()
    executor = ThreadPoolExecutor(1)
    future = executor.submit(stream, pool, query)
    executor.shutdown(wait=False)
    wait_until(lambda: waiters(pool)._jobs.total() > count)
    return lambda: future.result(20)


def waiters(pool: PoolApp) -> Any:
    return pool.pool.stream.waiters


# Waiting


def test_a_request_waits_for_the_next_result(pool: PoolApp) -> None:
    post_variables(pool, 2)
    page = waiting(pool)
    finish(pool, 1)
    assert entries(page()) == done(1)


def test_a_request_in_input_order_waits_for_the_first_variable(pool: PoolApp) -> None:
    post_variables(pool, 3)
    page = waiting(pool, "wait=60&order=input")
    finish(pool, 1)
    finish(pool, 0)
    assert entries(page()) == done(0, 1)


def test_what_is_there_is_not_waited_for(pool: PoolApp) -> None:
    post_variables(pool, 2)
    finish(pool, 0)
    assert entries(stream(pool, "wait=60")) == done(0)


def test_a_wait_in_vain_ends_with_the_same_cursor(pool: PoolApp) -> None:
    post_variables(pool, 2)
    finish(pool, 0)
    cursor = stream(pool)["cursor"]
    page = stream(pool, f"wait=0.1&cursor={cursor}")
    assert (page["count"], page["cursor"], page["finished"]) == (0, cursor, False)


def test_a_request_waits_for_the_end_of_the_job(pool: PoolApp) -> None:
    post_variables(pool, 1)
    page = waiting(pool)
    pool.delete(f"{JOB}/variables/v0", headers=pool.owner, status=204)
    assert (page()["count"], page()["finished"]) == (0, True)


def test_a_request_whose_job_is_deleted_meanwhile_is_404(pool: PoolApp) -> None:
    post_variables(pool, 1)
    with ThreadPoolExecutor(1) as executor:
        response = executor.submit(pool.get, f"{JOB}/results?wait=60", status="*")
        wait_until(lambda: waiters(pool)._jobs)
        pool.delete(JOB, headers=pool.owner, status=204)
        problem(response.result(20), 404, "example-job")


def test_head_does_not_wait(pool: PoolApp) -> None:
    post_variables(pool, 1)
    pool.head(f"{JOB}/results?wait=60", status=200)


def test_a_wait_ends_when_the_server_stops(pool: PoolApp) -> None:
    post_variables(pool, 1)
    page = waiting(pool)
    waiters(pool).is_stopping = True
    assert page()["count"] == 0


def test_a_wait_ends_when_its_client_is_gone(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.waiters.ABANDONED_SECONDS", 0.01)
    post_variables(pool, 1)
    answers = iter([False, False, True])
    gone = {CLIENT_IS_GONE: lambda: next(answers)}
    assert pool.get(f"{JOB}/results?wait=60", extra_environ=gone, status=200).json["count"] == 0
    assert next(answers, None) is None


def test_a_client_that_stays_gets_what_comes(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.waiters.ABANDONED_SECONDS", 0.01)
    post_variables(pool, 2)
    page = waiting(pool)
    finish(pool, 1)
    assert page()["count"] == 1


def test_beyond_a_quarter_of_the_threads_nobody_waits(make_pool: MakePool) -> None:
    pool = make_pool(threads=8)
    post_variables(pool, 1)
    first, second = [pool.pool.stream.waiters.place(party) for party in ("a", "b")]
    with first, second:
        response = pool.get(f"{JOB}/results?wait=60", status=200)
    assert (response.json["count"], response.headers["Retry-After"]) == (0, "2")


def test_an_address_has_half_of_the_places(make_pool: MakePool) -> None:
    pool = make_pool(threads=16)
    post_variables(pool, 1)
    pages = [waiting(pool), waiting(pool)]
    assert pool.get(f"{JOB}/results?wait=60", status=200).headers["Retry-After"] == "2"
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(pool.get, f"{JOB}/results?wait=60", extra_environ=address(1), status=200)
        wait_until(lambda: waiters(pool)._parties.total() == 3)
        finish(pool, 0)
        assert "Retry-After" not in other.result(20).headers
    assert [page()["count"] for page in pages] == [1, 1]


def test_whoever_has_a_key_may_have_all_places(make_pool: MakePool) -> None:
    pool = make_pool(threads=8)
    post_variables(pool, 1)
    place = pool.pool.stream.waiters.place
    with place(None) as first, place(None) as second, place(None) as third:
        assert (first, second, third) == (True, True, False)
    with place("a"), place("a") as of_stranger:
        assert not of_stranger
        assert "Retry-After" not in pool.get(f"{JOB}/results?wait=0.01", headers=pool.owner, status=200).headers


def test_a_place_is_free_again_after_the_wait(make_pool: MakePool) -> None:
    pool = make_pool(threads=4)
    post_variables(pool, 1)
    for _ in range(3):
        assert "Retry-After" not in pool.get(f"{JOB}/results?wait=0.01", status=200).headers


def test_waiters_leave_nothing_behind(pool: PoolApp) -> None:
    post_variables(pool, 1)
    stream(pool, "wait=0.1")
    assert not waiters(pool)._jobs
    assert not waiters(pool)._latest
    assert not waiters(pool)._parties


def test_requests_that_wait_share_one_look_at_the_files(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = make_pool(threads=16)
    post_variables(pool, 2)
    looks: list[str] = []
    look = waiters(pool)._look
    pages = [waiting(pool), waiting(pool)]
    monkeypatch.setattr(waiters(pool), "_look", lambda job: looks.append(threading.current_thread().name) or look(job))
    wait_until(lambda: len(looks) >= 3)
    finish(pool, 0)
    assert [entries(page()) for page in pages] == [done(0)] * 2
    assert set(looks) == {"waiters"}


# The end, and the cursor


def test_a_stream_ends_when_nothing_is_left_to_do(pool: PoolApp) -> None:
    post_variables(pool, 3)
    for number in (2, 0, 1):
        finish(pool, number)
    page = stream(pool, "wait=60&limit=2")
    assert (entries(page), page["finished"]) == (done(2, 0), False)
    last = pool.get(page["_links"]["next"]).json
    assert (entries(last), last["finished"]) == (done(1), True)
    assert "next" not in last["_links"]


def test_a_leased_variable_is_left_to_do(pool: PoolApp) -> None:
    post_variables(pool, 1)
    pool.lease(JOB)
    assert not stream(pool)["finished"]


def test_a_job_without_variables_is_not_finished(pool: PoolApp) -> None:
    pool.post_job()
    page = stream(pool)
    assert (page["count"], page["finished"], page["cursor"]) == (0, False, "0")


def test_a_failed_variable_is_not_waited_for(pool: PoolApp) -> None:
    post_variables(pool, 1, settings={"max_errors": 1})
    fail(pool)
    assert stream(pool, "wait=60")["finished"]


@pytest.mark.parametrize("order", ["accepted", "input"])
def test_every_entry_has_the_cursor_behind_it(pool: PoolApp, order: str) -> None:
    post_variables(pool, 3)
    for number in range(3):
        finish(pool, number)
    items = stream(pool, f"wait=0&order={order}")["_embedded"]["items"]
    assert entries(stream(pool, f"wait=0&order={order}&cursor={items[0]['cursor']}")) == done(1, 2)


@pytest.mark.parametrize("order", ["accepted", "input"])
def test_a_cursor_is_valid_after_a_restart(make_pool: MakePool, order: str) -> None:
    pool = make_pool()
    post_variables(pool, 4)
    finish(pool, 0)
    finish(pool, 1)
    page = stream(pool, f"wait=0&order={order}")
    pool.pool.close()
    restarted = make_pool()
    finish(restarted, 3)
    finish(restarted, 2)
    rest = entries(restarted.get(page["_links"]["next"]).json)
    assert entries(page) + rest == (done(0, 1, 2, 3) if order == "input" else done(0, 1, 3, 2))


def test_the_template_of_the_job_leads_to_the_stream(pool: PoolApp) -> None:
    pool.post_job()
    template = pool.get(JOB, headers=HAL).json["_links"]["follow_results"]
    assert template == {"href": f"{JOB}/results{{?wait,order,errors,limit,cursor}}", "templated": True}


# Order


def test_input_order_ends_before_the_first_open_variable(pool: PoolApp) -> None:
    post_variables(pool, 4)
    for number in (0, 1, 3):
        finish(pool, number)
    page = stream(pool, "wait=0&order=input")
    assert entries(page) == done(0, 1)
    finish(pool, 2)
    assert entries(pool.get(page["_links"]["next"]).json) == done(2, 3)


def test_input_order_passes_over_what_has_no_result(pool: PoolApp) -> None:
    post_variables(pool, 2)
    pool.delete(f"{JOB}/variables/v0", headers=pool.owner, status=204)
    finish(pool, 1)
    assert entries(stream(pool, "wait=0&order=input")) == done(1)


def test_large_results_make_small_pages(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pool.stream.PAGE_BYTES", 1000)
    post_variables(pool, 3)
    for number in range(3):
        pool.post_json(f"{JOB}/variables/v{number}/results", "x" * 1000, status=201)
    assert entries(stream(pool)) == done(0)
    assert follow(pool, "wait=60") == done(0, 1, 2)


def test_rejected_results_make_no_entry_and_are_read_once(pool: PoolApp) -> None:
    post_variables(pool, 1, validate_result="(variable, result) => result === undefined || result > 0")
    pool.post_json(f"{JOB}/variables/v0/results", -1, status=422)
    page = stream(pool)
    assert (page["count"], page["cursor"] != "0") == (0, True)


# Errors


@pytest.mark.parametrize("order", ["accepted", "input"])
def test_variables_without_a_result_are_entries_where_they_are_wanted(pool: PoolApp, order: str) -> None:
    post_variables(pool, 3, settings={"max_errors": 1})
    pool.delete(f"{JOB}/variables/v0", headers=pool.owner, status=204)
    finish(pool, 1)
    fail(pool)
    assert follow(pool, f"wait=60&order={order}&errors=true") == [("v0", "withdrawn"), ("v1", "done"), ("v2", "failed")]
    assert follow(pool, f"wait=60&order={order}&errors=false") == done(1)


def test_the_owner_learns_what_went_wrong(pool: PoolApp) -> None:
    post_variables(pool, 1, settings={"max_errors": 1})
    fail(pool)
    (item,) = stream(pool, "errors=true", **pool.owner)["_embedded"]["items"]
    assert (item["reason"], item["message"], item["console"]) == ("threw", "TypeError: no", "hello\n")
    assert pool.get(item["_links"]["self"], headers=pool.owner).json["failure"]["stack"] == "at f"


def test_a_rejected_result_is_a_reason(pool: PoolApp) -> None:
    check = "(variable, result) => result === undefined || {valid: false, reason: 'too small'}"
    post_variables(pool, 1, validate_result=check, settings={"max_errors": 1})
    pool.post_json(f"{JOB}/variables/v0/results", 1, status=422)
    (item,) = stream(pool, "errors=true", **pool.owner)["_embedded"]["items"]
    assert (item["reason"], item["message"]) == ("rejected", "too small")


@pytest.mark.parametrize("is_other", [False, True])
def test_others_learn_the_reason_alone(pool: PoolApp, is_other: bool) -> None:
    post_variables(pool, 1, settings={"max_errors": 1})
    fail(pool)
    (item,) = stream(pool, "errors=true", **(other_key(pool) if is_other else {}))["_embedded"]["items"]
    assert set(item) == {"_links", "variable", "state", "cursor", "created", "reason"}
    assert set(item["_links"]) == {"get_variable", "get_job"}


def test_a_withdrawn_variable_says_by_whom(pool: PoolApp) -> None:
    post_variables(pool, 1)
    pool.delete(f"{JOB}/variables/v0", headers=pool.owner, status=204)
    (item,) = stream(pool, "errors=true")["_embedded"]["items"]
    assert item["reason"] == "withdrawn by its owner"


def test_a_released_variable_is_no_entry(pool: PoolApp) -> None:
    post_variables(pool, 1, settings={"max_errors": 1})
    fail(pool)
    pool.patch_json(f"{JOB}/variables/v0", {"state": "open"}, headers=pool.owner, status=200)
    assert entries(stream(pool, "errors=true")) == []
    fail(pool, 2)
    assert entries(stream(pool, "errors=true")) == [("v0", "failed")]


def test_the_owner_learns_of_stuck_variables_when_there_is_nothing_else(pool: PoolApp, clock: ManualClock) -> None:
    post_variables(pool, 2)
    finish(pool, 0)
    assert fail(pool) == "v1"
    clock.advance(3700)
    page = stream(pool, "errors=true", **pool.owner)
    assert entries(page) == done(0)
    rest = f"wait=0.1&errors=true&cursor={page['cursor']}"
    stuck = stream(pool, rest, **pool.owner)
    assert (entries(stuck), stuck["cursor"], stuck["finished"]) == ([("v1", "stuck")], page["cursor"], False)
    assert stuck["_embedded"]["items"][0]["message"] == "TypeError: no"
    assert entries(stream(pool, rest)) == []


# Invalid requests


@pytest.mark.parametrize(
    "query",
    ["wait=", "wait=61", "wait=x", "wait=%D9%A3", "errors=1", "errors=", "wait=0&cursor=1", "wait=0&limit=0"],
)
def test_an_invalid_query_is_400(pool: PoolApp, query: str) -> None:
    post_variables(pool, 1)
    finish(pool, 0)
    problem(pool.get(f"{JOB}/results?{query}", status=400), 400, query.rpartition("&")[2].partition("=")[0])


@pytest.mark.parametrize("accept", [NDJSON["Content-Type"], "text/csv"])
def test_a_stream_is_in_pages(pool: PoolApp, accept: str) -> None:
    pool.post_job()
    problem(pool.get(f"{JOB}/results?wait=1", headers={"Accept": accept}, status=400), 400, "wait", accept)


def test_an_unknown_job_has_no_stream(pool: PoolApp) -> None:
    problem(pool.get("/jobs/nobody/results?wait=60", status=404), 404, "nobody")
