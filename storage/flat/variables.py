"""Variables: the inputs. Written first, then linked, then marked as open, then noted in the journal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from storage import ids
from storage.base import Document, Page, State, canonical
from storage.errors import AlreadyExists, AlreadyFinished, NotFound
from storage.flat import files, journal, queue
from storage.flat.jobs import FlatJobs
from storage.flat.paths import JobPaths


class FlatVariables(FlatJobs):
    def add_variables(self, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        paths = self._job_paths(job_id)
        new = {key: value for key, value in documents.items() if not self._is_stored(paths, key, value)}
        prepared: dict[str, str] = {}
        try:
            self._prepare(new, prepared)
            placed = self._put_in_place(paths, new, prepared)
        except BaseException:
            self._undo(paths, prepared)
            raise
        for temporary in prepared.values():
            files.remove(temporary)
        return placed

    def _prepare(self, documents: Mapping[str, Document], prepared: dict[str, str]) -> None:
        single = len(documents) == 1
        for variable_id, document in documents.items():
            prepared[variable_id] = self._files.temporary(document, sync=single)
        if len(documents) > 1:
            self._files.sync_everything()

    def _put_in_place(
        self, paths: JobPaths, documents: Mapping[str, Document], prepared: Mapping[str, str]
    ) -> list[str]:
        placed = [key for key, document in documents.items() if self._place(paths, key, document, prepared[key])]
        if len(documents) > 1:
            self._files.sync_everything()
        else:
            self._files.sync_directories(map(paths.variable, placed))
            with suppress(FileNotFoundError):  # Leased already, and the shard is gone that it left empty.
                self._files.sync_directories(map(paths.open, placed))
        # Last, since lines can't be taken back.
        lines = [{"variable": key, "at": documents[key]["created"]} for key in placed]
        if lines:
            self._files.append(paths.variables_journal, lines)
        return placed

    def _place(self, paths: JobPaths, variable_id: str, document: Document, temporary: str) -> bool:
        """False where another caller has just stored the same: it marks and notes it, then."""
        if files.link(temporary, paths.variable(variable_id)):
            return files.touch(paths.open(variable_id))
        return not self._is_stored(paths, variable_id, document)

    def _undo(self, paths: JobPaths, prepared: Mapping[str, str]) -> None:
        """Takes back what was not acknowledged, as far as the disk lets us: of the rest the temporary tells."""
        for variable_id, temporary in prepared.items():
            with suppress(OSError):
                if files.same(temporary, paths.variable(variable_id)):
                    queue.drop(paths, variable_id)
                    files.remove(paths.variable(variable_id))
                files.remove(temporary)

    def _is_stored(self, paths: JobPaths, variable_id: str, document: Document) -> bool:
        ids.check_variable_id(variable_id)
        try:
            stored = files.read(paths.variable(variable_id))
        except FileNotFoundError:
            return False
        if canonical(stored["data"]) != canonical(document["data"]):
            raise AlreadyExists("variable", variable_id)
        return True

    def variable(self, job_id: str, variable_id: str) -> Document:
        paths = self._paths(job_id)
        try:
            return files.read(paths.variable(ids.check_variable_id(variable_id)))
        except FileNotFoundError as ex:
            self._job_paths(job_id)
            raise NotFound("variable", variable_id) from ex

    def _variable_paths(self, job_id: str, variable_id: str) -> JobPaths:
        """The paths of the job of a variable that exists; raises NotFound."""
        paths = self._paths(job_id)
        if not os.path.exists(paths.variable(ids.check_variable_id(variable_id))):
            self._job_paths(job_id)
            raise NotFound("variable", variable_id)
        return paths

    def state(self, job_id: str, variable_id: str) -> State:
        paths = self._paths(job_id)
        outcome = self.outcome(job_id, variable_id)
        if outcome is not None:
            return "withdrawn" if "withdrawn" in outcome else "done"
        if os.path.exists(paths.failed(variable_id)):
            return "failed"
        if os.path.exists(paths.open(variable_id)):
            return "open"
        due = queue.lease_of(paths, variable_id)
        return "leased" if due is None or due > ids.now_milliseconds() else "open"

    def withdraw(self, job_id: str, variable_id: str, document: Document) -> None:
        paths = self._variable_paths(job_id, variable_id)
        self._finish(paths, variable_id, document, "withdrawn", {})

    def outcome(self, job_id: str, variable_id: str) -> Document | None:
        paths = self._paths(job_id)
        try:
            return files.read(paths.outcome(ids.check_variable_id(variable_id)))
        except FileNotFoundError:
            self._variable_paths(job_id, variable_id)
            return None

    def _finish(
        self,
        paths: JobPaths,
        variable_id: str,
        document: Document,
        event: str,
        facts: Document,
        deadline: int | None = None,
    ) -> None:
        """The transaction that decides a variable: of all that try, one has its document linked to the one name."""
        temporary = self._files.temporary(document)
        try:
            self._decide(paths, variable_id, temporary)
        except BaseException:
            files.remove(temporary)
            raise

        def follow_up() -> None:
            was = queue.drop(paths, variable_id, deadline)
            self._event(paths, event, variable=variable_id, was=was, **facts)

        self._settle(temporary, follow_up)

    def _decide(self, paths: JobPaths, variable_id: str, temporary: str) -> None:
        place = paths.outcome(variable_id)
        if not files.link(temporary, place):
            raise AlreadyFinished(variable_id, files.read(place))
        self._sync_or_undo(place)

    def posted(self, job_id: str, cursor: str | None, limit: int) -> Page:
        path = self._job_paths(job_id).variables_journal
        return page(path, journal.offset_of(cursor, path), limit, limit)


def page(path: str, offset: int, limit: int, lines: int, event: str | None = None) -> Page:
    """Up to `limit` records of a journal from `offset` on, those of one `event` only, reading at most `lines`."""
    items: list[Document] = []
    for number, (record, behind) in enumerate(journal.read(path, offset), start=1):
        if event is None or record.get("event") == event:
            items.append({**record, "cursor": str(behind)})
        if len(items) >= limit or number >= lines:
            return Page(items, str(behind) if behind < journal.size(path) else None)
    return Page(items, None)
