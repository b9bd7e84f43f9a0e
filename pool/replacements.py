"""A job that replaces another: a corrected function gets the variables that are left, and the results stay.

What is not finished is withdrawn from the former job, and then added to the new one under the same id: so no variable
is computed in both. A withdrawal names the new job, so that after a crash the next process adds what is missing.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from slugify import slugify

from pool.errors import Conflict, Forbidden, Invalid
from pool.fields import JSON_VARIABLES, has_json_variables, require_text
from pool.keys import Caller, Keys
from storage.base import Document, Finish, Store
from storage.errors import AlreadyExists, InvalidId, NotFound, StorageError
from storage.flow_store import UsedJob

# Each holds a lock, and so a file descriptor, until all are durable.
BATCH = 200
# A request waits so long for the move: most are done then.
PATIENCE_SECONDS = 2.0
# After an error of the disk.
RETRY_SECONDS = 30.0
log = logging.getLogger("comp-pool")


class Replacements:
    def __init__(self, store: Store, keys: Keys) -> None:
        self._store, self._keys = store, keys
        self._threads: dict[str, threading.Thread] = {}
        self._lock, self._closed = threading.Lock(), threading.Event()

    def fields_for(self, name: Any, requirements: Document, caller: Caller) -> Document:
        """The fields of a new job that replaces the one of this name. Raises Invalid, UnknownKey, Forbidden."""
        former = self._former(require_text("replaces", name))
        self._keys.require_owner(caller, former)
        if caller.key_id is None:
            raise Forbidden("replaces: what was posted without a key can't be replaced; post another job")
        if has_json_variables(former):
            requirements = {**requirements, JSON_VARIABLES: True}
        replaces = {"id": former["id"], "uid": former["uid"], "moving": True}
        return {"replaces": replaces, "requirements": requirements}

    def _former(self, name: str) -> Document:
        try:
            return self._store.jobs.get(slugify(name))
        except (NotFound, InvalidId) as ex:
            raise Invalid("replaces", f"there is no job {name[:200]!r}") from ex

    def require_replaceable(self, job: Document) -> None:
        """Raises Conflict if the former job of a new one was replaced already, or flows that run use it."""
        former_id = job["replaces"]["id"]
        former = self._store.jobs.get(former_id)
        if "replaced_by" in former:
            raise Conflict(
                f"replaces: job {former_id!r} was replaced by {former['replaced_by']['id']!r}: name that one"
            )
        # Its variables would come to it after they have been moved on.
        if former.get("replaces", {}).get("moving"):
            raise Conflict(f"replaces: job {former_id!r} is still taking over variables: retry in a moment")
        if self._store.flows.references(UsedJob(former_id)):
            raise Conflict(f"replaces: flows that run use job {former_id!r}: cancel them, or wait for their end")
        # Before the new job is stored: whatever happens then, the next start completes the move.
        self._store.jobs.mark_moving(job["id"])

    def start(self, job: Document) -> None:
        """Pauses the former job of a stored one and moves its variables, in the background if that takes long.

        Raises Conflict if another job has replaced it.
        """
        if not job["replaces"].get("moving"):
            return
        with suppress(NotFound):
            self._mark_former(job)
        self._in_background(job["id"]).join(PATIENCE_SECONDS)

    def resume(self) -> None:
        """Continues, in the background, what dead processes have left."""
        for job_id in self._store.jobs.moving():
            with suppress(NotFound):
                job = self._store.jobs.get(job_id)
                if job.get("replaces", {}).get("moving"):
                    self._in_background(job_id)
                else:
                    self._store.jobs.unmark_moving(job_id)

    def follow(self, job_id: str, variable_ids: Sequence[str]) -> None:
        """Moves variables that were posted while their job was being replaced."""
        former = self._store.jobs.get(job_id)
        if "replaced_by" not in former:
            return
        with suppress(NotFound):
            job = self._store.jobs.get(former["replaced_by"]["id"])
            if job["uid"] == former["replaced_by"]["uid"]:
                self._move_batch(former, job, variable_ids)

    def close(self) -> None:
        """Ends the moves. The next process that opens the pool continues them."""
        self._closed.set()
        for thread in list(self._threads.values()):
            thread.join()

    def _in_background(self, job_id: str) -> threading.Thread:
        with self._lock:
            thread = self._threads.get(job_id)
            if thread is None:
                thread = threading.Thread(target=self._run, args=(job_id,), daemon=True, name="replacement")
                self._threads[job_id] = thread
                thread.start()
            return thread

    def _run(self, job_id: str) -> None:
        try:
            while not self._closed.is_set() and not self._is_moved(job_id):
                self._closed.wait(RETRY_SECONDS)
        finally:
            with self._lock:
                del self._threads[job_id]

    def _is_moved(self, job_id: str) -> bool:
        try:
            self._move(self._store.jobs.get(job_id))
        except NotFound:
            return True  # One of both jobs was deleted.
        except (StorageError, Conflict):
            log.exception("job %s: its variables could not be moved; retried in %g s", job_id, RETRY_SECONDS)
            return False
        return True

    def _move(self, job: Document) -> None:
        former = self._mark_former(job)
        for variable_ids in _batches(self._variable_ids(former["id"])):
            if self._closed.is_set():
                return
            self._move_batch(former, job, variable_ids)
        self._store.jobs.update(job["id"], _settled)
        self._store.jobs.unmark_moving(job["id"])

    def _mark_former(self, job: Document) -> Document:
        """Pauses the former job, which then names the new one. Raises Conflict, NotFound."""
        by = {"id": job["id"], "uid": job["uid"]}
        paused = {"at": self._store.clock.now_text(), "reason": f"replaced by job {job['id']!r}"}

        def marked(document: Document) -> Document:
            if document["uid"] != job["replaces"]["uid"]:
                raise NotFound("job", document["id"])
            if document.get("replaced_by", by) != by:
                raise Conflict(f"replaces: job {document['id']!r} was replaced by {document['replaced_by']['id']!r}")
            return {"paused": paused, **document, "state": "paused", "replaced_by": by}

        former = self._store.jobs.get(job["replaces"]["id"])
        is_marked = former.get("replaced_by") == by and former["uid"] == job["replaces"]["uid"]
        return former if is_marked else self._store.jobs.update(former["id"], marked)

    def _variable_ids(self, job_id: str) -> Iterator[str]:
        cursor: str | None = None
        while True:
            page = self._store.variables.page(job_id, cursor, BATCH)
            yield from (item["variable"] for item in page.items)
            if page.next is None:
                return
            cursor = page.next

    def _move_batch(self, former: Document, job: Document, variable_ids: Sequence[str]) -> None:
        withdrawal = {"job": former["id"], "withdrawn": self._store.clock.now_text(), "replaced_by": job["id"]}
        outcomes = {name: self._store.results.outcome(former["id"], name) for name in variable_ids}
        unfinished = {
            name: Finish({**withdrawal, "variable": name}) for name, outcome in outcomes.items() if outcome is None
        }
        refused = self._store.results.accept_many(former["id"], unfinished, former["uid"]) if unfinished else {}
        # Those with such a withdrawal were withdrawn by a process that died, before it could add them.
        moved = [
            name
            for name, outcome in outcomes.items()
            if name not in refused and (outcome is None or outcome.get("replaced_by") == job["id"])
        ]
        self._add(job, [self._store.variables.get(former["id"], name) for name in moved])

    def _add(self, job: Document, variables: Iterable[Document]) -> None:
        created = self._store.clock.now_text()
        documents = {
            one["id"]: {"job": job["id"], "id": one["id"], "created": created, "data": one["data"]} for one in variables
        }
        try:
            self._store.variables.add(job["id"], documents)
        except AlreadyExists:
            for name, document in documents.items():
                self._add_one(job["id"], name, document)

    def _add_one(self, job_id: str, name: str, document: Document) -> None:
        try:
            self._store.variables.add(job_id, {name: document})
        except AlreadyExists:
            log.warning("job %s has another variable %s: that of the replaced job is left out", job_id, name)


def _settled(job: Document) -> Document:
    replaces = {name: value for name, value in job["replaces"].items() if name != "moving"}
    return {**job, "replaces": replaces}


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(itertools.islice(names, BATCH)):
        yield batch
