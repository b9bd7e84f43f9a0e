"""The contract of a store: jobs, variables, leases, results, counts, keys and maintenance. Flows are in `flow_store`.

A document is a dictionary that JSON can carry; a returned document may be shared and must not be changed.
The store itself reads these fields: ``created`` of every document, ``data`` and ``id`` of a variable, ``job``,
``variable`` and ``id`` of a result, ``run_seconds`` where a result has it, and ``job``, ``variable`` and ``withdrawn``
of a withdrawal. The documents of a flow have no ``job``.
The store checks every id. A method raises `StorageError` (or a subclass) and nothing else, and may be called from many
threads and processes at once.
"""

from __future__ import annotations

import math
import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from storage.clock import Clock
from storage.documents import Document, canonical
from storage.errors import Damaged, NotFound, StorageError
from storage.flow_store import FlowStore
from storage.join_code_store import JoinCodeStore
from storage.poster_store import PosterStore
from storage.process_store import ProcessStore
from storage.profile_store import Condense, ProfileStore
from storage.stream_store import StreamStore

__all__ = [
    "STUCK_SECONDS",
    "ActivityStore",
    "BlockStore",
    "ChangeStore",
    "CheckProgress",
    "CountStore",
    "Counts",
    "Document",
    "ErrorIds",
    "Finding",
    "HeldStore",
    "IsExcluded",
    "JobStore",
    "KeyStore",
    "Lease",
    "LeaseStore",
    "LeaseTerm",
    "Maintenance",
    "Page",
    "ResultStore",
    "State",
    "Store",
    "VariableStore",
    "canonical",
]

State = Literal["open", "leased", "stuck", "held", "done", "failed", "withdrawn"]
# An open variable with errors is stuck when for so long nobody has failed on it but the party of the last one.
STUCK_SECONDS = 3600
ErrorIds = Sequence[str]
IsExcluded = Callable[[str, ErrorIds], bool]


class LeaseTerm(NamedTuple):
    """When a lease ends (milliseconds of the Unix epoch), and what identifies it among all leases of its variable."""

    deadline: int
    identity: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A leased variable; `size` is that of its document in bytes."""

    variable_id: str
    document: Document
    term: LeaseTerm
    size: int = 0

    @property
    def deadline(self) -> int:
        return self.term.deadline

    @property
    def identity(self) -> int:
        return self.term.identity


@dataclass(frozen=True)
class Page:
    """One page: items (each with its `cursor`) and the next page's cursor, or None.

    `size` is how many bytes the items have in the store, where it reads documents.
    """

    items: list[Document]
    next: str | None
    size: int = 0


@dataclass
class Counts:
    """The progress of a job. Times are in seconds; `per_minute` maps a minute of the epoch to accepted results,
    for some recent minutes; `last_minute` is that of the last one.

    `errors` are groups of errors with one message: `function`, `kind`, `message`, `count`, `first`, `last`, and of the
    last one `variable`, `error` (its id), `stack`, `console` and `engine`. `failing` lists some `variables` with errors
    and the `parties` of these errors, since the job was posted or resumed, or had its last result.
    `volunteers` are those with the most results and errors, by name (empty for all that are anonymous): `results`,
    `errors`, `run_seconds`, `timed_results` and `last`. `latest` are the events of the last accepted results.
    """

    posted: int = 0
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    withdrawn: int = 0
    leased: int = 0
    held: int = 0
    run_seconds: float = 0.0
    timed_results: int = 0
    per_minute: dict[int, int] = field(default_factory=dict)
    last_minute: int = 0
    reports: dict[str, Document] = field(default_factory=dict)
    failures: int = 0
    errors: dict[str, Document] = field(default_factory=dict)
    failing: dict[str, list[str]] = field(default_factory=dict)
    recent_seconds: list[float] = field(default_factory=list)
    volunteers: dict[str, Document] = field(default_factory=dict)
    latest: list[Document] = field(default_factory=list)

    @property
    def unfinished(self) -> int:
        """Open, leased, stuck and held."""
        return max(0, self.posted - self.accepted - self.failed - self.withdrawn)

    @property
    def open(self) -> int:
        return max(0, self.unfinished - self.leased - self.held)

    @property
    def median_run_seconds(self) -> float | None:
        """Of the latest results: a few wrong measurements do not change it much."""
        return round(statistics.median(self.recent_seconds), 6) if self.recent_seconds else None

    @property
    def mean_run_seconds(self) -> float | None:
        return round(self.run_seconds / self.timed_results, 6) if self.timed_results else None


@dataclass(frozen=True)
class Finding:
    """A disagreement found by `check`, and its repair. `where` is a job's id, ``flow <id>``, or empty for the pool."""

    where: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class CheckProgress:
    """How far a check is: the present job (empty before the first), jobs done and all, documents read, and the part
    of the whole that is done, from 0 to 1."""

    job_id: str
    jobs_done: int
    jobs: int
    documents: int
    fraction: float


