"""HTTP requests to one pool: credentials, JSON, timeouts, retries, and no other origin."""

import json
import ssl
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3

from comp_pool import __version__
from comp_pool.backoff import call_delay
from comp_pool.clock import Clock
from comp_pool.errors import BadCertificate, ForeignLink, ForeignResponse, PoolError, Unreachable
from comp_pool.response import Response
from comp_pool.retry_policy import Retries

JSON = "application/json"
NDJSON = "application/x-ndjson"

CONNECT_SECONDS = 10.0
MAX_CONNECTIONS = 32
MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
DEFAULT_PORTS = {"http": 80, "https": 443}


def encode_json(document: Any) -> bytes:
    """Return a document as JSON; raise ValueError for values outside of JSON, such as NaN."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


class Transport:
    """Sends requests, with retries; raises error responses as PoolError. Thread-safe."""

    def __init__(
        self, root: str, credentials: Mapping[str, str], timeout: float, retries: Retries, clock: Clock
    ) -> None:
        # Whether the pool itself has responded so far.
        self.is_reached = False
        self._origin = _origin(root)
        self._credentials = dict(credentials)
        self._retries = retries
        self._clock = clock
        timeouts = urllib3.Timeout(connect=min(timeout, CONNECT_SECONDS), read=timeout)
        # `send` retries, with the pool's Retry-After; urllib3's own retries would multiply the attempts.
        self._connections = urllib3.PoolManager(maxsize=MAX_CONNECTIONS, timeout=timeouts, retries=False)

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.clear()

    def send(
        self, method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send a request; raise PoolError, or Unreachable after the last attempt.

        All attempts of a POST have the same `Idempotency-Key`: a retry after a lost response stores nothing twice.
        """
        all_headers = {**self._headers(method, body), **(headers or {})}
        for attempt in range(1, self._retries.attempts):
            try:
                return self._attempt(method, address, body, all_headers)
            except (Unreachable, PoolError) as ex:
                delay = call_delay(ex, attempt, self._retries.first_delay)
                if delay is None:
                    raise
            self._clock.sleep(delay)
        return self._attempt(method, address, body, all_headers)

    def _attempt(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        for _ in range(MAX_REDIRECTS):
            response = self._request(method, address, body, headers)
            target = response.headers.get("Location")
            if response.status not in REDIRECTS or target is None:
                break
            redirected = ForeignResponse(response.status, f"a redirect to {target[:200]}", response.retry_after)
            address = self._redirected(method, address, target, redirected)
        else:
            raise redirected
        if not response.is_of_pool:
            raise response.error
        self.is_reached = True
        if response.status >= 300:
            raise response.error
        return response

    def _redirected(self, method: str, address: str, target: str, error: ForeignResponse) -> str:
        """Return where to go on; raise the error where that is another origin, such as the login of a network."""
        # A redirected POST might become a GET or be stored twice.
        if method != "GET":
            raise error
        try:
            address = urljoin(address, target)
            if _origin(address) == self._origin:
                return address
        except (ValueError, ForeignLink) as ex:
            raise error from ex
        raise error

    def _request(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        if _origin(address) != self._origin:
            raise ForeignLink(address)
        started = time.monotonic()
        try:
            response = self._connections.request(
                method, address, body=body, headers=headers, redirect=False, preload_content=False
            )
            return _read(address, response, started)
        except urllib3.exceptions.HTTPError as ex:
            raise _unreachable(ex) from ex

    def _headers(self, method: str, body: bytes | None) -> dict[str, str]:
        headers = {"Accept": JSON, "User-Agent": f"comp-pool/{__version__}"}
        if body is not None:
            headers["Content-Type"] = JSON
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        return headers | self._credentials


def _read(address: str, response: urllib3.BaseHTTPResponse, started: float) -> Response:
    try:
        if response.status < 200:
            # Python takes an informational response (103) for the whole one: the pool's follows.
            raise ForeignResponse(response.status, "an informational response")
        return Response.read(address, response, started)
    except BaseException:
        # What is left unread must not become the start of the next response on this connection.
        response.close()
        raise
    finally:
        response.release_conn()


def _origin(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError as ex:
        raise ForeignLink(address) from ex


def _unreachable(ex: Exception) -> Unreachable:
    cause = ex.args[0] if ex.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return BadCertificate(f"the pool's certificate is not valid: {cause.verify_message}")
    return Unreachable(str(getattr(ex, "reason", None) or ex))
