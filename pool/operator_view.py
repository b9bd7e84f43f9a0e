"""What the operator sees of the whole pool: bounded lists and sums, counted once for who asks within some seconds."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from pool.blocks import Blocks
from pool.fields import REVIEW
from pool.flows import Flows
from pool.job_index import JobIndex, Summary
from pool.keys import Keys
from pool.posters import Posters
from pool.refusals import Refusals
from pool.standing import Standing
from storage.base import Document, Store
from storage.errors import StorageError
from storage.flow_store import RunningFlows

# The most active jobs, and those of one state; the newest flows; the volunteers with most leases; keys and blocks.
JOBS, FLOWS, VOLUNTEERS, KEYS, BLOCKS = 50, 20, 50, 200, 200
# A volunteer counts as active for so long after its last lease or result.
ACTIVE_SECONDS = 300.0
# The figures are so old at most; where counting takes long older, so that it takes a fiftieth of the time.
MAX_AGE, COST_FACTOR = 2.0, 50.0
DIGEST = 12
_RESULTS = ("accepted", "rejected", "failures")
_VARIABLES = {name: name for name in ("open", "leased", "held", "failed", "withdrawn")} | {"done": "accepted"}


class OperatorView:
    """Safe for many threads: one counts, the others get what it found."""

    def __init__(
        self,
        store: Store,
        index: JobIndex,
        standing: Standing,
        flows: Flows,
        keys: Keys,
        blocks: Blocks,
        posters: Posters,
        refusals: Refusals,
    ) -> None:
        self._store, self._index, self._standing = store, index, standing
        self._flows, self._keys, self._blocks = flows, keys, blocks
        self._posters, self._refusals = posters, refusals
        self._lock = threading.Lock()
        self._figures: Document = {}
        self._valid_until = float("-inf")

    def document(self) -> Document:
        """The figures of the last seconds, and the keys and blocks of now: what the operator has changed is seen."""
        return {**self._recent(), "keys": list(self._listed_keys()), "blocks": list(self._listed_blocks())}

    def _recent(self) -> Document:
        clock = self._store.clock
        with self._lock:
            started = clock.monotonic()
            if started >= self._valid_until:
                self._figures = self._count()
                ended = clock.monotonic()
                self._valid_until = ended + max(MAX_AGE, COST_FACTOR * (ended - started))
            return self._figures

    def _count(self) -> Document:
        summary = self._index.summary(JOBS)
        return {
            "at": self._store.clock.now_text(),
            "jobs": {
                "states": dict(sorted(summary.states.items())),
                REVIEW: list(self._jobs_in(REVIEW)),
                "paused": list(self._jobs_in("paused")),
            },
            "variables": _sums(summary, _VARIABLES),
            "results": {
                **_sums(summary, {name: name for name in _RESULTS}),
                "per_minute": round(summary.per_minute, 2),
            },
            "active": list(self._active_jobs(summary)),
            "flows": self._counted_flows(),
            "volunteers": self._counted_volunteers(),
            "disk": {**self._disk(), "strangers": self._posters.strangers()},
            **self._refusals.summary(),
        }

    def _jobs_in(self, state: str) -> Iterator[Document]:
        """The newest ones would take a look at each: these are any."""
        for job in self._store.jobs.get_many(self._index.in_state(state, JOBS)):
            yield {name: job[name] for name in ("id", "name", "created", "paused") if name in job}

    def _active_jobs(self, summary: Summary) -> Iterator[Document]:
        for job in self._store.jobs.get_many(summary.listed):
            yield {"name": job["name"], **_active_job(summary, job["id"])}

    def _counted_flows(self) -> Document:
        newest = self._flows.page(None, FLOWS, self._keys.operator()).items
        return {"running": len(self._store.flows.references(RunningFlows())), "newest": newest}

    def _counted_volunteers(self) -> Document:
        return {
            "active": self._standing.active_volunteers(ACTIVE_SECONDS),
            **self._standing.leases(),
            "listed": self._standing.busiest(VOLUNTEERS),
        }

    def _disk(self) -> Document:
        free, total = self._store.maintenance.space()
        try:
            writable = self._store.maintenance.is_writable()
        except StorageError:
            writable = False
        return {"free": free, "total": total, "writable": writable}

    def _listed_keys(self) -> Iterator[Document]:
        """Digests and what was said of them: the pool has no key that it could show."""
        for digest, key in itertools.islice(self._keys.all(), KEYS):
            role = "operator" if key["is_operator"] else key.get("role", "owner")
            yield {"digest": digest[:DIGEST], "owner": key["owner"], "role": role, "created": key["created"]}

    def _listed_blocks(self) -> Iterator[Document]:
        for target, block in self._blocks.all()[:BLOCKS]:
            yield {"target": target, "reason": block.get("reason", ""), "created": block.get("created", "")}


def _sums(summary: Summary, names: dict[str, str]) -> Document:
    return {shown: int(summary.sums[name]) for shown, name in names.items()}


def _active_job(summary: Summary, job_id: str) -> Document:
    counts = summary.listed[job_id]
    return {
        "id": job_id,
        "state": summary.listed_states[job_id],
        "variables": {shown: int(counts[name]) for shown, name in _VARIABLES.items()},
        **{name: int(counts[name]) for name in _RESULTS},
    }