class JobStore(ABC):
    @abstractmethod
    def create(self, job_id: str, document: Document) -> None:
        """Stores a new job, durably. Raises AlreadyExists; of two concurrent calls, one succeeds."""

    @abstractmethod
    def get(self, job_id: str) -> Document:
        """The job's document. Raises NotFound."""

    def get_many(self, job_ids: Iterable[str]) -> Iterator[Document]:
        """The documents of these jobs, without those that were deleted meanwhile or are damaged."""
        for job_id in job_ids:
            with suppress(NotFound, Damaged):
                yield self.get(job_id)

    @abstractmethod
    def update(self, job_id: str, change: Callable[[Document], Document]) -> Document:
        """Replaces the document by `change(document)` under a lock; an exception of `change` changes nothing."""

    @abstractmethod
    def delete(self, job_id: str, is_expected: Callable[[Document], bool] | None = None) -> bool:
        """Deletes the job and all of its documents in one step. Raises NotFound.

        False, with nothing deleted, if `is_expected` returns False for the document: it is called under the job's lock.
        """

    @abstractmethod
    def ids(self) -> list[str]:
        """The ids of all jobs, sorted."""

    @abstractmethod
    def mark_moving(self, job_id: str) -> None:
        """Notes, durably, that a job gets variables of another, before the job is created. Twice is once."""

    @abstractmethod
    def moving(self) -> list[str]:
        """The ids that are marked so, sorted; some may be of no job."""

    @abstractmethod
    def unmark_moving(self, job_id: str) -> None:
        """Removes the mark, if there is one."""


