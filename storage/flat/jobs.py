"""Jobs: one directory each, renamed into place when created and into the trash when deleted."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from storage.base import Document, JobStore
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.disk_errors import translated, translated_for_job
from storage.flat.housekeeping import Housekeeping
from storage.flat.locks import locked
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree

# File times are coarse: a younger document may be replaced once more without a change of its signature.
CACHEABLE_AGE_NANOSECONDS = 100_000_000
# Strangers post jobs of a megabyte: a process keeps so many bytes of documents, those used last.
CACHED_BYTES = 32 << 20
Signature = tuple[int, int, int]


class _Cache:
    """Documents by job, for many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._entries: OrderedDict[str, tuple[Signature, Document]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, job_id: str, signature: Signature) -> Document | None:
        with self._lock:
            entry = self._entries.get(job_id)
            if entry is None or entry[0] != signature:
                return None
            self._entries.move_to_end(job_id)
            return entry[1]

    def put(self, job_id: str, signature: Signature, document: Document) -> None:
        with self._lock:
            self._remove(job_id)
            self._entries[job_id] = (signature, document)
            self._bytes += signature[2]
            while self._bytes > self._max_bytes:
                self._remove(next(iter(self._entries)))

    def remove(self, job_id: str) -> None:
        with self._lock:
            self._remove(job_id)

    def _remove(self, job_id: str) -> None:
        entry = self._entries.pop(job_id, None)
        self._bytes -= entry[0][2] if entry else 0


class FlatJobs(JobStore):
    def __init__(self, tree: Tree, housekeeping: Housekeeping) -> None:
        self._tree, self._housekeeping = tree, housekeeping
        self._cache = _Cache(CACHED_BYTES)

    @translated_for_job
    def create(self, job_id: str, document: Document) -> None:
        self._tree.create(self._tree.job(job_id), document, "job.json", AlreadyExists("job", job_id))
        self._tree.changes.add(job_id)

    @translated_for_job
    def get(self, job_id: str) -> Document:
        path = self._tree.job(job_id).job
        try:
            status = os.stat(path)
            # A replaced document has another inode, so that a stat shows whether the cache is current.
            signature = (status.st_mtime_ns, status.st_ino, status.st_size)
            cached = self._cache.get(job_id, signature)
            if cached is not None:
                return cached
            document = files.read(path)
        except FileNotFoundError:
            self._cache.remove(job_id)
            raise
        if time.time_ns() - status.st_mtime_ns > CACHEABLE_AGE_NANOSECONDS:
            self._cache.put(job_id, signature, document)
        return document

    @translated_for_job
    def update(self, job_id: str, change: Callable[[Document], Document]) -> Document:
        paths = self._tree.job(job_id)
        with self._locked(paths):
            document = change(dict(files.read(paths.job)))
            self._tree.writer.replace(paths.job, document)
        self._tree.changes.add(job_id)
        return document

    @contextmanager
    def _locked(self, paths: JobPaths) -> Iterator[None]:
        with locked(paths.root):
            if not os.path.exists(paths.job):  # Deleted while we waited.
                raise NotFound("job", paths.job_id)
            yield

    @translated_for_job
    def delete(self, job_id: str, is_expected: Callable[[Document], bool] | None = None) -> bool:
        paths = self._tree.job(job_id)
        with self._locked(paths):
            if is_expected is not None and not is_expected(files.read(paths.job)):
                return False
            # The rename deletes the job in one step; removing its files may take long.
            os.rename(paths.root, f"{self._tree.root}/trash/{job_id}@{secrets.token_hex(4)}")
        self._tree.writer.sync_directories([paths.root])
        self._tree.changes.add(job_id)
        # A million files take minutes to remove.
        self._housekeeping.start()
        return True

    @translated_for_job
    def mark_moving(self, job_id: str) -> None:
        self._tree.writer.create(self._tree.moving(job_id), {"job": job_id})

    @translated
    def moving(self) -> list[str]:
        names = filter(files.is_document, files.names(f"{self._tree.root}/moving"))
        return [name.removesuffix(".json") for name in names]

    @translated_for_job
    def unmark_moving(self, job_id: str) -> None:
        files.remove(self._tree.moving(job_id))

    @translated
    def ids(self) -> list[str]:
        return self._tree.job_ids()
