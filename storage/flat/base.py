"""What the parts of the flat store share: the root, the files, and the paths of a job that exists."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
from collections.abc import Callable
from typing import Any

from storage import ids
from storage.base import Document, Store
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.files import Files
from storage.flat.paths import FlowPaths, JobPaths


@functools.lru_cache(maxsize=1024)
def _paths_of(root: str, job_id: str) -> JobPaths:
    return JobPaths(root, job_id)


class FlatBase(Store):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        self._root = os.path.abspath(root)
        # The trash is there beforehand, so that a job can be deleted from a full disk.
        for directory in ("jobs", "trash"):
            os.makedirs(f"{self._root}/{directory}", exist_ok=True)
        self._files = Files(self._root, fsync)
        self._unsettled: list[str] = []

    def _paths(self, job_id: str) -> JobPaths:
        return _paths_of(self._root, ids.check_id(job_id, "job"))

    def _job_paths(self, job_id: str) -> JobPaths:
        """The paths of a job; raises NotFound where there is no such job."""
        paths = self._paths(job_id)
        if not os.path.exists(paths.job):
            raise NotFound("job", job_id)
        return paths

    def _create(self, paths: JobPaths | FlowPaths, document: Document, name: str, taken: AlreadyExists) -> None:
        """Makes a directory with its document whole, and puts it in its place, durably, or raises `taken`."""
        prepared = f"{self._files.workspace()}/new-{secrets.token_hex(8)}"
        try:
            os.mkdir(prepared)
            for directory in paths.SKELETON:
                os.mkdir(f"{prepared}/{directory}")
            for marker in paths.MARKERS:
                files.touch(f"{prepared}/{marker}")
            self._files.replace(f"{prepared}/{name}", document)
            self._place_directory(prepared, paths.root, taken)
        except BaseException:
            shutil.rmtree(prepared, ignore_errors=True)
            raise

    def _place_directory(self, prepared: str, root: str, taken: AlreadyExists) -> None:
        try:
            os.rename(prepared, root)
        except OSError as ex:
            if os.path.isdir(root):
                raise taken from ex
            raise
        try:
            self._files.sync_directories([root])
        except OSError:
            os.rename(root, prepared)
            raise

    def _event(self, paths: JobPaths, event: str, **facts: Any) -> None:
        line = {"event": event, "at": ids.now_text(), **facts}
        self._files.append(paths.events_journal, [line])

    def _sync_or_undo(self, path: str) -> None:
        try:
            self._files.sync_directories([path])
        except OSError:
            files.remove(path)  # It might not outlast a power cut, so that it must not count.
            raise

    def _settle(self, temporary: str, follow_up: Callable[[], object]) -> None:
        """Does what follows from a decision. Where the disk refuses, the decision stands all the same."""
        try:
            follow_up()
        except OSError:
            self._unsettled.append(temporary)  # By which `recover` makes up for it.
        else:
            files.remove(temporary)

    def close(self) -> None:
        self._files.close()

    def writable(self) -> bool:
        return files.remove(self._files.temporary({"probe": True}))
