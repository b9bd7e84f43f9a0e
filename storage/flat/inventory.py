"""What the documents and markers of one job say, all read once: what `check` holds the rest against."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from storage import ids
from storage.base import Document
from storage.errors import Damaged
from storage.flat import files, queue
from storage.flat.noted import Fact, fact, outcome_line, posted_line, rejected_line
from storage.flat.paths import JobPaths, shard

Line = Callable[[Document], Document]


class Marker(NamedTuple):
    variable_id: str
    path: str
    is_in_place: bool


class Inventory:
    """The journal lines that a job's documents ask for, by what tells them apart; and documents beyond reading."""

    def __init__(self, paths: JobPaths) -> None:
        self.paths = paths
        self.damaged: list[str] = []
        self.posted = self._lines(_sharded(f"{paths.root}/variables"), posted_line)
        self.outcomes = self._lines(_sharded(f"{paths.root}/results"), outcome_line)
        self.rejected = self._lines(_rejected(f"{paths.root}/rejected"), rejected_line)
        self.variables = {variable_id for _, variable_id, _ in self.posted}
        self.finished = {variable_id for _, variable_id, _ in self.outcomes}
        self.failed = {marker.variable_id for marker in failed_markers(paths)}

    def _lines(self, documents: Iterator[str], line_of: Line) -> dict[Fact, Document]:
        lines = (self._line(path, line_of) for path in documents)
        return {fact(line): line for line in lines if line is not None}

    def _line(self, path: str, line_of: Line) -> Document | None:
        try:
            return line_of(files.read(path))
        except (Damaged, KeyError):  # No document, or none of its kind.
            self.damaged.append(path)
            return None

    def orphans(self) -> list[str]:
        return sorted(self.finished - self.variables)

    def forget_outcome(self, variable_id: str) -> None:
        self.finished.discard(variable_id)
        self.outcomes = {key: line for key, line in self.outcomes.items() if key[1] != variable_id}

    def unfinished(self) -> set[str]:
        return self.variables - self.finished


def markers(paths: JobPaths) -> Iterator[Marker]:
    """Every marker: those of failed variables first, then leases, the longest first."""
    yield from failed_markers(paths)
    for due in reversed(queue.deadlines(paths)):
        yield from _markers_in(f"{paths.deadlines}/{due}")
    yield from _sharded_markers(paths.open_shards)


def failed_markers(paths: JobPaths) -> Iterator[Marker]:
    return _sharded_markers(f"{paths.queue}/failed")


def _sharded_markers(directory: str) -> Iterator[Marker]:
    for name in files.names(directory):
        yield from _markers_in(f"{directory}/{name}", name)


def _markers_in(directory: str, of_shard: str | None = None) -> Iterator[Marker]:
    for name in filter(ids.is_id, files.names(directory)):
        path = f"{directory}/{name}"
        if os.path.isfile(path):
            yield Marker(name, path, of_shard in (None, shard(name)))


def _sharded(directory: str) -> Iterator[str]:
    """The documents that a store finds there: what others have put beside them is theirs."""
    for name in files.names(directory):
        documents = filter(files.is_document, files.names(f"{directory}/{name}"))
        own = (document for document in documents if shard(document.removesuffix(".json")) == name)
        yield from _files(f"{directory}/{name}", own)


def _rejected(directory: str) -> Iterator[str]:
    for name in files.names(directory):
        for variable in files.names(f"{directory}/{name}"):
            place = f"{directory}/{name}/{variable}"
            yield from _files(place, filter(files.is_document, files.names(place)))


def _files(directory: str, names: Iterator[str]) -> Iterator[str]:
    return (path for path in (f"{directory}/{name}" for name in names) if os.path.isfile(path))
