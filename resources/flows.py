"""`/flows`: trees of jobs; posting them, seeing how far they are, running them again, cancelling them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import falcon

from pool.flows import Flows
from pool.keys import Keys
from resources import body, request
from resources.links import Addresses, Link
from resources.pages import FlowPage
from resources.representation import HAL, JSON, answer_conditionally, linked, respond, style_of
from resources.resource import Resource

Document = dict[str, Any]


class Collection(Resource):
    def __init__(self, flows: Flows, keys: Keys, limit: int) -> None:
        self._flows, self._keys, self._limit = flows, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, cursor = request.page_limit(req), req.get_param("cursor")
        page = self._flows.page(cursor, limit, request.caller(req, self._keys))
        addresses = Addresses(req)
        shown = [(addresses.flow(item["id"], item["state"] == "running"), item) for item in page.items]
        links = addresses.page("flows", cursor=cursor, following=page.next, limit=req.get_param("limit"))
        links |= {name: link for name, link in addresses.root().items() if name == "post_flow"}
        respond(req, resp, links, {"count": len(shown)}, shown)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = request.caller(req, self._keys)
        self._keys.require_poster(caller)  # Before the body is read: a stranger's is not worth it.
        posted, key = body.read_document(req, self._limit), request.idempotency_key(req)
        flow = self._flows.post(posted, caller, lambda uri: located(req, uri), key)
        _show_posted(req, resp, self._flows.view(flow, caller).whole())


class Item(Resource):
    def __init__(self, flows: Flows, keys: Keys, name: str) -> None:
        self._flows, self._keys, self._page = flows, keys, FlowPage(name)

    def on_get(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        if req.client_prefers([JSON, HAL, falcon.MEDIA_HTML]) == falcon.MEDIA_HTML:
            self._page.respond(req, resp)
            if resp.status != falcon.HTTP_304 and not self._flows.exists(flow):
                resp.status = falcon.HTTP_404
            return
        caller = request.caller(req, self._keys)
        document = self._flows.get(flow)
        _show(req, resp, self._flows.view(document, caller).whole())
        answer_conditionally(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        """A new run of the same tree."""
        caller = request.caller(req, self._keys)
        again = self._flows.run_again(flow, caller, request.idempotency_key(req))
        _show_posted(req, resp, self._flows.view(again, caller).whole())

    def on_delete(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        self._flows.cancel(flow, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204


def located(req: falcon.Request, uri: str) -> tuple[str, ...] | None:
    """The segments of a URI's path below the mount prefix; None where it is not one of this pool's."""
    if not uri.isprintable() or " " in uri:
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if (parts.scheme or parts.netloc) and f"{parts.scheme}://{parts.netloc}" != req.prefix.removesuffix(req.root_path):
        return None
    prefix = f"{Addresses(req).prefix}/"
    if parts.query or parts.fragment or not parts.path.startswith(prefix):
        return None
    return tuple(unquote(segment) for segment in parts.path.removeprefix(prefix).split("/"))


def _show_posted(req: falcon.Request, resp: falcon.Response, flow: Document) -> None:
    _show(req, resp, flow)
    resp.status, resp.location = falcon.HTTP_201, Addresses(req).at("flows", flow["id"])


def _show(req: falcon.Request, resp: falcon.Response, flow: Document) -> None:
    links = Addresses(req).flow(flow["id"], flow["state"] == "running")
    tree: Document = {}
    for level in reversed(flow["levels"]):
        tree = {"jobs": [_entry(req, entry) for entry in level], **({"dependent": tree} if tree else {})}
    facts = {name: value for name, value in flow.items() if name != "levels"}
    respond(req, resp, links, {**facts, **tree})


def _entry(req: falcon.Request, entry: Document) -> Document:
    addresses, job = Addresses(req), entry["job"]
    links = {"get_job": Link(addresses.at("jobs", job))}
    named = {"job": links["get_job"].href}
    if "variable" in entry:
        links["get_variable"] = Link(addresses.at("jobs", job, "variables", entry["variable"]))
        named["variable"] = links["get_variable"].href
    steps = [_step(req, job, step) for step in entry["steps"]]
    return dict(linked(links, {**entry, **named, "steps": steps}, style_of(req)))


def _step(req: falcon.Request, job: str, step: Document) -> Document:
    addresses = Addresses(req)
    links = {"get_variable": Link(addresses.at("jobs", job, "variables", step["variable"]))}
    if step["result"] is not None:
        links["get_result"] = addresses.result(job, step["variable"], step["result"])["self"]
    facts = {name: value for name, value in step.items() if name not in ("variable", "result")}
    return dict(linked(links, facts, style_of(req)))
