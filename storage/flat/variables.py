"""Variables: a document is written, linked, marked as open, then recorded in the journal."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from contextlib import suppress

from storage import ids
from storage.base import STUCK_SECONDS, Document, Page, State, VariableStore, canonical
from storage.errors import AlreadyExists, NotFound
from storage.flat import events, files, journal, queue
from storage.flat.disk_errors import translated_for_job
from storage.flat.paths import JobPaths
from storage.flat.tree import Tree


class FlatVariables(VariableStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._writer, self._clock = tree, tree.writer, tree.clock

    @translated_for_job
    def add(self, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        paths = self._tree.existing_job(job_id)
        new = {key: value for key, value in documents.items() if not _is_stored(paths, key, value)}
        prepared: dict[str, str] = {}
        try:
            self._prepare(new, prepared)
            linked = self._link_all(paths, new, prepared)
        except BaseException:
            _undo(paths, prepared)
            raise
        self._tree.changes.on_change(paths)
        for temporary in prepared.values():
            files.remove(temporary)
        return linked

    def _prepare(self, documents: Mapping[str, Document], prepared: dict[str, str]) -> None:
        # One fsync for a single document; one syncfs for a batch costs less than an fsync each.
        is_single = len(documents) == 1
        for variable_id, document in documents.items():
            prepared[variable_id] = self._writer.temporary(document, sync=is_single)
        if len(documents) > 1:
            self._writer.sync_everything()

    def _link_all(self, paths: JobPaths, documents: Mapping[str, Document], prepared: Mapping[str, str]) -> list[str]:
        # Linked after the sync: a name in the tree never leads to a document that a power cut can lose.
        linked = [key for key, document in documents.items() if _link(paths, key, document, prepared[key])]
        if len(documents) > 1:
            self._writer.sync_everything()
        else:
            self._writer.sync_directories(map(paths.variable, linked))
            with suppress(FileNotFoundError):  # Leased already, and its empty shard removed.
                self._writer.sync_directories(map(paths.open, linked))
        # The journal comes last, since its lines can't be undone.
        lines = [events.posted(documents[key]) for key in linked]
        if lines:
            self._writer.append(paths.variables_journal, lines)
        return linked

    @translated_for_job
    def get(self, job_id: str, variable_id: str) -> Document:
        path = self._tree.job(job_id).variable(ids.check_variable_id(variable_id))
        try:
            return files.read(path)
        except FileNotFoundError as ex:
            self._tree.existing_job(job_id)
            raise NotFound("variable", variable_id) from ex

    @translated_for_job
    def read(self, job_id: str, variable_ids: Iterable[str], max_bytes: int) -> list[Document]:
        paths, documents = self._tree.job(job_id), []
        for variable_id in variable_ids:
            path = paths.variable(ids.check_variable_id(variable_id))
            try:
                content = files.content(path)
            except FileNotFoundError as ex:
                raise NotFound("variable", variable_id) from ex
            documents.append(files.decode(content, path))
            max_bytes -= len(content)
            if max_bytes <= 0:
                break
        return documents

    @translated_for_job
    def state(self, job_id: str, variable_id: str) -> State:
        paths = self._tree.job_of_variable(job_id, variable_id)
        # Documents before markers: they are the truth, and a marker may not be removed yet.
        with suppress(FileNotFoundError):
            return "withdrawn" if "withdrawn" in files.read(paths.outcome(variable_id)) else "done"
        if files.exists(paths.failed(variable_id)):
            return "failed"
        now = self._clock.now_milliseconds()
        if files.exists(paths.open(variable_id)):
            return _open_state(paths, variable_id, now)
        deadline = queue.deadline_of(paths, variable_id)
        if deadline is None and files.exists(paths.held_marker(variable_id)):
            return "held"
        # A marker that is being moved is not found: then the variable is being leased.
        is_leased = deadline is None or deadline > now
        return "leased" if is_leased else _open_state(paths, variable_id, now)

    @translated_for_job
    def page(self, job_id: str, cursor: str | None, limit: int) -> Page:
        return journal.page(self._tree.existing_job(job_id).variables_journal, cursor, limit, limit)


def _open_state(paths: JobPaths, variable_id: str, now: int) -> State:
    errors = queue.error_ids(paths, variable_id)
    if not errors:
        return "open"
    last_party = ids.party_of_error(errors[-1])
    of_party = itertools.takewhile(lambda known: ids.party_of_error(known) == last_party, reversed(errors))
    began = min(map(ids.time_of, of_party))
    return "stuck" if began and now - began >= STUCK_SECONDS * 1000 else "open"


def _is_stored(paths: JobPaths, variable_id: str, document: Document) -> bool:
    ids.check_variable_id(variable_id)
    try:
        stored = files.read(paths.variable(variable_id))
    except FileNotFoundError:
        return False
    # Canonical JSON, since the order of fields does not matter.
    if canonical(stored["data"]) != canonical(document["data"]):
        raise AlreadyExists("variable", variable_id)
    return True


def _link(paths: JobPaths, variable_id: str, document: Document, temporary: str) -> bool:
    """False if a concurrent caller has stored the same: then that caller writes marker and journal line."""
    if files.link(temporary, paths.variable(variable_id)):
        # The marker is a further name of the document, and no file of its own: half as many inodes, and none is freed
        # when the variable is finished. Ext4 takes long to find one for a new file beside many that were freed lately.
        files.link(temporary, paths.open(variable_id))
        return True
    return not _is_stored(paths, variable_id, document)


def _undo(paths: JobPaths, prepared: Mapping[str, str]) -> None:
    """Removes unacknowledged documents, as far as the disk permits; recovery finds the rest by their temporaries."""
    for variable_id, temporary in prepared.items():
        with suppress(OSError):
            if files.same(temporary, paths.variable(variable_id)):
                queue.drop(paths, variable_id)
                files.remove(paths.variable(variable_id))
            files.remove(temporary)
