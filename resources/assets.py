"""`/client/{file}`: the modules, styles and texts of the browser's client.

They are read once, into a table, when the application is made: what is not in it is not served, and no path of a
request ever meets the file system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import falcon

import client
from resources.representation import answer_conditionally
from resources.resource import Resource

# The folders of the npm package that a browser may load; what is for Node alone, or for tests, is not among them.
_MODULES = ("*.js", "lib/**/*.js", "sandbox/**/*.js", "browser/**/*.js")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    content: bytes
    content_type: str
    etag: str


Table = Mapping[str, Asset]


def table() -> Table:
    """Every file to serve, by its path below /client/. The pages' templates are none: they are served as pages."""
    files = (path for path in _paths() if path.suffix in _TYPES and path.is_file())
    return {path.relative_to(client.JS.parent).as_posix(): _asset(path) for path in files}


def _paths() -> Iterator[Path]:
    for pattern in _MODULES:
        yield from client.JS.glob(pattern)
    yield from client.WEB.rglob("*")


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:20])


class Assets(Resource):
    def __init__(self, files: Table) -> None:
        self._files = files

    def on_get(self, req: falcon.Request, resp: falcon.Response, file: str) -> None:
        if file not in self._files:
            raise falcon.HTTPNotFound
        _respond(req, resp, self._files[file])


class One(Resource):
    """A file that has an address of its own as well."""

    def __init__(self, asset: Asset) -> None:
        self._asset = asset

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        _respond(req, resp, self._asset)


def _respond(req: falcon.Request, resp: falcon.Response, asset: Asset) -> None:
    resp.content_type, resp.data = asset.content_type, asset.content
    resp.cache_control = ["no-cache"]
    # The pages of other sites may import the client, however they isolate themselves.
    resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
    answer_conditionally(req, resp, asset.etag)
