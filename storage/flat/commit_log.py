"""The commit log: outcomes are durable once they are in it, and those that wait at the same time share one sync.

Each process has its own, in its workspace: files of a fixed size, filled with zeros and used again, so that a sync
writes these bytes and nothing else (`fdatasync` of a file that grows commits the file system's journal, and waits for
what other programs have written). A line is a checksum, the generation of the file, the time, the job's uid, and the
outcome as it is stored.

The document is written right after the sync, without one of its own. A full file is used again after a checkpoint, a
sync of the whole file system in the background; the log is removed after one when the process ends. So what a log has
is on the disk as a document, or recovery makes that document from the log.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from storage.base import Document
from storage.clock import Clock
from storage.errors import Damaged
from storage.flat import files, process
from storage.flat.group import Group
from storage.flat.writer import Writer

PREFIX = "commits-"
FILE_BYTES = 4 << 20
# Results wait for a checkpoint only if it takes longer than filling these.
MAX_FILES = 16
log = logging.getLogger("comp-pool.storage")


@dataclass(frozen=True)
class Entry:
    """An outcome, or held result, in a log.

    Of two outcomes of one variable the later counts: its process found no outcome of the earlier.
    """

    at: int
    job_uid: str
    document: Document

    @property
    def held_id(self) -> str:
        """The id of a held result, of which a variable has several; empty for an outcome."""
        return str(self.document["id"]) if "held" in self.document else ""


class CommitLog:
    """One per store; after a fork, each process has its own files."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock
        self._of_process: tuple[int, _ProcessLog] | None = None
        self._opening = threading.Lock()

    @contextmanager
    def committed(self, job_uid: str, contents: Sequence[bytes]) -> Iterator[None]:
        """Makes outcomes durable, as `files.encode` writes them. Raises OSError: then none is to be acknowledged.

        The body writes the documents: no checkpoint forgets them before that.
        """
        commit = _Commit(job_uid, contents)
        process_log = self._current()
        process_log.group.submit(commit)
        try:
            yield
        finally:
            process_log.release(commit)

    def _current(self) -> _ProcessLog:
        if self._of_process is None or self._of_process[0] != process.number():
            with self._opening:
                if self._of_process is None or self._of_process[0] != process.number():
                    self._of_process = process.number(), _ProcessLog(self._writer, self._clock)
        return self._of_process[1]

    def close(self) -> None:
        """Removes the log, after a sync of everything."""
        if self._of_process is not None and self._of_process[0] == process.number():
            self._of_process[1].close()
        self._of_process = None


@dataclass(eq=False)
class _File:
    path: str
    descriptor: int
    generation: bytes = b""
    size: int = 0
    # Commits whose documents are not written yet.
    users: int = 0


@dataclass(eq=False, slots=True)
class _Commit:
    job_uid: str
    contents: Sequence[bytes]
    file: _File | None = None


