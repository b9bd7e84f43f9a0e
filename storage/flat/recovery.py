"""Recovery: a temporary document that outlived its process says what was under way when it died.

Linked to its place: the transaction happened, so that what follows from it (marker, journal) is made up for.
Not linked: nothing was acknowledged, and it goes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from storage.base import Document
from storage.errors import Damaged
from storage.flat import files, journal
from storage.flat.keys import FlatKeys
from storage.flat.paths import JobPaths


class FlatRecovery(FlatKeys):
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
        for name in _names(f"{self._root}/tmp"):
            workspace = f"{self._root}/tmp/{name}"
            with _locked_if_dead(workspace) as dead:
                if dead:
                    self._recover_workspace(workspace)
        self._empty_trash()

    def _recover_workspace(self, workspace: str) -> None:
        for name in _names(workspace):
            with suppress(FileNotFoundError, Damaged):
                self._resume(f"{workspace}/{name}")
        shutil.rmtree(workspace, ignore_errors=True)

    def _resume(self, temporary: str) -> None:
        if os.path.isdir(temporary) or not temporary.endswith(".json"):
            return
        document = files.read(temporary)
        job_id, variable_id = document.get("job"), document.get("variable", document.get("id"))
        if not (isinstance(job_id, str) and isinstance(variable_id, str)):
            return
        paths = self._paths(job_id)
        if files.same(temporary, paths.outcome(variable_id)):
            self._resume_outcome(paths, variable_id, document)
        elif files.same(temporary, f"{paths.rejected(variable_id)}/{document['id']}.json"):
            self._note_once(paths, "rejected", variable=variable_id, result=document["id"])
        elif files.same(temporary, paths.variable(variable_id)):
            self._resume_variable(paths, variable_id, document)

    def _resume_outcome(self, paths: JobPaths, variable_id: str, document: Document) -> None:
        was = self._drop_marker(paths, variable_id)
        if "withdrawn" in document:
            self._note_once(paths, "withdrawn", variable=variable_id, was=was)
            return
        facts = {"result": document["id"], "run_seconds": document.get("run_seconds")}
        self._note_once(paths, "accepted", variable=variable_id, was=was, **facts)

    def _resume_variable(self, paths: JobPaths, variable_id: str, document: Document) -> None:
        if not os.path.exists(paths.outcome(variable_id)) and not self._is_queued(paths, variable_id):
            files.touch(paths.open(variable_id))
        line = {"variable": variable_id, "at": document["created"]}
        if not any(record == line for record, _ in journal.read(paths.variables_journal, 0)):
            self._files.append(paths.variables_journal, [line])

    def _is_queued(self, paths: JobPaths, variable_id: str) -> bool:
        places = [paths.open(variable_id), paths.failed(variable_id)]
        places += [f"{paths.deadlines}/{bucket}/{variable_id}" for bucket in os.listdir(paths.deadlines)]
        return any(os.path.exists(place) for place in places)

    def _note_once(self, paths: JobPaths, event: str, variable: str, **facts: object) -> None:
        for record, _ in journal.read(paths.events_journal, 0):
            same_variable = record.get("event") == event and record.get("variable") == variable
            if same_variable and record.get("result") == facts.get("result"):
                return
        self._event(paths, event, variable=variable, **facts)

    def living_processes(self) -> int:
        """How many other processes have this store open for writing."""
        living = 0
        for name in _names(f"{self._root}/tmp"):
            with _locked_if_dead(f"{self._root}/tmp/{name}") as dead:
                living += not dead
        return living


def _boot_id() -> str:
    """What tells one start of the machine from the next; where it can't be had, no power cut is noticed."""
    try:
        return _text("/proc/sys/kernel/random/boot_id")
    except FileNotFoundError:
        return "unknown"


def _text(path: str) -> str:
    with open(path, encoding="ascii") as stream:
        return stream.read().strip()


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


@contextmanager
def _locked_if_dead(workspace: str) -> Iterator[bool]:
    """Yields whether the process that made the workspace is gone; if so the workspace is ours meanwhile."""
    try:
        descriptor = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
