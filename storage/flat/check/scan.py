"""The scan of a job, one shard after the other: of a job of any size, 256th parts of it are in the memory."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from storage import ids
from storage.base import Document
from storage.errors import Damaged
from storage.flat import events, files, queue
from storage.flat.paths import JobPaths, shard

SHARDS = frozenset(f"{number:02x}" for number in range(256))
# The variable and the id of a document, as its path has them; None where it has none.
Names = tuple[str, "str | None"]


class Marker(NamedTuple):
    variable_id: str
    path: str
    is_in_its_shard: bool
    is_held: bool = False


class Shard:
    """The journal events that the documents of a shard imply; the ids of its variables; damaged documents."""

    def __init__(self, paths: JobPaths, name: str) -> None:
        self.paths, self.name = paths, name
        self.damaged: list[str] = []
        self.posted = self._events("variables", _sharded_documents, _posted)
        self.outcomes = self._events("results", _sharded_documents, _outcome)
        self.rejected = self._events("rejected", _rejected_documents, _error)
        self.variables = {event["variable"] for event in self.posted}
        self.finished = {event["variable"] for event in self.outcomes}

    def _events(
        self, directory: str, documents: Callable[[str], Iterator[tuple[str, Names]]], implied: Callable[..., Document]
    ) -> list[Document]:
        found = []
        for path, names in documents(f"{self.paths.root}/{directory}/{self.name}"):
            try:
                found.append(implied(files.read(path), names))
            except FileNotFoundError:
                continue  # The job is being deleted.
            except (Damaged, KeyError, TypeError, AttributeError):  # No JSON object, or one of another kind.
                self.damaged.append(path)
        return found

    def orphans(self) -> list[str]:
        """Ids that have an outcome and no variable."""
        return sorted(self.finished - self.variables)

    def remove_outcome(self, variable_id: str) -> None:
        self.finished.discard(variable_id)
        self.outcomes = [event for event in self.outcomes if event["variable"] != variable_id]

    def unfinished(self) -> set[str]:
        return self.variables - self.finished

    def failed(self) -> set[str]:
        """Only the marker records a failure: no document could contradict it."""
        markers = _sharded_markers(f"{self.paths.queue}/failed", self.name)
        return {marker.variable_id for marker in markers if marker.is_in_its_shard} & self.unfinished()

    def markers(self, leased: Iterator[Marker]) -> Iterator[Marker]:
        """Every marker: of failed variables first, then of `leased` ones, which are held or leased."""
        # The first marker of a variable counts, later ones are surplus: failed before held before leased before open.
        yield from _sharded_markers(f"{self.paths.queue}/failed", self.name)
        yield from leased
        yield from _sharded_markers(self.paths.open_shards, self.name)


def shard_names(paths: JobPaths) -> list[str]:
    """The shards that a job has, sorted: a small job has few."""
    directories = ("variables", "results", "rejected", "queue/open", "queue/failed")
    held = set(map(shard, filter(ids.is_id, files.names(paths.held_markers))))
    names = {name for directory in directories for name in files.names(f"{paths.root}/{directory}")}
    return sorted(SHARDS & (names | held))


def leased_markers(paths: JobPaths) -> dict[str, list[Marker]]:
    """The markers of held variables, then of leases, the latest deadline first, by shard: their number is bounded."""
    found: defaultdict[str, list[Marker]] = defaultdict(list)
    for marker in _markers_in(paths.held_markers):
        found[shard(marker.variable_id)].append(marker._replace(is_held=True))
    for deadline in reversed(queue.deadlines(paths)):
        for marker in _markers_in(f"{paths.deadlines}/{deadline}"):
            found[shard(marker.variable_id)].append(marker)
    return found


def stale_held(paths: JobPaths) -> Iterator[str]:
    """Held results that a power cut brought back, or that a policy left: they are decided, or of no variable."""
    for path, variable_id in held_documents(paths):
        thrown = f"{paths.thrown_back(variable_id)}/{os.path.basename(path)}"
        if not os.path.exists(paths.variable(variable_id)) or any(
            map(os.path.exists, (paths.outcome(variable_id), thrown))
        ):
            yield path


def held_documents(paths: JobPaths) -> Iterator[tuple[str, str]]:
    """The path and the variable of each."""
    for variable_id in filter(ids.is_id, files.names(paths.held_results)):
        for name in filter(files.is_document, files.names(paths.held(variable_id))):
            yield f"{paths.held(variable_id)}/{name}", variable_id


def stray_markers(paths: JobPaths) -> Iterator[Marker]:
    """Markers in directories that are no shards."""
    for directory in (f"{paths.queue}/failed", paths.open_shards):
        for name in files.names(directory):
            if name not in SHARDS:
                yield from _markers_in(f"{directory}/{name}", name)


def is_document_of(paths: JobPaths, event: Document) -> bool:
    """Whether there is the document that implies an event."""
    kind, variable_id = event.get("event"), str(event.get("variable"))
    if not ids.is_id(variable_id):
        return False
    if kind is None:
        return os.path.exists(paths.variable(variable_id))
    if kind in ("accepted", "withdrawn"):
        return os.path.exists(paths.outcome(variable_id))
    return any(os.path.exists(path) for path in _paths_of_error(paths, variable_id, str(event.get("result"))))


def path_of_document(paths: JobPaths, event: Document) -> str | None:
    kind, variable_id = event.get("event"), str(event["variable"])
    if kind is None:
        return paths.variable(variable_id)
    if kind in ("accepted", "withdrawn"):
        return paths.outcome(variable_id)
    return next(filter(os.path.exists, _paths_of_error(paths, variable_id, str(event["result"]))), None)


def _paths_of_error(paths: JobPaths, variable_id: str, error_id: str) -> Iterator[str]:
    """A released variable's errors are in a directory of another name."""
    directory = os.path.dirname(paths.rejected(variable_id))
    for name in files.names(directory):
        if name.partition("@")[0] == variable_id:
            yield f"{directory}/{name}/{error_id}.json"


