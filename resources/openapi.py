"""`/openapi.json`: the OpenAPI description of the interface."""

from __future__ import annotations

import json
from pathlib import Path

import falcon

from resources.representation import encoded
from resources.resource import Resource


class Description(Resource):
    def __init__(self) -> None:
        text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
        self._document = encoded(json.loads(text))

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = "application/json"
        resp.data = self._document
