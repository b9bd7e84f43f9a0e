"""Results: the accepted one is linked to the variable's one outcome; rejected ones are stored beside it.

A variable is decided by whoever holds the lock on its document: an outcome goes into the commit log, which makes it
durable, and then gets its name. Of all processes that try, one succeeds, and the others find the outcome.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from storage import ids
from storage.base import Document, ErrorIds, Facts, Finish, Page, ResultStore, VariableStore
from storage.errors import AlreadyFinished, Damaged, NotFound, StorageError
from storage.flat import events, files, journal, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.follow_ups import FollowUps
from storage.flat.locks import Locks
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree

LINES_PER_PAGE = 10_000
# Parsed, a document takes up to twenty times its size: of large ones few are read at once.
READ_BYTES = 1 << 18
ERRORS_READ = 10_000
# Of a journal: some thousand lines.
TAIL_BYTES = 1 << 18


class FlatResults(ResultStore):
    def __init__(self, tree: Tree, follow_ups: FollowUps, variables: VariableStore) -> None:
        self._variables = variables
        self._tree, self._writer, self._clock, self._follow_ups = tree, tree.writer, tree.clock, follow_ups

    @translated_for_job
    def accept(
        self, job_id: str, variable_id: str, document: Document, identity: int | None = None, job_uid: str = ""
    ) -> None:
        self._finish_one(job_id, variable_id, Finish(document, identity), job_uid)

    @translated_for_job
    def accept_many(self, job_id: str, accepted: Mapping[str, Finish], job_uid: str = "") -> dict[str, StorageError]:
        return self._finish(self._tree.job(job_id), accepted, job_uid)

    @translated_for_job
    def withdraw(self, job_id: str, variable_id: str, document: Document, job_uid: str = "") -> None:
        self._finish_one(job_id, variable_id, Finish(document), job_uid)

    def _finish_one(self, job_id: str, variable_id: str, finish: Finish, job_uid: str) -> None:
        for error in self._finish(self._tree.job(job_id), {variable_id: finish}, job_uid).values():
            raise error

    def _finish(self, paths: JobPaths, finishes: Mapping[str, Finish], job_uid: str) -> dict[str, StorageError]:
        """Returns the errors, by variable: NotFound, AlreadyFinished."""
        with Locks() as locks:
            refused = self.lock_unfinished(paths, finishes, locks)
            accepted = (
                {name: finish for name, finish in finishes.items() if name not in refused} if refused else finishes
            )
            linked = self.commit(paths, accepted, job_uid) if accepted else []
        if accepted:
            self._follow_ups.run(linked, lambda: self._follow_up(paths, accepted))
            self._tree.changes.on_change(paths)
        return refused

    def lock_unfinished(self, paths: JobPaths, variable_ids: Iterable[str], locks: Locks) -> dict[str, StorageError]:
        """Locks each variable; returns the errors of those that have an outcome, or do not exist."""
        refused: dict[str, StorageError] = {}
        # In order, so that two batches never wait for each other.
        for name in sorted(variable_ids):
            try:
                locks.acquire(paths.variable(ids.check_variable_id(name)))
            except FileNotFoundError:
                self._tree.existing_job(paths.job_id)
                refused[name] = NotFound("variable", name)
                continue
            if files.exists(paths.outcome(name)):
                refused[name] = self._finished(paths, name)
        return refused

    @staticmethod
    def _finished(paths: JobPaths, variable_id: str) -> StorageError:
        try:
            return AlreadyFinished(variable_id, files.read(paths.outcome(variable_id)))
        except Damaged as ex:
            return ex

    def commit(self, paths: JobPaths, accepted: Mapping[str, Finish], job_uid: str) -> list[str]:
        """Stores the outcomes, or held results, of locked variables, durably; returns their temporaries."""
        contents = {paths.result(finish.document): files.encode(finish.document) for finish in accepted.values()}
        temporaries: list[str] = []
        # Durable before it has its name: whoever sees an outcome may rely on it.
        with self._tree.commit_log.committed(job_uid, list(contents.values())):
            try:
                for name, content in contents.items():
                    temporaries.append(self._writer.temporary_of(content, sync=False))
                    files.link(temporaries[-1], name)
            except BaseException:
                self._undo(contents, temporaries)
                raise
        return temporaries

    def _undo(self, names: Iterable[str], temporaries: Sequence[str]) -> None:
        """Removes outcomes that are not acknowledged, as far as the disk permits."""
        for name, temporary in zip(names, temporaries, strict=False):
            with suppress(OSError):
                if files.same(temporary, name):
                    files.remove(name)
                files.remove(temporary)

    def _follow_up(self, paths: JobPaths, accepted: Mapping[str, Finish]) -> None:
        may_have_failed = queue.shard_filter(paths.failed_shards, len(accepted))
        # The former state goes into the event, so that a failed variable that got a result is counted correctly.
        lines = [
            events.outcome(finish.document, _leave_queue(paths, name, finish, may_have_failed(name)))
            for name, finish in accepted.items()
        ]
        self._writer.append(paths.events_journal, lines)

    @translated_for_job
    def look_up_many(self, job_id: str, variable_ids: Sequence[str]) -> dict[str, Facts | StorageError]:
        paths = self._tree.job(job_id)
        error_ids = queue.errors_reader(paths, len(variable_ids))
        found: dict[str, Facts | StorageError] = {}
        for name in variable_ids:
            try:
                path = paths.outcome(ids.check_variable_id(name))
                found[name] = Facts(files.read(path) if files.exists(path) else None, error_ids(name))
            except StorageError as ex:
                found[name] = ex
        return found

    @translated_for_job
    def outcome(self, job_id: str, variable_id: str) -> Document | None:
        path = self._tree.job_of_variable(job_id, variable_id).outcome(variable_id)
        # Looked up first: an open that finds nothing costs several times as much, and most have no outcome yet.
        return files.read(path) if files.exists(path) else None

    @translated_for_job
    def reject(
        self,
        job_id: str,
        variable_id: str,
        document: Document,
        max_errors: int,
        identity: int | None = None,
        count: Callable[[ErrorIds], int] = len,
    ) -> bool:
        paths = self._tree.job_of_variable(job_id, variable_id)
        # A failed variable stores no more errors: anyone could fill the disk with them.
        if files.exists(paths.failed(variable_id)):
            return True
        temporary = self._writer.temporary(document)
        try:
            self._store_rejected(paths, variable_id, document, temporary)
            # Counted in the directory: the documents are exact, however many processes store them.
            if count(queue.error_ids(paths, variable_id)) >= max_errors:
                return self._mark_failed(paths, variable_id, document, temporary)
            if identity is not None:
                queue.end_lease(paths, variable_id, identity)
        except BaseException:
            files.remove(temporary)
            raise
        finally:
            self._tree.changes.on_change(paths)
        files.remove(temporary)
        return False

    def _store_rejected(self, paths: JobPaths, variable_id: str, document: Document, temporary: str) -> None:
        directory = paths.rejected(variable_id)
        files.make_directory(os.path.dirname(directory))
        path = f"{directory}/{document['id']}.json"
        if not files.link(temporary, path):
            return  # The same result again, after its response was lost.
        try:
            self._writer.append(paths.events_journal, [events.error(document)])
        except OSError:
            files.remove(path)
            raise

    def _mark_failed(self, paths: JobPaths, variable_id: str, document: Document, temporary: str) -> bool:
        """Makes the marker of failure before the other one is removed; of concurrent callers, one records the event."""
        marker = paths.failed(variable_id)
        if not files.touch(marker, exclusive=True):
            files.remove(temporary)
            return True
        # A concurrent accept may have looked for markers before this one was made.
        if files.exists(paths.outcome(variable_id)) and files.remove(marker):
            files.remove(temporary)
            return False

        event = events.failed(self._clock.now_text(), variable_id, document["id"])

        def follow_up() -> None:
            self._writer.append(paths.events_journal, [event])
            queue.drop_unfailed(paths, variable_id)

        self._follow_ups.run([temporary], follow_up)
        return True

    @translated_for_job
    def release(self, job_id: str, variable_id: str) -> bool:
        paths = self._tree.job_of_variable(job_id, variable_id)
        if not files.exists(paths.failed(variable_id)):
            return False
        # For recovery: the journal may lack the event.
        released_at = self._clock.now_text()
        record = {"job": job_id, "variable": variable_id, "released": released_at}
        temporary = self._writer.temporary(record, sync=False)
        try:
            is_released = _reopen(paths, variable_id, ids.timed_id(self._clock))
        except BaseException:
            files.remove(temporary)
            raise
        if not is_released:
            files.remove(temporary)
            return False
        event = events.released(released_at, variable_id)
        self._follow_ups.run([temporary], lambda: self._writer.append(paths.events_journal, [event]))
        self._tree.changes.on_change(paths)
        return True

    @translated_for_job
    def rejected_ids(self, job_id: str, variable_id: str) -> list[str]:
        return queue.error_ids(self._tree.job_of_variable(job_id, variable_id), variable_id)

    @translated_for_job
    def rejected(self, job_id: str, variable_id: str, result_ids: Sequence[str] | None = None) -> list[Document]:
        directory = self._tree.job_of_variable(job_id, variable_id).rejected(variable_id)
        known = self.rejected_ids(job_id, variable_id)
        wanted = known if result_ids is None else [name for name in known if name in result_ids]
        return [files.read(f"{directory}/{name}.json") for name in wanted]

    @translated_for_job
    def stuck(self, job_id: str, limit: int) -> list[str]:
        paths = self._tree.existing_job(job_id)
        found = itertools.islice(_variables_with_errors(paths), ERRORS_READ)
        is_stuck = (name for name in found if self._variables.state(job_id, name) == "stuck")
        return list(itertools.islice(is_stuck, limit))

    @translated_for_job
    def failed(self, job_id: str, limit: int) -> list[str]:
        return list(itertools.islice(_ids_in_shards(self._tree.existing_job(job_id).failed_shards), limit))

    @translated_for_job
    def page(self, job_id: str, cursor: str | None, limit: int) -> Page:
        paths = self._tree.existing_job(job_id)
        found = journal.page(paths.events_journal, cursor, limit, LINES_PER_PAGE, "accepted")
        return _outcomes(paths, found)

    @translated_for_job
    def cursor_of_last(self, job_id: str, count: int) -> str | None:
        paths = self._tree.existing_job(job_id)
        return journal.cursor_of_last(paths.events_journal, count, TAIL_BYTES, "accepted")

    @translated_for_job
    def page_in_input_order(self, job_id: str, cursor: str | None, limit: int) -> Page:
        paths = self._tree.existing_job(job_id)
        found = journal.page(paths.variables_journal, cursor, limit, LINES_PER_PAGE)
        return _outcomes(paths, found)


def _leave_queue(paths: JobPaths, variable_id: str, finish: Finish, may_have_failed: bool) -> str | None:
    """Removes the markers of a finished variable, and what was held; returns its former state."""
    was = queue.drop(paths, variable_id, finish.identity, may_have_failed)
    # Only here: most variables have no held results, and looking for them costs a system call.
    # An auditor leases a variable that has some: its result has replicas then.
    if was == "held" or not finish.document.keys().isdisjoint(("withdrawn", "replicas")):
        files.remove_all(paths.held(variable_id))
    return was


def _reopen(paths: JobPaths, variable_id: str, release_id: str) -> bool:
    with suppress(FileNotFoundError):
        # No id has an "@": the rejected results stay readable under this name, and count no more.
        os.rename(paths.rejected(variable_id), f"{paths.rejected(variable_id)}@{release_id}")
    is_released = queue.move_marker(paths.failed(variable_id), paths.open(variable_id))
    # A concurrent accept may have missed the marker while it was being moved.
    queue.drop_if_finished(paths, variable_id, paths.open(variable_id))
    return is_released


def _variables_with_errors(paths: JobPaths) -> Iterator[str]:
    """Released variables are not among them: their errors have another name."""
    return _ids_in_shards(paths.rejected_shards)


def _ids_in_shards(directory: str) -> Iterator[str]:
    for shard in files.names(directory):
        yield from filter(ids.is_id, files.names(f"{directory}/{shard}"))


def _outcomes(paths: JobPaths, lines: Page) -> Page:
    """The accepted results of the variables in these lines of a journal, until they have `READ_BYTES`."""
    results, size = [], 0
    for line in lines.items:
        content = _content_of_outcome(paths, line)
        outcome = files.decode(content, paths.outcome(line["variable"])) if content else {}
        if "result" in outcome:
            results.append({**outcome, "cursor": line["cursor"]})
        size += len(content)
        if size > READ_BYTES and line is not lines.items[-1]:
            return Page(results, line["cursor"], size)
    return Page(results, lines.next, size)


def _content_of_outcome(paths: JobPaths, line: Document) -> bytes:
    """Empty if the variable has none."""
    try:
        return files.content(paths.outcome(line["variable"]))
    except FileNotFoundError:
        return b""
