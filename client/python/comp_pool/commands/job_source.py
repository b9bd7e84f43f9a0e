"""The job that a command names: one of the pool by its id, or a file that is posted when it is new."""

from pathlib import Path
from typing import Any

from comp_pool.commands.common import Session, UsageError
from comp_pool.errors import PoolError
from comp_pool.links import Document
from comp_pool.mapping.source import Source, read_source


def source_of(file: str, *, timeout: float | None = None, retries: int | None = None) -> Source:
    """Return the job in a file, with these settings; raise InvalidFile."""
    settings: dict[str, Any] = {}
    if timeout is not None:
        settings["lease_seconds"] = timeout
    if retries is not None:
        settings["max_errors"] = retries
    return read_source(Path(file), settings)


def find_or_post(session: Session, source: Source) -> Document:
    """Return the job of a file in the pool; raise UsageError where its name is that of another one."""
    wanted = source.job()
    try:
        job = session.client.job(wanted["name"])
    except PoolError as ex:
        if ex.status != 404:
            raise
        return _post(session, wanted)
    return _same(session.job(wanted["name"]), wanted, job)


def _post(session: Session, wanted: dict[str, Any]) -> Document:
    try:
        return session.post_job(wanted)
    except PoolError as ex:
        # Another command has posted it meanwhile.
        if ex.status != 409:
            raise
        job = session.job(wanted["name"])
        return _same(job, wanted, job)


def _same(job: Document, wanted: dict[str, Any], public: Document) -> Document:
    # In an open pool a stranger may have taken the name, for a function of its own.
    if public.content.get("execute_function") != wanted["execute_function"]:
        raise UsageError(f"the pool has another job of the name {wanted['name']}: rename the file")
    return job
