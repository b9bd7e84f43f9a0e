"""Framing: where the requests end in the bytes that a connection has sent.

gunicorn's parser decides; here it is only called once the head is complete, and the end of a body is found without
waiting for it. Where both could disagree the connection closes after the response.
"""

from __future__ import annotations

import io
import re
from typing import Any

from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import InvalidRequestLine, LimitRequestHeaders, LimitRequestLine
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from front_door.limits import Limits

HEAD_END = b"\r\n\r\n"
# Others may end a line at a CR or LF in an extension.
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
MAX_SIZE_LINE, MAX_TRAILER = 4096, 8192
# Tiny chunks cost much more time than bytes: so many are read, and one more for each so many bytes.
FREE_CHUNKS, BYTES_PER_CHUNK = 1000, 64
FREE_BYTES = 1 << 16


class BodyTooLarge(Exception):
    """The chunks of a body have more bytes than any body may have, or are too many for them."""


class Memory(Unreader):
    """What has been received, as the source that gunicorn's parser reads: it never waits."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content

    def chunk(self, size_hint: int | None = None) -> bytes:
        content, self._content = self._content, b""
        return content

    def feed(self, content: bytes) -> None:
        self._content = content


class Received(Request):
    """A request as gunicorn parses it, in memory."""

    body: Any
    unreader: Memory
    _expected_100_continue: bool

    def stop_expecting(self) -> bool:
        """The client gets no 100 Continue from now on; returns whether it has waited for one."""
        expected, self._expected_100_continue = self._expected_100_continue, False
        return expected


class Chunks:
    """Finds the end of a chunked body in bytes that grow. `is_malformed`: the parser may not find the same one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.is_malformed = False
        self._position = self._count = self._total = 0
        self._in_trailer = False

    def end(self, received: bytearray) -> int | None:
        """The position behind the body, None if it is not there yet.

        A malformed body ends with what has been received. Raises BodyTooLarge.
        """
        while not self._in_trailer and self._position < len(received):
            line_end = received.find(b"\r\n", self._position, self._position + MAX_SIZE_LINE)
            if line_end < 0:
                return self._unless_incomplete(received, MAX_SIZE_LINE)
            size = _SIZE.fullmatch(received, self._position, line_end)
            if size is None or not self._is_after_line(received):
                return self._malformed(received)
            self._skip(int(size[1], 16), line_end + 2)
        return self._trailer_end(received) if self._in_trailer else None

    def _is_after_line(self, received: bytearray) -> bool:
        return self._position == 0 or received.endswith(b"\r\n", 0, self._position)

    def _malformed(self, received: bytearray) -> int:
        self.is_malformed = True
        return len(received)

    def _unless_incomplete(self, received: bytearray, limit: int) -> int | None:
        return self._malformed(received) if len(received) - self._position > limit else None

    def _skip(self, size: int, position: int) -> None:
        self._count, self._total = self._count + 1, self._total + size
        self._in_trailer = size == 0
        self._position = position + (size + 2 if size else 0)
        is_large = self._total > self._limit or self._position > 2 * self._limit + FREE_BYTES
        if is_large or self._count > FREE_CHUNKS + self._total // BYTES_PER_CHUNK:
            raise BodyTooLarge

    def _trailer_end(self, received: bytearray) -> int | None:
        if received.startswith(b"\r\n", self._position):
            return self._position + 2
        end = received.find(HEAD_END, self._position)
        if end < 0:
            return self._unless_incomplete(received, MAX_TRAILER)
        # Hardly anybody sends trailers, and the parser may refuse them when the body is read.
        self.is_malformed = True
        return end + len(HEAD_END)


class Framer:
    """Cuts the requests of one connection out of `received`, which grows at its end."""

    def __init__(self, cfg: Config, peer: Any, limits: Limits) -> None:
        self._cfg, self._peer, self._limits = cfg, peer, limits
        self.received = bytearray()
        self._searched = self._count = 0
        self._request: Received | None = None
        self._chunks: Chunks | None = None
        # The length of the last request's body, as it was sent.
        self.body_size = 0

    @property
    def is_in_body(self) -> bool:
        return self._request is not None

    def take(self, is_end: bool = False) -> Received | None:
        """The next request with its body, or None while it is incomplete. `is_end`: no more will be received.

        Its `body` does not wait. A body over the limit is not awaited: `force_close` has been called then. Raises
        gunicorn's ParseException, BodyTooLarge.
        """
        if self._request is None:
            self._request = self._head(is_end)
        if self._request is None or not self._has_body(self._request, is_end):
            return None
        request, self._request, self._chunks = self._request, None, None
        # The body is here, or refused: in both cases nobody waits any more.
        request.stop_expecting()
        return request

    def expects_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends the body. True once for a request."""
        return self._request is not None and self._request.stop_expecting() and not self.received

    def _head(self, is_end: bool) -> Received | None:
        received = self.received
        # One empty line before a request is ignored (RFC 9112, 2.2).
        if received.startswith(b"\r\n"):
            del received[:2]
        end = received.find(HEAD_END, max(0, self._searched - len(HEAD_END)))
        self._searched = len(received)
        if end < 0:
            self._refuse_hopeless(is_end)
            return None
        head = bytes(received[: end + len(HEAD_END)])
        if len(head) > self._limits.head:
            raise LimitRequestHeaders("the head is too large")
        del received[: len(head)]
        self._searched, self._count = 0, self._count + 1
        return Received(self._cfg, Memory(head), self._peer, self._count)

    def _refuse_hopeless(self, is_end: bool) -> None:
        """Raises for bytes that cannot become a head, such as those of TLS: who sends them would wait in vain."""
        received = self.received
        line_end = received.find(b"\n")
        is_line = line_end < 0 or received[line_end - 1 : line_end] == b"\r"
        # The rest of an empty line may be on its way.
        if received == b"\r" and not is_end:
            return
        if received and (is_end or not received[:1].isalpha() or not is_line):
            raise InvalidRequestLine(bytes(received[:80]).decode("latin-1"))
        if len(received) > self._limits.head:
            if line_end < 0:
                raise LimitRequestLine(len(received), self._limits.head)
            raise LimitRequestHeaders("the head is too large")

    def _has_body(self, request: Received, is_end: bool) -> bool:
        reader = request.body.reader
        if isinstance(reader, ChunkedReader):
            return self._has_chunks(request, is_end)
        length = reader.length if isinstance(reader, LengthReader) else 0
        if length > self._limits.body:
            # The application refuses it by its length.
            request.force_close()
            self._set_body(request, 0)
            return True
        if len(self.received) < length and not is_end:
            return False
        self._set_body(request, length)
        return True

    def _has_chunks(self, request: Received, is_end: bool) -> bool:
        self._chunks = self._chunks or Chunks(self._limits.body)
        end = self._chunks.end(self.received)
        if end is None and not is_end:
            return False
        content = bytes(self.received if end is None else self.received[:end])
        del self.received[: len(content)]
        self.body_size = len(content)
        request.unreader.feed(content)
        if end is None or self._chunks.is_malformed:
            request.force_close()
        return True

    def _set_body(self, request: Received, length: int) -> None:
        content = bytes(self.received[:length])
        del self.received[:length]
        if len(content) < length:
            request.force_close()
        self.body_size = len(content)
        request.body = io.BytesIO(content)
