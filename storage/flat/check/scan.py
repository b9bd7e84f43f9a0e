"""The scan of a job: its documents and markers, each read once, for the other checks to compare."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from storage import ids
from storage.base import Document
from storage.errors import Damaged
from storage.flat import events, files, queue
from storage.flat.paths import JobPaths, shard

ImpliedEvent = Callable[[Document], Document]


class Marker(NamedTuple):
    variable_id: str
    path: str
    is_in_its_shard: bool


class Scan:
    """The journal events that a job's documents imply, by key; the ids of its variables; damaged documents."""

    def __init__(self, paths: JobPaths) -> None:
        self.paths = paths
        self.damaged: list[str] = []
        self.posted = self._events(_sharded_documents(f"{paths.root}/variables"), events.posted)
        self.outcomes = self._events(_sharded_documents(f"{paths.root}/results"), events.outcome)
        self.rejected = self._events(_rejected_documents(f"{paths.root}/rejected"), events.error)
        self.variables = {variable_id for _, variable_id, _ in self.posted}
        self.finished = {variable_id for _, variable_id, _ in self.outcomes}
        # Only the marker records a failure: no document could contradict it.
        self.failed = {marker.variable_id for marker in _failed_markers(paths)}

    def _events(self, documents: Iterator[str], implied: ImpliedEvent) -> dict[events.Key, Document]:
        found = (self._event(path, implied) for path in documents)
        return {events.key_of(event): event for event in found if event is not None}

    def _event(self, path: str, implied: ImpliedEvent) -> Document | None:
        try:
            return implied(files.read(path))
        except (Damaged, KeyError):  # No JSON object, or one of another kind.
            self.damaged.append(path)
            return None

    def orphans(self) -> list[str]:
        """Ids that have an outcome and no variable."""
        return sorted(self.finished - self.variables)

    def remove_outcome(self, variable_id: str) -> None:
        self.finished.discard(variable_id)
        self.outcomes = {key: event for key, event in self.outcomes.items() if key[1] != variable_id}

    def unfinished(self) -> set[str]:
        return self.variables - self.finished


def markers(paths: JobPaths) -> Iterator[Marker]:
    """Every marker: of failed variables first, then of leases, the latest deadline first."""
    # The first marker of a variable counts, later ones are surplus: failed before leased before open.
    yield from _failed_markers(paths)
    for deadline in reversed(queue.deadlines(paths)):
        yield from _markers_in(f"{paths.deadlines}/{deadline}")
    yield from _sharded_markers(paths.open_shards)


def _failed_markers(paths: JobPaths) -> Iterator[Marker]:
    return _sharded_markers(f"{paths.queue}/failed")


def _sharded_markers(directory: str) -> Iterator[Marker]:
    for name in files.names(directory):
        yield from _markers_in(f"{directory}/{name}", name)


def _markers_in(directory: str, shard_name: str | None = None) -> Iterator[Marker]:
    for name in filter(ids.is_id, files.names(directory)):
        path = f"{directory}/{name}"
        if os.path.isfile(path):
            yield Marker(name, path, shard_name in (None, shard(name)))


def _sharded_documents(directory: str) -> Iterator[str]:
    """Documents in their own shard, where a store looks for them; other files are not the pool's."""
    for name in files.names(directory):
        documents = filter(files.is_document, files.names(f"{directory}/{name}"))
        own = (document for document in documents if shard(document.removesuffix(".json")) == name)
        yield from _existing_files(f"{directory}/{name}", own)


def _rejected_documents(directory: str) -> Iterator[str]:
    for name in files.names(directory):
        for variable_id in files.names(f"{directory}/{name}"):
            of_variable = f"{directory}/{name}/{variable_id}"
            yield from _existing_files(of_variable, filter(files.is_document, files.names(of_variable)))


def _existing_files(directory: str, names: Iterator[str]) -> Iterator[str]:
    return (path for path in (f"{directory}/{name}" for name in names) if os.path.isfile(path))
