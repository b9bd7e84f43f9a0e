"""The demo job points-in-a-ball on Chromium's software adapter: its shader counts what the stand-in in V8 counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.data.demo import execute, job_of

JOB = job_of("points-in-a-ball")
PLACE = "http://localhost/"  # Of the addresses without https, only those of this computer have WebGPU.
COMPUTE = """async ([source, variables]) => {
  globalThis.execute ??= (0, eval)("(" + source + ")");
  globalThis.kept ??= {};
  const results = [];
  for (const variable of variables) results.push((globalThis.kept = await execute(variable, kept)).result);
  return results;
}"""


@pytest.fixture
def page(shared_page: Page) -> Iterator[Page]:
    """A fresh document without content, at an address that is secure."""
    shared_page.route(PLACE + "**", lambda route: route.fulfill(body="<!doctype html><title>empty</title>"))
    shared_page.goto(PLACE)
    yield shared_page
    shared_page.unroute_all()


def compute(page: Page, variables: list[dict[str, Any]]) -> Any:
    return page.evaluate(COMPUTE, [JOB.source["execute_function"], variables])


def test_the_card_counts_what_is_right(page: Page) -> None:
    sample = list(JOB.variables.values())[::25]
    assert compute(page, sample) == execute(JOB, sample)


def test_the_card_counts_small_balls_to_their_edge(page: Page) -> None:
    balls = [{"radius": radius, "from": 0, "to": radius + 1} for radius in (1, 2, 3, 5, 13, 63, 64, 65, 100, 999)]
    assert compute(page, balls) == execute(JOB, balls)


def test_the_card_is_opened_once(page: Page) -> None:
    compute(page, [JOB.variables["00000-00200"]])
    page.evaluate("kept.card.mark = 'first'")
    compute(page, [JOB.variables["00200-00400"]])
    assert page.evaluate("kept.card.mark") == "first"


def test_a_lost_card_is_opened_anew(page: Page) -> None:
    unit = JOB.variables["00000-00200"]
    before = compute(page, [unit])
    page.evaluate("async () => { const {device} = kept.card; device.destroy(); await device.lost; }")
    assert compute(page, [unit]) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("Object.defineProperty(navigator, 'gpu', {value: undefined})", "this job needs WebGPU, which is not there"),
        ("navigator.gpu.requestAdapter = async () => null", "this job needs WebGPU, but this device has no"),
    ],
)
def test_without_a_card_it_says_so(page: Page, change: str, said: str) -> None:
    page.evaluate(change)
    with pytest.raises(Error, match=said):
        compute(page, [JOB.variables["00000-00200"]])


def test_a_card_that_is_lost_while_it_counts_is_an_error(page: Page) -> None:
    unit = JOB.variables["00000-00200"]
    compute(page, [unit])
    counting = "async (unit) => { const counted = execute(unit, kept); kept.card.device.destroy(); await counted; }"
    with pytest.raises(Error, match="the graphics card failed"):
        page.evaluate(counting, unit)
