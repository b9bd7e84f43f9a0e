"""`/jobs/{job}/results`: all accepted results, in pages, as NDJSON, as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.conftest import PoolApp, address
from tests.resources.helpers import HAL, problem

NDJSON, CSV = {"Accept": "application/x-ndjson"}, {"Accept": "text/csv"}
JOB = "/jobs/example-job"


def compute(pool: PoolApp) -> PoolApp:
    """A job of seven variables: five computed in another order than posted, one with a rejected result, one open."""
    check = "(variable, result) => result === undefined || result >= 0"
    pool.post_job(validate_result=check)
    for number in range(7):
        pool.post_variable(JOB, f"v{number}", x=number)
    links = lease_all(pool)
    pool.clock.advance(2)
    for number in (4, 2, 0, 1, 3):
        pool.post_json(links[f"v{number}"], number, headers={"Run-Seconds": "1"}, status=201)
    pool.post_json(links["v5"], -1, status=422)
    return pool


def lease_all(pool: PoolApp) -> dict[str, str]:
    """Leases all seven variables, each at another address; returns the links to post their results."""
    leased = [pool.get(f"{JOB}/variables", extra_environ=address(number)).json["_links"] for number in range(7)]
    return {links["self"].rpartition("/")[2]: links["post_result"] for links in leased}


@pytest.fixture(scope="module")
def computed(module_pool: PoolApp) -> PoolApp:
    return compute(module_pool)


def pages(pool: PoolApp, path: str) -> list[list[Any]]:
    found = []
    while path:
        page = pool.get(path, status=200).json
        found.append([item["result"] for item in page["_embedded"]["items"]])
        path = page["_links"].get("next")
    return found


def lines(pool: PoolApp, query: str = "") -> list[dict[str, Any]]:
    text = pool.get(f"{JOB}/results{query}", headers=NDJSON, status=200).text
    return [json.loads(line) for line in text.splitlines()]


def results(items: list[dict[str, Any]]) -> list[Any]:
    return [item["result"] for item in items]


@pytest.mark.parametrize(("query", "order"), [("", [4, 2, 0, 1, 3]), ("?order=input", [0, 1, 2, 3, 4])])
def test_results_are_in_the_order_of_acceptance_or_input(computed: PoolApp, query: str, order: list[int]) -> None:
    assert results(computed.get(f"{JOB}/results{query}").json["_embedded"]["items"]) == order


@pytest.mark.parametrize(("query", "order"), [("", [4, 2, 0, 1, 3]), ("?order=input", [0, 1, 2, 3, 4])])
def test_lines_are_in_the_order_of_acceptance_or_input(computed: PoolApp, query: str, order: list[int]) -> None:
    assert results(lines(computed, query)) == order


def test_pages_are_linked(computed: PoolApp) -> None:
    walked = pages(computed, f"{JOB}/results?limit=2")
    assert [result for page in walked for result in page] == [4, 2, 0, 1, 3]
    assert max(map(len, walked)) == 2


def test_pages_in_the_order_of_input_are_linked(computed: PoolApp) -> None:
    walked = pages(computed, f"{JOB}/results?limit=2&order=input")
    assert [result for page in walked for result in page] == [0, 1, 2, 3, 4]


def test_the_count_is_the_size_of_the_page(computed: PoolApp) -> None:
    assert computed.get(f"{JOB}/results?limit=2").json["count"] == 2


def test_each_item_links_to_its_result(computed: PoolApp) -> None:
    item = computed.get(f"{JOB}/results?limit=1", headers=HAL).json["_embedded"]["items"][0]
    assert set(item["_links"]) == {"self", "get_variable", "get_job"}
    assert computed.get(item["_links"]["self"]["href"]).json["result"] == item["result"]


def test_the_fields_of_a_line(computed: PoolApp) -> None:
    line = lines(computed)[0]
    assert set(line) == {"id", "variable", "created", "volunteer", "run_seconds", "result", "cursor"}
    assert (line["variable"], line["run_seconds"]) == ("v4", 1)


@pytest.mark.parametrize("query", ["", "order=input&"])
def test_the_cursor_of_each_line_continues_the_list(computed: PoolApp, query: str) -> None:
    whole = lines(computed, f"?{query}")
    for number, line in enumerate(whole, start=1):
        assert lines(computed, f"?{query}cursor={line['cursor']}") == whole[number:]


def test_the_last_cursor_leads_to_later_results(pool: PoolApp) -> None:
    cursor = lines(compute(pool))[-1]["cursor"]
    assert lines(pool, f"?cursor={cursor}") == []
    pool.post_json(f"{JOB}/variables/v6/results", 6, status=201)
    assert results(lines(pool, f"?cursor={cursor}")) == [6]


def test_the_stream_has_all_results(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.request.MAX_PAGE", 3)
    pool.post_job()
    for number in range(10):
        pool.post_json(pool.post_variable(JOB, f"v{number}") + "/results", number, status=201)
    assert results(lines(pool)) == list(range(10))


def test_the_csv_table(computed: PoolApp) -> None:
    response = computed.get(f"{JOB}/results?order=input", headers=CSV, status=200)
    assert response.content_type == "text/csv"
    header, *rows = csv.reader(io.StringIO(response.text))
    assert header == ["variable", "id", "created", "run_seconds", "result"]
    assert [(row[0], row[3], row[4]) for row in rows] == [(f"v{number}", "1.0", str(number)) for number in range(5)]


@pytest.mark.parametrize("headers", [{}, NDJSON, CSV, HAL])
def test_a_job_without_results_has_an_empty_list(pool: PoolApp, headers: dict[str, str]) -> None:
    pool.post_job()
    answer = pool.get(f"{JOB}/results", headers=headers, status=200)
    if "json" in answer.content_type and "x-nd" not in answer.content_type:
        assert answer.json["_embedded"]["items"] == []
    else:
        assert answer.text == ("variable,id,created,run_seconds,result\r\n" if headers == CSV else "")


@pytest.mark.parametrize("headers", [{}, NDJSON, CSV])
@pytest.mark.parametrize("query", ["order=backwards", "order=", "cursor=", "cursor=1"])
def test_an_invalid_query_is_400(computed: PoolApp, headers: dict[str, str], query: str) -> None:
    problem(computed.get(f"{JOB}/results?{query}", headers=headers, status=400), 400, query.partition("=")[0])


def test_an_unknown_job_has_no_results(computed: PoolApp) -> None:
    for headers in ({}, NDJSON, CSV):
        problem(computed.get("/jobs/nobody/results", headers=headers, status=404), 404, "nobody")
