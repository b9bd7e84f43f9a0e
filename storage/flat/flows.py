"""Flows: one directory each, whose documents are linked to their names once; locks, inboxes and references.

The lock of a flow is on its directory, that of an idempotency key on a file beside its document. An inbox is a
directory of empty markers: `flows/<flow>/news/` of a flow, `flows-behind/` of the pool. References: see `references`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from storage import ids
from storage.base import Document
from storage.errors import AlreadyExists, NotFound
from storage.flat import files, queue
from storage.flat.disk_errors import translated, translated_errors
from storage.flat.locks import locked, locked_name
from storage.flat.references import References
from storage.flat.tree import Tree
from storage.flow_store import FLOW, PENDING, FlowStore, IdempotencyKey, Source

CACHED_FLOWS = 32


class FlatFlows(FlowStore):
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._references = References(tree)
        self._cache: dict[str, Document] = {}

    @translated
    def create(self, flow_id: str, document: Document) -> None:
        self._tree.create(self._tree.flow(flow_id), document, "flow.json", AlreadyExists("flow", flow_id))

    @translated
    def ids(self, before: str | None, limit: int) -> list[str]:
        # Ids begin with the time of posting, so that names sort by age.
        names = reversed(files.names(f"{self._tree.root}/flows"))
        earlier = (name for name in names if ids.is_id(name) and (before is None or name < before))
        found = (name for name in earlier if os.path.exists(self._tree.flow(name).flow))
        return [name for name, _ in zip(found, range(limit), strict=False)]

    @translated
    def write_once(self, flow_id: str, name: str, document: Document) -> Document:
        paths = self._tree.flow(flow_id)
        directory = paths.root
        for part in name.split("/")[:-1]:
            # Level by level: the flow's own directory must not be made again after it was removed.
            directory = f"{directory}/{part}"
            with _required(flow_id):
                files.make_directory(directory)
        return self._tree.writer.write_once(paths.document(name), document)

    @translated
    def replace(self, flow_id: str, name: str, document: Document) -> None:
        with _required(flow_id):
            self._tree.writer.replace(self._tree.flow(flow_id).document(name), document)

    @translated
    def read(self, flow_id: str, name: str) -> Document | None:
        try:
            return self._cached(flow_id) if name == FLOW else files.read(self._tree.flow(flow_id).document(name))
        except FileNotFoundError:
            return None

    def _cached(self, flow_id: str) -> Document:
        cached = self._cache.get(flow_id)
        if cached is None:
            # Written once, so that the cache is never stale.
            cached = files.read(self._tree.flow(flow_id).flow)
            while len(self._cache) >= CACHED_FLOWS:
                with suppress(KeyError, RuntimeError, StopIteration):  # Another thread was faster.
                    del self._cache[next(iter(self._cache))]
            self._cache[flow_id] = cached
        return cached

    @translated
    def names(self, flow_id: str, below: str) -> list[str]:
        names = files.names(f"{self._tree.flow(flow_id).root}/{below}")
        return [name.removesuffix(".json") for name in filter(files.is_document, names)]

    @contextmanager
    def lock(self, subject: str | IdempotencyKey) -> Iterator[bool]:
        with ExitStack() as stack:
            # Acquiring alone: an error inside the block is the caller's own.
            with translated_errors():
                is_held = stack.enter_context(self._locked(subject))
            yield is_held

    def _locked(self, subject: str | IdempotencyKey) -> AbstractContextManager[bool]:
        if isinstance(subject, IdempotencyKey):
            document = self._references.path_of_key(subject)
            files.make_directory(os.path.dirname(document))
            # Not the shard's own lock: a slow request under one key must not hold up those under others.
            return locked_name(f"{document.removesuffix('.json')}.lock")
        directory = self._tree.flow(subject).root
        if not os.path.isdir(directory):
            raise NotFound("flow", subject)
        return locked(directory, wait=False)

    @translated
    def signal(self, inbox: str, names: Iterable[str]) -> None:
        directory = self._inbox(inbox)
        with _required(inbox):
            for name in names:
                files.touch(f"{directory}/{ids.check_id(name, 'signal')}")

    @translated
    def has_signals(self, inbox: str) -> bool:
        return not queue.is_empty(self._inbox(inbox))

    @translated
    def drain_signals(self, inbox: str) -> list[str]:
        directory = self._inbox(inbox)
        names = filter(ids.is_id, files.names(directory))
        # Of two that drain at once, each signal is returned to the one that removed its marker.
        return [name for name in names if files.remove(f"{directory}/{name}")]

    def _inbox(self, inbox: str) -> str:
        return f"{self._tree.root}/flows-behind" if inbox == PENDING else self._tree.flow(inbox).inbox

    @translated
    def add_reference(self, source: Source, flow_id: str) -> bool:
        return self._references.add(source, ids.check_id(flow_id, "flow"))

    @translated
    def remove_reference(self, source: Source, flow_id: str) -> None:
        self._references.remove(source, ids.check_id(flow_id, "flow"))

    @translated
    def references(self, source: Source) -> list[str]:
        return self._references.of(source)


@contextmanager
def _required(flow_id: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as ex:
        raise NotFound("flow", flow_id) from ex
