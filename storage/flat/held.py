"""Held results: ``held/<variable>/<result>.json``, and a marker ``queue/held/<variable>`` while nobody may lease it.

They are committed as outcomes are, by the lock of the variable's document and the commit log. A result that is thrown
back becomes a rejected one, in a directory of its own: it counts as no error of its variable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from storage import ids
from storage.base import Document, Finish, HeldStore
from storage.errors import AlreadyHeld, NotFound, StorageError
from storage.flat import events, files, locks, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.follow_ups import FollowUps
from storage.flat.locks import Locks
from storage.flat.paths import JobPaths
from storage.flat.results import FlatResults
from storage.flat.tree import Tree

# Of one variable: liars may come again and again, each with a megabyte.
VALUES_KEPT = 10


class FlatHeld(HeldStore):
    def __init__(self, tree: Tree, follow_ups: FollowUps, results: FlatResults) -> None:
        self._tree, self._writer, self._clock = tree, tree.writer, tree.clock
        self._follow_ups, self._results = follow_ups, results

    @translated_for_job
    def hold_many(self, job_id: str, held: Mapping[str, Finish], job_uid: str = "") -> dict[str, StorageError]:
        paths = self._tree.job(job_id)
        # The markers are moved under the locks: of two results of one variable the second finds it held.
        with Locks() as taken_locks:
            refused = self._results.lock_unfinished(paths, held, taken_locks)
            locked = [name for name in held if name not in refused]
            refused |= {name: AlreadyHeld(name) for name in locked if not _takes_result(paths, name, held[name])}
            taken = {name: finish for name, finish in held.items() if name not in refused}
            if taken:
                self._hold(paths, taken, job_uid)
        if taken:
            self._tree.changes.on_change(paths)
        return refused

    def _hold(self, paths: JobPaths, taken: Mapping[str, Finish], job_uid: str) -> None:
        files.make_directory(paths.held_results)
        linked = self._results.commit(paths, taken, job_uid)

        def follow_up() -> None:
            for name, finish in taken.items():
                queue.hold(paths, name, finish.identity)

        self._follow_ups.run(linked, follow_up)

    @translated_for_job
    def of(self, job_id: str, variable_id: str) -> list[Document]:
        return _documents(self._tree.job_of_variable(job_id, variable_id).held(variable_id))

    @translated_for_job
    def ids(self, job_id: str, variable_id: str) -> list[str]:
        return queue.held_ids(self._tree.job(job_id), ids.check_variable_id(variable_id))

    @translated_for_job
    def get(self, job_id: str, variable_id: str, result_id: str) -> Document | None:
        paths = self._tree.job_of_variable(job_id, variable_id)
        for directory in (paths.held(variable_id), paths.thrown_back(variable_id)):
            path = f"{directory}/{ids.check_id(result_id, 'result')}.json"
            if files.exists(path):
                return files.read(path)
        return None

    @translated_for_job
    def variables(self, job_id: str, limit: int) -> list[str]:
        return list(filter(ids.is_id, files.names(self._tree.existing_job(job_id).held_markers)))[:limit]

    @translated_for_job
    def wanting(self, job_id: str, limit: int) -> list[str]:
        paths = self._tree.existing_job(job_id)
        found = sorted(set(filter(ids.is_id, files.names(paths.held_results))) - set(files.names(paths.held_markers)))
        return found[:limit]

    @translated_for_job
    def want_more(self, job_id: str, variable_id: str, answers: int) -> bool:
        paths = self._tree.job_of_variable(job_id, variable_id)
        with _locked(paths, variable_id):
            # Of two that decide at once, one may not know the last answer.
            is_current = len(queue.held_ids(paths, variable_id)) == answers
            is_open = is_current and queue.reopen(paths, variable_id)
        self._tree.changes.on_change(paths)
        return is_open

    @translated_for_job
    def throw_back(self, job_id: str, variable_id: str, result_ids: Sequence[str], reason: str) -> list[str]:
        paths = self._tree.job_of_variable(job_id, variable_id)
        with _locked(paths, variable_id):
            found = [name for name in queue.held_ids(paths, variable_id) if name in result_ids]
            for name in found:
                self._throw_back(paths, files.read(f"{paths.held(variable_id)}/{name}.json"), reason)
        self._tree.changes.on_change(paths)
        return found

    def _throw_back(self, paths: JobPaths, document: Document, reason: str) -> None:
        thrown = {name: value for name, value in document.items() if name != "held"}
        thrown |= {"rejected": reason, "thrown_back": self._clock.now_text()}
        directory = paths.thrown_back(document["variable"])
        if len(files.names(directory)) >= VALUES_KEPT:
            thrown.pop("result", None)
        temporary = self._writer.temporary(thrown)
        try:
            files.make_directory(os.path.dirname(directory))
            is_new = files.link(temporary, f"{directory}/{document['id']}.json")
            self._writer.sync_directories([f"{directory}/{document['id']}.json"])
        except BaseException:
            files.remove(f"{directory}/{document['id']}.json")
            files.remove(temporary)
            raise

        def follow_up() -> None:
            # Else a power cut has left both documents.
            if is_new:
                self._writer.append(paths.events_journal, [events.error(thrown)])
            leave_held(paths, thrown)

        self._follow_ups.run([temporary], follow_up)

    @translated_for_job
    def park(self, job_id: str, variable_id: str) -> bool:
        paths = self._tree.job_of_variable(job_id, variable_id)
        with _locked(paths, variable_id):
            if not files.exists(paths.held_marker(variable_id)):
                return False
            at = self._clock.now_text()
            temporary = self._writer.temporary({"job": job_id, "variable": variable_id, "parked": at})
            try:
                files.touch(paths.failed(variable_id))
            except BaseException:
                files.remove(temporary)
                raise

            def follow_up() -> None:
                self._writer.append(paths.events_journal, [events.failed(at, variable_id)])
                files.remove(paths.held_marker(variable_id))

            self._follow_ups.run([temporary], follow_up)
        self._tree.changes.on_change(paths)
        return True

    @translated_for_job
    def thrown_back(self, job_id: str, variable_id: str) -> list[Document]:
        return _documents(self._tree.job_of_variable(job_id, variable_id).thrown_back(variable_id))

    @translated_for_job
    def audits(self, job_id: str) -> list[Document]:
        return _documents(self._tree.job(job_id).audits)

    @translated_for_job
    def put_audit(self, job_id: str, document: Document) -> None:
        paths = self._tree.existing_job(job_id)
        files.make_directory(paths.audits)
        self._writer.replace(f"{paths.audits}/{ids.check_id(document['id'], 'audit')}.json", document, sync=False)

    @translated_for_job
    def remove_audit(self, job_id: str, audit_id: str) -> None:
        files.remove(f"{self._tree.job(job_id).audits}/{audit_id}.json")

    @contextmanager
    def audited_alone(self) -> Iterator[bool]:
        with locks.locked_name(f"{self._tree.root}/audits.lock") as is_held:
            yield is_held


def _documents(directory: str) -> list[Document]:
    found = []
    for name in filter(files.is_document, files.names(directory)):
        with suppress(FileNotFoundError):  # Decided meanwhile.
            found.append(files.read(f"{directory}/{name}"))
    return found


def leave_held(paths: JobPaths, thrown: Document) -> None:
    """Removes the held document of a result that was thrown back; its variable is open when it was the last one."""
    variable_id = thrown["variable"]
    files.remove(f"{paths.held(variable_id)}/{thrown['id']}.json")
    if not queue.held_ids(paths, variable_id):
        files.remove_all(paths.held(variable_id))
        queue.reopen(paths, variable_id)


def _takes_result(paths: JobPaths, variable_id: str, finish: Finish) -> bool:
    if files.exists(paths.held_marker(variable_id)) or files.exists(paths.failed(variable_id)):
        return False
    return finish.answers is None or len(queue.held_ids(paths, variable_id)) == finish.answers


def _locked(paths: JobPaths, variable_id: str) -> Locks:
    found = Locks()
    try:
        found.acquire(paths.variable(ids.check_variable_id(variable_id)))
    except FileNotFoundError as ex:
        raise NotFound("variable", variable_id) from ex
    return found
