"""WSGI applications for tests of the front door."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from resources.request import CLIENT_IS_GONE

Environ = dict[str, Any]
LARGE = 4 << 20
_released = threading.Event()
entered, left = threading.Semaphore(0), threading.Semaphore(0)


def echo(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What the request had."""
    names = ("REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "REMOTE_ADDR")
    body = environ["wsgi.input"].read()
    content = json.dumps({**{name: environ[name] for name in names}, "body": body.decode("latin-1")}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def large(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A large document at `/large`, a large stream at `/stream`; elsewhere as `echo`."""
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Length", str(LARGE))])
        return [b"x" * LARGE]
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [])
        return (b"x" * 65536 for _ in range(LARGE // 65536))
    return echo(environ, start_response)


def waiting(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """At `/wait` as `echo`, but not before `release`; `entered` is released by each request there."""
    if environ["PATH_INFO"] == "/wait":
        entered.release()
        _released.wait()
    return echo(environ, start_response)


def until_gone(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """As `echo`, once the client is gone; `entered` and `left` are released before and after."""
    entered.release()
    while not environ[CLIENT_IS_GONE]():
        time.sleep(0.01)
    left.release()
    return echo(environ, start_response)


def release() -> None:
    _released.set()


def hold() -> None:
    _released.clear()


def failing(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Fails before the response at `/`, in the middle of it at `/middle`, after it at `/end`."""
    if environ["PATH_INFO"] == "/":
        raise ValueError("a secret")
    start_response("200 OK", [])
    return _BrokenEnd() if environ["PATH_INFO"] == "/end" else _broken()


class _BrokenEnd:
    """A response that is whole, and fails when it is closed."""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"whole"])

    def close(self) -> None:
        raise ValueError("a secret")


def _broken() -> Iterator[bytes]:
    yield b"begun"
    raise ValueError("a secret")
