"""Headers of every answer. Any site's pages may take part: the pool knows its callers by what they send, never by
where they come from. And nothing that it serves is a page, unless a resource says so."""

from __future__ import annotations

from typing import Any

import falcon

_REQUEST_HEADERS = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Run-Seconds, Volunteer"
)
_RESPONSE_HEADERS = "ETag, Lease-Seconds, Location, Retry-After"
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


class Headers:
    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: Any, succeeded: bool) -> None:
        resp.set_header("Access-Control-Allow-Origin", "*")
        resp.set_header("Access-Control-Expose-Headers", _RESPONSE_HEADERS)
        resp.set_header("X-Content-Type-Options", "nosniff")
        if resp.get_header("Content-Security-Policy") is None:
            resp.set_header("Content-Security-Policy", _NO_PAGE)
        if req.method == "OPTIONS" and succeeded:
            self._answer_preflight(resp)

    def _answer_preflight(self, resp: falcon.Response) -> None:
        resp.status = falcon.HTTP_200
        resp.set_header("Access-Control-Allow-Methods", resp.get_header("Allow") or "GET")
        resp.set_header("Access-Control-Allow-Headers", _REQUEST_HEADERS)
        resp.set_header("Access-Control-Max-Age", "86400")
