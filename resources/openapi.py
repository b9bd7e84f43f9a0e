"""`/openapi.json`: the OpenAPI description of the interface."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import falcon

from resources.representation import encoded
from resources.resource import Resource


@functools.cache
def _document() -> bytes:
    return encoded(json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")))


class Description(Resource):
    def __init__(self) -> None:
        self._document = _document()

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = "application/json"
        resp.data = self._document
