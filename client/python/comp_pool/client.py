"""The client of a pool: it knows the root's address and the names of links, and builds no address itself."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from comp_pool.errors import PoolError
from comp_pool.leases import Lease, Nothing
from comp_pool.links import Document, Values
from comp_pool.transport import NDJSON, Answer, Patience, Transport, encode

BATCH_BYTES = 4 << 20

# Sent with each request where they are known.
VOLUNTEER_HEADER = "Volunteer"


class Client:
    """Speaks with one pool, for an owner (`key`), a volunteer (`volunteer`, an id) or nobody in particular.

    All methods raise PoolError where the pool refuses, Unreachable where it can't be reached, and MissingLink
    where a document doesn't lead on. A client may be shared between threads.
    """

    def __init__(
        self,
        root_url: str,
        *,
        key: str | None = None,
        volunteer: str | None = None,
        timeout: float = 30.0,
        patience: Patience | None = None,
    ) -> None:
        credentials: dict[str, str] = {}
        if key is not None:
            credentials["Authorization"] = f"Bearer {key}"
        if volunteer is not None:
            credentials[VOLUNTEER_HEADER] = volunteer
        self._root_url = root_url
        self._transport = Transport(root_url, credentials, timeout, patience or Patience())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._transport.close()

    def root(self) -> Document:
        """Return the root, from which everything else is reached."""
        return self._get(self._root_url)

    def schedule(
        self,
        *,
        owners: Sequence[str] = (),
        scheduler: str | None = None,
        can: Sequence[str] = (),
        memory_mb: int | None = None,
    ) -> Document | Nothing:
        """Return a job by the default or the named scheduler, of these owners only where some are named.

        `can` and `memory_mb` tell the pool which requirements of jobs are met here, such as "wasm".
        """
        told = {"can": list(can), "memory_mb": "" if memory_mb is None else str(memory_mb)}
        answer = self._transport.send("GET", self._scheduler(list(owners), scheduler, told))
        return Nothing(answer.retry_after) if answer.status == 204 else _document(answer)

    def _scheduler(self, owners: list[str], scheduler: str | None, told: Values) -> str:
        root = self.root()
        if not owners and scheduler is None and "job_scheduler_url" in root.content:
            root.content.setdefault("_links", {}).setdefault("scheduled", root.content["job_scheduler_url"])
        return root.link("scheduled", {"owner": owners, "scheduler": scheduler or "", **told})

    def jobs(self) -> Iterator[Document]:
        """Iterate all jobs, page by page."""
        return self._items(self.root().link("jobs"))

    def job(self, job_id: str) -> Document:
        """Return the job of this id; raise PoolError 404 without it."""
        root = self.root()
        if root.has("job"):
            return self._get(root.link("job", {"job": job_id}))
        for job in self.jobs():
            if job.content.get("id") == job_id:
                return self.reload(job)
        raise PoolError(404, "no such job", f"the pool has no job {job_id!r}")

    def reload(self, document: Document) -> Document:
        """Read a document again, in full, by its own link."""
        return self._get(document.link("self"))

    def follow(self, document: Document, name: str) -> Document:
        """Return the document that a link leads to."""
        return self._get(document.link(name))

    def lease(self, job: Document) -> Lease | Nothing:
        """Lease the next variable of a job; a falsy Nothing, which says when to ask again, where there is none."""
        answer = self._transport.send("GET", job.link("get_variables"))
        return Nothing(answer.retry_after) if answer.status == 204 else Lease.of(_document(answer))

    def post_result(
        self, variable: Document, result: Any, *, run_seconds: float | None = None, text: bool = False
    ) -> Document:
        """Post the result of a variable and return the stored result; with `text` it is JSON text already.

        May be repeated with the same lease: the pool stores it once.
        """
        headers = {} if run_seconds is None else {"Run-Seconds": f"{run_seconds:.6f}"}
        body = result.encode() if text else encode(result)
        return _created(self._transport.send("POST", variable.link("post_result"), body, headers))

    def give_back(self, lease: Document) -> None:
        """End a lease at once, so that the variable goes to somebody else."""
        self._transport.send("DELETE", lease.link("lease"))

    def extend(self, lease: Document) -> Lease:
        """Extend a lease from now on; raise PoolError 409 where it has been lost."""
        return Lease.of(_document(self._transport.send("POST", lease.link("lease"))))

    def post_job(self, job: dict[str, Any]) -> Document:
        """Post a job, the only one of its name."""
        root = self.root()
        address = root.link("post_job" if root.has("post_job") else "jobs")
        return _created(self._transport.send("POST", address, encode(job)))

    def post_variable(self, job: Document, variable: dict[str, Any]) -> Document:
        """Add one variable to a job, under an id that the pool chooses."""
        return _created(self._transport.send("POST", job.link("post_variable"), encode(variable)))

    def post_variables(self, job: Document, variables: Iterable[dict[str, Any]]) -> list[str]:
        """Add any number of variables to a job; return their ids, in order.

        They go in requests of about 4 MiB, each of which the pool stores whole or not at all: after an error those
        of the requests before it are stored.
        """
        stored: list[str] = []
        for body in _batches(encode(variable) + b"\n" for variable in variables):
            answer = self._transport.send("POST", job.link("post_variable"), body, {"Content-Type": NDJSON})
            stored += answer.json()["ids"]
        return stored

    def put_variable(self, job: Document, variable_id: str, variable: dict[str, Any]) -> Document:
        """Store a variable under a chosen id; the same again changes nothing, another is a PoolError (409)."""
        address = job.link("put_variable", {"variable": variable_id})
        return _created(self._transport.send("PUT", address, encode(variable)))

    def variables(self, job: Document) -> Iterator[Document]:
        """Iterate the variables of a job with their states, page by page, without leasing any."""
        return self._items(job.link("variables"))

    def progress(self, job: Document) -> dict[str, Any]:
        """Return the counts, rates and estimates of a job."""
        return self.follow(job, "progress").data

    def results(self, job: Document) -> Iterator[Document]:
        """Iterate the accepted results of a job, page by page."""
        return self._items(job.link("results"))

    def _get(self, address: str) -> Document:
        return _document(self._transport.send("GET", address))

    def _items(self, address: str | None) -> Iterator[Document]:
        while address is not None:
            page = self._get(address)
            yield from page.items()
            address = page.link("next") if page.has("next") else None


def _document(answer: Answer) -> Document:
    content = answer.json()
    if not isinstance(content, dict):
        raise PoolError(answer.status, "the answer is no JSON object", answer.address)
    if not isinstance(content.get("_links"), dict):
        content["_links"] = {}
    return Document(answer.address, content, answer.headers)


def _created(answer: Answer) -> Document:
    """Return what was stored; where the pool sends no body, a document that has its link `self` alone."""
    try:
        document = _document(answer)
    except PoolError:
        document = Document(answer.address, {})
    if not document.has("self"):
        place = answer.headers.get("Location", answer.address)
        document.content["_links"] = {**document.content.get("_links", {}), "self": place}
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
