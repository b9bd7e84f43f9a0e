"""`/jobs/{job}/variables`: leasing variables to volunteers, posting and changing them for owners."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from pool.errors import BadLease
from pool.failures import Failures, read_report
from pool.jobs import Jobs
from pool.keys import Keys
from pool.variables import Leased, Variables
from resources import body, named_variables, request, worker_script
from resources.errors import Problem
from resources.links import LinkBuilder
from resources.list_pages import VARIABLES, ListPage
from resources.representation import media_type_of, prefers_html, respond, respond_no_content
from resources.resource import Resource
from storage.base import Document


def _variable_fields(variable: Document) -> Document:
    """The variable's data, embedded unless it is an object; for a step of a flow also the function's context."""
    data, is_object = variable["data"], isinstance(variable["data"], dict)
    if is_object and "context" not in variable:
        return dict(data)
    embedded = {"context": variable["context"]} if "context" in variable else {}
    return {**data, "_embedded": embedded} if is_object else {"_embedded": {"variable": data, **embedded}}


def _respond_with_lease(req: falcon.Request, resp: falcon.Response, job: str, leased: Leased) -> None:
    links = LinkBuilder(req).variable(job, leased.variable_id, leased.token, leased.document.get("flow"))
    # A cached response would give one lease to many volunteers.
    respond(req, resp, links, _variable_fields(leased.document), cache="no-store")
    resp.set_header("Lease-Seconds", str(leased.seconds))


def _respond_with_leases(req: falcon.Request, resp: falcon.Response, job: str, leased: Sequence[Leased]) -> None:
    build = LinkBuilder(req)
    items = [
        (build.variable(job, one.variable_id, one.token, one.document.get("flow")), _variable_fields(one.document))
        for one in leased
    ]
    links = {
        "self": build.uri("jobs", job, "variables", values=req.get_param("values"), count=req.get_param("count")),
        "get_job": build.uri("jobs", job),
        "post_results": build.uri("jobs", job, "results"),
    }
    respond(req, resp, links, {"count": len(items)}, items, cache="no-store")
    resp.set_header("Lease-Seconds", str(min(one.seconds for one in leased)))


class Collection(Resource):
    def __init__(self, variables: Variables, index: Index, keys: Keys, limit: int, bulk_limit: int) -> None:
        self._variables, self._index, self._keys = variables, index, keys
        self._limit, self._bulk_limit = limit, bulk_limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        # Whoever opens the address in a browser wants to look, and would hold a lease in vain.
        if prefers_html(req):
            self._index.on_get(req, resp, job)
            return
        count = request.lease_count(req)
        leased = self._lease(req, job, count or 1)
        if not leased:
            self._respond_no_content(resp, job)
        elif count is None:
            _respond_with_lease(req, resp, job, leased[0])
        else:
            _respond_with_leases(req, resp, job, leased)

    def _lease(self, req: falcon.Request, job: str, count: int) -> list[Leased]:
        if req.get_param("audit") == "1":
            return self._variables.lease_audits(job, request.volunteer(req), request.caller(req, self._keys), count)
        return self._variables.lease_many(job, request.volunteer(req), count)

    def on_head(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        """204 if no variable can be leased now. HEAD leases none: it is a safe method (RFC 9110)."""
        if prefers_html(req):
            self._index.on_get(req, resp, job)
        elif self._variables.can_lease(job):
            resp.content_type, resp.cache_control = media_type_of(req), ["no-store"]
        else:
            self._respond_no_content(resp, job)

    def _respond_no_content(self, resp: falcon.Response, job: str) -> None:
        respond_no_content(resp, self._variables.retry_after(job))

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        # Before the body is read: strangers can't make the pool read and parse megabytes.
        self._variables.require_contributor(job, caller)
        key = request.idempotency_key(req)
        lines = body.read_ndjson(req, self._bulk_limit, self._limit, "variable") if body.is_ndjson(req) else {}
        values = list(lines.values()) or [body.read_document(req, self._limit, "variable")]
        variable_ids = self._variables.post(job, values, caller, key, list(lines))
        if lines:
            _respond_many_created(req, resp, job, variable_ids)
        else:
            _respond_one_created(req, resp, job, variable_ids[0])

    def on_put(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        """Variables under ids of the caller's choice, one per line, stored as a whole; what is there already stays."""
        caller = request.caller(req, self._keys)
        self._variables.require_contributor(job, caller)
        values, lines = named_variables.read(req, self._limit, self._bulk_limit)
        new = self._variables.put_many(job, values, caller, lines)
        links = LinkBuilder(req).page("jobs", job, "variables", "index", cursor=None, next_cursor=None)
        respond(req, resp, links, {"count": len(values), "ids": list(values), "new": new})


