"""Posters: how much whoever posts without a key, or with one that has a quota, may store; when a job gives way.

A poster without a key is an address prefix. Each document counts its bytes as JSON and `DOCUMENT_BYTES` more, for its
file and its markers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pool import pausing
from pool.errors import QuotaReached
from pool.job_index import JobIndex
from pool.keys import Caller
from pool.quotas import MEGABYTE, Quota, quota_of
from storage.base import Document, Store, canonical
from storage.clock import Clock
from storage.poster_store import PosterStore, Usage

DOCUMENT_BYTES = 512
# The poster of jobs that an earlier version stored, and the subject of flows, which belong to no job.
UNKNOWN, FLOWS = "unknown", "flows"
CLEANING_SECONDS = 60.0


@dataclass(frozen=True)
class PosterLimits:
    """Limits of one poster, and of all together; `stale_days` is after how long a job without results gives way."""

    jobs: int = 20
    variables: int = 100_000
    size: int = 100 * MEGABYTE
    total_jobs: int = 1000
    total_size: int = 2000 * MEGABYTE
    stale_days: float = 7


@dataclass(frozen=True)
class _Account:
    """Where what somebody stores is counted, and the check of the limits."""

    usages: PosterStore
    name: str
    check: Callable[[Usage, Usage], None]

    def add(self, subject: str, usage: Usage) -> None:
        """Raises QuotaReached."""
        self.usages.add(self.name, subject, usage, self.check)

    def subtract(self, subject: str, usage: Usage) -> None:
        self.usages.add(self.name, subject, -usage)


class Posters:
    """Without a key, and with one that has a quota, what is stored is limited."""

    def __init__(self, store: Store, limits: PosterLimits, index: JobIndex) -> None:
        self._store, self._limits, self._index = store, limits, index
        self._next_cleaning = 0.0

    def _account(self, key_id: str | None, prefix: str | None, quota: Quota | None) -> _Account | None:
        """None: there is no limit."""
        if key_id is None:
            return _Account(self._store.posters, prefix or UNKNOWN, self._check)
        return _Account(self._store.quotas, key_id, quota.require) if quota is not None else None

    def _account_of_caller(self, caller: Caller) -> _Account | None:
        return self._account(caller.key_id, caller.prefix, caller.quota)

    def _account_of(self, document: Document) -> _Account | None:
        """That of whoever posted a job or flow."""
        return self._account(document.get("key"), document.get("poster"), quota_of(document))

    def usage(self, key_id: str) -> Usage:
        """What the holder of a key with a quota has stored."""
        return self._store.quotas.of(key_id)

    def add_job(self, document: Document, caller: Caller) -> None:
        """Stores a new job. Raises AlreadyExists, QuotaReached."""
        account, usage = self._account_of_caller(caller), Usage(jobs=1, size=_size_of(document))
        if account is not None:
            account.add(document["uid"], usage)
        try:
            self._store.jobs.create(document["id"], document)
        except BaseException:
            if account is not None:
                account.subtract(document["uid"], usage)
            raise

    def add_variables(self, job: Document, documents: Mapping[str, Document], caller: Caller) -> list[str]:
        """Stores variables; returns the ids that are new. Raises as `VariableStore.add` does, and QuotaReached."""
        return self._add_variables(self._account_of_caller(caller), job, documents)

    def add_steps(self, flow: Document, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        """Stores steps of a flow, for its poster. Raises as `add_variables` does, and NotFound."""
        account = self._account_of(flow)
        if account is None:
            return self._store.variables.add(job_id, documents)
        return self._add_variables(account, self._store.jobs.get(job_id), documents)

    def _add_variables(self, account: _Account | None, job: Document, documents: Mapping[str, Document]) -> list[str]:
        if account is None:
            return self._store.variables.add(job["id"], documents)
        sizes = {name: _size_of(document) for name, document in documents.items()}
        usage = Usage(variables=len(sizes), size=sum(sizes.values()))
        account.add(job["uid"], usage)
        new: Sequence[str] = ()
        try:
            new = self._store.variables.add(job["id"], documents)
        finally:
            # What was stored before, or could not be stored, does not count.
            stored = Usage(variables=len(new), size=sum(sizes[name] for name in new))
            if stored != usage:
                account.subtract(job["uid"], usage + -stored)
        return list(new)

    @contextmanager
    def counted_results(self, job: Document, documents: Sequence[Document]) -> Iterator[list[Document]]:
        """Counts results for the poster of their job while they are judged.

        Those that the body adds to the yielded list are not stored, and count no more; after an exception none does.
        Raises QuotaReached, after the job was paused.
        """
        account = self._account_of(job)
        if account is None:
            yield []
            return
        usage = Usage(size=sum(map(_size_of, documents)))
        try:
            account.add(job["uid"], usage)
        except QuotaReached as ex:
            pausing.pause(self._store, job["id"], str(ex))
            raise
        not_stored: list[Document] = []
        # Before the body: it replaces values.
        sizes = {id(document): _size_of(document) for document in documents}
        try:
            yield not_stored
        except BaseException:
            not_stored = list(documents)
            raise
        finally:
            if not_stored:
                account.subtract(job["uid"], Usage(size=sum(sizes[id(document)] for document in not_stored)))

    def add_flow(self, document: Document) -> None:
        """Counts a flow, before it is stored. Raises QuotaReached."""
        account = self._account_of(document)
        if account is not None:
            account.add(FLOWS, Usage(size=_size_of(document)))

    def remove_job(self, job: Document) -> None:
        """Call after a job was deleted."""
        if job["key"] is None:
            self._store.posters.remove(job["uid"])
        # In an open pool the holder of a key may have posted variables to a job that has none.
        if job["key"] is None or "quota" in job:
            self._store.quotas.remove(job["uid"])

    def strangers(self) -> Document:
        """What all anonymous posters together have stored, and may store."""
        total, limits = self._store.posters.total(), self._limits
        return {"jobs": total.jobs, "max_jobs": limits.total_jobs, "bytes": total.size, "max_bytes": limits.total_size}

    def recount(self) -> None:
        """At a start of the pool."""
        existing = {FLOWS, *(job.get("uid") for job in self._store.jobs.get_many(self._store.jobs.ids()))}
        for usages in (self._store.posters, self._store.quotas):
            usages.recount(existing.__contains__)

    def _check(self, poster: Usage, total: Usage) -> None:
        limits = self._limits
        remedy = "delete some of them, or ask the operator for a key, with which there is no limit"
        mine, all_of_them = "without a key, one address may store", "without a key, all together may store"
        for used, limit, text in (
            (poster.jobs, limits.jobs, f"{mine} {limits.jobs} jobs"),
            (poster.variables, limits.variables, f"{mine} {limits.variables} variables"),
            (poster.size, limits.size, f"{mine} {limits.size / MEGABYTE:g} MB"),
            (total.jobs, limits.total_jobs, f"{all_of_them} {limits.total_jobs} jobs"),
            (total.size, limits.total_size, f"{all_of_them} {limits.total_size / MEGABYTE:g} MB"),
        ):
            if used > limit:
                raise QuotaReached(f"{text}: {remedy}", is_of_all=text.startswith(all_of_them))

    def gives_way(self, job: Document, caller: Caller) -> bool:
        """Whether an anonymous job that has the name of a new one is deleted for it.

        To anybody: one that is old and never had a result. To the holder of a key also one whose last result is old.
        """
        if job["key"] is not None or not self._is_old(job["created"]):
            return False
        counts = self._store.counts.get(job["id"])
        if counts.accepted == 0:
            return True
        age = self._store.clock.now_milliseconds() - counts.last_minute * 60_000
        return caller.key_id is not None and age >= self._limits.stale_days * 86_400_000

    def stale_jobs(self) -> list[Document]:
        """Anonymous jobs that are old and never had a result; none within a minute after the last look."""
        if self._store.clock.monotonic() < self._next_cleaning:
            return []
        self._next_cleaning = self._store.clock.monotonic() + CLEANING_SECONDS
        # Not the documents of all jobs: whoever posts would make the pool read them.
        old = [job_id for job_id, created in self._index.anonymous_jobs() if self._is_old(created)]
        return [job for job in self._store.jobs.get_many(old) if self.gives_way(job, Caller())]

    def _is_old(self, created: str) -> bool:
        age = self._store.clock.now_datetime() - Clock.moment_of(created)
        return age >= timedelta(days=self._limits.stale_days)


def _size_of(document: Any) -> int:
    return DOCUMENT_BYTES + len(canonical(document).encode("utf-8", "surrogatepass"))
