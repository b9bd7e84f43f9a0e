"""The service `compPoolClient` in real AngularJS: what comes from the pool is on the page without more ado. The package
is imported, required, and required in a bundle by real browserify."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from pool.sandbox import Sandbox
from tests.browser.conftest import open_page, watching
from tests.conftest import local_server
from tests.serving import LocalServer

PACKAGE = Path(__file__).parents[2] / "client" / "js"
ANGULAR = PACKAGE / "node_modules" / "angular" / "angular.js"
NODE = Path(sys.executable).with_name("node")

APP = """
angular.module("app", ["CompPoolClient"])
  .value("compPoolRoot", location.origin + "/")
  .controller("Work", ["compPoolClient", function (client) {
    var work = this;
    work.finished = [];
    work.ask = function () {
      client.scheduledJob()
        .then(function (job) { work.job = job; return client.progress(job); })
        .then(function (progress) { work.progress = progress; return client.jobs(); })
        .then(function (jobs) { work.jobs = jobs; return client.job("none"); })
        .catch(function (error) { work.error = error; })
        .finally(function () { work.done = true; });
    };
    work.compute = function () {
      work.volunteer = client.volunteer({ onunit: function (unit) { work.finished.push(unit); } });
      work.volunteer.on("state", function (change) { work.state = change.state; });
      work.volunteer.start().then(function () { work.started = true; });
    };
    work.stop = function () {
      work.volunteer.stop().then(function () { work.stopped = true; });
    };
  }]);
"""
BODY = """
<body ng-controller="Work as work">
  <button id="ask" ng-click="work.ask()">ask</button>
  <button id="compute" ng-click="work.compute()">compute</button>
  <button id="stop" ng-click="work.stop()">stop</button>
  <p id="job">{{work.job.content.name}}</p>
  <p id="variables">{{work.progress.variables.open}}</p>
  <p id="jobs"><span ng-repeat="job in work.jobs">{{job.content.id}}</span></p>
  <p id="error">{{work.error.status}}</p>
  <p id="done">{{work.done}}</p>
  <p id="state">{{work.state}}</p>
  <p id="started">{{work.started}}</p>
  <p id="finished"><span ng-repeat="unit in work.finished">{{unit.outcome}} </span></p>
  <p id="units">{{work.volunteer.totals.units}}</p>
  <p id="stopped">{{work.stopped}}</p>
</body>
"""
IMPORTED = '<script type="module" src="js/index.js"></script>'
REQUIRED = '<script>var module = {};</script><script src="js/index.cjs"></script>'


BUNDLED = '<script src="bundle.js"></script>'
# The call of comp-pool 0.5, with providers of those names.
ENTRY = """
require("comp-pool");
angular.module("CompPoolClient").run(["$log", "$q", function ($log, $q) {
  var client = require("comp-pool").client(location.origin + "/", function ResourceContext() {}, {}, $log, $q);
  client.root().then(function (root) { window.seen = root.has("jobs"); });
}]);
"""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An app's script as browserify makes it, with the package as it is published."""
    directory = tmp_path_factory.mktemp("app")
    install(directory / "node_modules" / "comp-pool")
    (directory / "app.js").write_text(ENTRY)
    command = [NODE, PACKAGE / "node_modules" / "browserify" / "bin" / "cmd.js", directory / "app.js"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def install(target: Path) -> None:
    """Copies the files that the package is published with."""
    for name in ["package.json", *json.loads((PACKAGE / "package.json").read_text())["files"]]:
        copy = shutil.copytree if name.endswith("/") else shutil.copy
        target.mkdir(parents=True, exist_ok=True)
        copy(PACKAGE / name, target / name)


def answer(route: Route, entry: str, bundle: bytes) -> None:
    """The app's page, AngularJS, the package as it stands here, and its bundle."""
    path = route.request.url.split("/app/", 1)[1]
    if path == "":
        scripts = f'<script src="angular.js"></script>{entry}<script>{APP}</script>'
        html = f"<!doctype html><html ng-app='app'><head>{scripts}</head>{BODY}</html>"
        route.fulfill(body=html, content_type="text/html")
    elif path == "bundle.js":
        route.fulfill(body=bundle, content_type="text/javascript")
    else:
        file = ANGULAR if path == "angular.js" else PACKAGE / path.removeprefix("js/")
        route.fulfill(body=file.read_bytes(), content_type="text/javascript")


@dataclass
class App:
    """The page of an app that has asked for all, computed all, and stopped."""

    page: Page
    server: LocalServer
    workers: list[str]

    def ask(self) -> None:
        self.page.click("#ask")
        expect(self.page.locator("#done")).to_have_text("true")

    def compute(self) -> None:
        self.page.click("#compute")
        expect(self.page.locator("#state")).to_have_text("running")
        expect(self.page.locator("#finished")).to_have_text("accepted accepted accepted ")
        self.page.click("#stop")
        expect(self.page.locator("#state")).to_have_text("stopped")


@pytest.fixture(scope="module", params=[IMPORTED, REQUIRED, BUNDLED], ids=["imported", "required", "browserified"])
def app(
    request: pytest.FixtureRequest, chromium: Browser, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    server = local_server(tmp_path_factory.mktemp("angular"), sandbox)
    job = server.post("/jobs", {"name": "Doubler", "execute_function": "(v, c) => { c.result = v.a * 2; return c; }"})
    for number in range(3):
        server.post(job["_links"]["post_variable"], {"a": number})
    bundle = request.getfixturevalue("bundle") if request.param == BUNDLED else b""
    with watching() as watch:
        watch.tolerated.append("404")
        page = open_page(chromium, watch)
        app = App(page, server, [])
        page.on("worker", lambda worker: app.workers.append(worker.url))
        page.route(f"{server.url}/app/**", lambda route: answer(route, request.param, bundle))
        page.goto(f"{server.url}/app/")
        app.ask()
        app.compute()
        yield app
        page.context.close()
    server.stop()


def test_what_promises_bring_is_on_the_page(app: App) -> None:
    expect(app.page.locator("#job")).to_have_text("Doubler")
    expect(app.page.locator("#variables")).to_have_text("3")
    expect(app.page.locator("#jobs")).to_have_text("doubler")
    expect(app.page.locator("#error")).to_have_text("404")


@pytest.mark.parametrize("app", [BUNDLED], indirect=True, ids=["browserified"])
def test_the_call_of_comp_pool_0_5_works_in_a_bundle(app: App) -> None:
    app.page.wait_for_function("window.seen === true")


@pytest.mark.parametrize("app", [BUNDLED], indirect=True, ids=["browserified"])
def test_the_clock_of_a_bundle_is_a_worker(app: App) -> None:
    assert any("Timers%20in%20a%20worker" in url for url in app.workers)


def test_a_volunteer_s_events_are_on_the_page(app: App) -> None:
    expect(app.page.locator("#started")).to_have_text("true")
    expect(app.page.locator("#finished")).to_have_text("accepted accepted accepted ")
    expect(app.page.locator("#units")).to_have_text("3")
    expect(app.page.locator("#stopped")).to_have_text("true")
    expect(app.page.locator("#state")).to_have_text("stopped")
    results = app.server.get("/jobs/doubler/results")["_embedded"]["items"]
    assert sorted(item["result"] for item in results) == [0, 2, 4]