def _respond_one_created(req: falcon.Request, resp: falcon.Response, job: str, variable_id: str) -> None:
    links = LinkBuilder(req).variable(job, variable_id)
    respond(req, resp, links, {"id": variable_id})
    resp.status, resp.location = falcon.HTTP_201, links["self"]


def _respond_many_created(req: falcon.Request, resp: falcon.Response, job: str, variable_ids: list[str]) -> None:
    links = LinkBuilder(req).page("jobs", job, "variables", "index", cursor=None, next_cursor=None)
    respond(req, resp, links, {"count": len(variable_ids), "ids": variable_ids})
    resp.status, resp.location = falcon.HTTP_201, links["self"]


class Index(Resource):
    """All variables of a job with their states, in the order of posting."""

    def __init__(self, variables: Variables, jobs: Jobs, name: str) -> None:
        self._variables, self._jobs, self._list = variables, jobs, ListPage(name, VARIABLES)

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        is_html, cursor = prefers_html(req), req.get_param("cursor")
        page = self._variables.page(job, cursor, request.page_limit(req, is_html=is_html))
        build = LinkBuilder(req)
        items = [
            (
                build.variable(job, item["variable"]),
                {"id": item["variable"], "state": item["state"], "created": item["at"]},
            )
            for item in page.items
        ]
        path = ("jobs", job, "variables", "index")
        links = build.page(*path, cursor=cursor, next_cursor=page.next, limit=req.get_param("limit"))
        if is_html:
            self._list.respond_with(req, resp, items, links, self._jobs.get(job))
            return
        respond(req, resp, links, {"count": len(items)}, items)


class Item(Resource):
    def __init__(self, variables: Variables, jobs: Jobs, keys: Keys, limit: int) -> None:
        self._variables, self._jobs, self._keys, self._limit = variables, jobs, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        document = self._variables.get(job, variable)
        if worker_script.is_requested(req):
            worker_script.respond_with_script(req, resp, self._jobs.get(job), document)
            return
        links = LinkBuilder(req).variable(job, variable, flow=document.get("flow"))
        respond(req, resp, links, _variable_fields(document))
        resp.append_header("Vary", worker_script.VARY)

    def on_put(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        caller = request.caller(req, self._keys)
        self._variables.require_contributor(job, caller)
        value = body.read_document(req, self._limit, "variable")
        is_new = self._variables.put(job, variable, value, caller)
        links = LinkBuilder(req).variable(job, variable)
        respond(req, resp, links, {"id": variable})
        resp.status, resp.location = (falcon.HTTP_201 if is_new else falcon.HTTP_200), links["self"]

    def on_patch(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        """``{"state": "open"}`` releases a failed variable."""
        caller = request.caller(req, self._keys)
        self._variables.require_owner(job, caller)
        if body.read_document(req, self._limit) != {"state": "open"}:
            raise Problem(422, "invalid", 'state: the only permitted change of a variable is {"state": "open"}')
        self._variables.release(job, variable, caller)
        respond(req, resp, LinkBuilder(req).variable(job, variable), {"id": variable, "state": "open"})

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        self._variables.withdraw(job, variable, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204


class Lease(Resource):
    """The lease of a variable, for the holder of its token: POST extends it, DELETE gives it back."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        _respond_with_lease(
            req, resp, job, self._variables.extend(job, variable, _required_token(req), request.peer(req))
        )

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        self._variables.give_back(job, variable, _required_token(req))
        resp.status = falcon.HTTP_204


class Reports(Resource):
    """What volunteers report under their lease: that their function failed, or what it printed."""

    def __init__(self, failures: Failures, limit: int) -> None:
        self._failures, self._limit = failures, limit

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        # Before the body is parsed.
        self._failures.require_job(job)
        report = read_report(body.read_document(req, self._limit))
        self._failures.report(job, variable, _required_token(req), report, request.peer(req))
        resp.status = falcon.HTTP_204


def _required_token(req: falcon.Request) -> str:
    token = request.lease_token(req)
    if token is None:
        raise BadLease("lease: the token is missing; use the `lease` link of the leased variable")
    return token
