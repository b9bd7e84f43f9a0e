"""What the owner does on the page of a job; the story of a whole job is in test_owner_story.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pool.sandbox import Sandbox
from tests.browser.conftest import MakePage, Watch, lasting_page
from tests.browser.failing import report
from tests.browser.posting import Poster
from tests.browser.test_page_access import findings
from tests.browser.visiting import counts, post_job
from tests.conftest import local_server
from tests.serving import LocalServer, Served

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
VALIDATE = "(variable, result) => result === undefined ? Number.isInteger(variable.x) : true"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    server = local_server(tmp_path_factory.mktemp("owned"), sandbox, trusted="127.0.0.1")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def job(furnished: LocalServer) -> str:
    """With three failed units."""
    job = post_job(furnished, "Tide gauges", count=5, settings={"max_errors": 1}, validate_result=VALIDATE)
    for _ in range(3):
        report(furnished, job, "no level")
    return job


@pytest.fixture(scope="module")
def desk_page(chromium: Browser, furnished: LocalServer, job: str) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce") as page:
        open_as_owner(page, furnished, job)
        yield page


def open_as_owner(page: Page, server: Served, job: str) -> None:
    page.goto(server.url + job)
    page.locator("#access summary").click()
    page.get_by_label("The owner\u2019s key").fill(server.key)
    page.keyboard.press("Enter")
    expect(section(page)).to_be_visible()
    for summary in section(page).locator("summary").all():
        summary.click()


def section(page: Page) -> Locator:
    return page.locator("#owner-actions")


def press(page: Page, name: str) -> None:
    section(page).get_by_role("button", name=name, exact=True).click()


def test_it_is_accessible(desk_page: Page) -> None:
    assert findings(desk_page) == []


def test_a_job_is_paused_and_resumed(desk_page: Page, furnished: LocalServer, job: str) -> None:
    press(desk_page, "Pause")
    expect(section(desk_page)).to_contain_text("Paused: volunteers get no units.")
    assert furnished.get(job)["state"] == "paused"
    press(desk_page, "Resume")
    expect(section(desk_page)).to_contain_text("Resumed.")
    assert furnished.get(job)["state"] == "open"


def test_failed_units_are_withdrawn_and_released(desk_page: Page, furnished: LocalServer, job: str) -> None:
    section(desk_page).get_by_role("button", name=re.compile("^Withdraw")).first.click()
    expect(section(desk_page).get_by_role("heading", name="2 failed units")).to_be_visible()
    press(desk_page, "Release all")
    expect(section(desk_page)).to_contain_text("2 units are released.")
    expect(section(desk_page).get_by_role("heading", level=3)).to_have_count(0)
    assert counts(furnished, job)["failed"] == 0 and counts(furnished, job)["withdrawn"] == 1


def test_a_wrong_setting_is_named_at_its_field_a_right_one_saved_and_the_job_deleted_after_a_question(
    page: Page, furnished: LocalServer, watch: Watch
) -> None:
    watch.tolerated += ["status of 422", "status of 404"]
    job = post_job(furnished, "Short-lived", count=1, settings={"trust": {"policy": "quorum", "quorum": 3}})
    open_as_owner(page, furnished, job)
    seconds = page.get_by_label("Seconds for one unit")
    seconds.fill("0")
    press(page, "Save the settings")
    expect(page.get_by_text("settings.lease_seconds: must be from 1")).to_be_visible()
    expect(seconds).to_be_focused()
    seconds.fill("60")
    page.get_by_label("When a result counts").select_option("audit")
    press(page, "Save the settings")
    expect(section(page)).to_contain_text("The settings are saved.")
    settings = furnished.get(job)["settings"]
    assert (settings["lease_seconds"], settings["trust"]) == (60, {"policy": "audit"})

    press(page, "Delete\u2026")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("another")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("This is not the job\u2019s id.")
    dialog.get_by_role("textbox").fill("short-lived")
    assert findings(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Job not found")
    assert "short-lived" not in str(furnished.get("/jobs/index"))


def test_units_come_from_a_dropped_file_and_are_withdrawn_by_id(
    page: Page, furnished: LocalServer, watch: Watch
) -> None:
    watch.tolerated += ["status of 422", "status of 404"]
    job = post_job(furnished, "Units", validate_result=VALIDATE)
    open_as_owner(page, furnished, job)
    owner = Poster(page, furnished)
    owner.drop("units.ndjson", '{"x": 1}\n{"x": "two"}\n')
    press(page, "Add the units")
    expect(section(page)).to_contain_text("line 2")
    owner.drop("units.csv", "x;name\n1;Dover\n2;Calais\n")
    press(page, "Add the units")
    expect(section(page)).to_contain_text("2 units are added.")
    assert counts(furnished, job)["open"] == 2
    units = [item["id"] for item in furnished.get(f"{job}/variables/index")["_embedded"]["items"]]
    page.get_by_label("Ids of units").fill("\n".join([units[0], "nobody"]))
    press(page, "Withdraw them")
    expect(section(page)).to_contain_text("nobody")
    expect(page.get_by_label("Ids of units")).to_have_value("nobody")
    assert counts(furnished, job)["withdrawn"] == 1


def test_without_the_key_nothing_of_it_is_left(furnished: LocalServer, make_page: MakePage, job: str) -> None:
    page = make_page(reduced_motion="reduce", **PHONE)
    open_as_owner(page, furnished, job)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name="Forget the key").click()
    expect(section(page)).to_be_hidden()
    assert page.evaluate("sessionStorage.length") == 0
