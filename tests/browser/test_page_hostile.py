"""Content from jobs and owners reaches the page as text, never as markup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch, lasting_page
from tests.browser.visiting import Visitor, plain, post_busy_job, post_job
from tests.serving import Served

MARKUP = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>{jobs}'
HARMFUL = {
    "metadata": {
        "owner": f"Owner {MARKUP}",
        "short_description": {"en": f"Short {MARKUP}"},
        "description": {"en": f"Long {MARKUP}"},
    }
}


def post_harmful(server: Served) -> None:
    post_job(server, f"Name {MARKUP}", state="paused", **HARMFUL)
    post_busy_job(server, f"Busy {MARKUP}", **HARMFUL)
    post_job(server, "Harmless", metadata={"owner": "Somebody"})


@pytest.fixture(scope="module")
def shown(lasting_server: Served, chromium: Browser) -> Iterator[Visitor]:
    post_harmful(lasting_server)
    with lasting_page(chromium) as page:
        yield Visitor(page, lasting_server)


@pytest.fixture
def visitor(server: Served, page: Page) -> Visitor:
    post_harmful(server)
    return Visitor(page, server)


@pytest.mark.parametrize("part", ["Name", "Owner", "Short"])
def test_texts_of_an_owner_are_shown_literally(shown: Visitor, part: str) -> None:
    expect(shown.card(f"Name {MARKUP}")).to_contain_text(f"{part} {MARKUP}")


def test_so_is_the_full_description(shown: Visitor) -> None:
    card = shown.card(f"Name {MARKUP}")
    card.get_by_text("Details and code").click()
    expect(card.get_by_text(f"Long {MARKUP}", exact=True)).to_be_visible()


def test_so_is_the_owner_among_the_choices(visitor: Visitor) -> None:
    visitor.page.get_by_label(f"Owner {MARKUP}", exact=True).check()
    expect(visitor.by_id("subtitle")).to_contain_text("One job for")
    assert plain(visitor.by_id("subtitle").inner_text()) == f"One job for Owner {MARKUP}: Busy {MARKUP}."
    assert visitor.page.evaluate("window.hacked") is None


def test_so_is_the_job_that_a_worker_computes(visitor: Visitor) -> None:
    visitor.start()
    expect(visitor.worker(1)).to_contain_text(f"Busy {MARKUP}")
    assert visitor.page.evaluate("window.hacked") is None


def test_so_is_what_a_job_throws(server: Served, page: Page) -> None:
    thrower = f"function () {{ throw new Error({MARKUP!r}); }}"
    post_job(server, f"Thrower {MARKUP}", count=1, execute_function=thrower)
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.error(f"Thrower {MARKUP}").first).to_contain_text(f"Error: {MARKUP}")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script").count() == 0


def test_so_is_why_a_result_was_rejected(server: Served, page: Page, watch: Watch) -> None:
    watch.tolerated.append("status of 422")
    validator = f"() => ({{valid: false, reason: {MARKUP!r}}})"
    post_job(server, "Wrong", count=1, validate_result=validator, validate_variable="() => true")
    visitor = Visitor(page, server)
    visitor.start()
    expect(visitor.error("The pool rejected a result of").first).to_contain_text(MARKUP)
    assert page.evaluate("window.hacked") is None


def test_a_long_name_does_not_widen_the_page(server: Served, page: Page) -> None:
    post_job(server, "W" * 80, metadata={"owner": "O" * 200})
    post_job(server, "Other", metadata={"owner": "P" * 200})
    page.set_viewport_size({"width": 320, "height": 700})
    Visitor(page, server)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_direction_controls_in_a_name_affect_nothing_else(server: Served, page: Page) -> None:
    post_job(server, "\u2069\u202eevil", metadata={"owner": "\u202eabc\u2069"})
    subtitle = Visitor(page, server).by_id("subtitle")
    expect(subtitle).to_contain_text("One job for")
    assert subtitle.inner_text() == "One job for \u2068abc\u2069: \u2068evil\u2069."
