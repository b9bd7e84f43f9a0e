"""HTTP as a pool wants it: who speaks, JSON both ways, and patience with a pool that is away or busy."""

import json
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3

from comp_pool import __version__
from comp_pool.errors import Astray, PoolError, Unreachable

JSON = "application/json"
NDJSON = "application/x-ndjson"
BUSY = (429, 503)
LONGEST_PAUSE = 60.0
LONGEST_ANSWER = 120.0
LARGEST_ANSWER = 32 << 20
REDIRECTS = 5
REDIRECTING = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and the pause (seconds, doubled each time, jittered) after the first failure.

    `wait` is what waits: replace it where waiting must be interruptible.
    """

    attempts: int = 5
    first_pause: float = 0.5
    wait: Callable[[float], object] = time.sleep

    def pause(self, attempt: int, asked: float | None) -> float:
        """Return how long to wait after the given attempt, counted from 0; what the pool asked for comes first."""
        longest = min(self.first_pause * 2.0**attempt, LONGEST_PAUSE)
        jitter = random.uniform(0.5, 1.0) * longest  # noqa: S311
        return jitter if asked is None else min(asked, LONGEST_PAUSE) + jitter / 2


class Answer:
    """An answer that is no error."""

    def __init__(self, address: str, response: urllib3.BaseHTTPResponse, body: bytes) -> None:
        self.address = address
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._body = body

    def json(self) -> Any:
        """Parse the body; raise PoolError where it isn't JSON."""
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError) as ex:
            raise PoolError(self.status, "the answer is not JSON", self.address) from ex

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before asking again, where the pool said so."""
        return seconds(self.headers, "Retry-After")


def seconds(headers: Mapping[str, str], name: str) -> float | None:
    """Read a header that counts seconds; None where it is missing or says something else."""
    try:
        return max(0.0, float(headers.get(name, "")))
    except ValueError:
        return None


def encode(document: Any) -> bytes:
    """Return a document as JSON; raise ValueError for what JSON can't say, such as NaN."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


class Transport:
    """Sends requests, again where that is of use, and turns error answers into PoolError."""

    def __init__(self, root: str, credentials: Mapping[str, str], timeout: float, patience: Patience) -> None:
        self._home = _origin(root)
        self._credentials = dict(credentials)
        self._patience = patience
        waiting = urllib3.Timeout(connect=min(timeout, 10.0), read=timeout)
        self._connections = urllib3.PoolManager(maxsize=32, timeout=waiting, retries=False)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.clear()

    def send(
        self, method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request until it is answered; raise PoolError, or Unreachable when patience is at its end.

        A POST carries one `Idempotency-Key` in all its attempts, so that the pool can store it once.
        """
        sent = {**self._headers(method, body), **(headers or {})}
        for attempt in range(self._patience.attempts - 1):
            try:
                return self._attempt(method, address, body, sent)
            except (Unreachable, PoolError) as ex:
                if not _passes(ex):
                    raise
                self._patience.wait(self._patience.pause(attempt, ex.retry_after))
        return self._attempt(method, address, body, sent)

    def _attempt(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        for _ in range(REDIRECTS):
            answer = self._ask(method, address, body, headers)
            target = answer.headers.get("Location")
            if answer.status not in REDIRECTING or target is None or method != "GET":
                break
            address = _joined(address, target)
        if answer.status >= 300:
            raise _error(answer)
        return answer

    def _ask(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Ask once. No link and no redirect leads anywhere but to the pool: its job's results are not for others."""
        if _origin(address) != self._home:
            raise Astray(address)
        ends = time.monotonic() + LONGEST_ANSWER
        try:
            response = self._connections.request(
                method, address, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                return Answer(address, response, _read(response, ends))
            except BaseException:
                response.close()
                raise
            finally:
                response.release_conn()
        except urllib3.exceptions.HTTPError as ex:
            raise Unreachable(_reason(ex)) from ex

    def _headers(self, method: str, body: bytes | None) -> dict[str, str]:
        headers = {"Accept": JSON, "User-Agent": f"comp-pool/{__version__}"}
        if body is not None:
            headers["Content-Type"] = JSON
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        return headers | self._credentials


def _read(response: urllib3.BaseHTTPResponse, ends: float) -> bytes:
    """Read a body, within limits: a pool may be hostile, too."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise PoolError(response.status, "the answer is compressed, which was not asked for")
    content = bytearray()
    while chunk := response.read(65536, decode_content=False):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise PoolError(response.status, f"the answer is larger than {LARGEST_ANSWER} bytes")
        if time.monotonic() > ends:
            raise Unreachable(f"the answer took longer than {LONGEST_ANSWER:.0f} s")
    return bytes(content)


def _joined(address: str, target: str) -> str:
    try:
        return urljoin(address, target)
    except ValueError as ex:
        raise Astray(target) from ex


def _origin(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError as ex:
        raise Astray(address) from ex


def _error(answer: Answer) -> PoolError:
    try:
        problem = answer.json()
    except PoolError:
        problem = None
    return PoolError.from_problem(answer.status, problem, answer.retry_after)


def _passes(failure: Unreachable | PoolError) -> bool:
    return isinstance(failure, Unreachable) or failure.status in BUSY


def _reason(ex: Exception) -> str:
    return str(getattr(ex, "reason", None) or ex)
