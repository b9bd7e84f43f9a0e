"""Volunteers that compute steps in random order, and the comparison of a flow with the reference."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from pool.sandbox import THE_POOL, Outcome, Sandbox, ScriptError, Share
from storage.base import Document, canonical
from tests.conftest import PoolApp
from tests.flows import reference
from tests.flows.functions import ALL_JOBS, EXECUTE, LARGE, TWINS, Thrown
from tests.flows.reference import Entry, Execution, Level, Reference, World
from tests.flows.trees import FINISHED_BEFORE, NAMED, Tree, document, variable_of

# Each volunteer counts by itself: the tests lease hundreds of variables and post wrong results from one address.
SETTINGS: dict[str, Any] = {
    "flow_iterations": 5,
    "max_document": LARGE + LARGE // 2,
    "trusted": "127.0.0.0/8",
    "wait_days": 0.1,
}
_names = (f"t{number}" for number in itertools.count())
_volunteers = (f"volunteer-{number:08}" for number in itertools.count())

# Longer than a flow of these tests waits for a failed variable.
WAIT_SECONDS = 9000
# The expected reason of a failure, by kind: a regular expression.
REASONS = {
    reference.IF_THROWS: "no branch",
    reference.IF_UNCLEAR: "true or false|neither",
    reference.WHILE_THROWS: "no more",
    reference.WHILE_UNCLEAR: "true or false|neither",
    reference.LIMIT: str(SETTINGS["flow_iterations"]),
    reference.FAILED: "has failed after",
    reference.REJECTED: "validate_variable",
    reference.TOO_LARGE: str(SETTINGS["max_document"]),
}


class TableSandbox(Sandbox):
    """Calls the Python twin of each function, for tests of flows: the sandbox would take most of their time."""

    def call(self, source: str, arguments: Sequence[Any], share: Share = THE_POOL, _seed: int | None = None) -> Outcome:
        try:
            return Outcome(TWINS[source](*arguments), "")
        except Thrown as ex:
            raise ScriptError("throw", str(ex)) from ex

    def call_many(
        self, source: str, calls: Sequence[Sequence[Any]], share: Share = THE_POOL
    ) -> Iterator[Outcome | ScriptError]:
        for arguments in calls:
            try:
                yield self.call(source, arguments, share)
            except ScriptError as ex:
                yield ex

    def judge(
        self, source: str, arguments: Sequence[Any], _is_lossy: bool, share: Share = THE_POOL, _seed: int | None = None
    ) -> Outcome:
        return self.call(source, arguments, share)

    def check(self, source: str, share: Share = THE_POOL) -> None:
        pass


def job_document(job_id: str, **settings: Any) -> Document:
    return {
        "name": job_id,
        "execute_function": EXECUTE,
        **ALL_JOBS[job_id].checks,
        "settings": {"max_errors": 1, **settings},
    }


def post_jobs(pool: PoolApp, job_ids: Iterable[str] = ALL_JOBS) -> None:
    for job_id in job_ids:
        pool.post_json("/jobs", job_document(job_id), headers=pool.owner, status=201)


@dataclass
class PreparedTree:
    """A tree as a flow to post, and the variables and results in the pool at that time."""

    name: str
    tree: Tree
    world: World
    flow: Document

    @property
    def jobs(self) -> set[str]:
        return {f"/jobs/{node.job}" for level in self.tree for node in level}

    def reference(self, served: Document) -> Level:
        """The expected outcome. `served` is the flow as the pool serves it: it names the reserved variables."""
        reserved = {entry["path"]: entry["variable"] for entry in entries_of(served) if entry.get("taken")}
        return Reference(self.world, served["id"], reserved).run(self.flow)


@dataclass
class TreeSetup:
    """Stores the variables and earlier results of trees, through `put` and `post_result`."""

    put: Callable[[str, Document], Any]
    post_result: Callable[[str, Any], Any]
    variables: dict[str, Document] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def prepare(self, tree: Tree, times: int = 1) -> PreparedTree:
        """Stores the variables that a tree needs in order to be posted a number of times."""
        name = next(_names)
        for node in (node for level in tree for node in level if node.named is not None):
            self._store_named(variable_of(node, name), node.job, node.named or 0)
        for number, node in enumerate([node for node in tree[-1] if node.named is None] * times):
            self._store(f"/jobs/{node.job}/variables/{name}-reserved-{number}", {"x": number, "reserved": number})
        world = World(self.variables, self.results, SETTINGS["flow_iterations"], SETTINGS["max_document"])
        return PreparedTree(name, tree, world, document(tree, name))

    def _store_named(self, path: str, job_id: str, number: int) -> None:
        if path in self.variables:
            return
        self._store(path, NAMED[number])
        if number == FINISHED_BEFORE:
            job = ALL_JOBS[job_id]
            result = job.compute(NAMED[number], {})
            self.post_result(path, result)
            self.results[path] = job.stored(NAMED[number], result)

    def _store(self, path: str, data: Document) -> None:
        self.put(path, data)
        self.variables[path] = data


def setup_of(pool: PoolApp) -> TreeSetup:
    return TreeSetup(
        lambda path, data: pool.put_json(path, data, headers=pool.owner, status=201),
        lambda path, result: pool.post_json(f"{path}/results", result, status=201),
    )


@dataclass(frozen=True)
class Lease:
    path: str
    post_result: str
    execution: Execution
    volunteer: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Volunteer": self.volunteer} if self.volunteer else {}

    @property
    def result(self) -> Any:
        execution = self.execution
        return ALL_JOBS[execution.job].compute(execution.variable, execution.context)


def parse_lease(job: str, leased: Document) -> Lease:
    """The lease in the response to a volunteer."""
    data = dict(leased)
    links, embedded = data.pop("_links"), data.pop("_embedded", {})
    execution = Execution(job.rsplit("/", 1)[1], data, embedded.get("context", {}))
    return Lease(links["self"], links["post_result"], execution)


class Volunteers:
    """Each holds one lease; they post results in random order. `leased` are their executions, by variable."""

    def __init__(self, pool: PoolApp, jobs: Iterable[str], random: Random) -> None:
        self._pool, self._jobs, self._random = pool, sorted(jobs), random
        self._held: list[Lease] = []
        self.leased: dict[str, Execution] = {}

    def work(self, steps: int | None = None) -> None:
        """For a number of steps, each a lease or a result; or until no work is left and no flow waits."""
        self._work(steps)
        if steps is None:
            self._pool.clock.advance(WAIT_SECONDS)
            self._work(None)

    def _work(self, steps: int | None) -> None:
        idle: set[str] = set()
        while (self._held or len(idle) < len(self._jobs)) and steps != 0:
            steps = None if steps is None else steps - 1
            candidates = [job for job in self._jobs if job not in idle]
            if self._held and (not candidates or self._random.random() < 0.4):
                self._post_result(self._held.pop(self._random.randrange(len(self._held))))
                idle.clear()
            elif not self._lease(job := self._random.choice(candidates)):
                idle.add(job)

    def _lease(self, job: str) -> bool:
        volunteer = next(_volunteers)
        response = self._pool.get(f"{job}/variables", headers={"Volunteer": volunteer})
        if response.status_int == 204:
            return False
        lease = replace(parse_lease(job, response.json), volunteer=volunteer)
        assert lease.path not in self.leased, "leased twice"
        self.leased[lease.path] = lease.execution
        self._held.append(lease)
        return True

    def _post_result(self, lease: Lease) -> None:
        response = self._post(lease)
        assert response.status_int in (201, 410, 422), response.text  # 410: the flow has ended.
        if response.status_int == 201 and self._random.random() < 0.2:
            assert self._post(lease).headers["Location"] == response.headers["Location"]

    def _post(self, lease: Lease) -> Any:
        return self._pool.post_json(lease.post_result, lease.result, headers=lease.headers, expect_errors=True)


def levels_of(served: Document) -> list[list[Document]]:
    """The entries of each level, the root's first."""
    return [served["jobs"], *(levels_of(served["dependent"]) if "dependent" in served else [])]


