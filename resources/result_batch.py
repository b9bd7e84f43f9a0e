"""Results posted together, one per line: each has an outcome of its own, and one bad line refuses no other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import falcon

from pool.errors import Invalid, PoolError
from pool.fields import refuse_reserved, require_object
from pool.keys import Caller
from pool.peers import Peer
from pool.results import Posted, Results
from pool.sandbox import SandboxBusy
from resources import body, request
from resources.errors import Problem, problem_document, problem_of
from resources.links import LinkBuilder
from resources.representation import NDJSON
from storage.base import Document
from storage.errors import StorageError

# Each holds a lock, and so a file descriptor, until all are durable.
MAX_RESULTS = 256
# Of a line beside its result: the link, and the names of the fields.
LINE_BYTES = 4096
_FIELDS = {"post_result", "result", "run_seconds"}

Entry = tuple[str, Posted] | Problem


def read(req: falcon.Request, caller: Caller, job: str, limit: int, bulk_limit: int) -> list[Entry]:
    """The variable and the result of each line, or the problem with it. Raises Problem for the body as a whole."""
    if not body.is_ndjson(req):
        raise Problem(415, "media-type", f"Content-Type: must be {NDJSON}")
    lines = body.lines(req, bulk_limit)
    if len(lines) > MAX_RESULTS:
        raise Problem(413, "size", f"the body has {len(lines)} results (at most {MAX_RESULTS})")
    build, sender = LinkBuilder(req), (request.peer(req), caller)
    return [_entry(req, build, job, sender, line, number, limit) for number, line in lines.items()]


def _entry(
    req: falcon.Request, build: LinkBuilder, job: str, sender: tuple[Peer, Caller], line: bytes, number: int, limit: int
) -> Entry:
    try:
        document = body.parse_line(line, number, limit + LINE_BYTES)
        variable_id, token = _target(build, job, document)
        return variable_id, Posted(_value(document), token, _run_seconds(document), *sender)
    except Problem as ex:
        return ex
    except PoolError as ex:
        return problem_of(req, ex)


def _target(build: LinkBuilder, job: str, document: Document) -> tuple[str, str | None]:
    """The variable and the lease token in the link `post_result`."""
    unknown = sorted(set(require_object("a line", document)) - _FIELDS)
    if unknown:
        raise Invalid(unknown[0], f"unknown: a line has {', '.join(sorted(_FIELDS))}")
    link = document.get("post_result")
    target = build.posted_to(link) if isinstance(link, str) else None
    if target is None or target[0] != job:
        raise Invalid("post_result", "must be the link post_result of a variable of this job")
    return target[1:]


def _value(document: Document) -> Any:
    if "result" not in document:
        raise Invalid("result", "is missing")
    if isinstance(document["result"], dict):
        refuse_reserved(document["result"])
    return document["result"]


def _run_seconds(document: Document) -> float | None:
    seconds = document.get("run_seconds")
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e12:
        raise Invalid("run_seconds", "must be a number of seconds")
    return math.floor(float(seconds) * 1e6) / 1e6


def post(req: falcon.Request, results: Results, job: Document, entries: Sequence[Entry]) -> list[Document]:
    """Posts what could be read; returns the outcome of each line, in order."""
    readable = [entry for entry in entries if not isinstance(entry, Problem)]
    outcomes = iter(_outcomes(req, results, job, readable))
    return [_refused(entry) if isinstance(entry, Problem) else next(outcomes) for entry in entries]


def _outcomes(
    req: falcon.Request, results: Results, job: Document, posted: Sequence[tuple[str, Posted]]
) -> Iterator[Document]:
    build = LinkBuilder(req)
    for (variable_id, _), outcome in zip(posted, results.post_many(job, posted), strict=True):
        if isinstance(outcome, (PoolError, StorageError, SandboxBusy)):
            yield _refused(problem_of(req, outcome))
        else:
            yield {"status": 201, "location": build.result_uri(job["id"], variable_id, str(outcome))}


def _refused(problem: Problem) -> Document:
    retry_after = dict(problem.headers or {}).get("Retry-After")
    wait = {} if retry_after is None else {"retry_after": int(retry_after)}
    return {"status": problem.status_code, "problem": problem_document(problem), **wait}
