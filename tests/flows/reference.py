"""The expected outcome of a flow, by plain recursion over the posted tree: no storage, no stored steps, no order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.base import Document
from tests.flows.functions import ALL_JOBS, CONDITIONS, Job, Thrown

# The kinds of failure.
IF_THROWS, IF_UNCLEAR, WHILE_THROWS, WHILE_UNCLEAR = "if throws", "if unclear", "while throws", "while unclear"
LIMIT, FAILED, REJECTED, TOO_LARGE = "limit", "failed", "rejected", "too large"
AT_THE_START = (IF_THROWS, IF_UNCLEAR, REJECTED)


@dataclass(frozen=True)
class World:
    """The pool apart from the flow: variables and earlier results by path, and limits."""

    variables: Mapping[str, Document]
    results: Mapping[str, Any] = field(default_factory=dict)
    iterations: int = 1000
    max_document: int = 1 << 20


@dataclass(frozen=True)
class Execution:
    """One execution of a job: on which variable, in which starting context."""

    job: str
    variable: Document
    context: Document


@dataclass(frozen=True)
class Failure:
    path: str
    kind: str


@dataclass
class Entry:
    """The expected state of one entry, if no other entry fails. `executions` are by the path of the step's variable."""

    path: str
    job: str
    state: str = "done"
    result: Any = None
    failure: Failure | None = None
    executions: dict[str, Execution] = field(default_factory=dict)
    iterations: int = 0


@dataclass
class Level:
    """The expected state of one level and those below it. Without `failures` it has a merged `result`.

    Of several failures, the volunteers decide which is first.
    """

    entries: list[Entry] = field(default_factory=list)
    result: Document = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    below: Level | None = None

    def levels(self) -> Iterator[Level]:
        """This level and those below it."""
        yield self
        if self.below is not None:
            yield from self.below.levels()

    def executions(self) -> dict[str, Execution]:
        return {
            path: done for level in self.levels() for entry in level.entries for path, done in entry.executions.items()
        }


class Reference:
    """Interprets one flow. `reserved` are the variables reserved for entries at posting, by the entry's path."""

    def __init__(self, world: World, flow_id: str, reserved: Mapping[str, str]) -> None:
        self._world, self._flow_id, self._reserved = world, flow_id, reserved

    def run(self, tree: Document, depth: int = 0) -> Level:
        below = self.run(tree["dependent"], depth + 1) if "dependent" in tree else None
        level = Level(below=below)
        if below is not None and below.failures:
            level.failures = below.failures
            return level
        incoming = {} if below is None else below.result
        for index, posted in enumerate(tree["jobs"]):
            level.entries.append(self._entry(posted, incoming, depth, index, is_leaf=below is None))
        level.failures = _possibly_first([entry.failure for entry in level.entries if entry.failure])
        if not level.failures:
            self._merge(level)
        return level

    def _entry(self, posted: Document, incoming: Document, depth: int, index: int, is_leaf: bool) -> Entry:
        path = "dependent." * depth + f"jobs[{index}]"
        entry = Entry(path, posted["job"].rsplit("/", 1)[1])
        named = posted.get("variable") or self._reserved.get(path)
        assert named or not is_leaf
        variable = self._world.variables[named] if named else incoming
        step_prefix = f"{posted['job']}/variables/{self._flow_id}.{depth}.{index}"
        try:
            self._execute(
                entry, posted, variable, incoming, named if is_leaf else None, step_prefix, is_merged_result=not named
            )
        except _Failed as ex:
            entry.state, entry.failure = "failed", Failure(path, ex.kind)
        return entry

    def _execute(
        self,
        entry: Entry,
        posted: Document,
        variable: Document,
        incoming: Document,
        first_step: str | None,
        step_prefix: str,
        is_merged_result: bool,
    ) -> None:
        job = ALL_JOBS[entry.job]
        if "if" in posted and not _decide(posted["if"], variable, incoming, IF_THROWS, IF_UNCLEAR):
            entry.state = "skipped"
            return
        if is_merged_result and not job.accepts(variable):
            raise _Failed(REJECTED)
        context = incoming
        while True:
            step = first_step if first_step and not entry.iterations else f"{step_prefix}.{entry.iterations + 1}"
            entry.result = self._result(entry, job, variable, context, step)
            entry.iterations += 1
            context = {**incoming, "result": entry.result, "iteration": entry.iterations}
            if "while" not in posted or not _decide(posted["while"], variable, context, WHILE_THROWS, WHILE_UNCLEAR):
                return
            if entry.iterations >= self._world.iterations:
                raise _Failed(LIMIT)

    def _result(self, entry: Entry, job: Job, variable: Document, context: Document, step: str) -> Any:
        if step in self._world.results:
            return self._world.results[step]
        entry.executions[step] = Execution(entry.job, variable, context)
        try:
            return job.stored(variable, job.compute(variable, context))
        except Thrown:
            raise _Failed(FAILED) from None

    def _merge(self, level: Level) -> None:
        for entry in level.entries:
            if entry.state == "skipped":
                continue
            level.result |= entry.result if isinstance(entry.result, dict) else {entry.job: entry.result}
            if len(json.dumps(level.result)) > self._world.max_document:
                entry.state, entry.failure = "failed", Failure(entry.path, TOO_LARGE)
                level.failures = [entry.failure]
                return


class _Failed(Exception):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _decide(source: str, variable: Document, context: Document, throws: str, unclear: str) -> bool:
    try:
        value = CONDITIONS[source](variable, context)
    except Thrown:
        raise _Failed(throws) from None
    if not isinstance(value, bool):
        raise _Failed(unclear)
    return value


def _possibly_first(failures: list[Failure]) -> list[Failure]:
    """Those that can be the first: failures at the start of a level precede all results."""
    return [failure for failure in failures if failure.kind in AT_THE_START] or failures
