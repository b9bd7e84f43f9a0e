"""An exchange: one request and its response, made by the application in one thread after another."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.http.errors import ConfigurationProblem
from gunicorn.http.message import Request

from front_door import backlog, refusals
from front_door.connection import Connection
from front_door.limits import KILOBYTE, Limits
from resources.errors import Problem
from resources.request import CLIENT_IS_GONE

Application = Callable[..., Iterable[bytes]]
# A stream of which so much is unsent goes on when the client has taken it: until then it has no thread.
STREAM_UNSENT = 256 * KILOBYTE


class Exchange:
    """A request that is complete, on its way to a response."""

    def __init__(self, connection: Connection, request: Request, now: float, limits: Limits) -> None:
        self.connection, self.request = connection, request
        self.is_begun = backlog.is_begun(request.method or "", request.path or "")
        self.waits_until = now + backlog.patience(request.path or "", self.is_begun, limits)
        self.is_complete = self._may_follow = False
        self._response: wsgi.Response | None = None
        self._environ: dict[str, Any] = {}
        self._iterable: Iterable[bytes] = ()
        self._items: Iterator[bytes] = iter(())
        self._started = datetime.datetime.now()  # as gunicorn's access log has it

    @property
    def keeps_connection(self) -> bool:
        """Whether another request may follow on the connection, once this is complete."""
        if self.connection.is_broken:
            return False
        return self._may_follow if self._response is None else not self._response.should_close()

    def run(self, application: Application, cfg: Config, log: Logger, is_last: bool) -> None:
        """Goes on until the response is in the outbox (`is_complete`), or a stream has to wait for the client."""
        try:
            self._go_on(application, cfg, is_last)
        except ConfigurationProblem:
            self.refuse(refusals.outside_mount(self.request.path or "", mount_of(self.request)))
        except Exception:
            log.exception("%s %s failed", self.request.method, self.request.path)
            self.refuse(refusals.internal())
        if self.is_complete:
            self._end(log)

    def _go_on(self, application: Application, cfg: Config, is_last: bool) -> None:
        response = self._response or self._start(application, cfg, is_last)
        for item in self._items:
            response.write(item)
            if self._has_to_wait():
                return
            if self.connection.is_broken:
                break
        response.close()
        self.is_complete = True

    def _start(self, application: Application, cfg: Config, is_last: bool) -> wsgi.Response:
        connection: Any = self.connection  # Response only calls its `sendall`.
        response, environ = wsgi.create(self.request, connection, connection.peer, connection.local, cfg)
        self._environ = dict(environ)
        self._environ["wsgi.multithread"] = True
        self._environ[CLIENT_IS_GONE] = self.connection.is_client_gone
        if is_last:
            response.force_close()
        self._response = response
        self._iterable = application(self._environ, response.start_response)
        self._items = iter(self._iterable)
        return response

    def _has_to_wait(self) -> bool:
        """Whether more is unsent than a stream may have: a stream is what does not know its length."""
        connection = self.connection
        if connection.unsent < STREAM_UNSENT or self._response is None or not self._response.chunked:
            return False
        return not connection.flush() and connection.unsent >= STREAM_UNSENT

    def refuse(self, problem: Problem, is_last: bool = True, page: bytes | None = None) -> None:
        """Responds with a problem, or breaks the connection off if a part of another response has been sent.

        `is_last`: the connection closes after it; `page` takes the place of the problem's document.
        """
        is_last = is_last or self.request.should_close()
        if self._response is not None and self._response.headers_sent:
            self.connection.abandon()
        else:
            has_body = self.request.method != "HEAD"
            self.connection.sendall(refusals.response(problem, is_last=is_last, has_body=has_body, page=page))
        self._response, self._may_follow = None, not is_last
        self.is_complete = True

    def _end(self, log: Logger) -> None:
        self.close()
        if self._response is not None:
            duration = datetime.datetime.now() - self._started
            log.access(self._response, self.request, self._environ, duration)

    def close(self) -> None:
        """Ends the application's part, also that of a stream whose client is gone."""
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()


def mount_of(request: Request) -> str:
    return dict(request.headers).get("SCRIPT_NAME") or os.environ.get("SCRIPT_NAME", "")
