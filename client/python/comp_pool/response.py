"""HTTP responses of a pool, read within limits on size and time, since a pool may be hostile too."""

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import urllib3

from comp_pool.errors import ForeignResponse, PoolError, Unreachable

PROBLEM = "application/problem+json"
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

        Raises ForeignResponse where the body is too large, Unreachable where it is too slow.
        """
        return cls(address, response.status, response.headers, _read_body(response, started))

    @cached_property
    def _parsed(self) -> Any:
        """The parsed body, None where it is not JSON."""
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError):
            return None

    @property
    def document(self) -> dict[str, Any]:
        """The body, a JSON object; raises ForeignResponse where it is none."""
        if not isinstance(self._parsed, dict):
            raise self._foreign("no JSON object")
        return self._parsed

    @property
    def has_stored(self) -> bool:
        """Whether the pool has stored what was posted: a proxy's response to anything is `200 text/html`."""
        return self.status == 201 and bool(self.headers.get("Location"))

    @property
    def is_of_pool(self) -> bool:
        """Whether the pool itself has sent this: a document, an acknowledgement, or as an error a problem document."""
        if self.status >= 300:
            return self._media_type == PROBLEM and isinstance(self._parsed, dict)
        return self.status == 204 or self.has_stored or isinstance(self._parsed, dict)

    @property
    def _media_type(self) -> str:
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float | None:
        """The header Retry-After in seconds, None without it."""
        return parse_retry_after(self.headers)

    @property
    def error(self) -> PoolError:
        """The response as an error."""
        if self.status >= 300 and self.is_of_pool:
            return PoolError.from_problem(self.status, self.document, self.retry_after)
        return self._foreign(self._media_type or "without a Content-Type")

    def _foreign(self, reason: str) -> ForeignResponse:
        return ForeignResponse(self.status, reason, self.retry_after)


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


def parse_number(headers: Mapping[str, str], name: str) -> float | None:
    """Return the value of a header, 0 or more; None where it is missing or not a number."""
    try:
        return max(0.0, float(headers.get(name, "")))
    except ValueError:
        return None


def _read_body(response: urllib3.BaseHTTPResponse, started: float) -> bytes:
    # A few compressed bytes can expand beyond any limit, so no request accepts an encoding.
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ForeignResponse(response.status, "compressed")
    body = bytearray()
    while chunk := response.read(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ForeignResponse(response.status, f"larger than {MAX_BYTES} bytes")
        # The timeout of the socket starts anew with each byte: a body that trickles would never exceed it.
        if time.monotonic() - started > MAX_SECONDS:
            raise Unreachable(f"the response took longer than {MAX_SECONDS:.0f} s")
    return bytes(body)
