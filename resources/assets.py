"""`/client/{file}`: the modules, styles and pictures of the browser client.

All files are read into a table once per process. A request only looks up a key of that table and never a path of the
file system, so no path traversal is possible.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import falcon

import client
from resources import request
from resources.representation import respond_conditionally
from resources.resource import Resource

# The files of the npm package for browsers: neither those for Node nor the tests.
_MODULES = ("*.js", "lib/**/*.js", "sandbox/**/*.js", "browser/**/*.js")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass
class Asset:
    content: bytes
    content_type: str
    etag: str

    @functools.cached_property
    def gzipped(self) -> bytes:
        """Compressed when it is first asked for; always the same bytes, as the entity tag requires."""
        return gzip.compress(self.content, mtime=0)


Table = Mapping[str, Asset]


@functools.cache
def table() -> Table:
    """All assets by path below /client/, read once. HTML is not among them: the pages are templates (see pages.py)."""
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


class AssetAlias(Resource):
    """An asset at a second, short URI."""

    def __init__(self, asset: Asset) -> None:
        self._asset = asset

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        _respond(req, resp, self._asset)


def _respond(req: falcon.Request, resp: falcon.Response, asset: Asset) -> None:
    is_gzipped = request.accepts_gzip(req)
    resp.content_type, resp.data = asset.content_type, asset.gzipped if is_gzipped else asset.content
    if is_gzipped:
        resp.set_header("Content-Encoding", "gzip")
    resp.append_header("Vary", "Accept-Encoding")
    # Revalidated at each use: modules of two versions would not fit together after an update.
    resp.cache_control = ["no-cache"]
    # Pages of other sites import the client, cross-origin isolated ones as well.
    resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
    respond_conditionally(req, resp, f"{asset.etag}-gzip" if is_gzipped else asset.etag)
