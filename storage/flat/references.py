"""References to flows: from a job or the pool (markers), and from a variable or a key (one document, one flow)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from storage import ids
from storage.base import Document
from storage.errors import Damaged
from storage.flat import files, locks
from storage.flat.paths import shard
from storage.flat.tree import Tree
from storage.flow_store import BlockedFlows, IdempotencyKey, ReservedVariable, RunningFlows, Source, UsedJob

ExclusiveSource = ReservedVariable | IdempotencyKey


class References:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def add(self, source: Source, flow_id: str) -> bool:
        if isinstance(source, ReservedVariable | IdempotencyKey):
            return self._add_exclusive(source, flow_id)
        if isinstance(source, UsedJob):
            self._tree.existing_job(source.job_id)
        is_new = files.touch(self._marker(source, flow_id))
        self._on_change(source)
        return is_new

    def _on_change(self, source: Source) -> None:
        if isinstance(source, UsedJob):
            self._tree.changes.on_change(self._tree.job(source.job_id))

    def remove(self, source: Source, flow_id: str) -> None:
        if isinstance(source, ReservedVariable | IdempotencyKey):
            # By now the source may refer to another flow, whose reference must stay.
            if self.of(source) == [flow_id]:
                files.remove(self._document(source))
            return
        marker = self._marker(source, flow_id)
        files.remove(marker)
        if isinstance(source, UsedJob):
            with suppress(OSError):  # Not empty: other flows use the job.
                os.rmdir(os.path.dirname(marker))
        self._on_change(source)

    def of(self, source: Source) -> list[str]:
        if isinstance(source, ReservedVariable | IdempotencyKey):
            try:
                document = files.read(self._document(source))
            except FileNotFoundError:
                return []
            return [] if self._is_orphan(source, document) else [str(document["flow"])]
        if isinstance(source, UsedJob):
            directory = self._tree.job(source.job_id).used_by_flows
            # Each result comes here, and few jobs are used by flows: a look-up without an exception.
            return list(filter(ids.is_id, files.names(directory))) if files.exists(directory) else []
        if isinstance(source, BlockedFlows):
            return list(filter(ids.is_id, files.names(f"{self._tree.root}/flows-blocked")))
        return list(self._running())

    def _running(self) -> Iterator[str]:
        for flow_id in filter(ids.is_id, files.names(f"{self._tree.root}/flows")):
            paths = self._tree.flow(flow_id)
            if files.exists(paths.running) and files.exists(paths.flow):
                yield flow_id

    def _marker(self, source: RunningFlows | BlockedFlows | UsedJob, flow_id: str) -> str:
        if isinstance(source, BlockedFlows):
            return f"{self._tree.root}/flows-blocked/{flow_id}"
        if isinstance(source, UsedJob):
            return f"{self._tree.job(source.job_id).used_by_flows}/{flow_id}"
        return self._tree.flow(flow_id).running

    def _add_exclusive(self, source: ExclusiveSource, flow_id: str) -> bool:
        if isinstance(source, ReservedVariable):
            paths = self._tree.job_of_variable(source.job_id, source.variable_id)
            files.make_directory(paths.reserved_shards)
        path = self._document(source)
        # The usual case of a reserved variable, without writing a document first.
        if files.exists(path) and not self._remove_orphan(source):
            return False
        return self._tree.writer.create(path, {"flow": flow_id, **self._facts(source)})

    def _remove_orphan(self, source: ExclusiveSource) -> bool:
        """Whether a reservation was an orphan, and is gone."""
        if not isinstance(source, ReservedVariable):
            return False
        path, paths = self._document(source), self._tree.job(source.job_id)
        # Of several callers one removes it: else a later one would remove the next reservation.
        with suppress(FileNotFoundError, Damaged), locks.locked(paths.variable(source.variable_id)):
            return self._is_orphan(source, files.read(path)) and files.remove(path)
        return False

    def _is_orphan(self, source: ExclusiveSource, document: Document) -> bool:
        """Whether a variable is reserved for a flow that was not stored, by a process that has died."""
        if not isinstance(source, ReservedVariable) or "by" not in document:
            return False
        is_alive = self._tree.writer.workspaces.exists(str(document["by"]))
        return not is_alive and not files.exists(self._tree.flow(str(document.get("flow"))).flow)

    def _facts(self, source: ExclusiveSource) -> Document:
        """`by` is this process: recovery removes a reservation whose process died before it stored the flow."""
        if isinstance(source, IdempotencyKey):
            return {}
        return {"by": os.path.basename(self._tree.writer.workspace())}

    def _document(self, source: ExclusiveSource) -> str:
        if isinstance(source, IdempotencyKey):
            return self.path_of_key(source)
        return self._tree.job(source.job_id).reserved(ids.check_variable_id(source.variable_id))

    def path_of_key(self, key: IdempotencyKey) -> str:
        digest = ids.check_id(key.digest, "idempotency key")
        return f"{self._tree.root}/flow-claims/{shard(digest)}/{digest}.json"

    def reservations(self, job_id: str) -> Iterator[tuple[str, Document]]:
        """The reserved variables of a job, each with its document; damaged documents reserve nothing."""
        shards = self._tree.job(job_id).reserved_shards
        for directory in files.names(shards):
            for name in filter(files.is_document, files.names(f"{shards}/{directory}")):
                with suppress(Damaged, FileNotFoundError):
                    yield name.removesuffix(".json"), files.read(f"{shards}/{directory}/{name}")

    def remove_orphans(self, tick: Callable[[], object] = lambda: None) -> None:
        """Removes reservations of dead processes for flows that were not stored; calls `tick` after each look."""
        for job_id in self._tree.job_ids():
            tick()
            for variable_id, document in self.reservations(job_id):
                tick()
                source = ReservedVariable(job_id, variable_id)
                if self._is_orphan(source, document):
                    self._remove_orphan(source)