def entries_of(served: Document) -> list[Document]:
    return list(itertools.chain(*levels_of(served)))


def assert_agrees(served: Document, expected: Level, leased: Mapping[str, Execution]) -> None:
    """Compares an ended flow and the executions of its volunteers with the reference."""
    compare_reservations(served)
    compare_totals(served)
    if expected.failures:
        compare_failure(served, expected)
    else:
        assert served["state"] == "done", served.get("failure")
        assert canonical(served["result"]) == canonical(expected.result)
        assert "failure" not in served
    compare_entries(served, expected)
    compare_executions(served["id"], expected, leased)


def compare_reservations(served: Document) -> None:
    """Asserts that no variable is reserved for two entries."""
    reserved = [entry["variable"] for entry in entries_of(served) if entry.get("taken")]
    assert len(set(reserved)) == len(reserved)


def compare_totals(served: Document) -> None:
    states = Counter(entry["state"] for entry in entries_of(served))
    totals = dict(served["entries"])
    assert totals.pop("total") == states.total()
    assert {state: count for state, count in totals.items() if count} == states


def compare_failure(served: Document, expected: Level) -> None:
    assert served["state"] == "failed", served
    assert "result" not in served
    failure = served["failure"]
    possible = [one for one in expected.failures if one.path == failure["path"]]
    assert possible, (failure, expected.failures)
    assert re.search(REASONS[possible[0].kind], failure["reason"]), (failure, possible)


