"""The form that posts a job: a trial in the sandbox, posting, its errors, and what happens to keys."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from pool.sandbox import Sandbox
from tests.browser.conftest import MakePage, Watch, lasting_page
from tests.browser.posting import Poster
from tests.browser.test_page_access import findings
from tests.browser.test_page_hostile import MARKUP
from tests.browser.visiting import counts, post_job
from tests.conftest import MakeLocalServer, local_server
from tests.serving import TIMEOUT, LocalServer

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
# Of a request that fails: `callAttempts` in retry-policy.js.
ATTEMPTS = 5
OF_JOB = "comp-pool key of /jobs/"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    server = local_server(tmp_path_factory.mktemp("open"), sandbox, open=True)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def trial_page(open_server: LocalServer, chromium: Browser) -> Iterator[Poster]:
    """A form of which tests try functions, without posting."""
    with lasting_page(chromium, reduced_motion="reduce") as page:
        poster = Poster(page, open_server)
        poster.open()
        yield poster


@pytest.fixture
def poster(open_server: LocalServer, make_page: MakePage) -> Poster:
    poster = Poster(make_page(reduced_motion="reduce"), open_server)
    poster.open()
    return poster


# The trial


@pytest.mark.parametrize(
    ("execute", "validate", "outcome", "shown"),
    [
        ("n => ({ result: n * n })", "(n, r) => r === undefined || r === n * n", "accepted", {"result": "9"}),
        (
            "n => ({ result: n })",
            "(n, r) => r === undefined || {valid: false, reason: 'odd'}",
            "rejected",
            {"verdict": "odd"},
        ),
        ("n => ({ result: n })", "(n, r) => ({valid: true, result: [n]})", "accepted", {"stored": "[\n  3\n]"}),
        ("n => ({ result: n })", "() => 1", "refused", {"verdict": "neither true, false"}),
        ("n => { console.log(n); throw new Error('ebb') }", "", "failed", {"console": "3\n", "status": "Error: ebb"}),
        ("n =>", "", "failed", {"status": "SyntaxError"}),
        ("() => ({ result: Math.max(...new Uint8Array(9)) + performance })", "", "failed", {"status": "performance"}),
    ],
)
def test_a_trial_shows_result_console_and_the_validators_word(
    trial_page: Poster, execute: str, validate: str, outcome: str, shown: dict[str, str]
) -> None:
    trial_page.write("execute_function", execute)
    trial_page.write("validate_result", validate)
    trial_page.list_units("1", "2", "3")
    trial_page.field("Unit number").fill("3")
    trial_page.try_unit(outcome)
    for part, text in shown.items():
        expect(trial_page.trial(part)).to_contain_text(text)


def test_hostile_texts_of_a_trial_are_text(trial_page: Poster) -> None:
    text = json.dumps(MARKUP)
    trial_page.write("execute_function", f"() => {{ console.log({text}); return {{ result: {text} }} }}")
    trial_page.write("validate_result", f"() => ({{valid: true, reason: {text}}})")
    trial_page.list_units(MARKUP)
    trial_page.try_unit("accepted")
    for part in ("variable", "result", "console", "verdict"):
        expect(trial_page.trial(part)).to_contain_text(MARKUP[:10])
    assert trial_page.page.evaluate("window.hacked") is None
    assert findings(trial_page.page) == []


def test_a_trial_draws_what_render_returns(trial_page: Poster) -> None:
    trial_page.write("execute_function", "n => ({ result: n * n })")
    trial_page.write("validate_result", "")
    trial_page.page.evaluate("document.querySelector('#more-functions').parentElement.open = true")
    trial_page.write(
        "render", "(results) => ({ type: 'table', columns: ['n'], rows: results.map((one) => [one.result]) })"
    )
    trial_page.list_units("12")
    trial_page.try_unit("accepted")
    expect(trial_page.trial("picture").get_by_role("cell")).to_have_text("144")
    trial_page.write("render", "() => ({ type: 'film' })")
    trial_page.try_unit("accepted")
    expect(trial_page.trial("picture")).to_contain_text("render.type must be one of")
    trial_page.write("render", "")


def test_a_trial_can_be_stopped(trial_page: Poster) -> None:
    trial_page.write("execute_function", "() => { for (;;); }")
    trial_page.write("validate_result", "")
    trial_page.list_units("1")
    trial_page.page.get_by_role("button", name="Try", exact=True).click()
    trial_page.page.get_by_role("button", name="Stop", exact=True).click()
    expect(trial_page.trial("status")).to_have_text("Stopped.")
    assert not any(url.endswith("/jobs") for url in trial_page.requests)


# Posting


def test_without_a_key_the_job_gets_one_that_this_tab_keeps(poster: Poster, open_server: LocalServer) -> None:
    poster.field("Name").fill("Without a key")
    poster.drop("gauges.csv", "n,place\n1,Dover\n2,Calais\n")
    expect(poster.page.locator(".units")).to_have_text('{"n":1,"place":"Dover"}{"n":2,"place":"Calais"}')
    poster.write("validate_result", "")
    poster.post()
    job = poster.expect_posted("Posted, with 2 units.")
    assert counts(open_server, job)["open"] == 2
    kept = poster.stored()
    assert list(kept) == [f"{OF_JOB}without-a-key"]
    key = kept[f"{OF_JOB}without-a-key"]
    expect(poster.field("The key of this job")).to_have_value(key)
    assert not any(key in url for url in poster.requests)
    assert findings(poster.page) == []


def test_an_error_is_shown_at_its_field_with_its_line_and_a_refused_unit_by_its_number(
    poster: Poster, open_server: LocalServer, watch: Watch
) -> None:
    watch.tolerated.append("status of 422")
    poster.field("Name").fill("Refused")
    validator = poster.function("validate_result").inner_text()
    poster.write("validate_result", "function (n) {\n  return (;\n}")
    poster.post()
    poster.expect_problem("Not posted: validate_result")
    expect(poster.page.locator("#function-validate_result-error")).to_contain_text("line 2")
    expect(poster.function("validate_result")).to_be_focused()
    expect(poster.function("validate_result")).to_have_attribute("aria-invalid", "true")
    expect(poster.function("execute_function")).to_have_attribute("aria-invalid", "false")
    assert findings(poster.page) == []

    # Both can be corrected.
    poster.write("validate_result", validator)
    poster.list_units("1", "2", "three")
    poster.post()
    poster.expect_problem("Unit 3 was refused")
    poster.list_units("1", "2", "3")
    poster.page.get_by_role("button", name="Go on").click()
    job = poster.expect_posted("Posted, with 3 units.")
    assert counts(open_server, job)["open"] == 3


def test_after_a_failure_and_a_reload_it_goes_on_where_it_stopped(
    poster: Poster, open_server: LocalServer, watch: Watch
) -> None:
    watch.tolerated.append("ERR_FAILED")
    variables = "**/jobs/interrupted/variables"
    poster.field("Name").fill("Interrupted")
    poster.write("validate_result", "")
    poster.field("To").fill("1500")

    def cut(route: Route) -> None:
        """The pool stores the batch; its response is lost."""
        posted = urllib.request.Request(
            route.request.url, route.request.post_data_buffer, route.request.headers, method="POST"
        )
        with urllib.request.urlopen(posted, timeout=TIMEOUT):
            route.abort()

    poster.page.clock.install()
    poster.page.route(variables, cut)
    with poster.page.expect_event("requestfailed"):
        poster.post()
    for _ in range(ATTEMPTS - 1):
        with poster.page.expect_event("requestfailed"):
            poster.page.clock.run_for(10_000)
    poster.expect_problem("Nothing is lost: go on where it stopped.")
    poster.page.unroute(variables)
    poster.page.reload()
    expect(poster.field("Name")).to_have_value("Interrupted")
    poster.post()
    job = poster.expect_posted("Posted, with 1,500 units.")
    assert counts(open_server, job)["open"] == 1500


def test_a_new_version_begins_with_the_former_functions(
    make_local_server: MakeLocalServer, page: Page, watch: Watch
) -> None:
    watch.tolerated.append("status of 401")
    server = make_local_server()
    post_job(server, "Tides", count=2, validate_result="(v, r) => r === undefined || r >= 0")
    poster = Poster(page, server)
    poster.open("?replaces=tides")
    expect(poster.field("Name")).to_have_value("Tides 2")
    page.evaluate(
        "sessionStorage.setItem('comp-pool key of /', arguments)".replace("arguments", json.dumps(server.key))
    )
    page.evaluate("sessionStorage.removeItem('comp-pool draft of /')")
    poster.open("?replaces=tides")
    expect(poster.function("validate_result")).to_contain_text("r >= 0")
    poster.post()
    job = poster.expect_posted("Posted, with 0 units.")
    assert server.get(job)["_links"]["replaces"] == "/jobs/tides"


def test_a_pool_that_wants_a_key_says_so(make_local_server: MakeLocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated.append("status of 401")
    server = make_local_server()
    poster = Poster(page, server)
    poster.open()
    expect(page.locator("#who")).to_have_text("This pool takes jobs from owners who have a key.")
    poster.field("Name").fill("Keyed")
    poster.post()
    expect(poster.field("Your key")).to_be_focused()
    poster.field("Your key").fill(server.key)
    poster.post()
    poster.expect_posted("Posted, with 100 units.")
    assert poster.stored() == {"comp-pool key of /": server.key}
    page.reload()
    page.get_by_role("button", name="Use another key").click()
    expect(poster.field("Your key")).to_be_focused()
    assert poster.stored() == {}


# Access


def test_tab_leaves_the_editor(trial_page: Poster) -> None:
    trial_page.function("execute_function").focus()
    trial_page.page.keyboard.press("Tab")
    expect(trial_page.function("execute_function")).not_to_be_focused()
    expect(
        trial_page.page.get_by_role("button", name=re.compile("^Insert a template.*validate_result"))
    ).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_with_all_details_open(trial_page: Poster, scheme: str) -> None:
    trial_page.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for summary in trial_page.page.locator("summary").all():
        if not summary.evaluate("(one) => one.parentElement.open"):
            summary.click()
    assert findings(trial_page.page) == []


def test_a_phone_is_wide_enough(open_server: LocalServer, make_page: MakePage) -> None:
    poster = Poster(make_page(reduced_motion="reduce", **PHONE), open_server)
    poster.open()
    for summary in poster.page.locator("summary").all():
        summary.click()
    assert poster.page.evaluate("document.documentElement.scrollWidth") == 360
    assert findings(poster.page) == []


def test_without_the_editor_functions_are_plain_fields(open_server: LocalServer, page: Page, watch: Watch) -> None:
    watch.tolerated.append("ERR_FAILED")
    page.route("**/vendor/editor.js", lambda route: route.abort())
    page.goto(f"{open_server.url}/post")
    poster = Poster(page, open_server)
    poster.field("execute_function").fill("n => ({ result: n })")
    poster.try_unit("accepted")


def test_without_javascript_it_says_so(open_server: LocalServer, make_page: MakePage) -> None:
    page = make_page(java_script_enabled=False)
    page.goto(f"{open_server.url}/post")
    assert "needs JavaScript, which is switched off" in page.locator("noscript").inner_text()
