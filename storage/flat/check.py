"""`comp-pool check`: the documents are the truth, and everything else is held against them.

Meant for a pool that is at rest: beside one at work it may name what is merely under way, and it repairs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from storage.base import Document, Finding
from storage.errors import Damaged, StorageError
from storage.flat import files, journal
from storage.flat.paths import JobPaths
from storage.flat.recovery import FlatRecovery

Remedy = Callable[[], object]


class FlatCheck(FlatRecovery):
    def check(self, repair: bool) -> Iterator[Finding]:
        if repair and self.living_processes():
            raise StorageError("the pool is running: stop it, then repair")
        yield from self._check_leftovers(repair)
        for job_id in self.job_ids():
            for problem, remedy, mend in self._problems(job_id):
                if repair:
                    mend()
                yield Finding(job_id, problem, remedy)

    def _check_leftovers(self, repair: bool) -> Iterator[Finding]:
        stale = sum(len(names) for _, _, names in os.walk(f"{self._root}/tmp"))
        if stale and not self.living_processes():
            yield Finding("", f"{stale} temporary files of processes that died", "finish or drop each")
        if os.path.isdir(f"{self._root}/trash"):
            yield Finding("", "deleted jobs whose files are still there", "remove them")
        if repair:
            self.recover()

    def _problems(self, job_id: str) -> Iterator[tuple[str, str, Remedy]]:
        paths = self._paths(job_id)
        try:
            files.read(paths.job)
        except (FileNotFoundError, Damaged):
            yield (
                "job.json is missing or damaged",
                "set the job's directory aside",
                partial(self._set_aside, paths.root),
            )
            return
        for directory in JobPaths.SKELETON:
            path = f"{paths.root}/{directory}"
            if not os.path.isdir(path):
                yield f"{directory}/ is missing", "make it", partial(os.makedirs, path)
        yield from self._damaged(f"{paths.root}/variables")
        yield from self._damaged(f"{paths.root}/results")
        yield from self._queue_problems(paths)
        yield from self._journal_problems(paths)

    def _damaged(self, directory: str) -> Iterator[tuple[str, str, Remedy]]:
        for path in _document_paths(directory):
            try:
                files.read(path)
            except Damaged:
                name = os.path.relpath(path, self._root)
                yield f"{name} is damaged", "set it aside", partial(self._set_aside, path)

    def _set_aside(self, path: str) -> None:
        target = f"{self._root}/damaged/{os.path.relpath(path, self._root)}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.replace(path, target)

    def _queue_problems(self, paths: JobPaths) -> Iterator[tuple[str, str, Remedy]]:
        variables = {_name(path) for path in _document_paths(f"{paths.root}/variables")}
        outcomes = {_name(path) for path in _document_paths(f"{paths.root}/results")}
        for orphan in sorted(outcomes - variables):
            path = paths.outcome(orphan)
            yield (
                f"result of {orphan}, which is no variable",
                "set it aside",
                partial(self._set_aside, path),
            )
        queued: set[str] = set()
        for marker in _files_below(f"{paths.root}/queue"):
            variable_id = os.path.basename(marker)
            if variable_id in variables - outcomes and variable_id not in queued:
                queued.add(variable_id)
                continue
            why = (
                "is finished" if variable_id in outcomes else "is queued twice" if variable_id in queued else "is gone"
            )
            yield (
                f"marker of {variable_id}, which {why}",
                "remove it",
                partial(files.remove, marker),
            )
        for lost in sorted(variables - outcomes - queued):
            place = paths.open(lost)
            yield f"{lost} is in no queue", "open it", partial(files.touch, place)

    def _journal_problems(self, paths: JobPaths) -> Iterator[tuple[str, str, Remedy]]:
        for path, expected, kinds in (
            (paths.variables_journal, _posted_lines(paths), {None}),
            (paths.events_journal, _outcome_lines(paths), {"accepted", "withdrawn"}),
        ):
            noted = [line for line, _ in journal.read(path, 0) if line.get("event") in kinds]
            if sorted(map(_fact, noted)) != sorted(map(_fact, expected)):
                problem = f"{os.path.relpath(path, paths.root)} disagrees with the documents"
                yield problem, "write it anew", partial(self._rewrite, paths, path)

    def _rewrite(self, paths: JobPaths, path: str) -> None:
        """Writes a journal anew, from what is on disk now; what only the journal knows is kept."""
        if path == paths.variables_journal:
            lines = _posted_lines(paths)
        else:
            others = [line for line, _ in journal.read(path, 0) if line["event"] not in ("accepted", "withdrawn")]
            lines = _outcome_lines(paths) + others
        lines.sort(key=lambda line: (str(line["at"]), str(line.get("variable"))))
        files.remove(paths.tally)
        rewritten = f"{self._files.workspace()}/journal"
        files.remove(rewritten)
        self._files.append(rewritten, lines)
        os.replace(rewritten, path)


def _posted_lines(paths: JobPaths) -> list[Document]:
    documents = (files.read(path) for path in _document_paths(f"{paths.root}/variables"))
    return [{"variable": document["id"], "at": document["created"]} for document in documents]


def _outcome_lines(paths: JobPaths) -> list[Document]:
    return [_outcome_line(files.read(path)) for path in _document_paths(f"{paths.root}/results")]


def _outcome_line(document: Document) -> Document:
    if "withdrawn" in document:
        return {"event": "withdrawn", "at": document["withdrawn"], "variable": document["variable"]}
    facts = {"result": document["id"], "run_seconds": document.get("run_seconds")}
    return {"event": "accepted", "at": document["created"], "variable": document["variable"], **facts}


def _fact(line: Document) -> tuple[str, str, str]:
    return str(line.get("event")), str(line.get("variable")), str(line.get("result"))


def _files_below(directory: str) -> Iterator[str]:
    for parent, _, names in os.walk(directory):
        yield from (f"{parent}/{name}" for name in sorted(names))


def _document_paths(directory: str) -> Iterator[str]:
    return (path for path in _files_below(directory) if path.endswith(".json"))


def _name(path: str) -> str:
    return os.path.basename(path).removesuffix(".json")
