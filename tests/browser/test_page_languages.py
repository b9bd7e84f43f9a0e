"""The page is in the visitor's language, and so are descriptions where the owner wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakePage
from tests.browser.visiting import Visitor, post_job
from tests.serving import Served

LANGUAGES = ("de", "en", "es", "fr")
# The keys of a language's texts, each with its placeholders.
PLACEHOLDERS = """async (tag) => {
  const texts = (await import(`/client/web/texts/${tag}.js`)).default;
  const all = (text) => (typeof text === "string" ? [text] : Object.values(text)).join();
  const names = (text) => [...new Set(all(text).match(/\\{\\w+\\}/g))].sort().join();
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, names(text)]));
}"""


@pytest.fixture
def server(lasting_server: Served) -> Served:
    return lasting_server


def described(**texts: str) -> dict[str, Any]:
    return {"metadata": {"short_description": texts}}


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
def test_the_page_is_in_the_visitors_language(server: Served, make_page: MakePage, locale: str, button: str) -> None:
    visitor = Visitor(make_page(locale=locale), server)
    expect(visitor.button(button)).to_be_visible()
    language = locale[:2] if locale != "sw" else "en"
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)


def test_numbers_have_the_visitors_format(server: Served, make_page: MakePage) -> None:
    visitor = Visitor(make_page(locale="de-DE"), server)
    expect(visitor.by_id("throttle-value")).to_have_text("60\u00a0%")


@pytest.mark.parametrize(
    ("locale", "texts", "shown", "lang"),
    [
        ("de-DE", {"en": "Tides", "de": "Gezeiten"}, "Gezeiten", "de"),
        ("de-AT", {"de": "Gezeiten", "de-AT": "Gezeitn"}, "Gezeitn", "de-AT"),
        ("pt-BR", {"en": "Tides", "pt": "Marés"}, "Marés", "pt"),
        ("fi", {"de": "Gezeiten", "en": "Tides"}, "Tides", "en"),
        ("fi", {"eu": "Mareak"}, "Mareak", "eu"),
        ("fi", {'"><script>': "Tides"}, "Tides", ""),
    ],
)
def test_the_best_description_is_shown(
    server: Served, make_page: MakePage, locale: str, texts: dict[str, str], shown: str, lang: str
) -> None:
    name = f"Job in {locale}, {'-'.join(texts)}"
    post_job(server, name, **described(**texts))
    visitor = Visitor(make_page(locale=locale), server)
    description = visitor.card(name).locator(".short")
    expect(description).to_have_text(shown)
    expect(description).to_have_attribute("lang", lang)
    expect(description).to_have_attribute("dir", "auto")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(server: Served, make_page: MakePage, tag: str) -> None:
    page = Visitor(make_page(), server).page
    assert page.evaluate(PLACEHOLDERS, tag) == page.evaluate(PLACEHOLDERS, "en")


@pytest.mark.parametrize("path", ["/", "/widget"])
def test_every_text_key_of_a_page_exists(server: Served, make_page: MakePage, path: str) -> None:
    visitor = Visitor(make_page(), server)
    visitor.goto(path)
    named = visitor.page.locator("[data-text]").evaluate_all("(all) => all.map(({dataset}) => dataset.text)")
    labels = visitor.page.locator("[data-label]").evaluate_all("(all) => all.map(({dataset}) => dataset.label)")
    assert {*named, *labels} <= set(visitor.page.evaluate(PLACEHOLDERS, "en"))


@pytest.mark.parametrize("path", ["/", "/widget"])
def test_invalid_language_tags_are_ignored(server: Served, make_page: MakePage, path: str) -> None:
    page = make_page(locale="en")
    for tag in ("de-a", "en-x", "de-1996-1996", "%00", "x" * 400):
        page.goto(f"{server.url}{path}?lang={tag}")
        expect(page.get_by_role("button", name="Start")).to_be_visible()
