"""The contract of a store's streams: what a job's variables come to, in an order, from a cursor on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from storage.documents import Document

Signature = tuple[int, ...]
# The cursor behind all that there is.
END = "end"


@dataclass(frozen=True)
class Entries:
    """Entries, each with its `cursor`; the `cursor` behind all that was read; whether there are more at present."""

    items: list[Document]
    cursor: str
    has_more: bool


class StreamStore(ABC):
    """An entry is the outcome of a variable: its accepted result or, with errors, its withdrawal. A variable that has
    failed, and is not released, has the entry ``{"variable", "failed": time, "error": id of its last error}``.

    A page ends after `limit` entries or about `max_bytes` of documents; it may have no entry and yet be followed by
    others. A cursor stays valid when the pool is restarted.
    """

    @abstractmethod
    def signature(self, job_id: str) -> Signature:
        """A value that is another one once the job has new variables, outcomes or failures, by any process.

        It costs two system calls, and does not show whether the job exists.
        """

    @abstractmethod
    def in_order_of_acceptance(
        self, job_id: str, cursor: str | None, limit: int, max_bytes: int, with_errors: bool = False
    ) -> Entries:
        """Entries in the order in which the variables were finished. Raises InvalidCursor, NotFound."""

    @abstractmethod
    def in_order_of_input(
        self, job_id: str, cursor: str | None, limit: int, max_bytes: int, with_errors: bool = False
    ) -> Entries:
        """Entries in the order in which the variables were posted, up to the first one that is not finished.

        A failed variable counts as finished. Raises InvalidCursor, NotFound.
        """
