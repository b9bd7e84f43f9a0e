"""Errors as pages: for people who follow a link, in their language; programs get the problem document."""

from __future__ import annotations

import re

import pytest
from webtest import TestResponse

from resources.csp import STATIC_PAGE
from tests.conftest import MakePool, PoolApp, address
from tests.resources.helpers import problem
from tests.resources.test_operator import block
from tests.resources.test_pages import FLOW, Elements

# As browsers send it for an address.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
MISSING = [
    *(
        "/elsewhere",
        "/client/web/elsewhere.css",
        FLOW,
        "/flows/NO-ID",
        "/jobs/nobody",
        "/jobs/NO-ID",
        "/jobs/nobody/errors",
    ),
    *("/jobs/nobody/results", "/jobs/nobody/variables", "/jobs/nobody/variables/index", "/jobs/nobody/progress"),
]


def page(pool: PoolApp, path: str, status: int, language: str = "en", **environ: str) -> TestResponse:
    headers = {**HTML, "Accept-Language": language}
    response = pool.get(path, headers=headers, extra_environ=environ, status=status)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return response


def heading(response: TestResponse) -> str:
    return Elements(response.text).texts["h1"].strip()


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_has_a_page(module_pool: PoolApp, path: str) -> None:
    assert heading(page(module_pool, path, 404)) == "Nothing is here"


@pytest.mark.parametrize("path", MISSING)
def test_a_program_gets_the_problem(module_pool: PoolApp, path: str) -> None:
    problem(module_pool.get(path, status=404), 404)


@pytest.mark.parametrize("accepted", ["application/problem+json", "application/x-ndjson", "text/csv", "application/*"])
def test_a_program_that_would_read_a_page_but_prefers_data_gets_the_problem(
    module_pool: PoolApp, accepted: str
) -> None:
    problem(module_pool.get("/elsewhere", headers={"Accept": f"{accepted}, text/html;q=0.5"}, status=404), 404)


@pytest.mark.parametrize("path", ["/elsewhere", "/jobs/nobody"])
def test_no_condition_takes_the_place_of_an_error(module_pool: PoolApp, path: str) -> None:
    headers = {**HTML, "If-None-Match": "*"}
    assert "ETag" not in module_pool.get(path, headers=headers, status=404).headers


def test_only_a_request_for_an_address_gets_a_page(module_pool: PoolApp) -> None:
    problem(module_pool.post_json("/jobs", {}, headers={**HTML, **module_pool.owner}, status=422), 422)


@pytest.mark.parametrize("accept", [HTML["Accept"], "*/*"])
def test_caches_tell_page_and_problem_apart(module_pool: PoolApp, accept: str) -> None:
    assert "Accept" in module_pool.get("/elsewhere", headers={"Accept": accept}, status=404).headers["Vary"]


@pytest.mark.parametrize(
    ("language", "title", "home"),
    [
        ("en", "Nothing is here", "To the start page"),
        ("de-CH, en;q=0.5", "Hier ist nichts", "Zur Startseite"),
        ("es", "Aquí no hay nada", "A la página de inicio"),
        ("fr", "Il n\u2019y a rien ici", "Vers la page d\u2019accueil"),
        ("tlh", "Nothing is here", "To the start page"),
    ],
)
def test_it_is_in_the_language_of_the_visitor(module_pool: PoolApp, language: str, title: str, home: str) -> None:
    response = page(module_pool, "/elsewhere", 404, language)
    assert heading(response) == title
    assert home in response.text


def test_it_leads_home_below_the_mount_prefix(module_pool: PoolApp) -> None:
    elements = Elements(page(module_pool, "/elsewhere", 404, SCRIPT_NAME="/pool").text)
    assert ("a", "/pool/") in elements.uris()
    assert all(uri.startswith("/pool/") for _, uri in elements.uris())


def test_every_uri_in_it_can_be_loaded(module_pool: PoolApp) -> None:
    for _, uri in Elements(page(module_pool, "/elsewhere", 404).text).uris():
        module_pool.get(uri, headers=HTML, status=200)


def test_it_has_no_script_and_may_have_none(module_pool: PoolApp) -> None:
    response = page(module_pool, "/elsewhere", 404)
    assert "script" not in [tag for tag, _ in Elements(response.text).found]
    assert response.headers["Content-Security-Policy"] == STATIC_PAGE
    assert "script-src" not in STATIC_PAGE
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("hostile", ["%3Cscript%3Ealert(1)%3C/script%3E", "%3C/title%3E%3Cimg%20src=x%20onerror=y%3E"])
def test_what_was_asked_for_is_text(module_pool: PoolApp, hostile: str) -> None:
    response = page(module_pool, f"/{hostile}", 404)
    assert {tag for tag, _ in Elements(response.text).found} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "link",
            "body",
            "a",
            "header",
            "img",
            "span",
            "nav",
            "main",
            "section",
            "h1",
            "p",
        )
    }
    assert "onerror=y" not in re.sub("&lt;.*?&gt;", "", response.text)


def test_head_has_no_body(module_pool: PoolApp) -> None:
    response = module_pool.head("/elsewhere", headers=HTML, status=404)
    assert response.body == b""
    assert response.content_type == "text/html"


def test_whoever_is_blocked_reads_why(pool: PoolApp) -> None:
    block(pool, "192.0.2.0/24", "too many <b>jobs</b>")
    response = page(pool, "/jobs/index", 403, **address(7))
    assert heading(response) == "Not permitted"
    assert "too many &lt;b&gt;jobs&lt;/b&gt;" in response.text


def test_a_limit_says_when_to_try_again(make_pool: MakePool) -> None:
    pool = make_pool(requests=1)
    pool.pool.rates.burst = 1
    pool.get("/jobs/index", extra_environ=address(7), status=200)
    response = page(pool, "/jobs/index", 429, **address(7))
    assert heading(response) == "Too many requests"
    assert f"Try again in {response.headers['Retry-After']} seconds." in response.text


def test_other_refusals_have_the_text_of_their_kind(module_pool: PoolApp) -> None:
    assert heading(page(module_pool, "/leaderboard?period=x", 400)) == "That did not work"
    assert heading(page(module_pool, "/names", 401)) == "A key is needed"
