"""The tree of files that the parts of a store share: its paths, its writer, and directories that appear whole."""

from __future__ import annotations

import errno
import functools
import os
import secrets
import shutil

from storage import ids
from storage.base import Document
from storage.clock import Clock
from storage.errors import AlreadyExists, NotFound
from storage.flat import files
from storage.flat.changes import ChangeLog
from storage.flat.commit_log import CommitLog
from storage.flat.paths import FlowPaths, JobPaths
from storage.flat.writer import Writer


@functools.lru_cache(maxsize=1024)
def _paths_of(root: str, job_id: str) -> JobPaths:
    # Cached, since every lease and result needs these strings.
    return JobPaths(root, ids.check_id(job_id, "job"))


class Tree:
    # The trash is made beforehand, so that a job can be deleted from a full disk.
    DIRECTORIES = (
        "jobs",
        "trash",
        "flows",
        "flow-claims",
        "flows-behind",
        "flows-blocked",
        "posters",
        "quotas",
        "moving",
        "housekeeping",
    )
    PRIVATE_DIRECTORIES = ("keys", "secrets", "codes")

    def __init__(self, root: str | os.PathLike[str], fsync: bool, clock: Clock) -> None:
        self.clock = clock
        self.root = os.path.abspath(root)
        self.writer = Writer(self.root, fsync)
        self.commit_log = CommitLog(self.writer, clock)
        self.changes = ChangeLog(self.writer, self.root)

    def prepare(self) -> None:
        """Makes the directories that are missing."""
        for directory in self.DIRECTORIES:
            os.makedirs(f"{self.root}/{directory}", exist_ok=True)
        for directory in self.PRIVATE_DIRECTORIES:
            os.makedirs(f"{self.root}/{directory}", mode=0o700, exist_ok=True)

    def job(self, job_id: str) -> JobPaths:
        """The paths of a job, whether it exists or not. Raises InvalidId."""
        return _paths_of(self.root, job_id)

    def moving(self, job_id: str) -> str:
        """The mark that a job gets variables of another. Raises InvalidId."""
        return f"{self.root}/moving/{ids.check_id(job_id, 'job')}.json"

    def existing_job(self, job_id: str) -> JobPaths:
        """Raises NotFound."""
        paths = self.job(job_id)
        if not files.exists(paths.job):
            raise NotFound("job", job_id)
        return paths

    def job_of_variable(self, job_id: str, variable_id: str) -> JobPaths:
        """The paths of the job of an existing variable. Raises NotFound."""
        paths = self.job(job_id)
        if not files.exists(paths.variable(ids.check_variable_id(variable_id))):
            self.existing_job(job_id)
            raise NotFound("variable", variable_id)
        return paths

    def flow(self, flow_id: str) -> FlowPaths:
        """The paths of a flow, whether it exists or not. Raises InvalidId."""
        return FlowPaths(self.root, ids.check_id(flow_id, "flow"))

    def job_ids(self) -> list[str]:
        """The ids of all jobs, sorted; names put there by people and their tools are skipped."""
        names = files.names(f"{self.root}/jobs")
        return [name for name in names if ids.is_id(name) and files.exists(self.job(name).job)]

    def create(self, paths: JobPaths | FlowPaths, document: Document, name: str, conflict: AlreadyExists) -> None:
        """Makes a directory with its document, and renames it into place, durably. Raises `conflict` if it exists."""
        # In the workspace, where recovery finds it after a crash, and removes it.
        prepared = f"{self.writer.workspace()}/new-{secrets.token_hex(8)}"
        try:
            os.mkdir(prepared)
            for directory in paths.SKELETON:
                os.mkdir(f"{prepared}/{directory}")
            for marker in paths.MARKERS:
                files.touch(f"{prepared}/{marker}")
            self.writer.replace(f"{prepared}/{name}", document)
            self._rename_into_place(prepared, paths.root, conflict)
        except BaseException:
            shutil.rmtree(prepared, ignore_errors=True)
            raise

    def _rename_into_place(self, prepared: str, root: str, conflict: AlreadyExists) -> None:
        try:
            os.rename(prepared, root)
        except OSError as ex:
            # A rename onto a directory that is not empty fails: this is how one of two concurrent creations wins. That
            # directory may have been deleted since.
            if ex.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise conflict from ex
            raise
        try:
            self.writer.sync_directories([root])
        except OSError:
            os.rename(root, prepared)
            raise

    def empty_trash(self) -> None:
        for name in files.names(f"{self.root}/trash"):
            shutil.rmtree(f"{self.root}/trash/{name}", ignore_errors=True)
