"""Recovery: completes what dead processes left, from their workspaces.

A temporary document that outlived its process is the record of an unfinished transaction. If it is linked to its name,
the transaction was decided: recovery completes its follow-ups (marker, journal). If not, nothing was acknowledged, and
it is removed. An outcome in a commit log that is not on the disk as a document, after a power cut, is stored again.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress

from storage import ids
from storage.base import Document
from storage.errors import Damaged
from storage.flat import commit_log, events, files, journal, locks, queue
from storage.flat.events import RecordedEvents
from storage.flat.follow_ups import FollowUps
from storage.flat.held import leave_held
from storage.flat.paths import JobPaths
from storage.flat.references import References
from storage.flat.tree import Tree

Record = tuple[str, Document]
# A process that starts completes at once what has at most so many files, in jobs with journals of so many bytes.
SOON_FILES, SOON_BYTES = 1000, 2 << 20


class Recovery:
    def __init__(self, tree: Tree, follow_ups: FollowUps) -> None:
        self._tree, self._follow_ups = tree, follow_ups
        self._workspaces = tree.writer.workspaces

    def run(self) -> None:
        """All of it, at once."""
        self.restore()
        self.complete()
        References(self._tree).remove_orphans()
        self._tree.empty_trash()

    def restore(self, is_repaired_later: bool = False, is_intact: bool = False) -> bool:
        """What must be done before the pool serves, and what is soon done. Returns whether processes had died.

        An outcome of the commit log was acknowledged: who asks for it must find it, and nobody else may store another.
        Its marker and its event are left to a repair of all jobs, if one follows. `is_intact`: the machine did not go
        down, so that documents that have their names have their content too.
        """
        self.retry_follow_ups()
        had_died = False
        # One at a time: a process that serves meanwhile must not store a second outcome before the first is restored.
        with self._workspaces.locked():
            entries = commit_log.latest_entries(self._workspaces.of_dead_processes())
            exists = os.path.exists if is_intact else files.is_readable
            self._restore((entry for entry in entries if not self._is_stored(entry, exists)), not is_repaired_later)
            for workspace in self._workspaces.of_dead_processes():
                had_died = True
                # It may have died before it logged what it had changed.
                self._tree.changes.reset()
                if self._is_soon_done(workspace):
                    self._complete_workspace(workspace)
        return had_died

    def complete(self, tick: Callable[[], object] = lambda: None) -> None:
        """What takes long, and nobody has to wait for: the follow-ups of many transactions, or in large jobs."""
        for workspace in self._workspaces.of_dead_processes():
            self._complete_workspace(workspace)
            tick()

    def _is_soon_done(self, workspace: str) -> bool:
        names = files.names(workspace)
        if len(names) > SOON_FILES:
            return False
        records = (_read_record(f"{workspace}/{name}") for name in names)
        jobs = {record["job"] for record in records if record is not None}
        return sum(journal.size(self._tree.job(job_id).events_journal) for job_id in jobs) <= SOON_BYTES

    def _complete_workspace(self, workspace: str) -> None:
        names = files.names(workspace)
        self._complete(f"{workspace}/{name}" for name in names)
        # The documents of a log may be in memory alone.
        if any(map(commit_log.is_log, names)):
            self._tree.writer.sync_everything()
        # Last: a recovery that is killed is repeated by the next one.
        shutil.rmtree(workspace, ignore_errors=True)

    def retry_follow_ups(self) -> None:
        """Retries this process's own follow-ups that failed (full disk)."""
        self._follow_ups.retry(self._complete)

    def count_stale_files(self) -> int:
        """How many temporary files dead processes have left, beside their commit logs."""
        names = itertools.chain.from_iterable(map(files.names, self._workspaces.of_dead_processes()))
        return sum(not commit_log.is_log(name) for name in names)

    def count_missing_outcomes(self) -> int:
        """How many outcomes in commit logs of dead processes are not stored as documents."""
        return sum(map(self._is_missing, commit_log.latest_entries(self._workspaces.of_dead_processes())))

    def _restore(self, entries: Iterable[commit_log.Entry], complete: bool) -> None:
        """Stores outcomes that are missing, and perhaps completes their follow-ups."""
        restored: list[str] = []
        for entry in entries:
            with suppress(FileNotFoundError):  # The job is being deleted.
                if self._is_missing(entry):
                    restored.append(self._restore_outcome(entry.document))
        if complete:
            self._complete(restored)
        for temporary in restored:
            files.remove(temporary)

    def _is_stored(self, entry: commit_log.Entry, exists: Callable[[str], bool]) -> bool:
        return exists(self._tree.job(entry.document["job"]).result(entry.document))

    def _is_missing(self, entry: commit_log.Entry) -> bool:
        paths, variable_id = self._tree.job(entry.document["job"]), entry.document["variable"]
        if files.is_readable(paths.result(entry.document)) or not os.path.exists(paths.variable(variable_id)):
            return False
        if entry.held_id and (
            os.path.exists(paths.outcome(variable_id))
            or os.path.exists(f"{paths.thrown_back(variable_id)}/{entry.held_id}.json")
        ):
            return False
        # A later job of the same name has another uid.
        return entry.job_uid in ("", files.read(paths.job).get("uid"))

    def _restore_outcome(self, document: Document) -> str:
        """Stores an outcome, and returns its temporary: the record of the follow-ups that are left."""
        paths = self._tree.job(document["job"])
        path = paths.result(document)
        if "held" in document:
            files.make_directory(paths.held_results)
        temporary = self._tree.writer.temporary(document, sync=False)
        with locks.locked(paths.variable(document["variable"])):
            # Another process that serves already may have stored one; a power cut leaves names without content.
            if not files.is_readable(path):
                files.remove(path)
                files.link(temporary, path)
        return temporary

    def _complete(self, temporaries: Iterable[str]) -> None:
        by_job: defaultdict[str, list[Record]] = defaultdict(list)
        for temporary in temporaries:
            document = _read_record(temporary)
            if document is not None:
                by_job[document["job"]].append((temporary, document))
        # By job, since both journals must be read for it, once.
        for job_id, records in by_job.items():
            with suppress(FileNotFoundError):  # The job was deleted meanwhile.
                _Completion(self._tree, self._tree.job(job_id), records).run()
                self._tree.changes.on_change(self._tree.job(job_id))


