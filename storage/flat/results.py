"""Results: accepted ones linked to the variable's one outcome, refused ones kept apart with their reason."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from storage import ids
from storage.base import Document, Page
from storage.flat import files, journal, queue
from storage.flat.leases import FlatLeases
from storage.flat.paths import JobPaths
from storage.flat.variables import page

LINES_PER_PAGE = 10_000


class FlatResults(FlatLeases):
    def accept(self, job_id: str, variable_id: str, document: Document, deadline: int | None = None) -> None:
        paths = self._variable_paths(job_id, variable_id)
        facts = {"result": document["id"], "run_seconds": document.get("run_seconds")}
        self._finish(paths, variable_id, document, "accepted", facts, deadline)

    def reject(
        self, job_id: str, variable_id: str, document: Document, max_errors: int, deadline: int | None = None
    ) -> bool:
        paths = self._variable_paths(job_id, variable_id)
        if os.path.exists(paths.failed(variable_id)):
            return True
        temporary = self._files.temporary(document)
        try:
            self._keep(paths, variable_id, document, temporary)
            if len(self._rejected_names(paths, variable_id)) >= max_errors:
                return self._park(paths, variable_id, document, temporary)
            if deadline is not None:
                queue.end_lease(paths, variable_id, deadline)
        except BaseException:
            files.remove(temporary)
            raise
        files.remove(temporary)
        return False

    def _keep(self, paths: JobPaths, variable_id: str, document: Document, temporary: str) -> None:
        directory = paths.rejected(variable_id)
        files.make_directory(os.path.dirname(directory))
        place = f"{directory}/{document['id']}.json"
        if not files.link(temporary, place):
            return  # The same again, after an answer that was lost.
        try:
            self._event(paths, "rejected", variable=variable_id, result=document["id"])
        except OSError:
            files.remove(place)
            raise

    def _park(self, paths: JobPaths, variable_id: str, document: Document, temporary: str) -> bool:
        """Marks as failed first and drops the other marker then: of many at once, one notes it."""
        place = paths.failed(variable_id)
        if not files.touch(place, anew=True):
            files.remove(temporary)
            return True
        if os.path.exists(paths.outcome(variable_id)) and files.remove(place):
            files.remove(temporary)
            return False

        def follow_up() -> None:
            self._event(paths, "failed", variable=variable_id, result=document["id"])
            queue.drop_unfailed(paths, variable_id)

        self._settle(temporary, follow_up)
        return True

    def release(self, job_id: str, variable_id: str) -> bool:
        paths = self._variable_paths(job_id, variable_id)
        if not os.path.exists(paths.failed(variable_id)):
            return False
        moment = {"job": job_id, "variable": variable_id, "released": ids.now_text()}
        temporary = self._files.temporary(moment, sync=False)
        try:
            released = self._reopen(paths, variable_id)
        except BaseException:
            files.remove(temporary)
            raise
        if released:
            self._settle(temporary, lambda: self._event(paths, "released", variable=variable_id))
        else:
            files.remove(temporary)
        return released

    def _reopen(self, paths: JobPaths, variable_id: str) -> bool:
        with suppress(FileNotFoundError):
            # No id has an "@": what was forgotten stays readable beside what is counted.
            os.rename(paths.rejected(variable_id), f"{paths.rejected(variable_id)}@{ids.timed_id()}")
        released = files.move(paths.failed(variable_id), paths.open(variable_id))
        queue.drop_if_finished(paths, variable_id, paths.open(variable_id))
        return released

    def rejected_ids(self, job_id: str, variable_id: str) -> list[str]:
        names = self._rejected_names(self._variable_paths(job_id, variable_id), variable_id)
        return [name.removesuffix(".json") for name in names]

    def rejected(self, job_id: str, variable_id: str, result_ids: Sequence[str] | None = None) -> list[Document]:
        directory = self._variable_paths(job_id, variable_id).rejected(variable_id)
        known = self.rejected_ids(job_id, variable_id)
        wanted = known if result_ids is None else [name for name in known if name in result_ids]
        return [files.read(f"{directory}/{name}.json") for name in wanted]

    def _rejected_names(self, paths: JobPaths, variable_id: str) -> list[str]:
        return list(filter(files.is_document, files.names(paths.rejected(variable_id))))

    def accepted(self, job_id: str, cursor: str | None, limit: int) -> Page:
        paths = self._job_paths(job_id)
        offset = journal.offset_of(cursor, paths.events_journal)
        wanted = page(paths.events_journal, offset, limit, LINES_PER_PAGE, "accepted")
        outcomes = (self._result(paths, line) for line in wanted.items)
        return Page([outcome for outcome in outcomes if outcome], wanted.next)

    def accepted_in_input_order(self, job_id: str, cursor: str | None, limit: int) -> Page:
        paths = self._job_paths(job_id)
        offset = journal.offset_of(cursor, paths.variables_journal)
        wanted = page(paths.variables_journal, offset, limit, LINES_PER_PAGE)
        outcomes = (self._result(paths, line) for line in wanted.items)
        return Page([outcome for outcome in outcomes if outcome and "result" in outcome], wanted.next)

    def _result(self, paths: JobPaths, line: Document) -> Document | None:
        try:
            return {**files.read(paths.outcome(line["variable"])), "cursor": line["cursor"]}
        except FileNotFoundError:
            return None
