"""The part of `check` that is about flows: what marks them held against their documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from storage import ids
from storage.errors import Damaged
from storage.flat import files
from storage.flat.flows import FlatFlows
from storage.flat.paths import FlowPaths

Problem = tuple[str, str, Callable[[], object]]


class FlowCheck:
    """`set_aside` takes a damaged file out of the store."""

    def __init__(self, store: FlatFlows, root: str, set_aside: Callable[[str], object]) -> None:
        self._store, self._root, self._set_aside = store, root, set_aside

    def problems(self, flow_id: str) -> Iterator[Problem]:
        paths = FlowPaths(self._root, flow_id)
        if not _is_readable(paths.flow):
            yield "flow.json is missing or damaged", "set the flow aside", partial(self._set_aside, paths.root)
            return
        for path in filter(lambda path: not _is_readable(path), _documents(paths.root)):
            yield f"{os.path.relpath(path, paths.root)} is damaged", "set it aside", partial(self._set_aside, path)
        if not os.path.isdir(paths.news):
            yield "news/ is missing", "make it", partial(os.makedirs, paths.news, exist_ok=True)
        if self._lives(flow_id) and not os.path.exists(paths.running):
            yield "has not ended, and is not marked as running", "mark it", partial(files.touch, paths.running)
        if os.path.exists(paths.kept("outcome")) and self._lacks_result(paths):
            yield "is done, and 0/merged.json is missing or damaged", "merge it anew", partial(_begin_anew, paths)
        yield from self._unwatched(flow_id)

    def _lacks_result(self, paths: FlowPaths) -> bool:
        is_done = _is_readable(paths.kept("outcome")) and files.read(paths.kept("outcome")).get("state") == "done"
        return is_done and not _is_readable(paths.kept("0/merged"))

    def _lives(self, flow_id: str) -> bool:
        """Whether a flow has not ended, or has not been tidied up after."""
        paths = FlowPaths(self._root, flow_id)
        has_ended = os.path.exists(paths.kept("outcome")) and not os.path.exists(paths.running)
        return os.path.exists(paths.flow) and not has_ended

    def _unwatched(self, flow_id: str) -> Iterator[Problem]:
        if not self._lives(flow_id):
            return
        there = set(self._store.job_ids())
        for job_id in there.intersection(self._store.flow(flow_id)["jobs"]):
            if flow_id not in self._store.watchers(job_id):
                yield (
                    f"is unknown to job {job_id}, which it uses",
                    "have it known",
                    partial(self._store.watch, job_id, flow_id),
                )

    def problems_of_job(self, job_id: str) -> Iterator[Problem]:
        """What a job still keeps for flows that have ended."""
        for flow_id in self._store.watchers(job_id):
            if not self._lives(flow_id):
                mend = partial(self._store.unwatch, job_id, flow_id)
                yield f"flow {flow_id} is said to use it, and does not run", "forget that", mend
        for variable_id, claim in self._store.taken(job_id):
            flow_id = str(claim.get("flow"))
            if ids.is_id(flow_id) and not self._lives(flow_id):
                mend = partial(self._store.untake, job_id, variable_id, flow_id)
                yield f"{variable_id} is taken by flow {flow_id}, which does not run", "let it go", mend


def _begin_anew(paths: FlowPaths) -> None:
    """Has the flow go on from what is left, which is where it lacks something."""
    files.touch(paths.running)
    files.remove(paths.kept("outcome"))


def _documents(root: str) -> Iterator[str]:
    for directory, _, names in os.walk(root):
        yield from (f"{directory}/{name}" for name in sorted(filter(files.is_document, names)))


def _is_readable(path: str) -> bool:
    try:
        files.read(path)
    except (OSError, Damaged):
        return False
    return True
