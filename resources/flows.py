"""`/flows`: trees of jobs. Posting, progress, running again, cancelling."""

from __future__ import annotations

import falcon

from pool.flows import Flows
from pool.keys import Caller, Keys
from resources import body, request
from resources.flow_page import FlowPage
from resources.links import LinkBuilder
from resources.list_pages import FLOWS, ListPage
from resources.representation import media_type_of, prefers_html, respond, respond_conditionally, with_links
from resources.resource import Resource
from storage.base import Document


class Collection(Resource):
    def __init__(self, flows: Flows, keys: Keys, limit: int, name: str) -> None:
        self._flows, self._keys, self._limit, self._list = flows, keys, limit, ListPage(name, FLOWS)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        is_html, cursor = prefers_html(req), req.get_param("cursor")
        limit = request.page_limit(req, is_html=is_html)
        page = self._flows.page(cursor, limit, request.caller(req, self._keys))
        build = LinkBuilder(req)
        items = [(build.flow(flow["id"], flow["state"] == "running"), flow) for flow in page.items]
        links = build.page("flows", cursor=cursor, next_cursor=page.next, limit=req.get_param("limit"))
        if is_html:
            self._list.respond_with(req, resp, items, links)
            return
        links["post_flow"] = build.root()["post_flow"]
        respond(req, resp, links, {"count": len(items)}, items)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = request.caller(req, self._keys)
        # Before the body is read: strangers can't make the pool read and parse megabytes.
        self._keys.require_poster(caller)
        posted, key = body.read_document(req, self._limit), request.idempotency_key(req)
        flow = self._flows.post(posted, caller, LinkBuilder(req).segments, key)
        _respond_created(req, resp, self._flows.view(flow, caller).whole(), _management_key(self._keys, caller, flow))


class Item(Resource):
    def __init__(self, flows: Flows, keys: Keys, page: FlowPage) -> None:
        self._flows, self._keys, self._page = flows, keys, page

    def on_get(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        caller = request.caller(req, self._keys)
        document = self._flows.get(flow)
        view = self._flows.view(document, caller)
        if prefers_html(req):
            self._page.respond_for(req, resp, document, view.summary())
            return
        _respond(req, resp, view.whole())
        respond_conditionally(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        """Runs the same tree again, as a new flow."""
        caller = request.caller(req, self._keys)
        new_flow = self._flows.run_again(flow, caller, request.idempotency_key(req))
        key = _management_key(self._keys, caller, new_flow)
        _respond_created(req, resp, self._flows.view(new_flow, caller).whole(), key)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, flow: str) -> None:
        self._flows.cancel(flow, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204


def _management_key(keys: Keys, caller: Caller, flow: Document) -> Document:
    """What a poster without a key needs to change the flow later."""
    return {"key": keys.management_key(flow)} if caller.key_id is None else {}


def _respond_created(req: falcon.Request, resp: falcon.Response, flow: Document, key: Document) -> None:
    _respond(req, resp, {**flow, **key})
    resp.status, resp.location = falcon.HTTP_201, LinkBuilder(req).uri("flows", flow["id"])


def _respond(req: falcon.Request, resp: falcon.Response, flow: Document) -> None:
    links = LinkBuilder(req).flow(flow["id"], flow["state"] == "running")
    tree: Document = {}
    for level in reversed(flow["levels"]):
        tree = {"jobs": [_entry(req, entry) for entry in level], **({"dependent": tree} if tree else {})}
    fields = {name: value for name, value in flow.items() if name != "levels"}
    if "blocked" in flow:
        fields["blocked"] = [_blocked(req, step) for step in flow["blocked"]]
    respond(req, resp, links, {**fields, **tree})


def _blocked(req: falcon.Request, step: Document) -> Document:
    """A failed step for which the flow waits; its link leads to the variable, which a PATCH releases."""
    link = LinkBuilder(req).uri("jobs", step["job"], "variables", step["variable"])
    fields = {name: value for name, value in step.items() if name != "job"}
    return with_links({"get_variable": link}, {**fields, "variable": link}, media_type_of(req))


def _entry(req: falcon.Request, entry: Document) -> Document:
    """An entry of the tree: ids become URIs, as in a posted flow, and links."""
    build, job = LinkBuilder(req), entry["job"]
    links = {"get_job": build.uri("jobs", job)}
    uris = {"job": links["get_job"]}
    if "variable" in entry:
        links["get_variable"] = build.uri("jobs", job, "variables", entry["variable"])
        uris["variable"] = links["get_variable"]
    steps = [_step(req, job, step) for step in entry["steps"]]
    return with_links(links, {**entry, **uris, "steps": steps}, media_type_of(req))


def _step(req: falcon.Request, job: str, step: Document) -> Document:
    build = LinkBuilder(req)
    links = {"get_variable": build.uri("jobs", job, "variables", step["variable"])}
    if step["result"] is not None:
        links["get_result"] = build.result(job, step["variable"], step["result"])["self"]
    fields = {name: value for name, value in step.items() if name not in ("variable", "result")}
    return with_links(links, fields, media_type_of(req))
