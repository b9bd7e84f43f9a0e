"""The check of a flow: its documents, its markers, and the references of jobs and variables to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from storage import ids
from storage.base import Document
from storage.flat import files
from storage.flat.check.mismatch import Mismatch, set_aside
from storage.flat.paths import FlowPaths
from storage.flat.references import References
from storage.flat.tree import Tree
from storage.flow_store import ReservedVariable, UsedJob


class FlowCheck:
    def __init__(self, tree: Tree) -> None:
        self._tree, self._references = tree, References(tree)

    def mismatches(self, flow_id: str) -> Iterator[Mismatch]:
        paths = self._tree.flow(flow_id)
        if not files.is_readable(paths.flow):
            yield set_aside(self._tree, paths.root, "flow.json is missing or damaged", "set the flow aside")
            return
        for path in filter(lambda path: not files.is_readable(path), _documents(paths.root)):
            yield set_aside(self._tree, path, f"{os.path.relpath(path, paths.root)} is damaged")
        if not os.path.isdir(paths.inbox):
            yield Mismatch("news/ is missing", "make it", partial(os.makedirs, paths.inbox, exist_ok=True))
        if self._is_unfinished(flow_id) and not os.path.exists(paths.running):
            problem = "has not ended, and is not marked as running"
            yield Mismatch(problem, "mark it", partial(files.touch, paths.running))
        if _lacks_result(paths):
            yield Mismatch(
                "is done, and 0/merged.json is missing or damaged", "merge it anew", partial(_restart, paths)
            )
        yield from self._missing_references(flow_id)

    def _is_unfinished(self, flow_id: str) -> bool:
        """Whether a flow has not ended, or was not cleaned up after."""
        paths = self._tree.flow(flow_id)
        is_ended = os.path.exists(paths.document("outcome")) and not os.path.exists(paths.running)
        return os.path.exists(paths.flow) and not is_ended

    def _missing_references(self, flow_id: str) -> Iterator[Mismatch]:
        if not self._is_unfinished(flow_id):
            return
        # A deleted job cannot have a reference; the flow fails when it gets there.
        for job_id in filter(self._exists, dict.fromkeys(files.read(self._tree.flow(flow_id).flow)["jobs"])):
            if flow_id not in self._references.of(UsedJob(job_id)):
                add = partial(self._references.add, UsedJob(job_id), flow_id)
                yield Mismatch(f"job {job_id}, which it uses, has no reference to it", "add it", add)

    def _is_being_posted(self, flow_id: str, reservation: Document) -> bool:
        """Variables are reserved before their flow is stored."""
        is_alive = self._tree.writer.workspaces.exists(str(reservation.get("by")))
        return is_alive and not os.path.exists(self._tree.flow(flow_id).flow)

    def _exists(self, job_id: str) -> bool:
        return ids.is_id(job_id) and os.path.exists(self._tree.job(job_id).job)

    def mismatches_of_job(self, job_id: str, is_serving: bool = False) -> Iterator[Mismatch]:
        """References of a job and its variables to flows that have ended.

        Unless `is_serving`, this very process posts no flows meanwhile.
        """
        for flow_id in self._references.of(UsedJob(job_id)):
            if not self._is_unfinished(flow_id):
                remove = partial(self._references.remove, UsedJob(job_id), flow_id)
                yield Mismatch(f"has a reference to flow {flow_id}, which does not run", "remove it", remove)
        for variable_id, document in self._references.reservations(job_id):
            flow_id = str(document.get("flow"))
            if is_serving and self._is_being_posted(flow_id, document):
                continue
            if ids.is_id(flow_id) and not self._is_unfinished(flow_id):
                remove = partial(self._references.remove, ReservedVariable(job_id, variable_id), flow_id)
                yield Mismatch(
                    f"{variable_id} is reserved for flow {flow_id}, which does not run",
                    "remove the reservation",
                    remove,
                )


def _lacks_result(paths: FlowPaths) -> bool:
    outcome = paths.document("outcome")
    is_done = files.is_readable(outcome) and files.read(outcome).get("state") == "done"
    return is_done and not files.is_readable(paths.document("0/merged"))


def _restart(paths: FlowPaths) -> None:
    """Without its outcome, the flow continues at the level that has no merged result."""
    files.touch(paths.running)
    files.remove(paths.document("outcome"))


def _documents(root: str) -> Iterator[str]:
    for directory, _, names in os.walk(root):
        yield from (f"{directory}/{name}" for name in sorted(filter(files.is_document, names)))