class VariableStore(ABC):
    @abstractmethod
    def add(self, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        """Stores and opens variables by id, durably, with one sync. Returns the ids that are new.

        An id that exists with equal `data` is left unchanged. Raises AlreadyExists, before anything is stored, if an
        id exists with other data. After a crash each variable is either whole or absent.
        """

    @abstractmethod
    def get(self, job_id: str, variable_id: str) -> Document:
        """The variable's document. Raises NotFound."""

    @abstractmethod
    def state(self, job_id: str, variable_id: str) -> State:
        """The state at some moment during the call; `open` once its lease has expired. Raises NotFound.

        `stuck` variables are open: for `STUCK_SECONDS` or longer they have had errors of one party only.
        """

    @abstractmethod
    def page(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Variables in the order of posting: ``{"variable": id, "at": time}``. Raises InvalidCursor."""

    @abstractmethod
    def read(self, job_id: str, variable_ids: Iterable[str], max_bytes: int) -> list[Document]:
        """The documents of these variables, in order, until they have `max_bytes`; one at least. Raises NotFound."""


class LeaseStore(ABC):
    def lease(self, job_id: str, seconds: float, is_excluded: IsExcluded | None = None) -> Lease | None:
        """Leases one variable as `lease_many` does; None if there is none."""
        return next(iter(self.lease_many(job_id, 1, seconds, is_excluded)), None)

    @abstractmethod
    def lease_many(
        self,
        job_id: str,
        count: int,
        seconds: float,
        is_excluded: IsExcluded | None = None,
        max_bytes: float = math.inf,
    ) -> list[Lease]:
        """Leases up to `count` random variables that are open or whose lease has expired, until they have `max_bytes`.

        Of any number of concurrent callers, one gets each. The deadline is `seconds` away, or up to 4 % more.
        `is_excluded` is called with a variable's id and those of its errors: True passes it over.
        """

    @abstractmethod
    def lease_variable(
        self, job_id: str, variable_id: str, seconds: float, is_excluded: IsExcluded | None = None
    ) -> Lease | None:
        """Leases this variable; None if it cannot be leased now, or is excluded (see `lease_many`)."""

    @abstractmethod
    def sample(self, job_id: str, count: int) -> list[str]:
        """Up to `count` ids that can probably be leased: another caller may be first."""

    @abstractmethod
    def extend(self, job_id: str, variable_id: str, identity: int, seconds: float) -> LeaseTerm:
        """Makes the lease that has this identity last `seconds` from now; a longer one is shortened.

        An expired lease can be extended until somebody else leases the variable. Raises LeaseLost.
        """

    @abstractmethod
    def give_back(self, job_id: str, variable_id: str, identity: int) -> None:
        """Ends the lease that has this identity; the variable is open again. Raises LeaseLost."""

    @abstractmethod
    def is_current(self, job_id: str, variable_id: str, identity: int) -> bool:
        """Whether the lease that has this identity is its variable's last, and was not ended; it may have expired."""

    @abstractmethod
    def shorten(self, job_id: str, seconds: float) -> None:
        """Makes leases that would last much longer than `seconds` from now last so long.

        There are such leases after the clock was set back, or the length of the job's leases was lowered.
        """

    @abstractmethod
    def has_work(self, job_id: str) -> bool:
        """Whether `lease` would probably succeed; False for certain once it has returned None."""

    @abstractmethod
    def next_deadline(self, job_id: str) -> int | None:
        """The earliest deadline of a lease, past ones included (milliseconds of the epoch), or None."""


@dataclass(frozen=True, slots=True)
class Finish:
    """An outcome to be stored. `identity` is that of the lease under which it was computed, where it is known.

    `answers` is how many results of the variable are held: the outcome was checked against these.
    """

    document: Document
    identity: int | None = None
    answers: int | None = None


class Facts(NamedTuple):
    """What decides how a result of a variable is treated: its outcome, and the ids of its errors."""

    outcome: Document | None
    error_ids: ErrorIds


class ResultStore(ABC):
    """A variable has one outcome: an accepted result, or its withdrawal. Its errors are stored beside it.

    An error is a rejected result (with `rejected`, the reason), or a volunteer's report that its function failed (with
    `failure`).
    """

    @abstractmethod
    def accept(
        self, job_id: str, variable_id: str, document: Document, identity: int | None = None, job_uid: str = ""
    ) -> None:
        """Makes `document` the variable's outcome, durably. Raises AlreadyFinished (with the outcome), NotFound.

        `identity` is that of the lease under which the result was computed, where it is known. With the job's uid,
        recovery never gives the outcome to a later job of the same name.
        """

    @abstractmethod
    def accept_many(self, job_id: str, accepted: Mapping[str, Finish], job_uid: str = "") -> dict[str, StorageError]:
        """The same for many variables, each by itself; returns the errors that `accept` would raise, by variable."""

    @abstractmethod
    def withdraw(self, job_id: str, variable_id: str, document: Document, job_uid: str = "") -> None:
        """Ends an unfinished variable without a result, durably. Raises AlreadyFinished, NotFound."""

    @abstractmethod
    def look_up_many(self, job_id: str, variable_ids: Sequence[str]) -> dict[str, Facts | StorageError]:
        """Of each variable its outcome and the ids of its errors: none where there is no such variable.

        InvalidId or Damaged for those that have it.
        """

    @abstractmethod
    def outcome(self, job_id: str, variable_id: str) -> Document | None:
        """The accepted result, or the withdrawal; None while the variable is unfinished. Raises NotFound."""

    @abstractmethod
    def reject(
        self,
        job_id: str,
        variable_id: str,
        document: Document,
        max_errors: int,
        identity: int | None = None,
        count: Callable[[ErrorIds], int] = len,
    ) -> bool:
        """Stores an error, and ends the lease that has this `identity`, if it is the present one.

        The variable is marked as failed (and no more errors are stored) when the `count` of its errors' ids reaches
        `max_errors`: returns whether it is. The same document stored again counts once. Raises NotFound.
        """

    @abstractmethod
    def release(self, job_id: str, variable_id: str) -> bool:
        """Opens a failed variable again and resets its error count. False if it had not failed."""

    @abstractmethod
    def rejected_ids(self, job_id: str, variable_id: str) -> list[str]:
        """The ids of the errors since the variable was posted or released, oldest first."""

    @abstractmethod
    def rejected(self, job_id: str, variable_id: str, result_ids: Sequence[str] | None = None) -> list[Document]:
        """The errors, those with these ids or all, oldest first."""

    @abstractmethod
    def failed(self, job_id: str, limit: int) -> list[str]:
        """Up to `limit` failed variables, in any order."""

    @abstractmethod
    def stuck(self, job_id: str, limit: int) -> list[str]:
        """Up to `limit` stuck variables. It looks at the variables with errors alone, and at 10,000 of them at most."""

    @abstractmethod
    def page(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Accepted results, in the order of acceptance. Raises InvalidCursor."""

    @abstractmethod
    def cursor_of_last(self, job_id: str, count: int) -> str | None:
        """The cursor of `page` before the last `count` accepted results, or fewer where their journal is long; None
        before the first."""

    @abstractmethod
    def page_in_input_order(self, job_id: str, cursor: str | None, limit: int) -> Page:
        """Accepted results, in the order of posting of their variables. A page may hold fewer than `limit`."""


class HeldStore(ABC):
    """Results that are stored and do not count yet; they have the field `held`. A variable may have several.

    A variable is `held` while it has such results and nobody may lease it. It is opened again for a further answer, or
    when all its results were thrown back.
    """

    @abstractmethod
    def hold_many(self, job_id: str, held: Mapping[str, Finish], job_uid: str = "") -> dict[str, StorageError]:
        """Stores a result of each variable, durably, and ends the variable's lease: it is held.

        Returns errors by variable: NotFound, AlreadyFinished; AlreadyHeld if it is held, or has failed, or if not as
        many answers as its `Finish` knows are held by now.
        """

    @abstractmethod
    def of(self, job_id: str, variable_id: str) -> list[Document]:
        """The results of a variable that are held, oldest first."""

    @abstractmethod
    def get(self, job_id: str, variable_id: str, result_id: str) -> Document | None:
        """A result that is held, or (with `rejected`, the reason) was thrown back."""

    @abstractmethod
    def variables(self, job_id: str, limit: int) -> list[str]:
        """Up to `limit` variables that are held."""

    @abstractmethod
    def wanting(self, job_id: str, limit: int) -> list[str]:
        """Up to `limit` variables that have held results, and are not held: a further answer is wanted, or computed."""

    @abstractmethod
    def ids(self, job_id: str, variable_id: str) -> list[str]:
        """The ids of a variable's held results, which begin with the time; cheap, for each candidate of a lease."""

    @abstractmethod
    def want_more(self, job_id: str, variable_id: str, answers: int) -> bool:
        """Opens a held variable for a further answer; False if it is not held, or has not so many answers by now."""

    @abstractmethod
    def throw_back(self, job_id: str, variable_id: str, result_ids: Sequence[str], reason: str) -> list[str]:
        """Makes held results rejected ones, durably; the variable is open again when none is left.

        They do not count as errors of the variable. Returns the ids of those that were held. After some of a variable,
        further ones are kept without their `result`.
        """

    @abstractmethod
    def park(self, job_id: str, variable_id: str) -> bool:
        """Marks a held variable as failed; its results stay held. False if it is not held."""

    @abstractmethod
    def thrown_back(self, job_id: str, variable_id: str) -> list[Document]:
        """The results of a variable that were thrown back, oldest first."""

    @abstractmethod
    def audits(self, job_id: str) -> list[Document]:
        """The audits of a job that are not decided, oldest first."""

    @abstractmethod
    def put_audit(self, job_id: str, document: Document) -> None:
        """Stores an audit by its `id`, or replaces it. A power cut may lose it: then another is drawn."""

    @abstractmethod
    def remove_audit(self, job_id: str, audit_id: str) -> None: ...

    @abstractmethod
    def audited_alone(self) -> AbstractContextManager[bool]:
        """An exclusive lock among all processes; yields False if another holds it."""


class CountStore(ABC):
    @abstractmethod
    def get(self, job_id: str) -> Counts:
        """The job's counts; costs only what has happened since the last call."""

    @abstractmethod
    def report(self, job_id: str, function: str, message: str | None, console: str, errors: int = 1) -> None:
        """Records, for the owner, errors of a function of the job or its console output."""

    @abstractmethod
    def resumed(self, job_id: str) -> None:
        """Records that the job was resumed: `Counts.failing` is empty again."""


class ChangeStore(ABC):
    """What lets a process keep an index of all jobs in its memory, at the cost of what changes."""

    @abstractmethod
    def watch(self, job_id: str) -> None:
        """Asks for the next change of a job: call it before looking at the job. Raises NotFound.

        Changes are: posted variables, outcomes, errors, reports, releases, leases that begin or are given back, and
        flows that begin or cease to use the job. A lease that expires is none, and neither is one made longer.
        """

    @abstractmethod
    def read(self) -> tuple[bool, list[str]]:
        """The jobs that have changed since the last call, and whether any other may have.

        These are the jobs that were posted, updated or deleted, and those that were watched, by any process, and then
        changed. What was acknowledged before the call is among it.
        """


class ActivityStore(ABC):
    """A log of what volunteers do, which every process follows: for limits and standings.

    It survives a crash of the pool, but is not synced: a power cut may lose its last seconds.
    """

    @abstractmethod
    def append(self, events: Sequence[Document]) -> None:
        """Adds events for every process, this one included."""

    @abstractmethod
    def read(self) -> tuple[bool, list[Document]]:
        """The events since the last call, of all processes, and whether they replace all earlier ones."""

    @abstractmethod
    def compact(self, condense: Condense) -> None:
        """Has the events so far replaced by those that `condense` returns, if they have grown large.

        That is done beside service: `condense` is called in another thread. Who has read the events goes on reading
        those behind them.
        """

    @abstractmethod
    def finish_compaction(self) -> None:
        """Waits for a compaction that this process is at."""


class KeyStore(ABC):
    @abstractmethod
    def add(self, key_id: str, document: Document) -> None:
        """Stores a key's document under its digest. Raises AlreadyExists."""

    @abstractmethod
    def get(self, key_id: str) -> Document | None:
        """The document of the key with this digest, or None."""

    @abstractmethod
    def all(self) -> Iterator[tuple[str, Document]]:
        """The digest and document of each key."""

    @abstractmethod
    def remove(self, key_id: str) -> None:
        """Deletes a key. Raises NotFound."""

    @abstractmethod
    def secret(self, name: str, make: Callable[[], str]) -> tuple[str, bool]:
        """The secret of this name, made by `make` the first time, readable by the pool's user alone.

        Returns the secret and whether this call made it: of many concurrent calls, one does.
        """


class BlockStore(ABC):
    """The operator's blocks, by what is blocked."""

    @abstractmethod
    def put(self, target: str, document: Document) -> None:
        """Stores a block, or replaces it."""

    @abstractmethod
    def remove(self, target: str) -> bool:
        """False if there was none."""

    @abstractmethod
    def all(self) -> list[tuple[str, Document]]:
        """Each blocked target and its document, sorted."""


class Maintenance(ABC):
    @abstractmethod
    def prepare(self) -> None:
        """Makes the directories of an empty store; leaves an existing one unchanged."""

    @abstractmethod
    def mark_started(self) -> bool:
        """Marks the pool as running. True if the machine went down under the last run.

        Then everything not yet durable (never anything acknowledged) may be lost: `recover` and `housekeep` repair the
        rest.
        """

    @abstractmethod
    def mark_stopped(self) -> None:
        """Marks the pool as stopped."""

    @abstractmethod
    def recover(self) -> None:
        """Prepares the store, and completes or drops what dead processes, or a full disk, left half-done.

        It is safe beside living processes. What takes long, and nobody must wait for, is left to `housekeep`.
        """

    @abstractmethod
    def housekeep(self, recount: Callable[[], object]) -> None:
        """Does in the background what is pending: it removes deleted jobs and reservations of dead processes, repairs
        everything after a power cut, and calls `recount` after a start.

        Of all processes one is at work. Returns at once; jobs that are deleted later are removed too.
        """

    @abstractmethod
    def finish_housekeeping(self) -> None:
        """Waits until this process does nothing in the background."""

    @abstractmethod
    def housekeeping(self) -> Document | None:
        """The `task` that some process has been doing `since` a time, and how far it is, if it takes long."""

    @abstractmethod
    def check(self, repair: bool, tell: Callable[[CheckProgress], object] = lambda _: None) -> Iterator[Finding]:
        """Compares all derived files with the documents and, with `repair`, corrects them.

        Its memory does not grow with the jobs. `tell` is called at once, and then often.

        Raises StorageError if it should repair while another process has the store open.
        """

    @abstractmethod
    def is_writable(self) -> bool:
        """Whether a document could be stored now."""

    @abstractmethod
    def space(self) -> tuple[int, int]:
        """The bytes that are free for documents, and those of the whole disk."""


class Store(ABC):
    """The parts of a store, on the same documents and by the same clock."""

    clock: Clock
    jobs: JobStore
    variables: VariableStore
    leases: LeaseStore
    results: ResultStore
    stream: StreamStore
    held: HeldStore
    counts: CountStore
    changes: ChangeStore
    activity: ActivityStore
    profiles: ProfileStore
    join_codes: JoinCodeStore
    blocks: BlockStore
    posters: PosterStore
    quotas: PosterStore
    processes: ProcessStore
    flows: FlowStore
    keys: KeyStore
    maintenance: Maintenance

    @abstractmethod
    def close(self) -> None:
        """Releases the locks and files of this process."""
