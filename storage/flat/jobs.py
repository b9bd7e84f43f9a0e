"""Jobs: one directory each, put in place by one rename and taken away by another."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from storage import ids
from storage.base import Document
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.base import FlatBase
from storage.flat.paths import JobPaths

YOUNG_NANOSECONDS = 100_000_000
Signature = tuple[int, int, int]


class FlatJobs(FlatBase):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        super().__init__(root, fsync)
        self._jobs: dict[str, tuple[Signature, Document]] = {}

    def create_job(self, job_id: str, document: Document) -> None:
        paths = self._paths(job_id)
        self._create(paths, document, "job.json", AlreadyExists("job", job_id))

    def job(self, job_id: str) -> Document:
        paths = self._paths(job_id)
        try:
            status = os.stat(paths.job)
            signature = (status.st_mtime_ns, status.st_ino, status.st_size)
            known = self._jobs.get(job_id)
            if known is not None and known[0] == signature:
                return known[1]
            document = files.read(paths.job)
        except FileNotFoundError as ex:
            self._jobs.pop(job_id, None)
            raise NotFound("job", job_id) from ex
        # A document as young as the clock of files is coarse may be replaced once more under the same signature.
        if time.time_ns() - status.st_mtime_ns > YOUNG_NANOSECONDS:
            self._jobs[job_id] = (signature, document)
        return document

    def update_job(self, job_id: str, change: Callable[[Document], Document]) -> Document:
        paths = self._job_paths(job_id)
        with self._locked(job_id, paths):
            document = change(dict(files.read(paths.job)))
            self._files.replace(paths.job, document)
        return document

    @contextmanager
    def _locked(self, job_id: str, paths: JobPaths) -> Iterator[None]:
        try:
            descriptor = os.open(paths.root, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as ex:
            raise NotFound("job", job_id) from ex
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not os.path.exists(paths.job):
                raise NotFound("job", job_id)
            yield
        finally:
            os.close(descriptor)

    def delete_job(self, job_id: str) -> None:
        paths = self._paths(job_id)
        try:
            os.rename(paths.root, f"{self._root}/trash/{job_id}@{secrets.token_hex(4)}")
        except FileNotFoundError as ex:
            raise NotFound("job", job_id) from ex
        self._files.sync_directories([paths.root])
        # A million files take minutes to remove: nobody waits for that, and `recover` ends what was cut short.
        threading.Thread(target=self._empty_trash, daemon=True, name="empty-trash").start()

    def _empty_trash(self) -> None:
        for name in files.names(f"{self._root}/trash"):
            shutil.rmtree(f"{self._root}/trash/{name}", ignore_errors=True)

    def job_ids(self) -> list[str]:
        """Of what people and their tools put there as well, nothing."""
        names = files.names(f"{self._root}/jobs")
        return [name for name in names if ids.is_id(name) and os.path.exists(self._paths(name).job)]
