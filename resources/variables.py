"""`/jobs/{job}/variables`: lending variables to volunteers, and taking new ones from owners."""

from __future__ import annotations

from typing import Any

import falcon

from pool.errors import BadLease
from pool.jobs import Jobs
from pool.keys import Keys
from pool.variables import Leased, Variables
from resources import body, request, worker_script
from resources.errors import Problem
from resources.links import Addresses
from resources.representation import answer_nothing, respond, style_of
from resources.resource import Resource


def shown(variable: dict[str, Any]) -> dict[str, Any]:
    """The variable's data, and for a step of a flow the context to begin with."""
    if "context" not in variable:
        return dict(variable["data"])
    return {**variable["data"], "_embedded": {"context": variable["context"]}}


def show_leased(req: falcon.Request, resp: falcon.Response, job: str, leased: Leased) -> None:
    links = Addresses(req).variable(job, leased.variable_id, leased.token, leased.document.get("flow"))
    respond(req, resp, links, shown(leased.document), cache="no-store")
    resp.set_header("Lease-Seconds", str(leased.seconds))


class Collection(Resource):
    def __init__(self, variables: Variables, keys: Keys, limit: int, bulk_limit: int) -> None:
        self._variables, self._keys = variables, keys
        self._limit, self._bulk_limit = limit, bulk_limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        leased = self._variables.lease(job, request.volunteer(req))
        if leased is None:
            return self._nothing(resp, job)
        return show_leased(req, resp, job, leased)

    def on_head(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        """Whether there is something to lease; leases nothing."""
        if not self._variables.can_lease(job):
            self._nothing(resp, job)
            return
        resp.content_type, resp.cache_control = style_of(req), ["no-store"]

    def _nothing(self, resp: falcon.Response, job: str) -> None:
        answer_nothing(resp, self._variables.retry_after(job))

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        caller = request.caller(req, self._keys)
        self._variables.require_contributor(job, caller)
        key, lines = request.idempotency_key(req), {}
        if body.is_lines(req):
            lines = body.read_lines(req, self._bulk_limit, self._limit)
        values = list(lines.values()) or [body.read_document(req, self._limit)]
        posted = self._variables.post(job, values, caller, key, list(lines))
        _show_posted(req, resp, job, posted, single=not lines)


def _show_posted(req: falcon.Request, resp: falcon.Response, job: str, posted: list[str], single: bool) -> None:
    addresses = Addresses(req)
    resp.status = falcon.HTTP_201
    if single:
        links = addresses.variable(job, posted[0])
        respond(req, resp, links, {"id": posted[0]})
        resp.location = links["self"].href
        return
    index = addresses.page("jobs", job, "variables", "index", cursor=None, following=None)
    respond(req, resp, index, {"count": len(posted), "ids": posted})
    resp.location = index["self"].href


class Index(Resource):
    """Every variable of a job and its state, in the order of posting."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        limit, cursor = request.page_limit(req), req.get_param("cursor")
        page = self._variables.page(job, cursor, limit)
        addresses = Addresses(req)
        items = [
            (
                addresses.variable(job, item["variable"]),
                {"id": item["variable"], "state": item["state"], "created": item["at"]},
            )
            for item in page.items
        ]
        path = ("jobs", job, "variables", "index")
        links = addresses.page(*path, cursor=cursor, following=page.next, limit=req.get_param("limit"))
        respond(req, resp, links, {"count": len(items)}, items)


class Item(Resource):
    def __init__(self, variables: Variables, jobs: Jobs, keys: Keys, limit: int) -> None:
        self._variables, self._jobs, self._keys, self._limit = variables, jobs, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        document = self._variables.get(job, variable)
        if worker_script.is_wanted(req):
            worker_script.respond_with_script(req, resp, self._jobs.get(job), document)
            return
        respond(req, resp, Addresses(req).variable(job, variable, flow=document.get("flow")), shown(document))
        resp.append_header("Vary", worker_script.VARY)

    def on_put(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        caller = request.caller(req, self._keys)
        self._variables.require_contributor(job, caller)
        is_new = self._variables.put(job, variable, body.read_document(req, self._limit), caller)
        links = Addresses(req).variable(job, variable)
        respond(req, resp, links, {"id": variable})
        resp.status, resp.location = (falcon.HTTP_201 if is_new else falcon.HTTP_200), links["self"].href

    def on_patch(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        """``{"state": "open"}`` releases a variable that has failed."""
        caller = request.caller(req, self._keys)
        self._variables.require_owner(job, caller)
        if body.read_document(req, self._limit) != {"state": "open"}:
            raise Problem(422, "invalid", 'state: the one change that a variable can take is {"state": "open"}')
        self._variables.release(job, variable, caller)
        respond(req, resp, Addresses(req).variable(job, variable), {"id": variable, "state": "open"})

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        self._variables.withdraw(job, variable, request.caller(req, self._keys))
        resp.status = falcon.HTTP_204


class Lease(Resource):
    """The lease of a variable, for whoever holds its token: POST puts off the deadline, DELETE gives it back."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        show_leased(req, resp, job, self._variables.extend(job, variable, _required_token(req)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        self._variables.give_back(job, variable, _required_token(req))
        resp.status = falcon.HTTP_204


def _required_token(req: falcon.Request) -> str:
    token = request.lease_token(req)
    if token is None:
        raise BadLease("lease: the token of the lease is missing; follow the variable's link")
    return token
