"""The story of an owner, in Chromium: post a job by the form, watch a second tab compute it, and mend what fails."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakePage, Watch
from tests.browser.posting import Poster
from tests.browser.test_page_access import findings
from tests.browser.visiting import Visitor, counts
from tests.conftest import MakeLocalServer

EXECUTE = """function ({ n, poison }, context) {
  console.log("level", n);
  if (poison) throw new RangeError("no level of " + n);
  return { result: n * n };
}"""
VALIDATE = "({ n }, result) => result === undefined || result === n * n"
CSV = "n,poison\n" + "".join(f"{n},{'yes' if n == 7 else ''}\n" for n in range(1, 21))


def wait_for(page: Page, text: str) -> None:
    expect(page.locator("#finished")).to_have_text(text, timeout=20_000)


def test_an_owner_posts_watches_mends_and_downloads(
    make_local_server: MakeLocalServer, make_page: MakePage, watch: Watch
) -> None:
    # A new volunteer may hold some units at a time.
    watch.tolerated.append("status of 429")
    server = make_local_server(open=True)
    owner = Poster(make_page(reduced_motion="reduce", accept_downloads=True), server)
    page = owner.page

    # Posts a job: functions, a file, a trial of two units.
    owner.open()
    owner.field("Name").fill("Tide gauges")
    owner.write("execute_function", EXECUTE)
    owner.write("validate_result", VALIDATE)
    owner.drop("gauges.csv", CSV)
    expect(page.get_by_text("20 units. The first ones:")).to_be_visible()
    owner.field("Unit number").fill("3")
    owner.try_unit("accepted")
    expect(owner.trial("result")).to_have_text("9")
    expect(owner.trial("console")).to_have_text("level 3\n")
    owner.field("Unit number").fill("7")
    owner.try_unit("failed")
    page.get_by_text("Time, errors, trust, requirements").click()
    owner.field("Errors until a unit is set aside").fill("1")
    owner.post()
    job = owner.expect_posted("Posted, with 20 units.")

    # Watches a second tab compute it: the bar and the plots grow.
    page.get_by_role("link", name="Watch the job").click()
    wait_for(page, "0 of 20")
    volunteer = Visitor(make_page(), server)
    volunteer.start()
    wait_for(page, "19 of 20")
    expect(page.locator("#minutes-note")).to_contain_text("19 results in the last hour")

    volunteer.page.context.close()

    # The key of the job, which the tab has kept, opens the errors: the poison is there, and is released.
    page.reload()
    expect(page.locator("#groups")).to_contain_text("RangeError: no level of 7")
    expect(page.get_by_role("heading", name="One failed unit")).to_be_visible()
    poison = page.locator("#owner .rows a").get_attribute("href") or ""
    assert {"n": 7, "poison": "yes"}.items() <= server.get(poison.removeprefix(server.url)).items()
    page.get_by_role("button", name=re.compile("^Release")).click()
    expect(page.locator("#owner")).to_contain_text("is released")
    assert counts(server, job)["open"] == 1
    assert findings(page) == []

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("NDJSON")).click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert sorted(line["result"] for line in lines) == sorted(n * n for n in range(1, 21) if n != 7)
