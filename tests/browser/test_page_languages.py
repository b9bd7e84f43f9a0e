"""The page is in the visitor's language, and so are descriptions where the owner wrote them.

Tables are tests of the module itself, in a page of the pool; a page in another language shows that it is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import client
from tests.browser.conftest import MakePage, lasting_page
from tests.browser.flowing import post_flow
from tests.browser.visiting import Visitor, post_job
from tests.serving import Served

LANGUAGES = ("de", "en", "es", "fr")
# Those of all pages, and of single ones.
TEXTS = ("texts", *sorted(str(path.parent.relative_to(client.WEB)) for path in client.WEB.glob("*/texts/en.js")))
# The keys of a language's texts in a directory below client/web, each with its placeholders.
PLACEHOLDERS = """async ([directory, tag]) => {
  const texts = (await import(`/client/web/${directory}/${tag}.js`)).default;
  const all = (text) => (typeof text === "string" ? [text] : Object.values(text)).join();
  const names = (text) => [...new Set(all(text).match(/\\{\\w+\\}/g))].sort().join();
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, names(text)]));
}"""
# The keys that a page's HTML names.
NAMED = """(html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const keys = (name) => Array.from(page.querySelectorAll(`[${name}]`), (element) => element.getAttribute(name));
  return [...keys("data-text"), ...keys("data-label")];
}"""
FLOW_STATES = ("waiting", "offered", "computing", "done", "skipped", "failed", "cancelled")
# The last one is that of a rejected result.
KINDS = ["code", "threw", "no-result", "not-json", "too-large", "timeout", "memory", "crash", "misbehaved", "rejected"]
TIDES = {"de": "Gezeiten", "de-AT": "Gezeitn"}


@pytest.fixture(scope="module")
def english(lasting_server: Served, chromium: Browser) -> Iterator[Page]:
    """A page with an invalid language tag in its address."""
    with lasting_page(chromium, locale="en") as page:
        page.goto(f"{lasting_server.url}/?lang=de-a")
        yield page


@pytest.fixture(scope="module")
def austrian(lasting_server: Served, chromium: Browser) -> Iterator[Visitor]:
    job = post_job(lasting_server, "Tides", count=1, metadata={"short_description": TIDES})
    post_flow(lasting_server, [{"job": job}])
    with lasting_page(chromium, locale="de-AT") as page:
        yield Visitor(page, lasting_server)


def in_language(page: Page, requested: list[str], expression: str) -> Any:
    """The value of an expression of `language`, which is made for the requested tags."""
    script = f"""async (requested) => {{
      const {{ Language }} = await import("/client/web/languages.js");
      const language = new Language({{}}, requested);
      return {expression};
    }}"""
    return page.evaluate(script, requested)


def test_the_page_is_in_the_visitors_language(austrian: Visitor) -> None:
    expect(austrian.button("Mitrechnen")).to_be_visible()
    expect(austrian.page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize(
    ("locale", "button"),
    [
        ("de-DE", "Mitrechnen"),
        ("es-MX", "Empezar a calcular"),
        ("fr", "Commencer à calculer"),
        ("en-GB", "Start computing"),
        ("sw", "Start computing"),
    ],
)
def test_a_language_is_found_without_its_region(english: Page, locale: str, button: str) -> None:
    tag = locale[:2] if locale != "sw" else "en"
    assert in_language(english, [locale], "[language.tag, language.text('button.start')]") == [tag, button]


def test_numbers_have_the_visitors_format(austrian: Visitor) -> None:
    expect(austrian.by_id("throttle-value")).to_have_text("60\u00a0%")


def test_the_best_description_is_shown(austrian: Visitor) -> None:
    description = austrian.card("Tides").locator(".short")
    expect(description).to_have_text("Gezeitn")
    expect(description).to_have_attribute("lang", "de-AT")
    expect(description).to_have_attribute("dir", "auto")


@pytest.mark.parametrize(
    ("locale", "texts", "shown", "lang"),
    [
        ("de-DE", {"en": "Tides", "de": "Gezeiten"}, "Gezeiten", "de"),
        ("de-AT", TIDES, "Gezeitn", "de-AT"),
        ("pt-BR", {"en": "Tides", "pt": "Marés"}, "Marés", "pt"),
        ("fi", {"de": "Gezeiten", "en": "Tides"}, "Tides", "en"),
        ("fi", {"eu": "Mareak"}, "Mareak", "eu"),
        ("fi", {'"><script>': "Tides"}, "Tides", ""),
    ],
)
def test_the_best_description_is_found(
    english: Page, locale: str, texts: dict[str, str], shown: str, lang: str
) -> None:
    found = in_language(english, [locale], f"language.bestOf({json.dumps(texts)})")
    assert found == {"text": shown, "lang": lang}


def english_keys(page: Page) -> set[str]:
    return {key for directory in TEXTS for key in page.evaluate(PLACEHOLDERS, [directory, "en"])}


@pytest.mark.parametrize("directory", TEXTS)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(english: Page, directory: str, tag: str) -> None:
    assert english.evaluate(PLACEHOLDERS, [directory, tag]) == english.evaluate(PLACEHOLDERS, [directory, "en"])


@pytest.mark.parametrize("path", ["/", "/widget", "/flows/any", "/jobs/any/errors", "/jobs/tides", "/jobs/index"])
def test_every_text_key_of_a_page_exists(english: Page, lasting_server: Served, path: str) -> None:
    html = english.request.get(lasting_server.url + path, headers={"Accept": "text/html"}).text()
    named = english.evaluate(NAMED, html)
    assert len(named) > 0
    assert set(named) <= english_keys(english)


def test_every_state_of_a_flow_has_its_texts(english: Page) -> None:
    named = {f"flow.{kind}.{state}" for kind in ("state", "count") for state in FLOW_STATES}
    assert named <= english_keys(english)


def test_every_kind_of_error_says_what_to_change(english: Page) -> None:
    assert {f"job-errors.kind.{kind}" for kind in KINDS} <= english_keys(english)


def test_flows_are_listed_in_the_visitors_language(austrian: Visitor) -> None:
    expect(austrian.page.get_by_role("region", name="Abläufe")).to_contain_text("läuft")


@pytest.mark.parametrize(
    ("tag", "texts"),
    [
        ("de", ["Abläufe", "läuft", "Fertig.", "übersprungen"]),
        ("es", ["Flujos", "en marcha", "Terminado.", "omitida"]),
        ("fr", ["Flux", "en cours", "Terminé.", "ignorée"]),
    ],
)
def test_texts_of_flows_are_in_every_language(english: Page, tag: str, texts: list[str]) -> None:
    keys = ["flows.heading", "flows.running", "flow.status.done", "flow.state.skipped"]
    assert in_language(english, [tag], f"{keys}.map((key) => language.text(key))") == texts


@pytest.mark.parametrize("tag", ["de-a", "en-x", "de-1996-1996", "\0", "x" * 400])
def test_an_invalid_language_tag_is_ignored(english: Page, tag: str) -> None:
    assert in_language(english, [tag, "es"], "[language.tag, language.percent(0.5)]") == ["es", "50\u00a0%"]


def test_the_page_ignores_an_invalid_language_tag_in_its_address(english: Page) -> None:
    expect(english.get_by_role("button", name="Start computing")).to_be_visible()


def test_the_widget_ignores_an_invalid_language_tag_in_its_address(lasting_server: Served, make_page: MakePage) -> None:
    page = make_page(locale="en")
    page.goto(f"{lasting_server.url}/widget?lang=de-a")
    expect(page.get_by_role("button", name="Start computing")).to_be_visible()
