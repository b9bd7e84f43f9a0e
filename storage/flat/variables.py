"""Variables: the inputs. Written first, then linked, then marked as open, then noted in the journal."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from contextlib import suppress

from storage import ids
from storage.base import Document, Page, State
from storage.errors import AlreadyExists, AlreadyFinished, NotFound
from storage.flat import files, journal
from storage.flat.jobs import FlatJobs
from storage.flat.paths import JobPaths


class FlatVariables(FlatJobs):
    def add_variables(self, job_id: str, documents: Mapping[str, Document]) -> list[str]:
        paths = self._job_paths(job_id)
        new = {key: value for key, value in documents.items() if not self._is_stored(paths, key, value)}
        prepared: dict[str, str] = {}
        try:
            self._prepare(new, prepared)
            self._put_in_place(paths, new, prepared)
        except BaseException:
            self._undo(paths, prepared)
            raise
        finally:
            for temporary in prepared.values():
                files.remove(temporary)
        return list(new)

    def _prepare(self, documents: Mapping[str, Document], prepared: dict[str, str]) -> None:
        single = len(documents) == 1
        for variable_id, document in documents.items():
            prepared[variable_id] = self._files.temporary(document, sync=single)
        if not single:
            self._files.sync_everything()

    def _put_in_place(self, paths: JobPaths, documents: Mapping[str, Document], prepared: Mapping[str, str]) -> None:
        placed = [key for key, temporary in prepared.items() if self._place(paths, key, temporary)]
        lines = [{"variable": key, "at": documents[key]["created"]} for key in placed]
        self._files.append(paths.variables_journal, lines)
        if len(documents) == 1:
            self._files.sync_directories(path for key in placed for path in (paths.variable(key), paths.open(key)))
        else:
            self._files.sync_everything()

    def _place(self, paths: JobPaths, variable_id: str, temporary: str) -> bool:
        """False where another caller has just stored the same id: it marks and notes it, then."""
        if not files.link(temporary, paths.variable(variable_id)):
            return False
        files.touch(paths.open(variable_id))
        return True

    def _undo(self, paths: JobPaths, prepared: Mapping[str, str]) -> None:
        """Takes back what was not acknowledged, as far as the disk lets us: the rest is for `check`."""
        with suppress(OSError):
            for variable_id, temporary in prepared.items():
                if files.same(temporary, paths.variable(variable_id)):
                    files.remove(paths.open(variable_id))
                    files.remove(paths.variable(variable_id))

    def _is_stored(self, paths: JobPaths, variable_id: str, document: Document) -> bool:
        ids.check_variable_id(variable_id)
        try:
            stored = files.read(paths.variable(variable_id))
        except FileNotFoundError:
            return False
        if stored["data"] != document["data"]:
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
        return "open" if os.path.exists(paths.open(variable_id)) else "leased"

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
        place = paths.outcome(variable_id)
        temporary = self._files.temporary(document)
        if not files.link(temporary, place):
            files.remove(temporary)
            raise AlreadyFinished(variable_id, files.read(place))
        self._files.sync_directories([place])
        was = self._drop_marker(paths, variable_id, deadline)
        self._event(paths, event, variable=variable_id, was=was, **facts)
        files.remove(temporary)

    def _drop_marker(self, paths: JobPaths, variable_id: str, deadline: int | None = None) -> str | None:
        """Takes a finished variable out of the queue; returns the state that its marker told, if it had one."""
        if deadline is not None and files.remove(paths.leased(variable_id, deadline)):
            return "leased"
        return "failed" if files.remove(paths.failed(variable_id)) else self._drop_queued(paths, variable_id)

    def _drop_queued(self, paths: JobPaths, variable_id: str) -> str | None:
        if files.remove(paths.open(variable_id)):
            return "open"
        leased = (f"{paths.deadlines}/{bucket}/{variable_id}" for bucket in os.listdir(paths.deadlines))
        return "leased" if any(files.remove(path) for path in leased) else None

    def posted(self, job_id: str, cursor: str | None, limit: int) -> Page:
        path = self._job_paths(job_id).variables_journal
        return page(path, journal.offset_of(cursor, path), limit, limit)


def page(path: str, offset: int, limit: int, lines: int, event: str | None = None) -> Page:
    """Up to `limit` records of a journal from `offset` on, those of one `event` only, reading at most `lines`."""
    items: list[Document] = []
    end = journal.size(path)
    for record, behind in itertools.islice(journal.read(path, offset), lines):
        offset = behind
        if event is None or record.get("event") == event:
            items.append({**record, "cursor": str(behind)})
        if len(items) >= limit:
            break
    return Page(items, str(offset) if offset < end else None)
