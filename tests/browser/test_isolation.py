"""What a job can reach in a browser: some fifty attempts in Chromium and in Firefox, each asserted on by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from client import JS
from tests.browser.firefox import Firefox
from tests.browser.listener import Listener
from tests.serving import Server, wait_until

JOB = Path(__file__).with_name("hostile_job.js").read_text(encoding="utf-8")
_JOB_CORE = (JS / "sandbox" / "job.js").read_text(encoding="utf-8")
# The names that the core leaves to a job.
LANGUAGE = re.findall(r'"(\w+)"', _JOB_CORE.partition("new Set([")[2].partition("])")[0])
PROBES = re.findall(r'^    "([\w-]+)": ', JOB, re.MULTILINE)
# These leave their realm in disorder, so that each has a job, and with it a worker, to itself.
POISONOUS = ["two-results", "setters"]

SECRET = """() => {
  globalThis.pageSecret = "a secret of the page";
  globalThis.overheard = [];
  for (const name of ["overheard", "comp-pool"]) {
    new BroadcastChannel(name).onmessage = ({ data }) => globalThis.overheard.push(data);
  }
  localStorage.setItem("kept", "a secret of the page");
  document.cookie = "kept=secret";
}"""
# The volunteer's program, on the pool's own page; how many units are awaited is filled in.
COMPUTE = """async () => {
  const { volunteer } = await import("/client/js/index.js");
  let ended = 0;
  await new Promise((resolve) => {
    const onunit = () => ++ended === %d && one.stop().then(resolve);
    const one = volunteer(location.href, { jobs: %s, workers: 2, onunit });
    one.start();
  });
  const secret = localStorage.getItem("kept");
  return { overheard, secret, address: location.pathname, text: document.body.textContent };
}"""


@dataclass
class Outcome:
    """What came of all attempts: by probe what the job says of it, then what the page and the listener noticed."""

    said: dict[str, str]
    page: dict[str, Any]
    heard: list[str]
    pages: int


def post_probes(server: Server, port: int) -> list[str]:
    """Posts the jobs and returns their ids."""
    common = {"port": port, "language": LANGUAGE, "other": f"{server.url}/jobs/hostile/variables/one/results"}
    for name in ("hostile", *POISONOUS):
        server.post("/jobs", {"name": name, "execute_function": JOB})
        for probe in [name] if name in POISONOUS else [probe for probe in PROBES if probe not in POISONOUS]:
            server.post(f"/jobs/{name}/variables/{probe.lower()}", {**common, "probe": probe}, "PUT")
    return ["hostile", *POISONOUS]


def results_of(server: Server, jobs: list[str]) -> dict[str, str]:
    pages = (server.get(f"/jobs/{job}/results?limit=1000") for job in jobs)
    results = [item for page in pages for item in page["_embedded"]["items"]]
    return {item["variable"]: json.dumps(item["result"]) for item in results}


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def outcome(request: pytest.FixtureRequest, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    server = Server(tmp_path_factory.mktemp("hostile"), DEMO="0", FSYNC="0")
    server.start()
    listener = Listener()
    browser: Any = chromium.new_page() if request.param == "chromium" else Firefox()
    try:
        jobs = post_probes(server, listener.port)
        browser.goto(f"{server.url}/")
        browser.evaluate(SECRET)
        page = browser.evaluate(COMPUTE % (len(PROBES), json.dumps(jobs)))
        pages = len(browser.context.pages) if isinstance(browser, Page) else browser.tabs()
        return Outcome(results_of(server, jobs), page, listener.heard, pages)
    finally:
        browser.close()
        listener.close()
        server.kill()


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe not in POISONOUS])
def test_the_attempt_is_refused(outcome: Outcome, probe: str) -> None:
    said = json.loads(outcome.said[probe.lower()])
    assert said["probe"] == probe
    assert said["outcome"].startswith("refused: ")


@pytest.mark.parametrize("probe", POISONOUS)
def test_a_job_that_poisons_prototypes_answers_for_itself_alone(outcome: Outcome, probe: str) -> None:
    assert probe in outcome.said


def test_there_is_one_result_for_each_unit(outcome: Outcome) -> None:
    assert sorted(outcome.said) == sorted(probe.lower() for probe in PROBES)


def test_nobody_on_the_network_heard_of_it(outcome: Outcome) -> None:
    assert outcome.heard == []


def test_the_page_heard_nothing_on_its_channels(outcome: Outcome) -> None:
    assert outcome.page["overheard"] == []


def test_the_page_is_as_it_was(outcome: Outcome) -> None:
    assert outcome.page["address"] == "/"
    assert outcome.page["secret"] == "a secret of the page"
    assert "overwritten" not in outcome.page["text"]


def test_no_other_page_was_opened(outcome: Outcome) -> None:
    assert outcome.pages == 1


CONTROLS = {
    "fetch": "fetch(there)",
    "xmlhttprequest": "{ const request = new XMLHttpRequest(); request.open('GET', there); request.send(); }",
    "websocket": "new WebSocket(there.replace('http', 'ws'))",
    "eventsource": "new EventSource(there)",
    "importscripts": "importScripts(there)",
    "import": "import(there)",
    "nested-worker": "new Worker(`data:text/javascript,fetch('${there}')`)",
}


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.mark.parametrize("attempt", CONTROLS)
def test_the_listener_hears_the_same_attempt_from_a_worker_outside(
    chromium: Browser, listener: Listener, attempt: str
) -> None:
    page = chromium.new_page()
    there = f"http://127.0.0.1:{listener.port}/{attempt}"
    page.goto(f"http://127.0.0.1:{listener.port}/page")
    script = f"const there = {json.dumps(there)}; {CONTROLS[attempt]}"
    page.evaluate(
        "(script) => { globalThis.kept = new Worker('data:text/javascript,' + encodeURIComponent(script)) }", script
    )
    wait_until(lambda: any(f"/{attempt}" in request for request in listener.heard))
    page.close()


@pytest.mark.parametrize("attempt", CONTROLS)
def test_in_the_sandbox_nobody_hears_it_even_with_all_globals(
    chromium: Browser, server: Server, listener: Listener, attempt: str
) -> None:
    """The policy holds alone, with all globals: in a bare worker, and on the sandbox document's own thread."""
    page = chromium.new_page()
    page.goto(f"{server.url}/sandbox")
    there = f"http://127.0.0.1:{listener.port}/{attempt}"
    attempted = f"try {{ {CONTROLS[attempt]} }} catch {{}}"
    script = f"const there = {json.dumps(there)}; {attempted} setTimeout(() => postMessage(1), 300);"
    page.evaluate(
        """(script) => new Promise((resolve) => {
          const worker = new Worker("data:text/javascript," + encodeURIComponent(script));
          worker.onmessage = worker.onerror = resolve;
        })""",
        script,
    )
    page.close()
    assert listener.heard == []
