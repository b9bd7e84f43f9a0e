"""`GET /flows` and `GET /flows/{flow}`: the state of flows, public but for private fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import PoolApp
from tests.resources.flow_helpers import (
    ALWAYS,
    NEVER,
    ONCE_MORE,
    Document,
    entries_of,
    get_flow,
    post,
    post_flow,
    post_result,
    states_of,
)
from tests.resources.helpers import HAL, documents, other_key, problem

ALPHA, BETA = "/jobs/alpha", "/jobs/beta"
E: Document = {"job": ALPHA}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def filled(pool: PoolApp) -> PoolApp:
    alpha = pool.post_job("Alpha")
    for name in ("a", "b", "c"):
        pool.post_variable(alpha, name)
    pool.post_job("Beta")
    return pool


def finish(pool: PoolApp, *levels: list[Document]) -> str:
    """Posts a flow with one entry per level, and its results; returns its path."""
    flow = post_flow(pool, *levels)
    for number in reversed(range(len(levels))):
        post_result(pool, flow, "dependent." * number + "jobs[0]", {"level": number})
    return flow


# The flow


def test_a_flow_has_name_owner_and_state(filled: PoolApp) -> None:
    document = get_flow(filled, post_flow(filled, [E], name="A name"))
    assert (document["name"], document["owner"], document["state"]) == ("A name", "operator", "running")


def test_a_flow_has_the_tree_that_was_posted(filled: PoolApp) -> None:
    document = get_flow(filled, post_flow(filled, [E, E], [E], [E, E, E]))
    levels = [document, document["dependent"], document["dependent"]["dependent"]]
    assert [len(level["jobs"]) for level in levels] == [2, 1, 3]
    assert "dependent" not in levels[-1]


def test_every_entry_has_its_path(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E], [E], [E, E])
    assert list(entries_of(filled, flow)) == [
        "jobs[0]",
        "jobs[1]",
        "dependent.jobs[0]",
        "dependent.dependent.jobs[0]",
        "dependent.dependent.jobs[1]",
    ]


def test_the_leaves_run_first(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E, E])
    assert list(states_of(filled, flow).values()) == ["waiting", "running", "running"]


def test_the_level_above_waits_for_all_leaves(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E, E])
    post_result(filled, flow, "dependent.jobs[1]", 1)
    assert list(states_of(filled, flow).values()) == ["waiting", "running", "done"]


def test_the_level_above_starts_after_the_last_leaf(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E])
    post_result(filled, flow, "dependent.jobs[0]", 1)
    assert list(states_of(filled, flow).values()) == ["running", "done"]


def test_an_entry_whose_if_is_false_is_skipped(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, {**E, "if": NEVER}])
    assert states_of(filled, flow) == {"jobs[0]": "running", "jobs[1]": "skipped"}


def test_a_level_of_skipped_entries_is_finished_at_once(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "if": NEVER}], [{**E, "if": NEVER}])
    assert get_flow(filled, flow)["state"] == "done"
    assert get_flow(filled, flow)["result"] == {}


def test_entries_are_counted_by_state(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E, E, {**E, "if": NEVER}])
    post_result(filled, flow, "dependent.jobs[0]", 1)
    counted = {state: count for state, count in get_flow(filled, flow)["entries"].items() if count}
    assert counted == {"total": 4, "waiting": 1, "running": 1, "done": 1, "skipped": 1}


def test_the_merged_result_of_the_root_is_the_result(filled: PoolApp) -> None:
    document = get_flow(filled, finish(filled, [E], [E]))
    assert (document["state"], document["result"]) == ("done", {"level": 0})


def test_a_running_flow_has_no_result(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E])
    post_result(filled, flow, "dependent.jobs[0]", 1)
    assert {"result", "failure"}.isdisjoint(get_flow(filled, flow))


# Iterations and steps


def test_the_iterations_are_the_results_so_far(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ALWAYS}])
    found = []
    for number in range(3):
        found.append(entries_of(filled, flow)["jobs[0]"]["iterations"])
        post_result(filled, flow, "jobs[0]", number)
    assert found == [0, 1, 2]


def test_each_execution_is_a_step(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ONCE_MORE}])
    post_result(filled, flow, "jobs[0]", 1)
    steps = entries_of(filled, flow)["jobs[0]"]["steps"]
    assert [(step["iteration"], step["state"]) for step in steps] == [(1, "done"), (2, "open")]


def test_a_leased_step_has_the_state_leased(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    filled.lease(ALPHA)
    states = sorted(entry["steps"][0]["state"] for entry in entries_of(filled, flow).values())
    assert states == ["leased", "open", "open"]


def test_the_ten_newest_steps_are_shown(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ALWAYS}])
    for number in range(11):
        post_result(filled, flow, "jobs[0]", number)
    steps = entries_of(filled, flow)["jobs[0]"]["steps"]
    assert [step["iteration"] for step in steps] == list(range(3, 13))


def test_a_waiting_entry_has_no_steps(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [E], [E]))["jobs[0]"]
    assert (entry["steps"], entry["iterations"], entry["started"], entry["finished"]) == ([], 0, None, None)


def test_a_skipped_entry_has_no_steps(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [E, {**E, "if": NEVER}]))["jobs[1]"]
    assert (entry["steps"], entry["iterations"]) == ([], 0)


def test_a_step_has_its_run_time(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    variable = entries_of(filled, flow)["jobs[0]"]["variable"]
    leased = [filled.lease(ALPHA) for _ in range(3)]
    filled.clock.advance(2.5)
    (link,) = (links["post_result"] for links in leased if links["self"] == variable)
    filled.post_json(link, 1, status=201)
    assert entries_of(filled, flow)["jobs[0]"]["steps"][0]["run_seconds"] == 2.5


# Times


def test_a_running_flow_has_no_end_time(filled: PoolApp) -> None:
    document = get_flow(filled, post_flow(filled, [E]))
    assert TIME.fullmatch(document["created"])
    assert (document["finished"], document["seconds"]) == (None, None)


def test_a_done_flow_has_an_end_time(filled: PoolApp) -> None:
    document = get_flow(filled, finish(filled, [E]))
    assert TIME.fullmatch(document["finished"])
    assert document["finished"] >= document["created"]
    assert 0 <= document["seconds"] < 60


@pytest.mark.parametrize("path", ["jobs[0]", "dependent.jobs[0]"])
def test_a_done_entry_has_start_and_end_times(filled: PoolApp, path: str) -> None:
    entry = entries_of(filled, finish(filled, [E], [E]))[path]
    assert TIME.fullmatch(entry["started"])
    assert TIME.fullmatch(entry["finished"])
    assert entry["started"] <= entry["finished"]
    assert 0 <= entry["seconds"] < 60


def test_a_running_entry_has_no_end_time(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [E]))["jobs[0]"]
    assert TIME.fullmatch(entry["started"])
    assert (entry["finished"], entry["seconds"]) == (None, None)


@pytest.mark.parametrize("path", ["jobs[0]", "dependent.jobs[0]"])
def test_a_done_step_has_start_and_end_times(filled: PoolApp, path: str) -> None:
    step = entries_of(filled, finish(filled, [E], [E]))[path]["steps"][0]
    assert TIME.fullmatch(step["started"])
    assert TIME.fullmatch(step["finished"])
    assert step["started"] <= step["finished"]


# Private fields


@pytest.mark.parametrize("is_other_owner", [False, True])
def test_only_the_owner_sees_the_source_of_conditions(filled: PoolApp, is_other_owner: bool) -> None:
    flow = post_flow(filled, [{**E, "if": ALWAYS, "while": NEVER}])
    entry = filled.get(flow, headers=other_key(filled) if is_other_owner else {}).json["jobs"][0]
    assert entry["conditions"] == ["if", "while"]
    assert {"if", "while"}.isdisjoint(entry)


def test_the_owner_sees_the_source_of_conditions(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [{**E, "if": ALWAYS, "while": NEVER}]))["jobs[0]"]
    assert (entry["if"], entry["while"]) == (ALWAYS, NEVER)


@pytest.mark.parametrize(("condition", "other"), [("if", "while"), ("while", "if")])
def test_everybody_sees_which_conditions_an_entry_has(filled: PoolApp, condition: str, other: str) -> None:
    entry = entries_of(filled, post_flow(filled, [{**E, condition: ALWAYS}]))["jobs[0]"]
    assert entry["conditions"] == [condition]
    assert other not in entry


def test_only_the_owner_sees_the_console_of_a_failed_condition(filled: PoolApp) -> None:
    source = "() => { console.log('a secret'); throw Error('wrong'); }"
    flow = post_flow(filled, [{**E, "if": source}])
    assert "a secret" in get_flow(filled, flow)["failure"]["console"]
    assert filled.get(flow).json["failure"].keys() == {"path", "reason"}


def test_internal_fields_are_not_shown(filled: PoolApp) -> None:
    text = filled.get(post_flow(filled, [E]), headers=filled.owner).text
    assert not re.search('"(key|uid|posted_as|is_own|levels)"', text)


def test_a_wrong_key_is_401(filled: PoolApp) -> None:
    headers = {"Authorization": "Bearer " + "x" * 43}
    for path in (post_flow(filled, [E]), "/flows"):
        problem(filled.get(path, headers=headers, status=401), 401, "Authorization")


# Links


def links_of(node: Any) -> Iterator[Any]:
    """The values of every `_links` in a tree."""
    if isinstance(node, dict):
        yield from node.get("_links", {}).values()
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from links_of(inner)


def test_every_link_of_the_tree_can_be_followed(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [{**E, "while": ONCE_MORE}, E])
    post_result(filled, flow, "dependent.jobs[0]", 1)
    post_result(filled, flow, "dependent.jobs[1]", 1)
    links = set(links_of(filled.get(flow).json))
    assert len(links) >= 8
    for link in links:
        filled.get(link, status=200)


def test_a_step_links_to_its_result(filled: PoolApp) -> None:
    flow = finish(filled, [E], [E])
    step = entries_of(filled, flow)["jobs[0]"]["steps"][0]
    assert filled.get(step["_links"]["get_result"]).json["result"] == {"level": 0}


def test_a_step_without_a_result_has_no_link_to_one(filled: PoolApp) -> None:
    step = entries_of(filled, post_flow(filled, [E]))["jobs[0]"]["steps"][0]
    assert step["_links"].keys() == {"get_variable"}


def test_an_entry_without_a_variable_has_no_link_to_one(filled: PoolApp) -> None:
    entry = entries_of(filled, post_flow(filled, [{"job": BETA}], [E]))["jobs[0]"]
    assert entry["_links"] == {"get_job": BETA}
    assert {"variable", "taken"}.isdisjoint(entry)


def test_an_entry_with_a_variable_links_to_it(filled: PoolApp) -> None:
    variable = f"{ALPHA}/variables/b"
    entry = entries_of(filled, post_flow(filled, [{**E, "variable": variable}]))["jobs[0]"]
    assert entry["variable"] == entry["_links"]["get_variable"] == variable
    assert "taken" not in entry


def test_a_running_flow_can_be_cancelled(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    links = filled.get(flow).json["_links"]
    assert links == {"self": flow, "run_again": flow, "flows": "/flows", "root": "/", "cancel": flow}


def test_an_ended_flow_cannot_be_cancelled(filled: PoolApp) -> None:
    flow = finish(filled, [E])
    assert "cancel" not in filled.get(flow).json["_links"]


def test_in_hal_every_link_is_an_object(filled: PoolApp) -> None:
    response = filled.get(finish(filled, [E], [E]), headers=HAL)
    assert response.content_type == "application/hal+json"
    links = list(links_of(response.json))
    assert len(links) == 11
    assert all(set(link) == {"href"} for link in links)


def test_apart_from_links_the_document_is_the_same_in_hal(filled: PoolApp) -> None:
    flow = finish(filled, [E], [E])

    def plain(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: plain(value) for name, value in node.items() if name != "_links"}
        return [plain(inner) for inner in node] if isinstance(node, list) else node

    assert plain(filled.get(flow, headers=HAL).json) == plain(filled.get(flow).json)


def test_links_have_the_mount_prefix(filled: PoolApp) -> None:
    flow = finish(filled, [E], [E])
    document = filled.get(flow, extra_environ={"SCRIPT_NAME": "/pool"}).json
    assert all(link.startswith("/pool/") for link in links_of(document))
    assert document["jobs"][0]["job"] == f"/pool{ALPHA}"


# Entity tags and HEAD


def test_a_matching_etag_is_304(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    tag = filled.get(flow).headers["ETag"]
    response = filled.get(flow, headers={"If-None-Match": tag}, status=304)
    assert (response.body, response.headers["ETag"]) == (b"", tag)


def test_a_result_changes_the_etag(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], [E])
    tag = filled.get(flow).headers["ETag"]
    post_result(filled, flow, "dependent.jobs[0]", 1)
    filled.get(flow, headers={"If-None-Match": tag}, status=200)


def test_a_lease_changes_the_etag(filled: PoolApp) -> None:
    flow = post_flow(filled, [E, E, E])
    tag = filled.get(flow).headers["ETag"]
    filled.lease(ALPHA)
    filled.get(flow, headers={"If-None-Match": tag}, status=200)


def test_getting_a_flow_changes_nothing(filled: PoolApp) -> None:
    flow = post_flow(filled, [{**E, "while": ALWAYS}], [E])
    before, document = documents(filled), filled.get(flow).body
    assert filled.get(flow).body == document
    assert documents(filled) == before


def test_head_is_get_without_a_body(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    head, get = filled.head(flow, status=200), filled.get(flow, status=200)
    assert head.body == b""
    assert (head.headers["ETag"], head.headers["Content-Type"]) == (get.headers["ETag"], get.headers["Content-Type"])


def test_head_is_conditional_like_get(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    filled.head(flow, headers={"If-None-Match": filled.head(flow).headers["ETag"]}, status=304)


@pytest.mark.parametrize("flow", ["20141202090909123456-5f3c9a", "UPPER", "..%2F.."])
def test_an_unknown_flow_is_404(module_pool: PoolApp, flow: str) -> None:
    for method in ("GET", "DELETE"):
        response = module_pool.request(f"/flows/{flow}", method=method, headers=module_pool.owner, status=404)
        problem(response, 404, "flow")
    module_pool.head(f"/flows/{flow}", status=404)


def test_html_is_served_if_preferred(filled: PoolApp) -> None:
    response = filled.get(post_flow(filled, [E]), headers={"Accept": "text/html"}, status=200)
    assert response.content_type == "text/html"
    assert "Accept" in response.headers["Vary"]


# The index


def items(pool: PoolApp, path: str = "/flows") -> list[Document]:
    return list(pool.get(path, status=200).json["_embedded"]["items"])


def test_a_pool_without_flows_has_an_empty_index(pool: PoolApp) -> None:
    document = pool.get("/flows").json
    assert (document["count"], document["_embedded"]["items"]) == (0, [])
    assert document["_links"] == {"self": "/flows", "post_flow": "/flows"}


def test_the_newest_flow_is_first(filled: PoolApp) -> None:
    flows = [post_flow(filled, [E]) for _ in range(3)]
    assert [item["_links"]["self"] for item in items(filled)] == flows[::-1]


def test_an_item_is_a_summary_of_the_flow(filled: PoolApp) -> None:
    flow = post_flow(filled, [E], name="A name")
    (item,) = items(filled)
    document = filled.get(flow).json
    assert item == {name: document[name] for name in item}
    assert item.keys() == {"_links", "id", "name", "owner", "state", "created", "finished", "seconds"}


def test_ended_flows_stay_in_the_index(filled: PoolApp) -> None:
    done, failed = finish(filled, [E]), post_flow(filled, [{**E, "if": "() => 1"}])
    cancelled = post_flow(filled, [E])
    filled.delete(cancelled, headers=filled.owner, status=204)
    assert [(item["_links"]["self"], item["state"]) for item in items(filled)] == [
        (cancelled, "cancelled"),
        (failed, "failed"),
        (done, "done"),
    ]


def test_pages_are_linked(filled: PoolApp) -> None:
    flows = [post_flow(filled, [{**E, "if": NEVER}]) for _ in range(5)]
    path, sizes, found = "/flows?limit=2", [], []
    while path:
        page = filled.get(path, status=200).json
        sizes.append(page["count"])
        found += [item["_links"]["self"] for item in page["_embedded"]["items"]]
        path = page["_links"].get("next")
    assert (sizes, found) == ([2, 2, 1], flows[::-1])


def test_a_flow_posted_between_two_pages_repeats_no_item(filled: PoolApp) -> None:
    flows = [post_flow(filled, [{**E, "if": NEVER}]) for _ in range(2)]
    page = filled.get("/flows?limit=1").json
    post(filled, {"jobs": [E]})
    assert [item["_links"]["self"] for item in items(filled, page["_links"]["next"])] == [flows[0]]


def test_a_full_last_page_has_no_next(filled: PoolApp) -> None:
    post_flow(filled, [E])
    assert "next" not in filled.get("/flows?limit=1").json["_links"]


def test_in_hal_the_index_has_link_objects(filled: PoolApp) -> None:
    flow = post_flow(filled, [E])
    document = filled.get("/flows", headers=HAL).json
    assert document["_embedded"]["items"][0]["_links"]["self"] == {"href": flow}


def test_an_invalid_cursor_is_400(pool: PoolApp) -> None:
    for cursor in ("", "UPPER", "..", "%00", "%C3%BC", "x" * 101):
        problem(pool.get(f"/flows?cursor={cursor}", status=400), 400, "cursor")
