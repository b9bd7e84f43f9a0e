"""`/metrics`: the counts of every job as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator

import falcon

from resources.resource import Resource
from storage.base import Counts, Store
from storage.errors import NotFound

_HELP = {
    "comp_pool_variables": ("gauge", "Variables by state."),
    "comp_pool_results_total": ("counter", "Results by verdict."),
    "comp_pool_failures_total": ("counter", "Failures of units that volunteers reported."),
    "comp_pool_run_seconds_sum": ("counter", "Run time of accepted results, in seconds."),
    "comp_pool_run_seconds_count": ("counter", "Accepted results with a known run time."),
}


class Metrics(Resource):
    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        samples = [sample for job_id in self._store.jobs.ids() for sample in self._samples(job_id)]
        lines = []
        for name, (kind, help_text) in _HELP.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
            lines += [sample for sample in samples if sample.startswith(f"{name}{{")]
        resp.content_type = "text/plain; version=0.0.4; charset=utf-8"
        resp.data = ("\n".join(lines) + "\n").encode()
        resp.cache_control = ["no-store"]

    def _samples(self, job_id: str) -> Iterator[str]:
        try:
            counts = self._store.counts.get(job_id)
        except NotFound:
            return
        for state, number in _by_state(counts).items():
            yield f'comp_pool_variables{{job="{job_id}",state="{state}"}} {number}'
        for verdict, number in (("accepted", counts.accepted), ("rejected", counts.rejected)):
            yield f'comp_pool_results_total{{job="{job_id}",verdict="{verdict}"}} {number}'
        yield f'comp_pool_failures_total{{job="{job_id}"}} {counts.failures}'
        yield f'comp_pool_run_seconds_sum{{job="{job_id}"}} {counts.run_seconds}'
        yield f'comp_pool_run_seconds_count{{job="{job_id}"}} {counts.timed_results}'


def _by_state(counts: Counts) -> dict[str, int]:
    return {
        "open": counts.open,
        "leased": counts.leased,
        "done": counts.accepted,
        "failed": counts.failed,
        "withdrawn": counts.withdrawn,
    }
