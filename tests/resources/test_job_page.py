"""The page of a job, and the lists for people: content negotiation, facts and escaping, without JavaScript."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from pool.sandbox import Sandbox
from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import VOLUNTEER, problem

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
MARKUP = '<img src=x onerror="hacked()">{prefix}'
HOSTILE = {
    "metadata": {"owner": f"Owner {MARKUP}", "description": {"en": f"About {MARKUP}", "de": "Über Wasser"}},
    "execute_function": "(variable) => '<script>hacked()</script>{prefix}'",
}
JOB = "/jobs/hostile"
LISTS = ["/jobs/index", "/flows", f"{JOB}/results", f"{JOB}/variables", f"{JOB}/variables/index"]


class Tags(HTMLParser):
    """The names of all elements, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """A pool with a job, a flow, variables and results that would be markup."""
    pool = PoolApp(tmp_path_factory.mktemp("shown") / "pool", sandbox)
    pool.post_job("Hostile", **HOSTILE)
    pool.post_job("Other")
    for name in ("one", "two", "three"):
        pool.post_variable(JOB, name)
    for number in range(2):
        result = {"text": f"Result {MARKUP}", "very long": "x" * 5000}
        headers = {**VOLUNTEER, "Run-Seconds": str(number)}
        pool.post_json(pool.lease(JOB, **VOLUNTEER)["post_result"], result, headers=headers, status=201)
    pool.lease(JOB)
    flow = {"name": f"Flow {MARKUP}", "jobs": [{"job": JOB, "variable": f"{JOB}/variables/one"}]}
    pool.post_json("/flows", flow, headers=pool.owner, status=201)
    return pool


