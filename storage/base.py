"""The contract of a store: what every engine keeps, in terms of jobs, variables, leases and results.

Documents are dictionaries that JSON can carry; a returned document may be shared and must not be changed.
Of their fields the store itself reads ``created`` everywhere, ``data`` and ``id`` of a variable, ``job``, ``variable``
and ``id`` of a result, ``run_seconds`` where there is one, and ``job``, ``variable`` and ``withdrawn`` of a withdrawal.
What a flow keeps has no ``job``.
Every id is checked by the store again. Each method raises `StorageError` (or one of its kinds) and nothing else;
any of them may be called from many threads and processes at once.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

Document = dict[str, Any]
State = Literal["open", "leased", "done", "failed", "withdrawn"]


def canonical(value: Any) -> str:
    """The JSON that equal values share. Python's own comparison takes 1 and true for equal."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Lease:
    """A variable lent until `deadline` (milliseconds of the Unix epoch)."""

    variable_id: str
    document: Document
    deadline: int


@dataclass(frozen=True)
class Page:
    """A stretch of a collection, each item with the `cursor` behind it, and the one that leads on (None at the end)."""

    items: list[Document]
    next: str | None


@dataclass
class Counts:
    """How far a job is. Times are seconds; `per_minute` maps a minute of the epoch to results accepted in it."""

    posted: int = 0
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    withdrawn: int = 0
    leased: int = 0
    run_seconds: float = 0.0
    timed_results: int = 0
    per_minute: dict[int, int] = field(default_factory=dict)
    reports: dict[str, Document] = field(default_factory=dict)

    @property
    def open(self) -> int:
        settled = self.accepted + self.failed + self.withdrawn + self.leased
        return max(0, self.posted - settled)

    @property
    def mean_run_seconds(self) -> float | None:
        return round(self.run_seconds / self.timed_results, 6) if self.timed_results else None


@dataclass(frozen=True)
class Finding:
    """A disagreement that `check` found, and what was (or would be) done about it.

    `where` is a job's id, ``flow <id>``, or empty for the pool.
    """

    where: str
    problem: str
    remedy: str


