"""The pages: content negotiation, headers, and content that their policy permits."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from webtest import TestResponse

from storage.flat import FlatStore
from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import problem

HTML = {"Accept": "text/html"}
MOUNTED = {"SCRIPT_NAME": "/my pool/ü".encode().decode("latin-1")}
PREFIX = "/my%20pool/%C3%BC"
FLOW, ERRORS = "/flows/one", "/jobs/one/errors"
MADE = ["/jobs/one", "/jobs/index", "/flows", "/jobs/one/results", "/jobs/one/variables", "/jobs/one/variables/index"]
PAGES = ["/", "/post", "/widget", FLOW, ERRORS, *MADE]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)


class Elements(HTMLParser):
    """`found` are the elements of a page with their attributes; `texts` are their texts by element name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def uris(self) -> list[tuple[str, str]]:
        """The URIs that the page loads or links to, each with the element's name."""
        named = [(tag, attributes.get("src") or attributes.get("href")) for tag, attributes in self.found]
        return [(tag, address) for tag, address in named if address and not address.startswith("#")]


def store_documents(pool: PoolApp) -> None:
    """Stores the flow and the job whose pages are requested."""
    store = FlatStore(pool.data, fsync=False)
    flow = {"id": "one", "name": None, "owner": None, "created": store.clock.now_text(), "levels": [], "jobs": []}
    store.flows.create("one", flow)
    store.close()
    pool.post_job("One")


@pytest.fixture(scope="module", autouse=True)
def _documents(module_pool: PoolApp) -> None:
    store_documents(module_pool)


def page(pool: PoolApp, path: str, **environ: str) -> TestResponse:
    return pool.get(path, headers=HTML, extra_environ=environ, status=200)


# Content negotiation


@pytest.mark.parametrize(
    "accept",
    [
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7",
        "text/html",
        "text/*",
        "text/html; charset=utf-8",
        "text/html;q=0.2, application/json;q=0.1",
    ],
)
def test_html_is_served_if_preferred(module_pool: PoolApp, accept: str) -> None:
    response = module_pool.get("/", headers={"Accept": accept}, status=200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json, text/plain, */*",
        "application/json, text/javascript, */*; q=0.01",
        "application/json",
        "application/json, text/html",
        "text/html, application/json",
        "text/html;q=0.5, */*;q=0.8",
        "text/html;q=0.1, application/json;q=0.2",
        "text/html;q=0",
        "text/plain",
        "garbage",
        "text/html;q=x",
    ],
)
def test_any_other_accept_header_gets_the_document(module_pool: PoolApp, accept: str) -> None:
    response = module_pool.get("/", headers={"Accept": accept}, status=200)
    assert response.content_type == "application/json"
    assert response.json["job_scheduler_url"] == "/jobs/scheduler"


def test_no_accept_header_gets_the_document(module_pool: PoolApp) -> None:
    assert module_pool.get("/").content_type == "application/json"


def test_hal_is_served_if_preferred_to_html(module_pool: PoolApp) -> None:
    accept = "application/hal+json, text/html;q=0.9, */*;q=0.8"
    assert module_pool.get("/", headers={"Accept": accept}).content_type == "application/hal+json"


