"""`/operator`: what the operator sees of the whole pool, and the blocks that it sets. All of it needs its key."""

from __future__ import annotations

import falcon

from pool import fields
from pool.blocks import Blocks
from pool.errors import Invalid
from pool.keys import Keys
from pool.operator_view import OperatorView
from resources import body, request
from resources.links import LinkBuilder, Links
from resources.pages import OperatorPage
from resources.representation import media_type_of, prefers_html, respond, with_links
from resources.resource import Resource
from storage.errors import NotFound

_LIMIT = 10_000


class Operator(Resource):
    def __init__(self, view: OperatorView, keys: Keys, name: str) -> None:
        self._view, self._keys, self._page = view, keys, OperatorPage(name)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if prefers_html(req):
            self._page.respond(req, resp)
            return
        self._keys.require_operator(request.caller(req, self._keys))
        build = LinkBuilder(req)
        root = build.root()
        links = {
            "self": build.uri("operator"),
            "blocks": build.uri("operator", "blocks"),
            "names": build.names()["self"],
            **{rel: root[rel] for rel in ("job", "flow", "health", "metrics")},
            "root": root["self"],
        }
        document = self._view.document()
        media_type = media_type_of(req)
        blocks = [
            with_links(_links_of_block(build, block["target"]), block, media_type) for block in document["blocks"]
        ]
        respond(req, resp, links, {**document, "blocks": blocks}, cache="no-store")


def _links_of_block(build: LinkBuilder, target: str) -> Links:
    return {"self": build.uri("operator", "blocks", target)}


class BlockCollection(Resource):
    def __init__(self, blocks: Blocks, keys: Keys) -> None:
        self._blocks, self._keys = blocks, keys

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """`{"target", "reason"}`: a block of this target is replaced."""
        self._keys.require_operator(request.caller(req, self._keys))
        given = fields.require_object("the body", body.read_document(req, _LIMIT))
        fields.refuse_unknown(given, ("target", "reason"))
        target, reason = (fields.require_text(name, given.get(name, "")) for name in ("target", "reason"))
        blocked = self._blocks.add(target, reason)
        links = _links_of_block(LinkBuilder(req), blocked)
        respond(req, resp, links, {"target": blocked, "reason": reason.strip()}, cache="no-store")
        resp.status, resp.location = falcon.HTTP_201, links["self"]


class Block(Resource):
    def __init__(self, blocks: Blocks, keys: Keys) -> None:
        self._blocks, self._keys = blocks, keys

    def on_delete(self, req: falcon.Request, resp: falcon.Response, target: str) -> None:
        self._keys.require_operator(request.caller(req, self._keys))
        try:
            is_removed = self._blocks.remove(target)
        except Invalid:
            is_removed = False
        if not is_removed:
            raise NotFound("block", target)
        resp.status = falcon.HTTP_204