class Store(ABC):
    """Jobs, their variables, the queue of work, results, flows, and keys."""

    # Jobs

    @abstractmethod
    def create_job(self, job_id: str, document: Document) -> None:
        """Stores a new job, durably. Raises AlreadyExists; of two at once, one wins."""

    @abstractmethod
    def job(self, job_id: str) -> Document:
        """The job's document. Raises NotFound."""

    @abstractmethod
    def update_job(self, job_id: str, change: Callable[[Document], Document]) -> Document:
        """Replaces the document by `change(document)`, one change at a time; what `change` raises changes nothing."""

    @abstractmethod
    def delete_job(self, job_id: str) -> None:
        """Takes the job and all of its documents away at once. Raises NotFound."""

    @abstractmethod
    def job_ids(self) -> list[str]:
        """Every job's id, sorted."""

    # Variables

    @abstractmethod
    def add_variables(self, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        """Stores and opens variables by id, durably; synced once. Returns the ids that are new.

        One whose id exists with equal `data` is left as it is. Raises AlreadyExists, before anything is stored,
        where an id exists with other data. Killed midway, each variable is either whole or absent.
        """

    @abstractmethod
    def variable(self, job_id: str, variable_id: str) -> Document:
        """The variable's document. Raises NotFound."""

    @abstractmethod
    def state(self, job_id: str, variable_id: str) -> State:
        """A variable's state, true at some moment during the call; `open` again when its lease has run out.

        Raises NotFound.
        """

    @abstractmethod
    def withdraw(self, job_id: str, variable_id: str, document: Document) -> None:
        """Ends an unfinished variable without a result. Raises AlreadyFinished, NotFound."""

    @abstractmethod
    def posted(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Variables in the order of posting: ``{"variable": id, "at": time}``. Raises InvalidCursor."""

    # Leases

    @abstractmethod
    def lease(self, job_id: str, seconds: float) -> Lease | None:
        """Lends a random variable that is open, or whose lease has run out; None where there is none.

        Of any number of callers at once, one gets it. The deadline is at least `seconds` away, at most 4 % more.
        """

    @abstractmethod
    def lease_variable(self, job_id: str, variable_id: str, seconds: float) -> Lease | None:
        """Lends the one named; None where it cannot be lent now."""

    @abstractmethod
    def sample(self, job_id: str, count: int) -> list[str]:
        """Up to `count` ids that can probably be leased: another caller may be first."""

    @abstractmethod
    def extend(self, job_id: str, variable_id: str, deadline: int, seconds: float) -> int:
        """Puts off the deadline of a lease, named by its present one; never brings it nearer. Returns the new one.

        One that has run out can be put off while nobody else has leased the variable. Raises LeaseLost.
        """

    @abstractmethod
    def give_back(self, job_id: str, variable_id: str, deadline: int) -> None:
        """Ends a lease; the variable is open again. Raises LeaseLost."""

    @abstractmethod
    def has_work(self, job_id: str) -> bool:
        """Whether `lease` would probably find something; certainly not any more after it found nothing."""

    @abstractmethod
    def next_deadline(self, job_id: str) -> int | None:
        """When the first lease ends, or has ended if nobody else has it yet (milliseconds of the epoch), or None."""

    # Results

    @abstractmethod
    def accept(self, job_id: str, variable_id: str, document: Document, deadline: int | None = None) -> None:
        """Makes `document` the variable's one result, durably. Raises AlreadyFinished (with the winner), NotFound.

        `deadline` names the lease that it answers, where one is known.
        """

    @abstractmethod
    def reject(
        self, job_id: str, variable_id: str, document: Document, max_errors: int, deadline: int | None = None
    ) -> bool:
        """Keeps a refused result apart, and opens the variable again where `deadline` names its present lease.

        With the `max_errors`-th the variable is parked as failed (and no more are kept): returns whether it is.
        The same result refused again counts once. Raises NotFound.
        """

    @abstractmethod
    def release(self, job_id: str, variable_id: str) -> bool:
        """Opens a failed variable again, its errors forgotten (and kept on disk). False where it hadn't failed."""

    @abstractmethod
    def outcome(self, job_id: str, variable_id: str) -> Document | None:
        """The accepted result, or the document that withdrew the variable; None while it is unfinished."""

    @abstractmethod
    def rejected_ids(self, job_id: str, variable_id: str) -> list[str]:
        """The ids of results refused since the variable was posted or released, oldest first."""

    @abstractmethod
    def rejected(self, job_id: str, variable_id: str, result_ids: Sequence[str] | None = None) -> list[Document]:
        """The refused results with these of its ids, or all of them, oldest first."""

    @abstractmethod
    def accepted(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Accepted results, in the order of acceptance. Raises InvalidCursor."""

    @abstractmethod
    def accepted_in_input_order(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Accepted results, in the order in which their variables were posted. A page may hold fewer than `limit`."""

    # Progress

    @abstractmethod
    def counts(self, job_id: str) -> Counts:
        """How far the job is, at the cost of what has happened since the last call."""

    @abstractmethod
    def report(self, job_id: str, function: str, message: str | None, console: str, errors: int = 1) -> None:
        """Notes for the owner that a function of the job failed, or what it wrote to its console.

        `errors` says how many failures the one note stands for.
        """

    # Flows: trees of jobs, whose steps are variables. What decides a flow is kept under a name once, and never changes.

    @abstractmethod
    def create_flow(self, flow_id: str, document: Document) -> None:
        """Stores a new flow, durably, as one that runs. Raises AlreadyExists."""

    @abstractmethod
    def flow(self, flow_id: str) -> Document:
        """The flow's document. Raises NotFound."""

    @abstractmethod
    def flow_ids(self, before: str | None, limit: int) -> list[str]:
        """Ids of flows from the highest down, below `before` where it is given."""

    @abstractmethod
    def running_flows(self) -> list[str]:
        """The flows that have not been stopped, sorted."""

    @abstractmethod
    def is_running(self, flow_id: str) -> bool:
        """Whether a flow exists, and has not been stopped."""

    @abstractmethod
    def stop_flow(self, flow_id: str) -> None:
        """Notes that a flow asks for nothing any more."""

    @abstractmethod
    def claiming(self, claim: str) -> AbstractContextManager[None]:
        """Waits until nobody else is between looking a claim up and making it, and keeps others waiting meanwhile."""

    @abstractmethod
    def claimed_flow(self, claim: str) -> str | None:
        """The id of the flow that was claimed under a name, whether that came to be stored or not."""

    @abstractmethod
    def claim_flow(self, claim: str, flow_id: str) -> None:
        """Notes, durably, under which id the flow of a claim is stored."""

    @abstractmethod
    def keep(self, flow_id: str, name: str, document: Document) -> Document:
        """Keeps a document of a flow under a name such as ``1/settled/7``, durably, unless there is one.

        Returns the one that is kept. Raises NotFound.
        """

    @abstractmethod
    def kept(self, flow_id: str, name: str) -> Document | None:
        """What `keep` has kept under the name."""

    @abstractmethod
    def kept_in(self, flow_id: str, name: str) -> list[str]:
        """The last parts of the names that begin with `name`, in no order."""

    @abstractmethod
    def tell(self, flow_id: str, news: Iterable[str]) -> None:
        """Leaves word for whoever moves the flow on: names, each of which is left once."""

    @abstractmethod
    def has_news(self, flow_id: str) -> bool:
        """Whether word was left that nobody has taken."""

    @abstractmethod
    def take_news(self, flow_id: str) -> list[str]:
        """Takes what was left."""

    @abstractmethod
    def note_behind(self, flow_id: str) -> None:
        """Notes that there is something to do for a flow that could not be done."""

    @abstractmethod
    def note_caught_up(self, flow_id: str) -> None:
        """Takes `note_behind` back."""

    @abstractmethod
    def flows_behind(self) -> list[str]:
        """The flows of which that is noted."""

    @abstractmethod
    def turn(self, flow_id: str, wait: bool = False) -> AbstractContextManager[bool]:
        """The right to move a flow on, which one caller has at a time; False where another has it. Raises NotFound.

        It ends with the block, or the process. `wait` waits for it.
        """

    @abstractmethod
    def watch(self, job_id: str, flow_id: str) -> None:
        """Has the job know that the flow uses it. Raises NotFound."""

    @abstractmethod
    def unwatch(self, job_id: str, flow_id: str) -> None:
        """Takes `watch` back."""

    @abstractmethod
    def watchers(self, job_id: str) -> list[str]:
        """The flows that use the job."""

    @abstractmethod
    def take(self, job_id: str, variable_id: str, flow_id: str) -> bool:
        """Reserves a variable for a flow, for other flows to leave alone; False where another has it."""

    @abstractmethod
    def taker(self, job_id: str, variable_id: str) -> str | None:
        """The flow that has taken a variable."""

    @abstractmethod
    def untake(self, job_id: str, variable_id: str, flow_id: str) -> None:
        """Takes `take` back, where it was this flow's."""

    # Keys and secrets

    @abstractmethod
    def add_key(self, key_id: str, document: Document) -> None:
        """Stores a key's document under its digest. Raises AlreadyExists."""

    @abstractmethod
    def key(self, key_id: str) -> Document | None:
        """The document of the key with that digest, or None."""

    @abstractmethod
    def keys(self) -> Iterator[tuple[str, Document]]:
        """Every key's digest and document."""

    @abstractmethod
    def remove_key(self, key_id: str) -> None:
        """Forgets a key. Raises NotFound."""

    @abstractmethod
    def secret(self, name: str, make: Callable[[], str]) -> tuple[str, bool]:
        """The secret of that name, made by `make` the first time, readable by the pool's user alone.

        Returns it, and whether this call made it: of many at once, one does.
        """

    # Care

    @abstractmethod
    def begin(self) -> bool:
        """Notes that a pool begins to run here. True where the machine went down under the one before it.

        What that one had not made durable (never anything acknowledged) may be lost then: `check` mends the rest.
        """

    @abstractmethod
    def end(self) -> None:
        """Notes that the pool has ended as it should."""

    @abstractmethod
    def recover(self) -> None:
        """Finishes or drops what dead processes, or a full disk, left half-done; safe beside living processes."""

    @abstractmethod
    def check(self, repair: bool) -> Iterator[Finding]:
        """Compares everything derived with the documents; mends it where `repair`, while nobody else writes.

        Raises StorageError where it should repair and another process has the store open.
        """

    @abstractmethod
    def writable(self) -> bool:
        """Whether a document could be stored now."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of what the store holds open."""
