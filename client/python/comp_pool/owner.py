"""The requests of an owner beyond those of `Client`: many variables under chosen ids, changes of jobs, flows."""

from collections.abc import Iterator, Sequence
from typing import Any

from comp_pool.client import Client, _created, _document
from comp_pool.errors import ForeignResponse
from comp_pool.links import Document
from comp_pool.transport import NDJSON, encode_json

PATCH = {"Content-Type": "application/merge-patch+json"}


class Owner(Client):
    """A client with the key of an owner. Its methods raise what those of `Client` do."""

    def put_variables(self, job: Document, variables: Sequence[tuple[str, Any]]) -> set[str]:
        """Store variables under these ids, as a whole; return the ids that are new. Idempotent.

        Raises PoolError 422 where one of them is refused, which is named by its line, and 409 where an id has another
        variable. One that was withdrawn is not new, and stays withdrawn.
        """
        lines = (encode_json({"id": name, "variable": value}) + b"\n" for name, value in variables)
        response = self._transport.send("PUT", job.link("put_variables"), b"".join(lines), {"Content-Type": NDJSON})
        new = response.document.get("new")
        # Something repeats responses to other requests: these variables would be lost.
        if response.document.get("ids") != [name for name, _ in variables] or not isinstance(new, list):
            raise ForeignResponse(response.status, "no stored variables", response.retry_after)
        return set(new)

    def variable(self, job: Document, variable_id: str) -> Document:
        """Return a variable, without a lease; raise PoolError 404 without it, 410 where it was withdrawn."""
        address = job.link("put_variable", {"variable": variable_id})
        variable = self._get(address)
        if variable.link("self") != address:
            raise ForeignResponse(200, "a response about another variable")
        return variable

    def outcome(self, job: Document, variable_id: str) -> Document | None:
        """Return the accepted result of a variable, None without one."""
        page = self.follow(self.variable(job, variable_id), "results")
        for item in page.items():
            if item.content.get("variable") != variable_id:
                raise ForeignResponse(200, "a response about another variable")
            if "result" in item.content:
                return item
        return None

    def withdraw(self, job: Document, variable_id: str) -> None:
        """End a variable that is not finished; raise PoolError 409 where it has a result."""
        self._send_without_response("DELETE", job.link("put_variable", {"variable": variable_id}))

    def release(self, job: Document, variable_id: str) -> None:
        """Open a failed variable again; raise PoolError 409 where it has not failed."""
        address = job.link("put_variable", {"variable": variable_id})
        self._transport.send("PATCH", address, encode_json({"state": "open"}), PATCH)

    def results_page(
        self, job: Document, cursor: str | None, *, wait: int = 0, order: str = "accepted", limit: int = 1000
    ) -> Document:
        """Return a page of the job's stream, errors included; `wait` is in seconds, at most 60."""
        query = {"wait": str(wait), "order": order, "errors": "true", "limit": str(limit), "cursor": cursor or ""}
        return self._get(job.link("follow_results", query))

    def patch_job(self, job: Document, patch: dict[str, Any]) -> Document:
        """Change state, metadata, settings or requirements of a job; return the job."""
        return _document(self._transport.send("PATCH", job.link("self"), encode_json(patch), PATCH))

    def delete(self, document: Document) -> None:
        """Delete a job with all its documents, or cancel a flow."""
        self._send_without_response("DELETE", document.link("self"))

    def errors(self, job: Document) -> Document:
        """Return the errors of a job, grouped by message."""
        return self.follow(job, "errors")

    def post_flow(self, flow: dict[str, Any]) -> Document:
        """Post a flow, which starts at once; return it."""
        return _created(self._transport.send("POST", self.root().link("post_flow"), encode_json(flow)))

    def flow(self, flow_id: str) -> Document:
        """Return a flow; raise PoolError 404 without it."""
        return self._get(self.root().link("flow", {"flow": flow_id}))

    def flows(self) -> Iterator[Document]:
        """Iterate all flows, newest first, page by page."""
        return self._items(self.root().link("flows"))

    def run_flow_again(self, flow: Document) -> Document:
        """Start a new flow with the same tree; return it."""
        return _created(self._transport.send("POST", flow.link("run_again")))
