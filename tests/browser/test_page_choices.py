"""The visitor's choices take effect at once, and last until the next visit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import lasting_page
from tests.browser.visiting import Visitor, counts, plain, post_busy_job, post_job, wait_for_count
from tests.serving import Served

CORES = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {get: () => 4})"
# A battery that a test can plug in and unplug.
BATTERY = """
const battery = Object.assign(new EventTarget(), {charging: false});
Object.defineProperty(Navigator.prototype, "getBattery", {value: async () => battery, configurable: true});
window.plug = (charging) => {
  battery.charging = charging;
  battery.dispatchEvent(new Event("chargingchange"));
};
"""


def owned_by(owner: str) -> dict[str, object]:
    return {"metadata": {"owner": owner}}


def test_only_jobs_of_the_chosen_owners_are_computed(server: Served, page: Page) -> None:
    others = post_busy_job(server, "Others", count=2, **owned_by("somebody"))
    theirs = post_job(server, "Theirs", **owned_by("semprebeta"))
    visitor = Visitor(page, server)
    subtitle = visitor.by_id("subtitle")
    expect(subtitle).to_contain_text("2 jobs for")
    visitor.start()
    wait_for_count(server, others, leased=1)
    for number in range(3):
        server.post(f"{theirs}/variables", {"x": number})

    # Chosen while it computes: its second worker computes nothing else.
    page.get_by_label("semprebeta", exact=True).check()
    expect(subtitle).to_contain_text("One job for")
    assert plain(subtitle.inner_text()) == "One job for semprebeta: Theirs."
    visitor.choose("Cores to use", 2)
    visitor.expect_units(3)
    expect(visitor.worker(2)).to_contain_text("waiting for work")
    assert counts(server, theirs)["done"] == 3
    assert (counts(server, others)["open"], counts(server, others)["leased"]) == (1, 1)


def test_half_of_the_cores_are_used_unless_more_are_allowed(server: Served, page: Page) -> None:
    page.add_init_script(CORES)
    job = post_busy_job(server, count=4)
    visitor = Visitor(page, server)
    expect(visitor.by_id("usage")).to_have_text("Uses 2 of 4 cores, 60% of the time.")
    expect(page.get_by_label("Cores to use")).to_have_attribute("max", "4")
    visitor.choose("Cores to use", 3)
    visitor.choose("Share of the time", 100)
    expect(visitor.by_id("usage")).to_have_text("Uses 3 of 4 cores, 100% of the time.")

    # The number of workers changes while they compute.
    visitor.choose("Cores to use", 1)
    visitor.start()
    wait_for_count(server, job, leased=1)
    visitor.choose("Cores to use", 3)
    wait_for_count(server, job, leased=3)
    expect(visitor.by_id("worker-list").get_by_role("listitem")).to_have_count(3)


def test_a_small_share_of_the_time_means_rests_and_choices_are_stored(server: Served, page: Page) -> None:
    post_busy_job(server, count=3, milliseconds=200)
    visitor = Visitor(page, server)
    visitor.choose("Cores to use", 1)
    visitor.choose("Share of the time", 10)
    visitor.start()
    expect(visitor.worker(1)).to_contain_text("resting")
    visitor.choose("Share of the time", 100)
    visitor.expect_units(3)

    visitor.choose("Share of the time", 30)
    page.get_by_label("Only while plugged in").check()
    page.reload()
    expect(page.get_by_label("Share of the time")).to_have_value("30")
    expect(page.get_by_label("Only while plugged in")).to_be_checked()


def test_it_waits_for_external_power_if_chosen(server: Served, page: Page) -> None:
    page.add_init_script(BATTERY)
    job = post_busy_job(server)
    visitor = Visitor(page, server)
    page.get_by_label("Only while plugged in").check()
    visitor.start()
    visitor.expect_status("Waiting until this device is plugged in.")
    assert visitor.leases() == []
    page.evaluate("plug(true)")
    wait_for_count(server, job, leased=1)
    visitor.expect_status("Computing.")


def test_the_graphics_card_is_used_only_if_allowed(server: Served, page: Page) -> None:
    visitor = Visitor(page, server)
    allowed = page.get_by_label("Allow the graphics card (WebGPU)")
    expect(allowed).not_to_be_checked()
    expect(allowed).to_have_accessible_description(re.compile("up to half a minute"))
    with page.expect_request(lambda request: "can=wasm" in request.url):
        visitor.start()
    assert not any("can=webgpu" in url for url in visitor.requests)
    with page.expect_request(lambda request: "can=webgpu" in request.url):
        allowed.check()


@pytest.fixture(scope="module")
def bare(lasting_server: Served, chromium: Browser) -> Iterator[Page]:
    """The page in a browser without the APIs that some choices need."""
    with lasting_page(chromium) as page:
        page.add_init_script("delete Navigator.prototype.gpu; delete Navigator.prototype.getBattery")
        yield Visitor(page, lasting_server).page


@pytest.mark.parametrize("label", ["Allow the graphics card (WebGPU)", "Only while plugged in"])
def test_without_its_api_a_choice_is_hidden(bare: Page, label: str) -> None:
    expect(bare.get_by_label(label)).to_be_hidden()
