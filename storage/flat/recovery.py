"""Recovery: a temporary document that outlived its process says what was under way when it died.

Linked to its place: the transaction happened, so that what follows from it (marker, journal) is made up for.
Not linked: nothing was acknowledged, and it goes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from storage import ids
from storage.base import Counts, Document
from storage.errors import Damaged
from storage.flat import files, queue
from storage.flat.flows import FlatFlows
from storage.flat.noted import Noted, balancing_lines, fact, outcome_line, posted_line, rejected_line
from storage.flat.paths import JobPaths

Trace = tuple[str, Document]


class FlatRecovery(FlatFlows):
    def begin(self) -> bool:
        path, boot = f"{self._root}/running", _boot_id()
        interrupted = os.path.exists(path) and _text(path) != boot
        with open(path, "w", encoding="ascii") as stream:
            stream.write(boot)
        self._files.sync_directories([path])
        return interrupted

    def end(self) -> None:
        files.remove(f"{self._root}/running")

    def recover(self) -> None:
        self._settle_own()
        for workspace in self._workspaces():
            with _locked_if_dead(workspace) as dead:
                if dead:
                    self._resume(f"{workspace}/{name}" for name in files.names(workspace))
                    shutil.rmtree(workspace, ignore_errors=True)
        self._let_go()
        self._empty_trash()

    def counts(self, job_id: str) -> Counts:
        with suppress(OSError):  # The disk refuses still.
            self._settle_own()
        return super().counts(job_id)

    def _settle_own(self) -> None:
        """Makes up for what the disk refused to this very process."""
        unsettled, self._unsettled = self._unsettled, []
        try:
            self._resume(unsettled)
        except OSError:
            self._unsettled += unsettled
            raise
        for temporary in unsettled:
            files.remove(temporary)

    def _resume(self, temporaries: Iterable[str]) -> None:
        traces: defaultdict[str, list[Trace]] = defaultdict(list)
        for temporary in temporaries:
            document = _trace(temporary)
            if document is not None:
                traces[document["job"]].append((temporary, document))
        for job_id, of_job in traces.items():
            with suppress(FileNotFoundError):  # The job was deleted meanwhile.
                self._resume_job(self._paths(job_id), of_job)

    def _resume_job(self, paths: JobPaths, traces: list[Trace]) -> None:
        noted = Noted(paths, {_variable(document) for _, document in traces})
        for temporary, document in traces:
            self._resume_one(paths, noted, temporary, document)

    def _resume_one(self, paths: JobPaths, noted: Noted, temporary: str, document: Document) -> None:
        variable_id = _variable(document)
        if "released" in document:
            self._balance(paths, noted, variable_id)
        elif files.same(temporary, paths.outcome(variable_id)):
            self._resume_outcome(paths, noted, document)
        elif files.same(temporary, f"{paths.rejected(variable_id)}/{document.get('id')}.json"):
            self._note_once(paths, noted, rejected_line(document))
            self._balance(paths, noted, variable_id)
        elif files.same(temporary, paths.variable(variable_id)):
            self._resume_variable(paths, noted, document)

    def _resume_outcome(self, paths: JobPaths, noted: Noted, document: Document) -> None:
        variable_id = document["variable"]
        was = queue.drop(paths, variable_id)
        was = "failed" if noted.failed[variable_id] > 0 else was
        self._note_once(paths, noted, outcome_line(document) | {"was": was})

    def _resume_variable(self, paths: JobPaths, noted: Noted, document: Document) -> None:
        variable_id = document["id"]
        if not os.path.exists(paths.outcome(variable_id)) and not queue.is_queued(paths, variable_id):
            files.touch(paths.open(variable_id))
        line = posted_line(document)
        if fact(line) not in noted.facts:
            self._files.append(paths.variables_journal, [line])

    def _balance(self, paths: JobPaths, noted: Noted, variable_id: str) -> None:
        """Has the journal say of a variable what its marker says: that it failed, or doesn't any more."""
        is_failed = os.path.exists(paths.failed(variable_id))
        if is_failed:
            queue.drop_unfailed(paths, variable_id)
        for line in balancing_lines(variable_id, is_failed, noted.failed[variable_id]):
            self._append(paths, noted, line)

    def _note_once(self, paths: JobPaths, noted: Noted, line: Document) -> None:
        if fact(line) not in noted.facts:
            self._append(paths, noted, line)

    def _append(self, paths: JobPaths, noted: Noted, line: Document) -> None:
        self._files.append(paths.events_journal, [line])
        noted.add(line)

    def _workspaces(self) -> list[str]:
        directory = f"{self._root}/tmp"
        return [path for name in files.names(directory) if os.path.isdir(path := f"{directory}/{name}")]

    def leftovers(self) -> int:
        """How many temporary files dead processes have left."""
        count = 0
        for workspace in self._workspaces():
            with _locked_if_dead(workspace) as dead:
                count += len(files.names(workspace)) if dead else 0
        return count

    def living_processes(self) -> int:
        """How many others have this store open for writing."""
        living = 0
        for workspace in self._workspaces():
            with _locked_if_dead(workspace) as dead:
                living += not dead and not self._files.is_own(workspace)
        return living


def _variable(document: Document) -> str:
    return str(document.get("variable", document.get("id")))


def _trace(temporary: str) -> Document | None:
    """A document that says what was under way; None for what was cut short itself, or says nothing."""
    if not files.is_document(os.path.basename(temporary)):
        return None
    try:
        document = files.read(temporary)
    except (OSError, Damaged):
        return None
    is_whole = ids.is_id(str(document.get("job"))) and ids.is_id(_variable(document))
    return document if is_whole else None


def _boot_id() -> str:
    """What tells one start of the machine from the next; where it can't be had, no power cut is noticed."""
    try:
        return _text("/proc/sys/kernel/random/boot_id")
    except FileNotFoundError:
        return "unknown"


def _text(path: str) -> str:
    with open(path, encoding="ascii") as stream:
        return stream.read().strip()


@contextmanager
def _locked_if_dead(workspace: str) -> Iterator[bool]:
    """Yields whether the process that made the workspace is gone; if so the workspace is ours meanwhile."""
    try:
        descriptor = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        dead = False
    else:
        dead = True
    try:
        yield dead
    finally:
        os.close(descriptor)
