"""`/sandbox`: the document of the sandbox frame, where a volunteer's browser runs the code of jobs.

Its policy makes the origin opaque and blocks the network; workers from `data:` URIs inherit both. Design and tests are
described in docs/sandbox.md.
"""

from __future__ import annotations

import falcon

from resources import csp
from resources.javascript import literal, open_job, source
from resources.representation import respond_conditionally
from resources.resource import Resource

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>comp-pool sandbox</title><script>{}</script></html>'
)


def _script() -> str:
    texts = (source("browser/unit-worker.js"), open_job())
    return f"({source('browser/relay.js')})({', '.join(map(literal, texts))});"


class SandboxFrame(Resource):
    """The same bytes for every pool and request, so that the hash in the policy always fits."""

    def __init__(self) -> None:
        script = _script()
        self._page, self._policy = _PAGE.format(script).encode(), csp.sandbox_frame(script)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type, resp.data = falcon.MEDIA_HTML, self._page
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "no-referrer")
        # A page that isolates itself (for SharedArrayBuffer) can frame only documents with these two headers.
        resp.set_header("Cross-Origin-Embedder-Policy", "require-corp")
        resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        respond_conditionally(req, resp)
