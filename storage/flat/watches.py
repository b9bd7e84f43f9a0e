"""Watches: a marker in a job's directory asks whoever changes the job to log it; see `changes`."""

from __future__ import annotations

import os

from storage.base import ChangeStore
from storage.flat.disk_errors import translated, translated_for_job
from storage.flat.tree import Tree


class FlatChanges(ChangeStore):
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @translated_for_job
    def watch(self, job_id: str) -> None:
        path = self._tree.existing_job(job_id).watched
        # Not by `files.touch`, which would make the directory of a deleted job again.
        if not os.path.exists(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))

    @translated
    def read(self) -> tuple[bool, list[str]]:
        return self._tree.changes.read()
