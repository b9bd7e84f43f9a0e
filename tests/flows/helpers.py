"""Volunteers that answer in random order, and the comparison of a flow with the reference."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from storage.base import Document, canonical
from tests.conftest import PoolApp
from tests.flows import reference
from tests.flows.functions import ALL_JOBS, EXECUTE, LARGE
from tests.flows.reference import Entry, Execution, Level, Reference, World
from tests.flows.trees import ANSWERED_BEFORE, NAMED, Tree, document, variable_of

SETTINGS = {"flow_iterations": 5, "max_document": LARGE + LARGE // 2}
_names = (f"t{number}" for number in itertools.count())

# What the reason of a failure says.
REASONS = {
    reference.IF_THROWS: "no branch",
    reference.IF_UNCLEAR: "true or false|neither",
    reference.WHILE_THROWS: "no more",
    reference.WHILE_UNCLEAR: "true or false|neither",
    reference.LIMIT: str(SETTINGS["flow_iterations"]),
    reference.PARKED: "failed|parked|errors",
    reference.REFUSED: "validate_variable",
    reference.TOO_LARGE: str(SETTINGS["max_document"]),
}


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
class Posted:
    """A tree in a pool: what was posted, and what the pool held for it."""

    name: str
    tree: Tree
    world: World
    flow: Document

    @property
    def jobs(self) -> set[str]:
        return {f"/jobs/{node.job}" for level in self.tree for node in level}

    def reference(self, shown: Document) -> Level:
        """What the reference makes of it. `shown` is the flow as the pool serves it, for the variables taken."""
        taken = {entry["path"]: entry["variable"] for entry in entries_of(shown) if entry.get("taken")}
        return Reference(self.world, shown["id"], taken).run(self.flow)


@dataclass
class Site:
    """Where trees are posted: how to store a variable, how to post a result for it."""

    put: Callable[[str, Document], Any]
    answer: Callable[[str, Any], Any]
    variables: dict[str, Document] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def prepare(self, tree: Tree, times: int = 1) -> Posted:
        """Stores the variables that the tree needs, to be posted a number of times."""
        name = next(_names)
        for node in (node for level in tree for node in level if node.named is not None):
            self._store_named(variable_of(node, name), node.job, node.named or 0)
        for number, node in enumerate([node for node in tree[-1] if node.named is None] * times):
            self._store(f"/jobs/{node.job}/variables/{name}-taken-{number}", {"x": number, "taken": number})
        world = World(self.variables, self.results, SETTINGS["flow_iterations"], SETTINGS["max_document"])
        return Posted(name, tree, world, document(tree, name))

    def _store_named(self, path: str, job_id: str, number: int) -> None:
        if path in self.variables:
            return
        self._store(path, NAMED[number])
        if number == ANSWERED_BEFORE:
            job = ALL_JOBS[job_id]
            result = job.compute(NAMED[number], {})
            self.answer(path, result)
            self.results[path] = job.stored(NAMED[number], result)

    def _store(self, path: str, data: Document) -> None:
        self.put(path, data)
        self.variables[path] = data


def site_of(pool: PoolApp) -> Site:
    return Site(
        lambda path, data: pool.put_json(path, data, headers=pool.owner, status=201),
        lambda path, result: pool.post_json(f"{path}/results", result, status=201),
    )


@dataclass(frozen=True)
class Lease:
    path: str
    post_result: str
    execution: Execution

    @property
    def result(self) -> Any:
        done = self.execution
        return ALL_JOBS[done.job].compute(done.variable, done.context)


def lease_of(job: str, leased: Document) -> Lease:
    """A leased variable as a volunteer reads it."""
    data = dict(leased)
    links, embedded = data.pop("_links"), data.pop("_embedded", {})
    execution = Execution(job.rsplit("/", 1)[1], data, embedded.get("context", {}))
    return Lease(links["self"], links["post_result"], execution)


class Volunteers:
    """Hold several leases at once, and answer them in random order. `answered` has what they ran, by variable."""

    def __init__(self, pool: PoolApp, jobs: Iterable[str], random: Random) -> None:
        self._pool, self._jobs, self._random = pool, sorted(jobs), random
        self._held: list[Lease] = []
        self.leased: dict[str, Execution] = {}

    def work(self, steps: int | None = None) -> None:
        """Until nothing is left; or for some steps, each a lease or an answer."""
        idle: set[str] = set()
        while (self._held or len(idle) < len(self._jobs)) and steps != 0:
            steps = None if steps is None else steps - 1
            willing = [job for job in self._jobs if job not in idle]
            if self._held and (not willing or self._random.random() < 0.4):
                self._answer(self._held.pop(self._random.randrange(len(self._held))))
                idle.clear()
            elif not self._lease(job := self._random.choice(willing)):
                idle.add(job)

    def _lease(self, job: str) -> bool:
        response = self._pool.get(f"{job}/variables")
        if response.status_int == 204:
            return False
        lease = lease_of(job, response.json)
        assert lease.path not in self.leased, "it was lent twice"
        self.leased[lease.path] = lease.execution
        self._held.append(lease)
        return True

    def _answer(self, lease: Lease) -> None:
        response = self._post(lease)
        assert response.status_int in (201, 410, 422), response.text  # 410: its flow has ended meanwhile.
        if response.status_int == 201 and self._random.random() < 0.2:
            assert self._post(lease).headers["Location"] == response.headers["Location"]

    def _post(self, lease: Lease) -> Any:
        return self._pool.post_json(lease.post_result, lease.result, expect_errors=True)


def levels_of(shown: Document) -> list[list[Document]]:
    """The entries of each array, the root's first."""
    return [shown["jobs"], *(levels_of(shown["dependent"]) if "dependent" in shown else [])]


