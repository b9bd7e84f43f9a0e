"""The operator's page: what it shows, what it changes, and to whom."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from pool.keys import Keys
from pool.sandbox import Sandbox
from storage.flat import FlatStore
from tests.browser.conftest import MakePage, Watch, lasting_page
from tests.browser.failing import pause
from tests.browser.test_page_access import findings
from tests.browser.test_page_hostile import MARKUP
from tests.browser.visiting import post_job
from tests.conftest import local_server
from tests.serving import TIMEOUT, LocalServer, Served

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


def request(server: Served, path: str, body: object = None, **headers: str) -> None:
    """As a stranger."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(asked, timeout=TIMEOUT):
        pass


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    """A pool with hostile names, volunteers, a flow, a paused job, and one that waits for the operator."""
    server = local_server(tmp_path_factory.mktemp("operated"), sandbox, open="review")
    job = post_job(server, "Tide gauges", count=8)
    for number in range(2):
        request(server, f"{job}/variables", Volunteer=f"volunteer-number-{number}")
    server.post("/flows", {"name": f"Flow {MARKUP}", "jobs": [{"job": job}]})
    pause(server, post_job(server, f"Paused {MARKUP}"), f"Reason {MARKUP}")
    request(server, "/jobs", {"name": f"Stranger {MARKUP}", "execute_function": "() => ({ result: 1 })"})
    with closing(FlatStore(server.data, fsync=False)) as store:
        Keys(store, is_open=False).add(f"Key {MARKUP}")
    yield server
    server.stop()


def show(page: Page, server: Served) -> None:
    page.goto(f"{server.url}/operator")
    if page.locator("#key-form").is_visible():
        page.get_by_label("The operator\u2019s key").fill(server.key)
        page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_visible()


@pytest.fixture(scope="module")
def desk_page(chromium: Browser, furnished: LocalServer) -> Iterator[Page]:
    with lasting_page(chromium, reduced_motion="reduce") as page:
        show(page, furnished)
        yield page


def row(page: Page, section: str, text: str) -> str:
    return page.locator(f"#{section} tbody tr").filter(has_text=text).inner_text()


def test_it_shows_what_the_pool_does(desk_page: Page) -> None:
    expect(desk_page.locator("#now")).to_contain_text("2 volunteers in five minutes")
    assert row(desk_page, "jobs", "Tide gauges").split()[2:] == ["open", "6", "2", "0", "0", "0", "0", "0"]
    expect(desk_page.locator("#volunteers tbody tr")).to_have_count(2)
    expect(desk_page.locator("#sandboxes")).to_contain_text("Validators, process 1")
    expect(desk_page.locator("#keys")).to_contain_text("operator")
    expect(desk_page.locator("#machine")).to_contain_text("free")


def test_hostile_names_are_text(desk_page: Page) -> None:
    expect(desk_page.locator("#attention")).to_contain_text(f"Reason {MARKUP}")
    for section, text in (("flows", "Flow"), ("review-list", "Stranger"), ("keys", "Key")):
        expect(desk_page.locator(f"#{section}")).to_contain_text(f"{text} {MARKUP}")
    assert desk_page.evaluate("window.hacked") is None
    assert desk_page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(desk_page: Page, scheme: Literal["light", "dark"]) -> None:
    desk_page.emulate_media(color_scheme=scheme)
    assert findings(desk_page) == []


def test_a_phone_is_wide_enough(furnished: LocalServer, make_page: MakePage) -> None:
    page = make_page(reduced_motion="reduce", **PHONE)
    show(page, furnished)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert findings(page) == []


def test_a_volunteer_is_blocked_with_a_reason_and_unblocked(furnished: LocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated.append("status of 422")
    show(page, furnished)
    page.locator("#volunteers").get_by_role("button").first.click()
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("reason: must not be empty")).to_be_visible()
    reason.fill(f"wrong results {MARKUP}")
    page.keyboard.press("Enter")
    block = page.locator("#blocks").get_by_role("listitem")
    expect(block).to_contain_text(f"wrong results {MARKUP}")
    block.get_by_role("button", name="Unblock").click()
    expect(block).to_have_count(0)
    expect(page.locator("#block-status")).to_contain_text("no longer blocked")


def test_a_name_is_forbidden_with_a_reason_and_permitted_again(furnished: LocalServer, desk_page: Page) -> None:
    somebody = {"Volunteer": "volunteer-number-0"}
    named = urllib.request.Request(f"{furnished.url}/volunteer", method="PATCH")
    named.data = json.dumps({"name": "Rude Name", "team": "Blue", "shown": True}).encode()
    named.headers = {"Content-type": "application/json", **somebody}
    urllib.request.urlopen(named, timeout=TIMEOUT).close()
    show(desk_page, furnished)
    desk_page.get_by_role("button", name="Forbid\u2026 Rude Name").click()
    desk_page.get_by_label("Why").fill(f"too rude {MARKUP}")
    desk_page.keyboard.press("Enter")
    ban = desk_page.locator("#bans").get_by_role("listitem")
    expect(ban).to_contain_text(f"too rude {MARKUP}")
    expect(desk_page.locator("#shown-names")).not_to_contain_text("Rude Name")
    ban.get_by_role("button", name="Permit").click()
    expect(ban).to_have_count(0)
    expect(desk_page.locator("#ban-status")).to_contain_text("permitted again")


def test_a_strangers_job_is_agreed_to(desk_page: Page, furnished: LocalServer) -> None:
    request(furnished, "/jobs", {"name": "Agreeable", "execute_function": "() => ({ result: 1 })"})
    show(desk_page, furnished)
    desk_page.get_by_role("button", name="Agree Agreeable").click()
    expect(desk_page.locator("#review-list")).not_to_contain_text("Agreeable")
    assert furnished.get("/jobs/agreeable")["state"] == "open"


def test_another_key_is_refused_and_kept_nowhere(furnished: LocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated += ["status of 401", "status of 403"]
    page.goto(f"{furnished.url}/operator")
    field = page.get_by_label("The operator\u2019s key")
    field.fill("a-key-of-another-pool")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("doesn\u2019t know this key")
    expect(field).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0