@pytest.mark.parametrize("accept", ["application/json", "*/*", "garbage"])
def test_the_widget_is_html_for_any_accept_header(module_pool: PoolApp, accept: str) -> None:
    assert module_pool.get("/widget", headers={"Accept": accept}, status=200).content_type == "text/html"


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_a_flow_has_a_page(module_pool: PoolApp, accept: str) -> None:
    response = module_pool.get(FLOW, headers={"Accept": accept}, status=200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert Elements(response.text).texts["title"].strip() == "one · comp-pool"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/hal+json, text/html;q=0.9"])
def test_a_flow_is_a_document_for_any_other_accept_header(pool: PoolApp, accept: str) -> None:
    pool.post_job()
    pool.post_variable("/jobs/example-job")
    posted = pool.post_json("/flows", {"jobs": [{"job": "/jobs/example-job"}]}, headers=pool.owner)
    response = pool.get(posted.headers["Location"], headers={"Accept": accept}, status=200)
    assert response.json["state"] == "running"


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_a_jobs_errors_have_a_page_that_needs_no_key(module_pool: PoolApp, accept: str) -> None:
    response = module_pool.get(ERRORS, headers={"Accept": accept}, status=200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/hal+json, text/html;q=0.9"])
def test_a_jobs_errors_are_a_document_for_any_other_accept_header(module_pool: PoolApp, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    response = module_pool.get(ERRORS, headers={**headers, **module_pool.owner}, status=200)
    assert response.json["count"] == 0
    assert "Accept" in response.headers["Vary"]
    assert problem(module_pool.get(ERRORS, headers=headers, status=401), 401, "key")


# Links between pages

SECTIONS = ["/jobs/index", "/flows", "/leaderboard", "/status", "/post", "/operator"]


@pytest.mark.parametrize("path", ["/", FLOW, ERRORS, *SECTIONS, *MADE])
def test_each_page_leads_to_all_sections_and_marks_its_own(module_pool: PoolApp, path: str) -> None:
    links = [attributes for tag, attributes in Elements(page(module_pool, path).text).found if tag == "a"]
    assert set(SECTIONS) <= {link.get("href") for link in links}
    marked = {link["href"] for link in links if link.get("aria-current") == "page"}
    assert marked & set(SECTIONS) == ({path} & set(SECTIONS))


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("/", "Dieser Pool rechnet in deinem Browser und braucht dafür JavaScript"),
        ("/post", "Dieses Formular braucht JavaScript"),
        ("/operator", "Diese Seite zeigt dem Betreiber den Pool und braucht JavaScript"),
        ("/widget", "Dieses Widget braucht JavaScript"),
        (FLOW, "Diese Seite zeigt, wie ein Ablauf vorankommt"),
        (ERRORS, "Diese Seite zeigt die Fehler einer Aufgabe ihrem Auftraggeber"),
    ],
)
def test_what_it_says_without_a_script_is_in_the_visitor_s_language(
    module_pool: PoolApp, path: str, start: str
) -> None:
    text = module_pool.get(path, headers={**HTML, "Accept-Language": "de"}, status=200).text
    assert Elements(text).found[0][1]["lang"] == "de"
    assert f'<noscript><p class="alert">{start}' in text


def test_the_page_of_a_jobs_errors_has_its_name_without_a_script(module_pool: PoolApp) -> None:
    text = page(module_pool, ERRORS).text
    assert Elements(text).texts["h1"].strip() == "One"
    assert "<code>comp-pool errors one</code>" in text


def test_the_page_of_a_flow_has_its_jobs_by_name_without_a_script(pool: PoolApp) -> None:
    job = pool.post_job("Tides", metadata={"title": {"de": "Gezeiten", "en": "Tides & <b>"}})
    pool.post_variable(job)
    posted = pool.post_json("/flows", {"name": "High water", "jobs": [{"job": job}]}, headers=pool.owner)
    path = posted.headers["Location"]
    text = page(pool, path).text
    assert Elements(text).texts["h1"].strip() == "High water"
    assert f'<a href="{job}" dir="auto">Tides &amp; &lt;b&gt;</a>' in text
    assert 'data-state="running"' in text
    assert ">Gezeiten</a>" in pool.get(path, headers={**HTML, "Accept-Language": "de"}).text


def test_the_links_to_sections_are_in_the_visitor_s_language(module_pool: PoolApp) -> None:
    headers = {**HTML, "Accept-Language": "de"}
    assert ">Rangliste</a>" in module_pool.get("/", headers=headers, status=200).text


# Headers


@pytest.mark.parametrize(
    ("path", "header", "value"),
    [
        *(
            (path, header, value)
            for path in ("/", "/post", FLOW, ERRORS, *MADE)
            for header, value in [
                ("Content-Security-Policy", f"{POLICY}'none'"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Vary", "Accept, Accept-Language"),
            ]
        ),
        ("/widget", "Content-Security-Policy", f"{POLICY}*"),
        *(
            (path, header, value)
            for path in PAGES
            for header, value in [
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-cache"),
                ("X-Content-Type-Options", "nosniff"),
            ]
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_has_its_headers(module_pool: PoolApp, method: str, path: str, header: str, value: str) -> None:
    assert module_pool.request(path, method=method, headers=HTML).headers[header] == value


def test_the_widget_has_no_opener_policy(module_pool: PoolApp) -> None:
    assert "Cross-Origin-Opener-Policy" not in page(module_pool, "/widget").headers


@pytest.mark.parametrize("accept", ["*/*", "application/hal+json"])
def test_a_document_has_the_policy_of_documents(module_pool: PoolApp, accept: str) -> None:
    headers = module_pool.get("/", headers={"Accept": accept}).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", PAGES)
def test_head_is_get_without_a_body(module_pool: PoolApp, path: str) -> None:
    head = module_pool.head(path, headers=HTML, status=200)
    assert head.body == b""
    assert head.headers["ETag"] == page(module_pool, path).headers["ETag"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PAGES)
def test_a_matching_etag_is_304(module_pool: PoolApp, method: str, path: str) -> None:
    first = page(module_pool, path)
    headers = {**HTML, "If-None-Match": first.headers["ETag"]}
    response = module_pool.request(path, method=method, headers=headers, status=304)
    assert response.body == b""
    for name in ("ETag", "Cache-Control", "Content-Security-Policy", "Vary"):
        assert response.headers.get(name) == first.headers.get(name)


def test_the_etag_of_the_page_does_not_match_the_document(module_pool: PoolApp) -> None:
    tag = page(module_pool, "/").headers["ETag"]
    module_pool.get("/", headers={"If-None-Match": tag}, status=200)


def test_the_etag_depends_on_the_mount_prefix(module_pool: PoolApp) -> None:
    assert page(module_pool, "/").headers["ETag"] != page(module_pool, "/", **MOUNTED).headers["ETag"]


# Content


@pytest.mark.parametrize("path", PAGES)
def test_every_uri_in_a_page_can_be_loaded(module_pool: PoolApp, path: str) -> None:
    for tag, address in Elements(page(module_pool, path).text).uris():
        if address.startswith("/"):
            module_pool.get(address, headers=HTML, status=200)
        else:
            assert tag == "a", f"{address} is another host's"


@pytest.mark.parametrize("path", PAGES)
def test_uris_in_a_page_have_the_mount_prefix(module_pool: PoolApp, path: str) -> None:
    elements = Elements(page(module_pool, path, **MOUNTED).text)
    own = [address for _, address in elements.uris() if address.startswith("/")]
    assert [address for address in own if not address.startswith(f"{PREFIX}/")] == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("environ", "root"), [({}, "/"), (MOUNTED, f"{PREFIX}/"), ({"SCRIPT_NAME": "/pool/"}, "/pool/")]
)
def test_a_page_has_the_root_of_its_pool(module_pool: PoolApp, path: str, environ: dict[str, str], root: str) -> None:
    tag, attributes = Elements(page(module_pool, path, **environ).text).found[0]
    assert (tag, attributes["data-root"]) == ("html", root)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_contains_nothing_that_its_policy_forbids(module_pool: PoolApp, path: str) -> None:
    elements = Elements(page(module_pool, path).text)
    for tag, attributes in elements.found:
        assert tag not in ("style", "base", "object", "embed")
        assert [name for name in attributes if name == "style" or name.startswith("on")] == []
    assert elements.texts.get("script", "").strip() == ""


@pytest.mark.parametrize("path", PAGES)
def test_the_pools_name_is_escaped(make_pool: MakePool, path: str) -> None:
    pool = make_pool(name="<b>\"Ours\" & 'theirs'")
    store_documents(pool)
    text = page(pool, path).text
    assert "&lt;b&gt;&quot;Ours&quot; &amp; &#x27;theirs&#x27;" in text
    assert "<b>" not in text
    assert "<b>\"Ours\" & 'theirs'" in Elements(text).texts["title"]


@pytest.mark.parametrize("path", PAGES)
def test_placeholders_in_the_pools_name_are_not_replaced(make_pool: MakePool, path: str) -> None:
    pool = make_pool(name=r"{prefix} \1")
    store_documents(pool)
    assert "{prefix}" in page(pool, path, **MOUNTED).text


@pytest.mark.parametrize("path", PAGES)
def test_no_placeholder_is_left(module_pool: PoolApp, path: str) -> None:
    text = page(module_pool, path).text
    assert "{prefix}" not in text
    assert "{name}" not in text


def test_the_widgets_script_is_an_asset(module_pool: PoolApp) -> None:
    response = module_pool.get("/widget.js", status=200)
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.body == module_pool.get("/client/web/widget.js").body
