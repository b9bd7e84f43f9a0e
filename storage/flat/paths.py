"""The paths of a job and of a flow. Names on disk are older than the terms of the code: `news` is an inbox, `taken` are
reservations, `tally.json` holds counts."""

from __future__ import annotations

import functools
import zlib
from typing import Any


@functools.lru_cache(maxsize=4096)
def shard(identifier: str) -> str:
    """One of 256 directories, the same in every process."""
    return f"{zlib.crc32(identifier.encode()) & 0xFF:02x}"


class JobPaths:
    """The paths of a job, as strings: this is the hot path, and os.path costs less than pathlib."""

    SKELETON = (
        "variables",
        "results",
        "rejected",
        "queue",
        "queue/open",
        "queue/leased",
        "queue/failed",
        "journal",
    )
    MARKERS: tuple[str, ...] = ()

    def __init__(self, root: str, job_id: str) -> None:
        self.job_id = job_id
        self.root = f"{root}/jobs/{job_id}"
        self.job = f"{self.root}/job.json"
        self.variables_journal = f"{self.root}/journal/variables.ndjson"
        self.events_journal = f"{self.root}/journal/events.ndjson"
        self.tally = f"{self.root}/tally.json"
        self.watched = f"{self.root}/watched"
        self.queue = f"{self.root}/queue"
        self.held_markers = f"{self.root}/queue/held"
        self.audits = f"{self.root}/audits"
        self.held_results = f"{self.root}/held"
        self.rejected_shards = f"{self.root}/rejected"
        self.failed_shards = f"{self.root}/queue/failed"
        self.open_shards = f"{self.root}/queue/open"
        self.deadlines = f"{self.root}/queue/leased"
        self.used_by_flows = f"{self.root}/flows"
        self.reserved_shards = f"{self.root}/taken"

    def variable(self, variable_id: str) -> str:
        return f"{self.root}/variables/{shard(variable_id)}/{variable_id}.json"

    def outcome(self, variable_id: str) -> str:
        return f"{self.root}/results/{shard(variable_id)}/{variable_id}.json"

    def rejected(self, variable_id: str) -> str:
        return f"{self.rejected_shards}/{shard(variable_id)}/{variable_id}"

    def open(self, variable_id: str) -> str:
        return f"{self.root}/queue/open/{shard(variable_id)}/{variable_id}"

    def failed(self, variable_id: str) -> str:
        return f"{self.failed_shards}/{shard(variable_id)}/{variable_id}"

    def leased(self, variable_id: str, deadline: int) -> str:
        return f"{self.root}/queue/leased/{deadline}/{variable_id}"

    # Neither is sharded: how many variables are held is bounded, whatever the size of the job.
    def held_marker(self, variable_id: str) -> str:
        return f"{self.held_markers}/{variable_id}"

    def held(self, variable_id: str) -> str:
        return f"{self.held_results}/{variable_id}"

    def thrown_back(self, variable_id: str) -> str:
        """Beside the rejected results: no id has an "@", so that these do not count as errors of the variable."""
        return f"{self.rejected(variable_id)}@held"

    def result(self, document: dict[str, Any]) -> str:
        """Where a result that is accepted, or held, has its name."""
        if "held" in document:
            return f"{self.held(document['variable'])}/{document['id']}.json"
        return self.outcome(document["variable"])

    def reserved(self, variable_id: str) -> str:
        return f"{self.reserved_shards}/{shard(variable_id)}/{variable_id}.json"


class FlowPaths:
    """The paths of a flow."""

    SKELETON = ("news",)
    MARKERS = ("running",)

    def __init__(self, root: str, flow_id: str) -> None:
        self.flow_id = flow_id
        self.root = f"{root}/flows/{flow_id}"
        self.flow = f"{self.root}/flow.json"
        self.running = f"{self.root}/running"
        self.inbox = f"{self.root}/news"

    def document(self, name: str) -> str:
        return f"{self.root}/{name}.json"
