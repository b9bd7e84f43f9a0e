"""A proxy between a client and a pool that responds in the pool's place, and cuts, repeats or loses responses.

It harms requests for JSON from the first lease on: before it, clients stop at a foreign response, since their address
may be wrong. Each kind of request (for a lease, of a result, all others) gets every fault, in an order of its own from
a seed, mixed with requests that are let through.
"""

from __future__ import annotations

import http.client
import http.server
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.serving import TIMEOUT, Served

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")
PAGE = b"<!doctype html><title>Welcome</title><h1>Log in to our network</h1>"
HTML = ("Content-Type", "text/html; charset=utf-8")
JSON = ("Content-Type", "application/json")


# Requests that are let through, for each fault: few of all others, on which much depends, and whose backoff is shared.
HONEST = {"lease": 1, "result": 1, "other": 4}


@dataclass(frozen=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def head(self, *more: tuple[str, str]) -> bytes:
        reason = http.client.responses.get(self.status, "Unknown")
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in (*self.headers, *more))]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def text(self) -> bytes:
        """The whole response. Neither 204 nor 304 has a body."""
        length = () if self.status in (204, 304) else (("Content-Length", str(len(self.body))),)
        return self.head(*length) + self.body


class Exchange(http.server.BaseHTTPRequestHandler):
    """One connection of the client, and the request on it that the proxy deals with."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.proxy.serve(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    @property
    def kind(self) -> str:
        path = urlsplit(self.path).path
        if self.command == "GET" and path.endswith("/variables"):
            return "lease"
        return "result" if self.command == "POST" and path.endswith("/results") else "other"

    def forward(self) -> Response:
        """Passes the request on to the pool, and returns the response."""
        connection = http.client.HTTPConnection(self.server.proxy.pool, timeout=TIMEOUT)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, self.body or None, headers)
            response = connection.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
            return Response(response.status, tuple(kept), response.read())
        finally:
            connection.close()

    def send(self, response: Response) -> None:
        self.wfile.write(response.text)

    def send_last(self, data: bytes) -> None:
        """Sends these bytes, and ends the connection."""
        self.wfile.write(data)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """The other host."""

    server: _Server

    def do_GET(self) -> None:
        self.server.proxy.followed += 1
        self.send_error(404)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_args: object) -> None:
        pass


# With the pool's previous response to a request of the same kind.
Fault = Callable[[Exchange, Response], None]


def takes(status: int, *headers: tuple[str, str], body: bytes = b"") -> Fault:
    """Responds itself, as a captive portal does: the pool never sees the request."""
    return lambda exchange, _: exchange.send(Response(status, headers, body))


def replaces(status: int, *headers: tuple[str, str], body: bytes = b"") -> Fault:
    """Passes the request on, and responds itself."""

    def replace(exchange: Exchange, _: Response) -> None:
        exchange.forward()
        exchange.send(Response(status, headers, body))

    return replace


def redirects_elsewhere(exchange: Exchange, _: Response) -> None:
    exchange.send(Response(302, (("Location", f"{exchange.server.proxy.portal}/login"),)))


def redirects_to_itself(exchange: Exchange, _: Response) -> None:
    exchange.send(Response(302, (("Location", exchange.path),)))


def cuts(exchange: Exchange, _: Response) -> None:
    response = exchange.forward()
    exchange.send_last(response.text[: -len(response.body) // 2 or -2])


def cuts_chunks(exchange: Exchange, _: Response) -> None:
    response = exchange.forward()
    half = response.body[: len(response.body) // 2]
    head = response.head(("Transfer-Encoding", "chunked"))
    exchange.send_last(head + b"%x\r\n%b\r\n" % (len(half), half) if half else head)


def loses(exchange: Exchange, _: Response) -> None:
    exchange.forward()
    exchange.send_last(b"")


def drops(exchange: Exchange, _: Response) -> None:
    exchange.send_last(b"")


def repeats_request(exchange: Exchange, _: Response) -> None:
    exchange.forward()
    exchange.send(exchange.forward())


def repeats_response(exchange: Exchange, previous: Response) -> None:
    """Sends the pool's previous response to a request of this kind, as a cache does."""
    exchange.send(previous)


def confuses(exchange: Exchange, previous: Response) -> None:
    """As `repeats_response`, but the pool has dealt with the request."""
    exchange.forward()
    exchange.send(previous)


def switches(exchange: Exchange, _: Response) -> None:
    exchange.send_last(Response(101, (("Upgrade", "portal"), ("Connection", "Upgrade"))).head())


