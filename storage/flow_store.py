"""The contract of a store of flows: documents, nearly all written once, and three mechanisms to coordinate processes.

A lock lets one process at a time advance a flow. An inbox holds signals for the holder of the lock. A reference leads
from a job, a variable or an idempotency key to the flows that use it. See the table in docs/flows.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from storage.documents import Document
from storage.errors import NotFound

FLOW: Final = "flow"
# The inbox of the whole pool: its signals are the ids of flows with work left. No id of a flow has an "@".
PENDING: Final = "@pending"


@dataclass(frozen=True)
class RunningFlows:
    """Refers to every flow that runs, from its creation on."""


@dataclass(frozen=True)
class BlockedFlows:
    """Refers to the flows that wait for a failed variable."""


@dataclass(frozen=True)
class UsedJob:
    """Refers to the running flows that use a job."""

    job_id: str


@dataclass(frozen=True)
class ReservedVariable:
    """Refers to the one flow that has reserved a variable."""

    job_id: str
    variable_id: str


@dataclass(frozen=True)
class IdempotencyKey:
    """Refers to the one flow that was posted under a key; the flow itself may be missing after a crash."""

    digest: str


Source = RunningFlows | BlockedFlows | UsedJob | ReservedVariable | IdempotencyKey


class FlowStore(ABC):
    @abstractmethod
    def create(self, flow_id: str, document: Document) -> None:
        """Stores a new flow, durably, and adds it to `RunningFlows`. Raises AlreadyExists."""

    @abstractmethod
    def ids(self, before: str | None, limit: int) -> list[str]:
        """Ids of flows in descending order, those below `before` if it is given."""

    def get(self, flow_id: str) -> Document:
        """The document with which the flow was created. Raises NotFound."""
        document = self.read(flow_id, FLOW)
        if document is None:
            raise NotFound("flow", flow_id)
        return document

    @abstractmethod
    def write_once(self, flow_id: str, name: str, document: Document) -> Document:
        """Stores a document of a flow under a name such as ``1/started``, durably, unless the name is taken.

        Returns the stored document. Raises NotFound if there is no such flow.
        """

    @abstractmethod
    def replace(self, flow_id: str, name: str, document: Document) -> None:
        """Stores a document of a flow, or replaces it, durably. The caller holds the flow's lock. Raises NotFound."""

    @abstractmethod
    def read(self, flow_id: str, name: str) -> Document | None:
        """The document of this name, or None."""

    @abstractmethod
    def names(self, flow_id: str, below: str) -> list[str]:
        """The names of the documents below a name, without it: ``7`` for ``1/settled/7`` below ``1/settled``."""

    @abstractmethod
    def lock(self, subject: str | IdempotencyKey) -> AbstractContextManager[bool]:
        """An exclusive lock on a flow or a key, until the block or the process ends.

        Yields False, without waiting, if another caller holds it. Raises NotFound if there is no such flow.
        """

    @abstractmethod
    def signal(self, inbox: str, names: Iterable[str]) -> None:
        """Adds signals to an inbox: that of a flow, by its id, or `PENDING`. The same signal is added once.

        Raises NotFound if there is no such flow.
        """

    @abstractmethod
    def has_signals(self, inbox: str) -> bool:
        """Whether an inbox has signals."""

    @abstractmethod
    def drain_signals(self, inbox: str) -> list[str]:
        """Removes and returns the signals of an inbox."""

    @abstractmethod
    def add_reference(self, source: Source, flow_id: str) -> bool:
        """Adds a reference to a flow; False if the source can have one reference and has it already."""

    @abstractmethod
    def remove_reference(self, source: Source, flow_id: str) -> None:
        """Removes the reference from the source to this flow, if there is one."""

    @abstractmethod
    def references(self, source: Source) -> list[str]:
        """The ids of the flows to which the source refers, sorted."""
