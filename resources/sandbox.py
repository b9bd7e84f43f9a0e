"""`/sandbox`: the document of the cage, in which a volunteer's browser runs the code of jobs.

Its origin is opaque and its policy closes the network; workers from `data:` URIs inherit both. The design, and what it
was tried against, is in docs/sandbox.md.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json

import falcon

from client import JS
from resources.representation import answer_conditionally
from resources.resource import Resource

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>comp-pool sandbox</title><script>{}</script></html>'
)
_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'sha256-{}' 'unsafe-eval' 'wasm-unsafe-eval'; "
    "worker-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)


@functools.cache
def source(name: str) -> str:
    return (JS / name).read_text(encoding="utf-8")


def embedded(value: object) -> str:
    """A value as a JavaScript literal that neither ends a script element nor opens a comment in it."""
    return json.dumps(value).replace("<", "\\u003c")


def _script() -> str:
    texts = (source("browser/unit-worker.js"), source("sandbox/job.js"))
    return f"({source('browser/relay.js')})({', '.join(map(embedded, texts))});"


class Cage(Resource):
    """The same for everybody: no word in it depends on the pool or on who asks."""

    def __init__(self) -> None:
        script = _script()
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self._page, self._policy = _PAGE.format(script).encode(), _POLICY.format(digest)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type, resp.data = falcon.MEDIA_HTML, self._page
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "no-referrer")
        # A page that isolates itself, for SharedArrayBuffer, may embed it too.
        resp.set_header("Cross-Origin-Embedder-Policy", "require-corp")
        resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        answer_conditionally(req, resp)