class _Completion:
    """The completion of one job's unfinished transactions."""

    def __init__(self, tree: Tree, paths: JobPaths, records: list[Record]) -> None:
        self._writer, self._clock, self._paths, self._records = tree.writer, tree.clock, paths, records
        self._recorded = RecordedEvents(paths, {_variable_of(document) for _, document in records})

    def run(self) -> None:
        for temporary, document in self._records:
            self._complete(temporary, document)

    def _complete(self, temporary: str, document: Document) -> None:
        paths, variable_id = self._paths, _variable_of(document)
        # Not linked anywhere: the marker shows whether the release has happened.
        if "released" in document or "parked" in document:
            self._balance(variable_id)
        elif "held" in document:
            self._complete_held(temporary, document)
        elif files.same(temporary, f"{paths.thrown_back(variable_id)}/{document.get('id')}.json"):
            self._append_if_missing(events.error(document))
            leave_held(paths, document)
        elif files.same(temporary, paths.outcome(variable_id)):
            self._complete_outcome(document)
        elif files.same(temporary, f"{paths.rejected(variable_id)}/{document.get('id')}.json"):
            self._append_if_missing(events.error(document))
            self._balance(variable_id)
        elif files.same(temporary, paths.variable(variable_id)):
            self._complete_variable(document)

    def _complete_outcome(self, document: Document) -> None:
        variable_id = document["variable"]
        was = queue.drop(self._paths, variable_id)
        # The marker of failure may be gone already; the journal still shows that the variable had failed.
        was = "failed" if self._recorded.failed[variable_id] > 0 else was
        self._append_if_missing(events.outcome(document, was))
        files.remove_all(self._paths.held(variable_id))

    def _complete_held(self, temporary: str, document: Document) -> None:
        variable_id = document["variable"]
        is_held = files.same(temporary, self._paths.result(document))
        if is_held and not os.path.exists(self._paths.failed(variable_id)):
            queue.hold(self._paths, variable_id, None)

    def _complete_variable(self, document: Document) -> None:
        paths, variable_id = self._paths, document["id"]
        if not os.path.exists(paths.outcome(variable_id)) and not queue.is_queued(paths, variable_id):
            files.touch(paths.open(variable_id))
        event = events.posted(document)
        if event not in self._recorded:
            self._writer.append(paths.variables_journal, [event])

    def _balance(self, variable_id: str) -> None:
        """Appends the events that the journal lacks to agree with the variable's marker: failed or released."""
        is_failed = os.path.exists(self._paths.failed(variable_id))
        if is_failed:
            queue.drop_unfailed(self._paths, variable_id)
        for event in events.balancing(
            self._clock.now_text(), variable_id, is_failed, self._recorded.failed[variable_id]
        ):
            self._append(event)

    def _append_if_missing(self, event: Document) -> None:
        if event not in self._recorded:
            self._append(event)

    def _append(self, event: Document) -> None:
        self._writer.append(self._paths.events_journal, [event])
        self._recorded.add(event)


def _variable_of(document: Document) -> str:
    return str(document.get("variable", document.get("id")))


def _read_record(temporary: str) -> Document | None:
    """The document of an unfinished transaction; None for one that is itself incomplete, or of no job."""
    if not files.is_document(os.path.basename(temporary)):
        return None
    try:
        document = files.read(temporary)
    except (OSError, Damaged):
        return None
    # Documents of flows and probes have no job, and no follow-ups.
    is_whole = ids.is_id(str(document.get("job"))) and ids.is_id(_variable_of(document))
    return document if is_whole else None
