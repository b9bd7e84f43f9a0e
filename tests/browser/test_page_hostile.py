"""Content from jobs and owners reaches the page as text, never as markup."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from pool.sandbox import Sandbox
from tests.browser.conftest import Watch, lasting_page, open_page, watching
from tests.browser.test_page_access import findings
from tests.browser.visiting import Visitor, plain, post_busy_job, post_job
from tests.conftest import local_server
from tests.serving import Served

MARKUP = '</title><img src=x onerror="window.hacked = true"><script>window.hacked = true</script>{jobs}'
# Text that turns around, and characters that are not shown.
STRANGE = f"\u202e\u2066{MARKUP}\u0001\u0085\u200b"
HARMFUL = {
    "metadata": {
        "owner": f"Owner {MARKUP}",
        "short_description": {"en": f"Short {MARKUP}"},
        "description": {"en": f"Long {MARKUP}"},
    }
}


@pytest.fixture(scope="module")
def shown(lasting_server: Served, chromium: Browser) -> Iterator[Visitor]:
    """The page of a pool with harmful jobs; no test leaves it changed."""
    post_job(lasting_server, f"Name {MARKUP}", state="paused", **HARMFUL)
    post_job(lasting_server, f"Open {MARKUP}", **HARMFUL)
    post_job(lasting_server, "W" * 80, metadata={"owner": "O" * 200})
    post_job(lasting_server, "\u2069\u202eevil", metadata={"owner": "\u202eabc\u2069"})
    with lasting_page(chromium) as page:
        yield Visitor(page, lasting_server)


def subtitle_of(visitor: Visitor, owner: str) -> str:
    """The subtitle while this owner is chosen."""
    choice = visitor.page.get_by_label(owner, exact=True)
    choice.check()
    expect(visitor.by_id("subtitle")).to_contain_text("One job for")
    shown = visitor.by_id("subtitle").inner_text()
    choice.uncheck()
    return shown


@pytest.mark.parametrize("part", ["Name", "Owner", "Short"])
def test_texts_of_an_owner_are_shown_literally(shown: Visitor, part: str) -> None:
    expect(shown.card(f"Name {MARKUP}")).to_contain_text(f"{part} {MARKUP}")
    assert shown.page.evaluate("window.hacked") is None


def test_so_is_the_full_description(shown: Visitor) -> None:
    card = shown.card(f"Name {MARKUP}")
    card.get_by_text("Details and code").click()
    expect(card.get_by_text(f"Long {MARKUP}", exact=True)).to_be_visible()
    card.get_by_text("Details and code").click()


def test_so_is_the_owner_among_the_choices(shown: Visitor) -> None:
    assert plain(subtitle_of(shown, f"Owner {MARKUP}")) == f"One job for Owner {MARKUP}: Open {MARKUP}."
    assert shown.page.evaluate("window.hacked") is None


def test_direction_controls_in_a_name_affect_nothing_else(shown: Visitor) -> None:
    assert subtitle_of(shown, "\u202eabc\u2069") == "One job for \u2068abc\u2069: \u2068evil\u2069."


def test_a_long_name_does_not_widen_the_page(shown: Visitor) -> None:
    shown.page.set_viewport_size({"width": 320, "height": 720})
    assert shown.page.evaluate("document.documentElement.scrollWidth") == 320
    shown.page.set_viewport_size({"width": 1280, "height": 720})


@pytest.fixture(scope="module")
def computed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Visitor]:
    """A visitor whose workers compute harmful jobs: one that lasts, one that throws, one whose results are rejected."""
    server = local_server(tmp_path_factory.mktemp("computed"), sandbox)
    post_busy_job(server, f"Busy {MARKUP}", **HARMFUL)
    thrower = f"function () {{ throw new Error({MARKUP!r}); }}"
    post_job(server, f"Thrower {MARKUP}", count=1, execute_function=thrower)
    validator = f"() => ({{valid: false, reason: {MARKUP!r}}})"
    post_job(server, "Wrong", count=1, validate_result=validator, validate_variable="() => true")
    with watching() as watch:
        watch.tolerated.append("status of 422")
        page = open_page(chromium, watch)
        visitor = Visitor(page, server)
        visitor.choose("Cores to use", 2)
        visitor.start()
        yield visitor
        page.context.close()
    server.stop()


def test_so_is_the_job_that_a_worker_computes(computed: Visitor) -> None:
    expect(computed.by_id("worker-list")).to_contain_text(f"Busy {MARKUP}")
    assert computed.page.evaluate("window.hacked") is None


def test_so_is_what_a_job_throws(computed: Visitor) -> None:
    expect(computed.error(f"Thrower {MARKUP}").first).to_contain_text(f"Error: {MARKUP}")
    assert computed.page.evaluate("window.hacked") is None
    assert computed.page.locator("main img, main script").count() == 0


def test_so_is_why_a_result_was_rejected(computed: Visitor) -> None:
    expect(computed.error("The pool rejected a result of").first).to_contain_text(MARKUP)
    assert computed.page.evaluate("window.hacked") is None


def test_so_is_an_address_that_there_is_not(lasting_server: Served, page: Page, watch: Watch) -> None:
    watch.tolerated.append("status of 404")
    page.goto(f"{lasting_server.url}/{quote(MARKUP)}{'x' * 200}")
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(MARKUP)
    assert page.evaluate("window.hacked") is None
    assert findings(page) == []
    page.set_viewport_size({"width": 320, "height": 720})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
