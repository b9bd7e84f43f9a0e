"""Results: posted by volunteers, listed per variable and per job."""

from __future__ import annotations

from collections.abc import Iterator

import falcon

from pool.fields import refuse_reserved
from pool.jobs import Jobs
from pool.keys import Keys
from pool.results import Posted, Results
from resources import body, csv, request, result_batch, stream
from resources.errors import Problem
from resources.links import LinkBuilder
from resources.list_pages import RESULTS, ListPage, previewed
from resources.representation import HAL, JSON, NDJSON, encoded, prefers_html, respond
from resources.resource import Resource
from resources.stream import StreamResponder
from storage.base import Document, Page

# A stream has so many bytes of results in memory, or one: its reader may be slow.
STREAM_BYTES = 1 << 16
_FORMATS = {"ndjson": NDJSON, "csv": csv.MEDIA_TYPE, "json": JSON}
_FIELDS = (
    "id",
    "variable",
    "state",
    "created",
    "volunteer",
    "run_seconds",
    "input",
    "result",
    "rejected",
    "failure",
    "engine",
    "console",
)


def _result_fields(result: Document) -> Document:
    return {name: result[name] for name in _FIELDS if name in result}


class Collection(Resource):
    """The results of one variable."""

    def __init__(self, results: Results, keys: Keys, limit: int) -> None:
        self._results, self._keys, self._limit = results, keys, limit

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        results = self._results.all(job, variable, request.caller(req, self._keys))
        build = LinkBuilder(req)
        links = build.page("jobs", job, "variables", variable, "results", cursor=None, next_cursor=None)
        links["get_job"] = build.job(job)["self"]
        items = [(build.result(job, variable, result["id"]), _result_fields(result)) for result in results]
        respond(req, resp, links, {"count": len(items)}, items)

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str) -> None:
        # Before the body is parsed.
        document = self._results.job(job)
        posted = Posted(
            body.read_document(req, self._limit, "result"),
            request.lease_token(req),
            request.run_seconds(req),
            request.peer(req),
            request.caller(req, self._keys),
        )
        if isinstance(posted.value, dict):
            refuse_reserved(posted.value)
        links = LinkBuilder(req).result(job, variable, self._results.post(document, variable, posted))
        respond(req, resp, links, {})
        resp.status, resp.location = falcon.HTTP_201, links["self"]


class Item(Resource):
    def __init__(self, results: Results, keys: Keys) -> None:
        self._results, self._keys = results, keys

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str, variable: str, result: str) -> None:
        document = self._results.get(job, variable, result, request.caller(req, self._keys))
        respond(req, resp, LinkBuilder(req).result(job, variable, result), _result_fields(document))


class JobResults(Resource):
    """All accepted results of a job: paged as JSON, streamed as NDJSON or CSV."""

    def __init__(
        self,
        results: Results,
        jobs: Jobs,
        keys: Keys,
        stream: StreamResponder,
        limit: int,
        bulk_limit: int,
        name: str,
    ) -> None:
        self._results, self._jobs, self._keys, self._limit, self._bulk_limit = results, jobs, keys, limit, bulk_limit
        self._stream, self._list = stream, ListPage(name, RESULTS)

    def on_post(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        """Results of several variables, one per line; the response has the outcome of each."""
        # Before the body is read.
        document = self._results.job(job)
        entries = result_batch.read(req, request.caller(req, self._keys), job, self._limit, self._bulk_limit)
        outcomes = result_batch.post(req, self._results, document, entries)
        links = LinkBuilder(req).page("jobs", job, "results", cursor=None, next_cursor=None)
        respond(req, resp, links, {"outcomes": outcomes}, cache="no-store")

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        order = req.get_param("order", default="accepted")
        if order not in ("accepted", "input"):
            raise Problem(400, "query", "order: must be accepted or input")
        media_type = _media_type(req)
        is_whole = media_type in (NDJSON, csv.MEDIA_TYPE)
        if stream.is_requested(req):
            if is_whole:
                raise Problem(400, "query", f"wait, errors: only in pages of JSON, not as {media_type}")
            self._stream.respond(req, resp, job, order)
        elif is_whole:
            self._whole(req, resp, job, order, media_type)
        else:
            self._page(req, resp, job, order, is_html=media_type == falcon.MEDIA_HTML)

    def _page(self, req: falcon.Request, resp: falcon.Response, job: str, order: str, is_html: bool) -> None:
        limit, cursor = self._range(req, job, order, is_html)
        page = self._results.page(job, cursor, limit, order == "input")
        if request.flag(req, "inputs"):
            page = self._results.with_inputs(job, page)
        build = LinkBuilder(req)
        query = {name: req.get_param(name) for name in ("limit", "order", "inputs")}
        links = build.page("jobs", job, "results", cursor=cursor, next_cursor=page.next, **query)
        links["get_job"] = build.job(job)["self"]
        items = [(build.result(job, item["variable"], item["id"]), _result_fields(item)) for item in page.items]
        if is_html:
            document = self._jobs.get(job)
            self._list.respond_with(req, resp, previewed(document, items), links, document)
            return
        # Where a poll for later results continues; the last page has no `next` link.
        cursor = page.items[-1]["cursor"] if page.items else cursor
        respond(req, resp, links, {"count": len(items), "cursor": cursor}, items)

    def _range(self, req: falcon.Request, job: str, order: str, is_html: bool) -> tuple[int, str | None]:
        """How many results, behind which cursor."""
        if "last" not in req.params:
            return request.page_limit(req, is_html=is_html), req.get_param("cursor")
        last = request.page_limit(req, "last", is_html)
        if order == "input" or req.get_param("cursor") is not None:
            raise Problem(400, "query", "last: only in the order of acceptance, and without a cursor")
        return last, self._results.cursor_of_last(job, last)

    def _whole(self, req: falcon.Request, resp: falcon.Response, job: str, order: str, media_type: str) -> None:
        # The first page is read before the response starts: later an error could not change the status.
        first = self._stream_page(job, req.get_param("cursor"), order == "input")
        pages = self._pages(job, first, order == "input")
        resp.content_type = media_type
        resp.append_header("Vary", "Accept")
        resp.stream = _lines(pages) if media_type == NDJSON else csv.rows(pages)

    def _pages(self, job: str, page: Page, in_input_order: bool) -> Iterator[list[Document]]:
        yield page.items
        while page.next is not None:
            page = self._stream_page(job, page.next, in_input_order)
            yield page.items

    def _stream_page(self, job: str, cursor: str | None, in_input_order: bool) -> Page:
        return self._results.page(job, cursor, request.MAX_PAGE, in_input_order, STREAM_BYTES)


def _media_type(req: falcon.Request) -> str:
    """By the parameter `format`, for links in pages, or by Accept."""
    name = req.get_param("format")
    if name is None:
        return (
            falcon.MEDIA_HTML if prefers_html(req) else req.client_prefers([JSON, HAL, NDJSON, csv.MEDIA_TYPE]) or JSON
        )
    if name not in _FORMATS:
        raise Problem(400, "query", f"format: must be {', '.join(_FORMATS)}")
    return _FORMATS[name]


def _lines(pages: Iterator[list[Document]]) -> Iterator[bytes]:
    """One line per result, with the `cursor` at which an interrupted download continues."""
    for page in pages:
        while page:
            # Nothing but its bytes remains of a result while a slow reader takes them.
            yield _line(page.pop(0))


def _line(result: Document) -> bytes:
    return encoded({**_result_fields(result), "cursor": result["cursor"]}) + b"\n"
