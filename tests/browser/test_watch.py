"""What every test of a page checks by itself: that nothing is requested from another host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Watch, open_page

WAYS = {
    "a picture": "(url) => { new Image().src = url; }",
    "a frame": "(url) => { document.body.append(Object.assign(document.createElement('iframe'), {src: url})); }",
    "a request": "(url) => { fetch(url, {mode: 'no-cors'}).catch(() => {}); }",
    "a beacon": "(url) => { navigator.sendBeacon(url); }",
    "a worker": "(url) => { new Worker(`data:text/javascript,fetch('${url}').catch(() => {})`); }",
    "a window": "(url) => { open(url); }",
}
HOSTS = ["http://elsewhere.example", "https://elsewhere.example", "http://192.0.2.1", "http://[2001:db8::1]"]


@pytest.fixture(scope="module")
def watched(chromium: Browser) -> Iterator[tuple[Page, Watch]]:
    """A page that may do anything, and what is noted of it."""
    watch = Watch()
    page = open_page(chromium, watch)
    yield page, watch
    page.context.close()


def requested(watched: tuple[Page, Watch], way: str, url: str) -> None:
    page, watch = watched
    watch.foreign.clear()
    with page.context.expect_event("requestfailed", lambda request: request.url == url):
        page.evaluate(way, url)
    assert watch.foreign == [url]


@pytest.mark.parametrize("way", WAYS)
def test_a_request_to_another_host_is_noted(watched: tuple[Page, Watch], way: str) -> None:
    requested(watched, WAYS[way], f"{HOSTS[0]}/{way.replace(' ', '-')}")


@pytest.mark.parametrize("host", HOSTS)
def test_so_is_one_to_an_address(watched: tuple[Page, Watch], host: str) -> None:
    requested(watched, WAYS["a picture"], f"{host}/picture.png")


def test_a_socket_to_another_host_is_an_error(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    with page.context.expect_console_message(lambda message: "WebSocket connection" in message.text):
        page.evaluate("() => { new WebSocket('ws://elsewhere.example/'); }")
    assert "ERR_NAME_NOT_RESOLVED" in watch.messages[-1]