def hints(exchange: Exchange, _: Response) -> None:
    """Sends an informational response first."""
    response = exchange.forward()
    exchange.wfile.write(Response(103, (("Link", "</portal.css>; rel=preload"),)).head())
    exchange.send(response)


def sends_garbage(exchange: Exchange, _: Response) -> None:
    exchange.send_last(b"\x16\x03\x01\x02\x00\r\n\r\n")


FAULTS: dict[str, Fault] = {
    "a captive portal": takes(200, HTML, body=PAGE),
    "a page in place of the response": replaces(200, HTML, body=PAGE),
    "an empty response": takes(200),
    "an empty response in place of the pool's": replaces(200),
    "no content": takes(204),
    "another service": takes(200, JSON, body=b'{"error": "login required"}'),
    "another service's creation": takes(201, JSON, body=b'{"id": 1}'),
    "a blocking page": takes(403, HTML, body=PAGE),
    "a missing page": takes(404, HTML, body=PAGE),
    "a page of a conflict": replaces(409, HTML, body=PAGE),
    "a gateway's page": takes(502, HTML, body=PAGE),
    "a gateway's page after the pool": replaces(504, HTML, body=PAGE),
    "a redirect to another host": redirects_elsewhere,
    "a redirect to itself": redirects_to_itself,
    "not modified": takes(304),
    "a switch of protocols": switches,
    "an early hint": hints,
    "a cut body": cuts,
    "a cut chunked body": cuts_chunks,
    "a lost response": loses,
    "a lost request": drops,
    "the same request twice": repeats_request,
    "an earlier response": repeats_response,
    "an earlier response in place of the pool's": confuses,
    "false compression": replaces(200, JSON, ("Content-Encoding", "gzip"), body=b"\x1f\x8b no gzip"),
    "a huge header": replaces(200, JSON, ("X-Portal", "x" * 300_000), body=b"{}"),
    "no HTTP": sends_garbage,
}


class HostileProxy:
    """`given` counts the faults by kind of request. `on_idle` is called when the pool has leased nothing."""

    def __init__(self, server: Served, seed: int = 1, on_idle: Callable[[], object] = lambda: None) -> None:
        self.pool = urlsplit(server.url).netloc
        self.given: Counter[tuple[str, str]] = Counter()
        # Requests by their method, harmed or not.
        self.methods: Counter[str] = Counter()
        self.is_hostile = True
        # The name of a fault, in place of the order.
        self.always: str | None = None
        self._on_idle = on_idle
        self._has_begun = False
        self._decks: dict[str, list[str | None]] = {}
        self._shuffle = random.Random(seed).shuffle
        self._previous: dict[str, Response] = {}
        self._lock = threading.Lock()
        self._servers = [_Server(self, Exchange), _Server(self, Elsewhere)]
        self.url, self.portal = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        # Requests that followed a redirect to another host.
        self.followed = 0

    def __enter__(self) -> HostileProxy:
        for server in self._servers:
            server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for server in self._servers:
            server.close()

    def serve(self, exchange: Exchange) -> None:
        with self._lock:
            self.methods[exchange.command] += 1
        fault = self._next_fault(exchange)
        if fault is not None:
            FAULTS[fault](exchange, self._previous[exchange.kind])
            return
        response = exchange.forward()
        self._remember(exchange.kind, response)
        exchange.send(response)

    def _next_fault(self, exchange: Exchange) -> str | None:
        with self._lock:
            if not (self.is_hostile and self._has_begun and exchange.headers.get("Accept") == "application/json"):
                return None
            if self.always is not None:
                return self.always
            if exchange.kind not in self._previous:  # Nothing could be repeated.
                return None
            deck = self._decks.setdefault(exchange.kind, [])
            if not deck:
                deck += [*FAULTS, *[None] * len(FAULTS) * HONEST[exchange.kind]]
                self._shuffle(deck)
            fault = deck.pop()
            if fault is not None:
                self.given[exchange.kind, fault] += 1
            return fault

    def _remember(self, kind: str, response: Response) -> None:
        with self._lock:
            self._has_begun = self._has_begun or (kind == "lease" and response.status == 200)
            if response.status < 300 and response.status != 204:
                self._previous[kind] = response
        if kind == "lease" and response.status in (204, 429):
            self._on_idle()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, proxy: HostileProxy, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.proxy = proxy
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that ends a connection is no error."""
