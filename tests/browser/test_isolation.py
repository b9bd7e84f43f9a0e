"""What a job can reach in a browser: some fifty attempts in Chromium and in Firefox, each asserted on by itself."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from client import JS
from pool.sandbox import Sandbox
from tests.browser.firefox import Firefox
from tests.browser.listener import Listener
from tests.conftest import local_server
from tests.serving import LocalServer, Served, wait_until

JOB = Path(__file__).with_name("hostile_job.js").read_text(encoding="utf-8")
_JOB_CORE = (JS / "sandbox" / "job.js").read_text(encoding="utf-8")
# The names that the core leaves to a job.
LANGUAGE = re.findall(r'"(\w+)"', _JOB_CORE.partition("new Set([")[2].partition("])")[0])
_WEB_FUNCTIONS = (JS / "sandbox" / "web-functions.js").read_text(encoding="utf-8").rpartition("__proto__: null,")[2]
LANGUAGE += re.findall(r"\w+", _WEB_FUNCTIONS)
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


def post_probes(server: Served, port: int) -> list[str]:
    """Posts the jobs and returns their ids."""
    common = {"port": port, "language": LANGUAGE, "other": f"{server.url}/jobs/hostile/variables/one/results"}
    for name in ("hostile", *POISONOUS):
        server.post("/jobs", {"name": name, "execute_function": JOB})
        for probe in [name] if name in POISONOUS else [probe for probe in PROBES if probe not in POISONOUS]:
            server.post(f"/jobs/{name}/variables/{probe.lower()}", {**common, "probe": probe}, "PUT")
    return ["hostile", *POISONOUS]


def results_of(server: Served, jobs: list[str]) -> dict[str, str]:
    pages = (server.get(f"/jobs/{job}/results?limit=1000") for job in jobs)
    results = [item for page in pages for item in page["_embedded"]["items"]]
    return {item["variable"]: json.dumps(item["result"]) for item in results}


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Outcome:
    browser = request.getfixturevalue(request.param)
    with contextlib.ExitStack() as stack:
        tab = browser if isinstance(browser, Firefox) else stack.enter_context(contextlib.closing(browser.new_page()))
        listener = stack.enter_context(contextlib.closing(Listener()))
        server = local_server(tmp_path_factory.mktemp("hostile"), sandbox)
        stack.callback(server.stop)
        jobs = post_probes(server, listener.port)
        tab.goto(f"{server.url}/")
        tab.evaluate(SECRET)
        page = tab.evaluate(COMPUTE % (len(PROBES), json.dumps(jobs)))
        tabs = tab.tabs() if isinstance(tab, Firefox) else len(tab.context.pages)
        return Outcome(results_of(server, jobs), page, listener.heard, tabs)


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


def attempts(port: int) -> list[str]:
    """Scripts that make the attempts, each with a path of its name."""
    return [
        f"const there = 'http://127.0.0.1:{port}/{attempt}'; try {{ {script} }} catch {{}}"
        for attempt, script in CONTROLS.items()
    ]


START = """(scripts) => {
  const start = (script) => new Worker("data:text/javascript," + encodeURIComponent(script));
  globalThis.kept = scripts.map(start);
}"""


@pytest.fixture(scope="module")
def listener(chromium: Browser) -> Iterator[Listener]:
    """A listener, and a page outside the sandbox whose workers make all attempts to reach it."""
    with contextlib.closing(Listener()) as listener, contextlib.closing(chromium.new_page()) as page:
        page.goto(f"http://127.0.0.1:{listener.port}/page")
        page.evaluate(START, attempts(listener.port))
        yield listener


@pytest.mark.parametrize("attempt", CONTROLS)
def test_the_listener_hears_the_same_attempt_from_a_worker_outside(listener: Listener, attempt: str) -> None:
    wait_until(lambda: any(f"/{attempt} " in request for request in listener.heard))


COMPLETE = """(scripts) => Promise.all(scripts.map((script) => new Promise((resolve) => {
  const ending = script + "; setTimeout(() => postMessage(1), 300);";
  const worker = new Worker("data:text/javascript," + encodeURIComponent(ending));
  worker.onmessage = worker.onerror = resolve;
})))"""


@pytest.fixture(scope="module")
def heard(chromium: Browser, lasting_server: LocalServer) -> list[str]:
    """What a listener hears while bare workers of the sandbox document, with all globals, make the same attempts.

    The policy alone holds them.
    """
    with contextlib.closing(Listener()) as listener, contextlib.closing(chromium.new_page()) as page:
        page.goto(f"{lasting_server.url}/sandbox")
        page.evaluate(COMPLETE, attempts(listener.port))
    return listener.heard


@pytest.mark.parametrize("attempt", CONTROLS)
def test_in_the_sandbox_nobody_hears_it_even_with_all_globals(heard: list[str], attempt: str) -> None:
    assert not any(f"/{attempt} " in request for request in heard)


def test_in_the_sandbox_nobody_hears_anything_even_with_all_globals(heard: list[str]) -> None:
    assert heard == []
