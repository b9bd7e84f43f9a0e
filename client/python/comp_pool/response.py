"""HTTP responses of a pool, read within limits on size and time, since a pool may be hostile too."""

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3

from comp_pool.errors import PoolError, Unreachable

MAX_BYTES = 32 << 20
# From the request to the last byte of the response.
MAX_SECONDS = 120.0
CHUNK_BYTES = 1 << 16

SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")


class Response:
    """A response with its whole body."""

    def __init__(self, address: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.address = address
        self.status = status
        self.headers = headers
        self._body = body

    @classmethod
    def read(cls, address: str, response: urllib3.BaseHTTPResponse, started: float) -> "Response":
        """Read the body to its end; `started` is the time of the request on the monotonic clock.

        Raises PoolError where the body is too large, Unreachable where it is too slow.
        """
        return cls(address, response.status, response.headers, _read_body(response, started))

    def json(self) -> Any:
        """Return the parsed body; raise PoolError where it is not JSON."""
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError) as ex:
            raise PoolError(self.status, "the response is not JSON", self.address) from ex

    @property
    def retry_after(self) -> float | None:
        """The header Retry-After in seconds, None without it."""
        return parse_retry_after(self.headers)

    @property
    def error(self) -> PoolError:
        """The response as an error."""
        try:
            problem = self.json()
        except PoolError:
            problem = None
        return PoolError.from_problem(self.status, problem, self.retry_after)


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the header Retry-After, a number of seconds or a date, in seconds; None where it is missing or neither."""
    text = headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(text):
        return float(text)
    date = _parse_date(text)
    if date is None:
        return None
    # Relative to the server's clock: the client's may be wrong by hours.
    now = _parse_date(headers.get("Date", "")) or datetime.now(timezone.utc)
    return max(0.0, (date - now).total_seconds())


def _parse_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def parse_seconds(headers: Mapping[str, str], name: str) -> float | None:
    """Return the value of a header in seconds, None where it is missing or not a number."""
    try:
        return max(0.0, float(headers.get(name, "")))
    except ValueError:
        return None


def _read_body(response: urllib3.BaseHTTPResponse, started: float) -> bytes:
    # A few compressed bytes can expand beyond any limit, so no request accepts an encoding.
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise PoolError(response.status, "the response is compressed")
    body = bytearray()
    while chunk := response.read(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_BYTES:
            raise PoolError(response.status, f"the response is larger than {MAX_BYTES} bytes")
        # The timeout of the socket starts anew with each byte: a body that trickles would never exceed it.
        if time.monotonic() - started > MAX_SECONDS:
            raise Unreachable(f"the response took longer than {MAX_SECONDS:.0f} s")
    return bytes(body)
