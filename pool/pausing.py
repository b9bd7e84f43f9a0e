"""Pausing a job on behalf of the pool, which says why."""

from __future__ import annotations

from storage.base import Document, Store


def pause(store: Store, job_id: str, reason: str) -> None:
    """Pauses a job that is open: volunteers get it no more until its owner resumes it."""

    def paused(document: Document) -> Document:
        if document["state"] != "open":
            return document
        return {**document, "state": "paused", "paused": {"at": store.clock.now_text(), "reason": reason}}

    store.jobs.update(job_id, paused)