class _ProcessLog:
    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock, self._workspace = writer, clock, writer.workspace()
        self.group: Group[_Commit] = Group(self._write)
        self._changed = threading.Condition()
        self._file: _File | None = None
        self._full: list[_File] = []
        self._clean: list[_File] = []
        self._files: list[_File] = []
        self._is_checkpointing = False
        self._error: OSError | None = None
        self._finalizer = weakref.finalize(self, _remove, writer, self._files, process.number())

    def _write(self, commits: Sequence[_Commit]) -> None:
        file = self._file if self._file and self._file.size < FILE_BYTES else self._next_file()
        at = int(self._clock.monotonic() * 1e9)
        lines = [
            _line(file.generation, at, commit.job_uid, content) for commit in commits for content in commit.contents
        ]
        content = b"".join(lines)
        with self._changed:
            file.users += len(commits)
        for commit in commits:
            commit.file = file
        try:
            files.write_all_at(file.descriptor, content, file.size)
            self._writer.sync_data(file.descriptor)
        except BaseException:
            # What a failed sync has written is unknown, and a second one would not tell: another file is used.
            file.size = FILE_BYTES
            for commit in commits:
                self.release(commit)
            raise
        file.size += len(content)

    def release(self, commit: _Commit) -> None:
        with self._changed:
            if commit.file is not None:
                commit.file.users -= 1
                # Only a checkpoint waits, for files that are full.
                if commit.file is not self._file:
                    self._changed.notify_all()
                commit.file = None

    def _next_file(self) -> _File:
        with self._changed:
            if self._file is not None:
                self._full.append(self._file)
                self._file = None
            self._start_checkpoint()
            # Only while a sync takes longer than filling all other files.
            while not self._clean and len(self._files) >= MAX_FILES:
                self._changed.wait()
                if self._error is not None:
                    raise self._error
            file = self._clean.pop() if self._clean else self._make()
            file.generation, file.size = secrets.token_hex(4).encode(), 0
            self._file = file
        return file

    def _make(self) -> _File:
        path = f"{self._workspace}/{PREFIX}{len(self._files)}.log"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            self._writer.preallocate(path, descriptor, FILE_BYTES)
        except BaseException:
            os.close(descriptor)
            files.remove(path)
            raise
        self._files.append(_File(path, descriptor))
        return self._files[-1]

    def _start_checkpoint(self) -> None:
        if self._full and not self._is_checkpointing:
            self._is_checkpointing, self._error = True, None
            threading.Thread(target=self._checkpoint, name="checkpoint", daemon=True).start()

    def _checkpoint(self) -> None:
        with self._changed:
            full, self._full = self._full, []
            # Their documents are still being written.
            self._changed.wait_for(lambda: not any(file.users for file in full))
        error = None
        try:
            self._writer.sync_everything()
        except OSError as ex:
            log.error("checkpoint of the commit log: %s", ex.strerror)
            error = ex
        with self._changed:
            # What it could not sync stays in the log, until the next checkpoint.
            (self._full if error else self._clean).extend(full)
            self._is_checkpointing, self._error = False, error
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_checkpointing)
        self._finalizer()


def _line(generation: bytes, at: int, job_uid: str, content: bytes) -> bytes:
    rest = b"%s %d %s %s" % (generation, at, job_uid.encode(), content)
    return b"%08x %s" % (zlib.crc32(rest), rest)


def _remove(writer: Writer, own: list[_File], owner: int) -> None:
    # A forked child inherits the finalizer, and must not remove its parent's files.
    if owner != process.number() or not own:
        return
    with suppress(OSError):
        writer.sync_everything()
        for file in own:
            files.remove(file.path)
    for file in own:
        os.close(file.descriptor)
    own.clear()


def is_log(name: str) -> bool:
    return name.startswith(PREFIX)


def latest_entries(workspaces: Iterable[str]) -> list[Entry]:
    """The entries of the logs in these workspaces: of each variable the latest outcome, then the held results."""
    latest: dict[tuple[str, str, str, str], Entry] = {}
    for workspace in workspaces:
        for name in filter(is_log, files.names(workspace)):
            for entry in entries(f"{workspace}/{name}"):
                key = entry.job_uid, entry.document["job"], entry.document["variable"], entry.held_id
                if key not in latest or entry.at >= latest[key].at:
                    latest[key] = entry
    # Outcomes first: a finished variable holds nothing.
    return sorted(latest.values(), key=lambda entry: entry.held_id)


def entries(path: str) -> Iterator[Entry]:
    """The entries of a file, in order: until the first line that is torn, or of an earlier generation."""
    generation = None
    with open(path, "rb") as stream:
        for line in stream:
            checksum, _, rest = line.partition(b" ")
            fields = rest.split(b" ", 3)
            if len(fields) < 4 or checksum != b"%08x" % zlib.crc32(rest) or generation not in (None, fields[0]):
                return
            generation = fields[0]
            with suppress(Damaged):
                yield Entry(int(fields[1]), fields[2].decode(), files.decode(fields[3], path))
