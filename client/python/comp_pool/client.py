"""The client of a pool. It follows links by name from the root, and builds no address itself."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from comp_pool.clock import SYSTEM_CLOCK, Clock
from comp_pool.errors import Excluded, ForeignResponse, Outdated, PoolError
from comp_pool.leases import JSON_VARIABLES, Lease, NoWork
from comp_pool.links import Document, Values
from comp_pool.outage import OnOutage
from comp_pool.response import Response
from comp_pool.result_batch import PostedResult, encode_line, read_outcomes
from comp_pool.retry_policy import Retries
from comp_pool.stream import follow, wait_text
from comp_pool.transport import NDJSON, Transport, encode_json

# The version of the interface, as in a pool's root.
PROTOCOL = 1
REMEDY = "update comp-pool"
BATCH_BYTES = 4 << 20

VOLUNTEER_HEADER = "Volunteer"


def digest_of(source: str) -> str:
    """Return the digest of a job's function, as its document has it."""
    return f"sha256:{hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()}"


class Client:
    """The REST interface of one pool, for an owner (`key`), a volunteer (`volunteer`, an id) or anonymous. Thread-safe.

    All methods raise PoolError where the pool refuses the request (Outdated: it requires a newer client; Blocked: its
    operator has blocked this one; LimitReached), ForeignResponse where something else than the pool responds,
    Unreachable where nothing does, and MissingLink where a document lacks the link that is needed. `timeout` is in
    seconds, of each wait for the network. With `audits` it leases variables whose results wait for the word of whoever
    has the `key` of the job's owner, or of an auditor. With a `digest` it takes only jobs whose function has it: `job`
    and `reload` raise Excluded for others.
    """

    def __init__(
        self,
        root_url: str,
        *,
        key: str | None = None,
        volunteer: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        clock: Clock = SYSTEM_CLOCK,
        audits: bool = False,
        digest: str | None = None,
    ) -> None:
        credentials: dict[str, str] = {}
        if key is not None:
            credentials["Authorization"] = f"Bearer {key}"
        if volunteer is not None:
            credentials[VOLUNTEER_HEADER] = volunteer
        self.clock, self._audits, self._digest = clock, audits, digest
        self._root_url, self._timeout = root_url, timeout
        self._transport = Transport(root_url, credentials, timeout, retries or Retries(), clock)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def is_reached(self) -> bool:
        """Whether the pool itself has responded so far."""
        return self._transport.is_reached

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def root(self) -> Document:
        """Return the root, with the links to everything else; raise Outdated where the pool requires a newer client."""
        root = self._get(self._root_url)
        # A minimal pool has no links, only the address of its default scheduler.
        if not root.has("jobs") and "job_scheduler_url" not in root.content:
            raise ForeignResponse(200, "no root of a pool")
        protocol = root.content.get("protocol", PROTOCOL)
        if isinstance(protocol, int) and protocol > PROTOCOL:
            raise Outdated(f"this pool speaks protocol {protocol}, and this client {PROTOCOL}: {REMEDY}")
        return root

    def scheduled_job(
        self,
        *,
        owners: Sequence[str] = (),
        scheduler: str | None = None,
        can: Sequence[str] = (),
        memory_mb: int | None = None,
    ) -> Document | NoWork:
        """Return the job that the default or the named scheduler selects, of these owners (none: of all).

        `can` (capabilities such as "wasm") and `memory_mb` exclude jobs with other requirements.
        """
        capabilities: Values = {"can": [*can, JSON_VARIABLES], "memory_mb": "" if memory_mb is None else str(memory_mb)}
        response = self._transport.send("GET", self._scheduled_link(list(owners), scheduler, capabilities))
        return NoWork(response.retry_after) if response.status == 204 else _document(response)

    def _scheduled_link(self, owners: list[str], scheduler: str | None, capabilities: Values) -> str:
        root = self.root()
        # A minimal pool has no link `scheduled`, only the address of its default scheduler.
        if not owners and scheduler is None and "job_scheduler_url" in root.content:
            root.content.setdefault("_links", {}).setdefault("scheduled", root.content["job_scheduler_url"])
        return root.link("scheduled", {"owner": owners, "scheduler": scheduler or "", **capabilities})

    def jobs(self) -> Iterator[Document]:
        """Iterate all jobs, without their code, page by page."""
        return self._items(self.root().link("jobs"))

    def job(self, job_id: str) -> Document:
        """Return a job; raise PoolError 404 without it."""
        root = self.root()
        if root.has("job"):
            return self._pinned(self._get(root.link("job", {"job": job_id})))
        # A minimal pool has no such template: its index is searched.
        for job in self.jobs():
            if job.content.get("id") == job_id:
                return self.reload(job)
        raise PoolError(404, "no such job", f"the pool has no job {job_id!r}")

    def reload(self, document: Document) -> Document:
        """Return the current and full version of a document: an item of a page may be abridged."""
        return self._pinned(self._get(document.link("self")))

    def _pinned(self, document: Document) -> Document:
        source = document.content.get("execute_function")
        # The digest is computed here: a pool that changes the function would lie about it, too.
        if self._digest is not None and isinstance(source, str) and digest_of(source) != self._digest:
            raise Excluded(409, "another function", f"the job's function has the digest {digest_of(source)}")
        return document

    def follow(self, document: Document, name: str) -> Document:
        """Return the target of a link."""
        return self._get(document.link(name))

    def lease(self, job: Document) -> Lease | NoWork:
        """Lease the next variable of a job, or return a falsy NoWork."""
        response = self._transport.send("GET", job.link("lease_audit" if self._audits else "get_variables"))
        return NoWork(response.retry_after) if response.status == 204 else self._lease(response)

    def lease_many(self, job: Document, count: int) -> list[Lease] | NoWork:
        """Lease up to `count` variables of a job by one request; return one at least, or a falsy NoWork.

        The pool may have a limit. Raises MissingLink where the pool leases only single variables.
        """
        if self._audits:
            lease = self.lease(job)
            return [lease] if isinstance(lease, Lease) else lease
        response = self._transport.send("GET", job.link("lease_variables", {"count": str(count)}))
        if response.status == 204:
            return NoWork(response.retry_after)
        leases = [Lease.from_document(item, self.clock) for item in _document(response).items()]
        # More than were requested are not those of this request.
        if not 0 < len(leases) <= count or not all(lease.has("post_result") for lease in leases):
            raise ForeignResponse(response.status, "no leased variables", response.retry_after)
        return leases

    def post_results(
        self, job: Document, results: Sequence[tuple[Document, Any, float | None]], *, text: bool = False
    ) -> list[PostedResult]:
        """Post several results of a job by one request, each with its variable and run time; return their outcomes.

        One refused result refuses no other: see `error` of its outcome. With `text` they are JSON text. The pool takes
        256 at most. Idempotent, and ForeignResponse as in `post_result`; raises MissingLink where the pool takes only
        single results.
        """
        lines = [
            encode_line(variable, result if text else encode_json(result).decode(), seconds)
            for variable, result, seconds in results
        ]
        headers = {"Content-Type": NDJSON}
        response = self._transport.send("POST", job.link("post_results"), b"".join(lines), headers)
        return read_outcomes(response, [variable for variable, _, _ in results])

    def post_result(
        self, variable: Document, result: Any, *, run_seconds: float | None = None, text: bool = False
    ) -> Document:
        """Post the result of a variable (with `text`: JSON text already); return the stored result.

        Idempotent for one lease: the pool stores the result once. Raises ForeignResponse where it is not certain that
        the pool has stored it, or where it is that of another variable.
        """
        headers = {} if run_seconds is None else {"Run-Seconds": f"{run_seconds:.6f}"}
        body = result.encode() if text else encode_json(result)
        response = self._transport.send("POST", variable.link("post_result"), body, headers)
        if not response.has_stored:
            raise response.error
        result_document = _created(response)
        _require_of(variable, result_document, "get_variable")
        return result_document

    def post_report(self, lease: Document, report: dict[str, Any]) -> None:
        """Report to the job's owner how a unit failed, which ends its lease, or what it printed.

        `report` may have `error` (`kind`, `message`, `stack`), `console`, `engine` and `run_seconds`. Raises
        MissingLink where the pool takes no reports. Idempotent for one lease.
        """
        self._send_without_response("POST", lease.link("post_report"), encode_json(report))

    def give_back(self, lease: Document) -> None:
        """End a lease, so that the variable can be leased by somebody else at once."""
        self._send_without_response("DELETE", lease.link("lease"))

    def extend(self, lease: Document) -> Lease:
        """Return the lease, extended to its full length from now; raise PoolError 409 where it is lost."""
        extended = self._lease(self._transport.send("POST", lease.link("lease")))
        _require_of(lease, extended, "self")
        return extended

    def join(self, code: str) -> str:
        """Return the id of the volunteer whose other device shows this code; raise PoolError 404 for a wrong one."""
        record = self.follow(self.root(), "volunteer")
        response = self._transport.send("POST", record.link("post_join"), encode_json({"code": code}))
        return str(response.document["volunteer"])

    def post_job(self, job: dict[str, Any]) -> Document:
        """Post a job; return the stored job. Its name must be unique."""
        root = self.root()
        address = root.link("post_job" if root.has("post_job") else "jobs")
        return _created(self._transport.send("POST", address, encode_json(job)))

    def post_variable(self, job: Document, variable: Any) -> Document:
        """Add one variable, any JSON value, to a job; the pool chooses its id."""
        return _created(self._transport.send("POST", job.link("post_variable"), encode_json(variable)))

    def post_variables(self, job: Document, variables: Iterable[Any]) -> list[str]:
        """Add any number of variables to a job; return their ids, in order.

        They are sent in batches of about 4 MiB. A batch is atomic, the whole is not: after an error the batches before
        it remain stored.
        """
        ids: list[str] = []
        for body in _batches(encode_json(variable) + b"\n" for variable in variables):
            response = self._transport.send("POST", job.link("post_variable"), body, {"Content-Type": NDJSON})
            ids += response.document["ids"]
        return ids

    def put_variable(self, job: Document, variable_id: str, variable: Any) -> Document:
        """Store a variable under a chosen id; idempotent, but PoolError 409 where the id has another variable."""
        address = job.link("put_variable", {"variable": variable_id})
        return _created(self._transport.send("PUT", address, encode_json(variable)))

    def variables(self, job: Document) -> Iterator[Document]:
        """Iterate the variables of a job with their states, page by page, without a lease."""
        return self._items(job.link("variables"))

    def progress(self, job: Document) -> dict[str, Any]:
        """Return the counts, rates and estimates of a job."""
        progress: dict[str, Any] = self.follow(job, "progress").data
        return progress

    def results(self, job: Document) -> Iterator[Document]:
        """Iterate the accepted results of a job, page by page."""
        return self._items(job.link("results"))

    def follow_results(
        self,
        job: Document,
        *,
        order: str = "accepted",
        errors: bool = False,
        cursor: str | None = None,
        on_outage: OnOutage | None = None,
    ) -> Iterator[Document]:
        """Iterate the results of a job as they come, until nothing is left to do.

        `order` is "accepted" or "input", the order in which the variables were posted. With `errors`, variables that
        failed, were withdrawn or are stuck are entries too: see `state`, `reason` and, for the owner, `message`. After
        an entry's `cursor` the stream can be continued. Waits through outages of the pool: `on_outage` is called with
        the error and the seconds until the next attempt. Raises MissingLink where the pool has no streams.
        """
        query = {
            "wait": wait_text(self._timeout),
            "order": order,
            "errors": str(errors).lower(),
            "cursor": cursor or "",
        }
        return follow(self._get, job.link("follow_results", query), self.clock, on_outage)

    def _get(self, address: str) -> Document:
        return _document(self._transport.send("GET", address))

    def _lease(self, response: Response) -> Lease:
        lease = Lease.from_document(_document(response), self.clock)
        # Without it a unit would be computed in vain.
        if not lease.has("post_result"):
            raise ForeignResponse(response.status, "no leased variable", response.retry_after)
        return lease

    def _send_without_response(self, method: str, address: str, body: bytes | None = None) -> None:
        response = self._transport.send(method, address, body)
        if response.status != 204:
            raise response.error

    def _items(self, address: str | None) -> Iterator[Document]:
        while address is not None:
            page = self._get(address)
            yield from page.items()
            address = page.link("next") if page.has("next") else None


def _document(response: Response) -> Document:
    content = response.document
    if not isinstance(content.get("_links"), dict):
        content["_links"] = {}
    return Document(response.address, content, response.headers)


def _require_of(variable: Document, document: Document, link: str) -> None:
    """Raise ForeignResponse where a link leads to another variable: something repeats responses to other requests."""
    if variable.has("self") and document.has(link) and document.link(link) != variable.link("self"):
        raise ForeignResponse(200, "a response about another variable")


def _created(response: Response) -> Document:
    """Return the stored document; where the response has no body, one with the link `self` alone."""
    try:
        document = _document(response)
    except ForeignResponse:
        document = Document(response.address, {})
    if not document.has("self"):
        location = response.headers.get("Location", response.address)
        document.content["_links"] = {**document.content.get("_links", {}), "self": location}
    return document


def _batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    batch = bytearray()
    for line in lines:
        if batch and len(batch) + len(line) > BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
        batch += line
    if batch:
        yield bytes(batch)