def entries_of(shown: Document) -> list[Document]:
    return list(itertools.chain(*levels_of(shown)))


def assert_agrees(shown: Document, expected: Level, leased: Mapping[str, Execution]) -> None:
    """The flow as it is served when it has ended, and what volunteers ran, against the reference."""
    compare_taken(shown)
    compare_totals(shown)
    if expected.failures:
        compare_failure(shown, expected)
    else:
        assert shown["state"] == "done", shown.get("failure")
        assert canonical(shown["result"]) == canonical(expected.result)
        assert "failure" not in shown
    compare_entries(shown, expected)
    compare_executions(shown["id"], expected, leased)


def compare_taken(shown: Document) -> None:
    """No two entries took the same variable."""
    taken = [entry["variable"] for entry in entries_of(shown) if entry.get("taken")]
    assert len(set(taken)) == len(taken)


def compare_totals(shown: Document) -> None:
    states = Counter(entry["state"] for entry in entries_of(shown))
    totals = dict(shown["entries"])
    assert totals.pop("total") == states.total()
    assert {state: count for state, count in totals.items() if count} == states


def compare_failure(shown: Document, expected: Level) -> None:
    assert shown["state"] == "failed", shown
    assert "result" not in shown
    failure = shown["failure"]
    possible = [one for one in expected.failures if one.path == failure["path"]]
    assert possible, (failure, expected.failures)
    assert re.search(REASONS[possible[0].kind], failure["reason"]), (failure, possible)


def compare_entries(shown: Document, expected: Level) -> None:
    for level, entries in zip(expected.levels(), levels_of(shown), strict=True):
        if not level.entries:  # Something failed below.
            assert all(_is_untouched(entry) for entry in entries), entries
            continue
        for wanted, entry in zip(level.entries, entries, strict=True):
            assert entry["path"] == wanted.path
            is_cut_short = bool(level.failures) and entry["path"] != shown["failure"]["path"]
            _compare_entry(wanted, entry, is_cut_short)


def _is_untouched(entry: Document) -> bool:
    return entry["state"] in ("waiting", "cancelled") and not entry["iterations"] and not entry["steps"]


def _compare_entry(wanted: Entry, entry: Document, is_cut_short: bool) -> None:
    """Of an array that failed, the entries beside the one at fault were perhaps ended before their time."""
    if is_cut_short:
        assert entry["state"] in (wanted.state, "waiting", "cancelled"), entry["path"]
        assert entry["iterations"] <= wanted.iterations, entry["path"]
    else:
        assert (entry["state"], entry["iterations"]) == (wanted.state, wanted.iterations), entry["path"]


def compare_executions(flow_id: str, expected: Level, leased: Mapping[str, Execution]) -> None:
    """Each step ran once, on what it should; those of an array that failed may not have come to run.

    Variables that are no steps of the flow's own are anyone's to run.
    """
    possible = expected.executions()
    for path in leased:
        assert path in possible or f"/variables/{flow_id}." not in path, f"{path} should not have run"
    for path in possible.keys() & leased.keys():
        assert described(leased[path]) == described(possible[path])
    for level in expected.levels():
        for entry in level.entries if not level.failures else []:
            assert leased.keys() >= entry.executions.keys()


def is_step(path: str) -> bool:
    """Whether a flow made the variable; those of the tests have no dot."""
    return "." in path.rsplit("/", 1)[1]


def described(execution: Execution) -> str:
    """What equal executions share. Python's own comparison takes 1 and true for equal."""
    return canonical([execution.job, execution.variable, execution.context])