def _posted(document: Document, names: Names) -> Document:
    event = events.posted(document)
    _require(event["variable"] == names[0])
    return event


def _outcome(document: Document, names: Names) -> Document:
    event = events.outcome(document)
    _require(event["variable"] == names[0])
    return event


def _error(document: Document, names: Names) -> Document:
    event = events.error(document)
    _require((event["variable"], event["result"]) == names)
    return event


def _require(is_true: bool) -> None:
    """Raises KeyError: a document under another's name is one of another kind."""
    if not is_true:
        raise KeyError


def _sharded_markers(directory: str, name: str) -> Iterator[Marker]:
    return _markers_in(f"{directory}/{name}", name)


def _markers_in(directory: str, shard_name: str | None = None) -> Iterator[Marker]:
    for name in filter(ids.is_id, files.names(directory)):
        path = f"{directory}/{name}"
        if os.path.isfile(path):
            yield Marker(name, path, shard_name in (None, shard(name)))


def _sharded_documents(directory: str) -> Iterator[tuple[str, Names]]:
    """Documents in their own shard, where a store looks for them; other files are not the pool's."""
    own_shard = os.path.basename(directory)
    for name in filter(files.is_document, files.names(directory)):
        variable_id = name.removesuffix(".json")
        if shard(variable_id) == own_shard and os.path.isfile(f"{directory}/{name}"):
            yield f"{directory}/{name}", (variable_id, None)


def _rejected_documents(directory: str) -> Iterator[tuple[str, Names]]:
    for of_variable in files.names(directory):
        variable_id = of_variable.partition("@")[0]
        for name in filter(files.is_document, files.names(f"{directory}/{of_variable}")):
            path = f"{directory}/{of_variable}/{name}"
            if os.path.isfile(path):
                yield path, (variable_id, name.removesuffix(".json"))


def temporaries(root: str) -> tuple[set[int], set[str]]:
    """Of the transactions that are being done: the inodes of their documents, and their variables.

    A transaction's temporary is removed last: a document whose inode is not among them has all of its events.
    """
    inodes, variables = set(), set()
    for workspace in files.names(f"{root}/tmp"):
        for name in filter(files.is_document, files.names(f"{root}/tmp/{workspace}")):
            path = f"{root}/tmp/{workspace}/{name}"
            with suppress(OSError, Damaged):
                inodes.add(os.stat(path).st_ino)
                document = files.read(path)
                variables.add(str(document.get("variable", document.get("id"))))
    return inodes, variables
