"""Results: taken from volunteers, shown to everyone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import falcon

from pool.fields import refuse_reserved
from pool.keys import Keys
from pool.results import Posted, Results
from resources import body, request
from resources.body import NDJSON
from resources.errors import Problem
from resources.links import Addresses
from resources.representation import HAL, JSON, encoded, respond
from resources.resource import Resource

CSV = "text/csv"
_SHOWN = ("id", "variable", "created", "volunteer", "run_seconds", "result", "rejected", "console")
_COLUMNS = ("variable", "id", "created", "run_seconds", "result")


def shown(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in _SHOWN if name in document}


class Collection(Resource):
    """The results of one variable."""

    def __init__(self, results: Results, keys: Keys, limit: int) -> None:
        self._results, self._keys, self._limit = results, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        found = self._results.all(job, variable, request.caller(req, self._keys))
        addresses = Addresses(req)
        links = addresses.page("jobs", job, "variables", variable, "results", cursor=None, following=None)
        links |= {name: link for name, link in addresses.variable(job, variable).items() if name == "get_job"}
        items = [(addresses.result(job, variable, document["id"]), shown(document)) for document in found]
        respond(req, resp, links, {"count": len(items)}, items)

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        posted = Posted(
            body.read_document(req, self._limit),
            request.lease_token(req),
            request.run_seconds(req),
            request.volunteer_name(req),
        )
        if isinstance(posted.value, dict):
            refuse_reserved(posted.value)
        links = Addresses(req).result(job, variable, self._results.post(job, variable, posted))
        respond(req, resp, links, {})
        resp.status, resp.location = falcon.HTTP_201, links["self"].href


class Item(Resource):
    def __init__(self, results: Results, keys: Keys) -> None:
        self._results, self._keys = results, keys

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str, result: str) -> None:
        document = self._results.get(job, variable, result, request.caller(req, self._keys))
        respond(req, resp, Addresses(req).result(job, variable, result), shown(document))


class OfJob(Resource):
    """Every accepted result of a job: paged as JSON, streamed as NDJSON or CSV."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        order = req.get_param("order", default="accepted")
        if order not in ("accepted", "input"):
            raise Problem(400, "query", "order: must be accepted or input")
        wanted = req.client_prefers([JSON, HAL, NDJSON, CSV])
        if wanted in (NDJSON, CSV):
            self._stream(req, resp, job, order, wanted)
        else:
            self._page(req, resp, job, order)

    def _page(self, req: falcon.Request, resp: falcon.Response, job: str, order: str) -> None:
        limit, cursor = request.page_limit(req), req.get_param("cursor")
        page = self._results.page(job, cursor, limit, order == "input")
        addresses = Addresses(req)
        asked = {"limit": req.get_param("limit"), "order": req.get_param("order")}
        links = addresses.page("jobs", job, "results", cursor=cursor, following=page.next, **asked)
        links["get_job"] = addresses.job(job)["self"]
        items = [(addresses.result(job, item["variable"], item["id"]), shown(item)) for item in page.items]
        cursor = page.items[-1]["cursor"] if page.items else cursor
        respond(req, resp, links, {"count": len(items), "cursor": cursor}, items)

    def _stream(self, req: falcon.Request, resp: falcon.Response, job: str, order: str, wanted: str) -> None:
        first = self._results.page(job, req.get_param("cursor"), request.LARGEST_PAGE, order == "input")
        pages = self._pages(job, first, order == "input")
        resp.content_type = wanted
        resp.append_header("Vary", "Accept")
        resp.stream = _lines(pages) if wanted == NDJSON else _rows(pages)

    def _pages(self, job: str, page: Any, in_input_order: bool) -> Iterator[list[dict[str, Any]]]:
        """The first page is read before the answer begins, so that what is wrong with the request can be said."""
        yield page.items
        while page.next is not None:
            page = self._results.page(job, page.next, request.LARGEST_PAGE, in_input_order)
            yield page.items


def _lines(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    """A result a line; its `cursor` is where to go on after it."""
    for page in pages:
        for item in page:
            yield encoded({**shown(item), "cursor": item["cursor"]}) + b"\n"


def _rows(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    yield _table([_COLUMNS])
    for page in pages:
        for item in page:
            yield _table([[_cell(item[column]) for column in _COLUMNS]])


def _cell(value: Any) -> Any:
    return value if isinstance(value, str) else encoded(value).decode()


def _table(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
