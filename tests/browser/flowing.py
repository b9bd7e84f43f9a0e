"""Helpers for tests of a flow's page: a flow in three stages, and results for its steps, one by one."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.visiting import post_job
from tests.serving import Served

PORTS = "brokdorf buesum cuxhaven dagebuell eckernfoerde glueckstadt hamburg helgoland husum kollmar luehort stade"
NAME = "High water along the Elbe, 2027"
UNTIL_SETTLED = "(variable, context) => context.iteration < 6"
IF_STORMY = "(variable, context) => context.stormy === true"
TABLE = {"harbour": "Cuxhaven", "high_water": ["04:12", "16:39"], "level_cm": [671, 688]}
NO_NUMBER = "(variable, context) => context.result.nothing.at.all"


def post_flow(server: Served, *levels: list[dict[str, Any]], **fields: Any) -> str:
    """Posts a flow with these levels of entries, in the order in which they run; returns its path."""
    tree: dict[str, Any] = {}
    for entries in levels:
        tree = {"jobs": entries, **({"dependent": tree} if tree else {})}
    return str(server.post("/flows", {**tree, **fields})["_links"]["self"])


def post_tidal_jobs(server: Served) -> None:
    for name in ("Tide gauges", "Tidal model", "Storm surge", "Wind drift", "Harbour table"):
        post_job(server, name, metadata={"owner": "Harbour Institute"})
    for port in PORTS.split():
        server.post(f"/jobs/tide-gauges/variables/{port}", {"port": port}, "PUT")


def post_tides(server: Served, condition: str = UNTIL_SETTLED) -> str:
    """Posts a flow that reads gauges, refines a model until it settles and makes a table; returns its path."""
    gauge = "/jobs/tide-gauges"
    return post_flow(
        server,
        [{"job": gauge, "variable": f"{gauge}/variables/{port}"} for port in PORTS.split()],
        [
            {"job": "/jobs/tidal-model", "while": condition},
            {"job": "/jobs/storm-surge", "if": IF_STORMY},
            {"job": "/jobs/wind-drift"},
        ],
        [{"job": "/jobs/harbour-table"}],
        name=NAME,
    )


def answer(server: Served, job: str, result: Any, count: int = 1) -> None:
    """Leases `count` variables of a job, one after the other, and posts this result for each."""
    for _ in range(count):
        leased = server.get(f"/jobs/{job}/variables")
        server.post(leased["_links"]["post_result"], result)


def answer_gauges(server: Served, count: int = 12) -> None:
    for _ in range(count):
        leased = server.get("/jobs/tide-gauges/variables")
        server.post(leased["_links"]["post_result"], {leased["port"]: {"level": 400 + 7 * len(leased["port"])}})


def refine(server: Served, count: int) -> None:
    """Finishes the entry beside the model, and `count` iterations of the model."""
    answer(server, "wind-drift", {"drift": 0.12})
    answer(server, "tidal-model", {"amplitude": 1.72}, count)


def tabulate(server: Served) -> None:
    answer(server, "harbour-table", TABLE)


class FlowVisitor:
    """A visitor of a flow's page."""

    def __init__(self, page: Page, server: Served, path: str) -> None:
        self.page, self.server, self.path = page, server, path
        self.requests: list[str] = []
        page.on("request", lambda request: self._note(request))
        page.goto(server.url + path)

    def _note(self, request: Request) -> None:
        if request.resource_type == "fetch":
            self.requests.append(request.url)

    def poll(self) -> None:
        """Skips the interval to the next request, in a page with its own clock."""
        self.page.clock.run_for(1_000)

    def expect_status(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("status")).to_have_text(text)

    def expect_finished(self, text: str) -> None:
        expect(self.page.locator("#finished")).to_have_text(text)

    def stage(self, number: int) -> Locator:
        """Number 1 runs first."""
        heading = self.page.get_by_role("heading", name=re.compile(f"^Stage {number} of"))
        return self.page.locator(".stage").filter(has=heading)

    def entry(self, text: str) -> Locator:
        """By the id of its job, which its name resembles, or by its variable."""
        return self.page.locator(".entry").filter(has_text=re.compile(text.replace("-", "[- ]"), re.IGNORECASE))

    def open(self, text: str) -> Locator:
        entry = self.entry(text)
        entry.locator("summary").click()
        expect(entry.locator(".details")).to_be_visible()
        return entry