def compare_entries(served: Document, expected: Level) -> None:
    for level, entries in zip(expected.levels(), levels_of(served), strict=True):
        if not level.entries:  # A level below failed.
            assert all(_is_untouched(entry) for entry in entries), entries
            continue
        for expected_entry, entry in zip(level.entries, entries, strict=True):
            assert entry["path"] == expected_entry.path
            may_be_cancelled = bool(level.failures) and entry["path"] != served["failure"]["path"]
            _compare_entry(expected_entry, entry, may_be_cancelled)


def _is_untouched(entry: Document) -> bool:
    return entry["state"] in ("waiting", "cancelled") and not entry["iterations"] and not entry["steps"]


def _compare_entry(expected_entry: Entry, entry: Document, may_be_cancelled: bool) -> None:
    """In a failed level, other entries than the failed one may have been cancelled before they finished."""
    if may_be_cancelled:
        assert entry["state"] in (expected_entry.state, "waiting", "cancelled"), entry["path"]
        assert entry["iterations"] <= expected_entry.iterations, entry["path"]
    else:
        assert (entry["state"], entry["iterations"]) == (expected_entry.state, expected_entry.iterations), entry["path"]


def compare_executions(flow_id: str, expected: Level, leased: Mapping[str, Execution]) -> None:
    """Asserts that each step was executed on the expected input. In a failed level, some may not have been executed.

    Variables that are not steps of this flow may be executed as well.
    """
    possible = expected.executions()
    for path in leased:
        assert path in possible or f"/variables/{flow_id}." not in path, f"{path} must not be executed"
    for path in possible.keys() & leased.keys():
        assert canonical_form(leased[path]) == canonical_form(possible[path])
    for level in expected.levels():
        for entry in level.entries if not level.failures else []:
            assert leased.keys() >= entry.executions.keys()


def is_step(path: str) -> bool:
    """Whether a flow made the variable: the ids of the tests' own variables have no dot."""
    return "." in path.rsplit("/", 1)[1]


def canonical_form(execution: Execution) -> str:
    """Equal for equal executions, unlike Python's own comparison: there 1 equals true."""
    return canonical([execution.job, execution.variable, execution.context])
