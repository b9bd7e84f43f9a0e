"""Real Chromium, driven by Playwright. A page that logs an error or contacts another host fails its test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from pool.sandbox import Sandbox
from tests.browser.chromium import launch
from tests.browser.firefox import Firefox
from tests.conftest import MakeLocalServer, local_server
from tests.serving import LocalServer

OWN_HOSTS = ("127.0.0.1", "localhost")
# Longer than anything takes on a busy machine.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


def needs_firefox(item: pytest.Item) -> bool:
    """Whether a test, or one of its parameters, names the fixture below."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(name == "firefox" for name in [*getattr(item, "fixturenames", ()), *parameters])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in Firefox come first, and so to the same worker of pytest-xdist: each start of one takes seconds."""
    items.sort(key=lambda item: not needs_firefox(item))


@dataclass
class Watch:
    """Errors that pages logged, and requests to other hosts. `tolerated` are parts of messages that a test expects.

    A request to another host always fails (see chromium.py): so that Playwright need not tell of every other one.
    """

    messages: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    tolerated: list[str] = field(default_factory=list)

    def observe(self, context: BrowserContext) -> None:
        context.on("console", lambda message: message.type == "error" and self.messages.append(message.text))
        context.on("weberror", lambda error: self.messages.append(str(error.error)))
        context.on("requestfailed", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in OWN_HOSTS:
            self.foreign.append(url)

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self.messages if not any(part in text for part in self.tolerated)]


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    seen = Watch()
    yield seen
    assert seen.unexpected == []
    assert seen.foreign == []


def open_page(browser: Browser, watch: Watch, **options: Any) -> Page:
    """A page in a fresh context, which takes Playwright's options (locale, viewport, color_scheme …)."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    watch.observe(context)
    return context.new_page()


@contextlib.contextmanager
def lasting_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that several tests look at, for fixtures of modules."""
    with watching() as watch:
        page = open_page(browser, watch, **options)
        yield page
        page.context.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watching() as watch:
        yield watch


MakePage = Callable[..., Page]


@pytest.fixture
def make_page(chromium: Browser, watch: Watch, make_local_server: MakeLocalServer) -> Iterator[MakePage]:
    """Makes a page in a fresh context, with Playwright's options.

    It uses the servers' fixture to be closed before them: a page that still sends requests would log an error.
    """
    pages: list[Page] = []

    def make(**options: Any) -> Page:
        pages.append(open_page(chromium, watch, **options))
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()


@pytest.fixture
def server(make_local_server: MakeLocalServer) -> LocalServer:
    """An empty pool, over HTTP."""
    return make_local_server()


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    """A pool that the tests of a module share."""
    server = local_server(tmp_path_factory.mktemp("lasting"), sandbox)
    yield server
    server.stop()


@pytest.fixture
def page(make_page: MakePage) -> Page:
    return make_page()


@pytest.fixture(scope="module")
def shared_page(chromium: Browser) -> Iterator[Page]:
    """A page that the tests of a module share."""
    with lasting_page(chromium) as page:
        yield page


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    """One tab of Firefox, whose start takes longer than the tests."""
    browser = Firefox()
    yield browser
    browser.close()
