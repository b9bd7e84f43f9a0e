"""Reading jobs as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from storage.base import Document, Store
from storage.errors import Damaged, NotFound


def readable(store: Store, job_ids: Iterable[str]) -> Iterator[Document]:
    """The documents of these jobs, but for those that have been deleted since, or are damaged."""
    for job_id in job_ids:
        with suppress(NotFound, Damaged):
            yield store.job(job_id)


def requirements_of(job: Document) -> Document:
    """What a job requires of a volunteer; one that was stored before there were requirements has none."""
    requirements: Document = job.get("requirements", {})
    return requirements
