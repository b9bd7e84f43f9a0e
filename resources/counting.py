"""Counts what the pool refuses, by the limit that was reached, for the operator."""

from __future__ import annotations

import falcon

from pool.refusals import Refusals


class CountRefusals:
    """After each response; `resources.errors` has noted the limit in the request's context."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def process_response(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        for limit in req.context.get("refused") or ():
            self._refusals.count(limit)
        self._refusals.tell()