def page(pool: PoolApp, path: str) -> str:
    response = pool.get(path, headers=HTML, status=200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return response.text


# Content negotiation


@pytest.mark.parametrize("path", [JOB, *LISTS])
def test_whoever_prefers_html_gets_a_page(shown: PoolApp, path: str) -> None:
    assert page(shown, path).startswith("<!doctype html>")
    assert "Accept" in shown.get(path, headers=HTML).headers["Vary"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/hal+json, text/html;q=0.9"])
@pytest.mark.parametrize("path", [JOB, "/jobs/index", "/flows", f"{JOB}/results", f"{JOB}/variables/index"])
def test_everybody_else_gets_the_document(shown: PoolApp, path: str, accept: str | None) -> None:
    response = shown.get(path, headers={"Accept": accept} if accept else {}, status=200)
    assert "json" in response.content_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_of_variables_leases_none(pool: PoolApp, method: str) -> None:
    """Also where a link of another site leads there."""
    job = pool.post_job()
    pool.post_variable(job)
    navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
    pool.request(f"{job}/variables", method=method, headers={**HTML, **navigation}, status=200)
    assert pool.get(f"{job}/progress").json["variables"]["leased"] == 0


@pytest.mark.parametrize(
    ("name", "media_type"), [("json", "application/json"), ("ndjson", "application/x-ndjson"), ("csv", "text/csv")]
)
def test_links_name_the_format_of_results(shown: PoolApp, name: str, media_type: str) -> None:
    assert shown.get(f"{JOB}/results?format={name}", headers=HTML, status=200).content_type == media_type


def test_an_unknown_format_is_refused(shown: PoolApp) -> None:
    problem(shown.get(f"{JOB}/results?format=xml", status=400), 400, "format")


def test_an_unchanged_page_is_304(shown: PoolApp) -> None:
    for path in LISTS:
        tag = shown.get(path, headers=HTML).headers["ETag"]
        shown.get(path, headers={**HTML, "If-None-Match": tag}, status=304)


# Facts


def test_the_page_of_a_job_has_the_facts(shown: PoolApp) -> None:
    text = Tags(page(shown, JOB)).text
    for fact in (
        "66%",
        "2 of 3",
        "2 done",
        "1 being computed",
        "Volunteers are computing.",
        "2 results in the last hour",
    ):
        assert fact in text, fact
    assert len(re.findall(r"Result <img", text)) == 2


def test_each_list_has_its_items(shown: PoolApp) -> None:
    for path, items in [
        ("/jobs/index", ["Hostile", "Other", "2 of 3", "open"]),
        ("/flows", [f"Flow {MARKUP}", "operator"]),
        (f"{JOB}/results", ["one", f"Result {MARKUP.replace(chr(34), chr(92) + chr(34))}"]),
        (f"{JOB}/variables", ["one", "two", "three", "done", "being computed"]),
    ]:
        text = Tags(page(shown, path)).text
        for item in items:
            assert item in text, (path, item)


def test_pages_have_the_name_of_a_job_in_the_visitor_s_language(pool: PoolApp) -> None:
    job = pool.post_job(metadata={"title": {"de": "Gezeiten"}})
    pool.clock.advance(11)
    for path in (job, f"{job}/results", "/jobs/index", "/status", "/leaderboard"):
        german = pool.get(path, headers={**HTML, "Accept-Language": "de"}, status=200)
        assert "Gezeiten" in german.text, path


def test_a_job_without_anything_left_to_do_is_done_in_the_list(pool: PoolApp) -> None:
    job = pool.post_job()
    pool.post_json(pool.post_variable(job) + "/results", 2, status=201)
    text = Tags(page(pool, "/jobs/index")).text
    assert "done1 of 1" in text
    pool.post_variable(job, "two")
    assert "open1 of 2" in Tags(page(pool, "/jobs/index")).text


def test_a_list_leads_to_its_next_page(shown: PoolApp) -> None:
    first = page(shown, f"{JOB}/variables?limit=2")
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    assert 'rel="next"' not in page(shown, following.replace("&amp;", "&"))


def test_jobs_in_review_are_not_listed(make_pool: MakePool) -> None:
    pool = make_pool(open="review")
    pool.post_json("/jobs", {"name": "Unseen", "execute_function": "() => 1"}, status=201)
    assert "Unseen" not in page(pool, "/jobs/index")
    assert "The pool\u2019s operator looks at it first." in page(pool, "/jobs/unseen")


def test_an_empty_pool_has_pages_too(pool: PoolApp) -> None:
    assert "Nobody has posted a job yet." in page(pool, "/jobs/index")
    assert "Nobody has posted a flow yet." in page(pool, "/flows")
    job = pool.post_job()
    assert "Has no units yet." in page(pool, job)
    assert "This job has no results yet." in page(pool, f"{job}/results")
    assert "This job has no units yet." in page(pool, f"{job}/variables")


def status_of(pool: PoolApp, job: str) -> str:
    (found,) = re.findall(r'<html [^>]*data-job="([^"]+)"', page(pool, job))
    return str(found)


def test_the_status_is_that_of_the_job(pool: PoolApp) -> None:
    job = pool.post_job(settings={"max_errors": 1}, validate_result="(variable, result) => result !== -1")
    seen = [status_of(pool, job)]
    for name in ("one", "two"):
        pool.post_variable(job, name)
    pool.clock.advance(3)
    seen.append(status_of(pool, job))
    links = pool.lease(job)
    pool.clock.advance(3)
    seen.append(status_of(pool, job))
    pool.post_json(links["post_result"], -1, status=422)
    pool.clock.advance(3)
    seen.append(status_of(pool, job))
    failed = links["self"]
    pool.patch_json(failed, {"state": "open"}, headers=pool.owner)
    for name in ("one", "two"):
        pool.post_json(f"{job}/variables/{name}/results", 1, status=201)
    pool.clock.advance(3)
    seen.append(status_of(pool, job))
    assert "nothing left to do" in page(pool, job)
    pool.patch_json(job, {"state": "paused"}, headers=pool.owner)
    seen.append(status_of(pool, job))
    assert seen == ["empty", "waiting", "computing", "failed", "done", "paused"]


@pytest.mark.parametrize(
    ("accepted", "code", "texts"),
    [
        ("de-AT, en;q=0.5", "de", ["Freiwillige rechnen.", "2 von 3", "Wer rechnet", "Über Wasser", "in Arbeit"]),
        ("es", "es", ["Los voluntarios están calculando.", "2 de 3", "Quién calcula"]),
        ("fr", "fr", ["Des volontaires calculent.", "2 sur 3", "Qui calcule"]),
        ("sw", "en", ["Volunteers are computing.", "2 of 3", "Who computes"]),
    ],
)
def test_the_page_of_a_job_is_in_the_visitors_language(
    shown: PoolApp, accepted: str, code: str, texts: list[str]
) -> None:
    response = shown.get(JOB, headers={**HTML, "Accept-Language": accepted})
    assert f'<html lang="{code}"' in response.text
    for text in texts:
        assert text in Tags(response.text).text


def test_lists_are_in_the_visitors_language(shown: PoolApp) -> None:
    text = Tags(shown.get(f"{JOB}/variables", headers={**HTML, "Accept-Language": "de"}).text).text
    for part in ("Einheiten", "Zustand", "fertig", "Zum Inhalt"):
        assert part in text


# Untrusted content


@pytest.mark.parametrize("path", [JOB, *LISTS])
def test_nothing_of_strangers_is_markup(shown: PoolApp, path: str) -> None:
    # The pool's icon, and the page's own module.
    assert page(shown, path).count("<img") == 1
    assert page(shown, path).count("<script") == 1


def test_placeholders_of_strangers_are_not_replaced(shown: PoolApp) -> None:
    assert "{prefix}" in Tags(page(shown, JOB)).text
