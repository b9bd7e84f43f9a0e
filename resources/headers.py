"""Headers of every response.

Pages of any site may call the pool: it authenticates by keys and tokens in requests, never by cookies or origins, so a
foreign page can do no more than any other client.
"""

from __future__ import annotations

import falcon

from resources import csp

_REQUEST_HEADERS = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Run-Seconds, Volunteer"
)
_RESPONSE_HEADERS = "ETag, Lease-Seconds, Location, Retry-After"
# Of every response, whatever it is.
FIXED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": _RESPONSE_HEADERS,
    "X-Content-Type-Options": "nosniff",
}


class Headers:
    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, succeeded: bool) -> None:
        resp.set_headers(FIXED)
        if resp.get_header("Content-Security-Policy") is None:
            resp.set_header("Content-Security-Policy", csp.DOCUMENT)
        if req.method == "OPTIONS" and succeeded:
            self._allow_preflight(resp)

    def _allow_preflight(self, resp: falcon.Response) -> None:
        resp.status = falcon.HTTP_200
        resp.set_header("Access-Control-Allow-Methods", resp.get_header("Allow") or "GET")
        resp.set_header("Access-Control-Allow-Headers", _REQUEST_HEADERS)
        resp.set_header("Access-Control-Max-Age", "86400")
