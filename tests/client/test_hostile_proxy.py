"""A whole job at a pool itself, behind a proxy that takes requests, and replaces, cuts or repeats responses."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from comp_pool.capabilities import Capabilities
from comp_pool.client import Client
from comp_pool.links import Document
from comp_pool.options import Options
from comp_pool.retry_policy import Retries
from comp_pool.volunteer import Volunteer
from fake_clock import FakeClock

from pool.sandbox import Sandbox
from storage.clock import ManualClock
from tests.conftest import local_server
from tests.serving import App, LocalServer, ThreadingServer

UNITS = 4
VOLUNTEER = "a-volunteer-under-test"
HTML = ("Content-Type", "text/html")

Respond = Callable[..., Any]
Proxy = Callable[[App, dict[str, Any], Respond], Iterable[bytes]]


def takes(status: str, *headers: tuple[str, str], body: bytes = b"") -> Proxy:
    """Return a proxy that responds itself, as a captive portal does."""

    def respond(app: App, environ: dict[str, Any], start_response: Respond) -> Iterable[bytes]:
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return respond


def replaces(status: str, *headers: tuple[str, str], body: bytes = b"") -> Proxy:
    """Return a proxy that passes the request on, and loses the pool's response."""
    own = takes(status, *headers, body=body)

    def respond(app: App, environ: dict[str, Any], start_response: Respond) -> Iterable[bytes]:
        b"".join(app(environ, lambda *_: None))
        return own(app, environ, start_response)

    return respond


def cuts(app: App, environ: dict[str, Any], start_response: Respond) -> Iterable[bytes]:
    """Send half of the pool's body."""
    body = b"".join(app(environ, start_response))
    return [body[: len(body) // 2]]


def repeats(app: App, environ: dict[str, Any], start_response: Respond) -> Iterable[bytes]:
    """Send the request twice."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    b"".join(app({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_: None))
    return app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


class Interceptor:
    """The proxy. It harms two of five requests, at random."""

    def __init__(self, app: App) -> None:
        self.respond: Proxy = repeats
        self._app = app
        self._random = random.Random(5)
        self._server = ThreadingServer(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __call__(self, environ: dict[str, Any], start_response: Respond) -> Iterable[bytes]:
        if self._random.random() < 0.4:
            return self.respond(self._app, environ, start_response)
        return self._app(environ, start_response)

    def __enter__(self) -> Interceptor:
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.close()


PROXIES: dict[str, Proxy] = {
    "a captive portal": takes("200 OK", HTML, body=b"<h1>Welcome to our network</h1>"),
    "a redirect": takes("302 Found", ("Location", "http://portal.example/")),
    "a page of an error": takes("403 Forbidden", HTML, body=b"<h1>Blocked</h1>"),
    "another service": takes("200 OK", ("Content-Type", "application/json"), body=b'{"error": "login"}'),
    "a page": replaces("200 OK", HTML, body=b"<h1>Welcome back</h1>"),
    "an empty response": replaces("200 OK"),
    "a page of a conflict": replaces("409 Conflict", HTML, body=b"<h1>Conflict</h1>"),
    "a page of a gateway": replaces("502 Bad Gateway", HTML, body=b"<h1>Bad Gateway</h1>"),
    "a cut body": cuts,
    "a repetition": repeats,
}


@pytest.fixture(scope="module")
def pool_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, pool_clock: ManualClock
) -> Iterator[LocalServer]:
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox, pool_clock)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def owner(server: LocalServer) -> Iterator[Client]:
    with Client(server.url, key=server.key) as owner:
        yield owner


@pytest.fixture(scope="module")
def jobs(owner: Client) -> dict[str, Document]:
    """Return a job for each kind of proxy."""
    return {name: _post_job(owner, name) for name in PROXIES}


def _post_job(owner: Client, name: str) -> Document:
    job = owner.post_job({"name": name, "execute_function": "({ n }) => ({ result: 2 * n })"})
    owner.post_variables(job, [{"n": number} for number in range(UNITS)])
    return job


@pytest.fixture
def proxy(server: LocalServer) -> Iterator[Interceptor]:
    with Interceptor(server.app) as proxy:
        yield proxy


@pytest.mark.parametrize("name", PROXIES)
def test_every_result_arrives_once(
    owner: Client, jobs: dict[str, Document], proxy: Interceptor, pool_clock: ManualClock, name: str
) -> None:
    job, proxy.respond = jobs[name], PROXIES[name]
    clock = FakeClock(pool_clock.advance)
    options = Options(job=job.content["id"], units=UNITS, capabilities=Capabilities((), 512))
    with Client(proxy.url, volunteer=VOLUNTEER, retries=Retries(attempts=1), clock=clock) as client:
        totals = Volunteer(client, options).run()
    results = [result.content["result"] for result in owner.results(job)]
    assert sorted(results) == [2 * number for number in range(UNITS)]
    assert totals.counts == {"accepted": UNITS}
