"""`/metrics`: sums over all jobs, and the counts of the most active ones, as Prometheus text (format 0.0.4).

Its size does not grow with the pool: a series per job would cost Prometheus as much memory as the jobs cost the pool.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import falcon

from pool.job_index import JobIndex, Summary
from resources.resource import Resource

# Jobs with series of their own.
LISTED = 50
_HELP = {
    "comp_pool_jobs": ("gauge", "Jobs by state."),
    "comp_pool_jobs_uncounted": ("gauge", "Jobs that the sums over all jobs do not contain yet, after a start."),
    "comp_pool_all_variables": ("gauge", "Variables of all jobs, by state."),
    "comp_pool_all_results": ("gauge", "Results of all jobs, by verdict; those of deleted jobs are gone."),
    "comp_pool_all_failures": ("gauge", "Failures of units of all jobs that volunteers reported."),
    "comp_pool_all_run_seconds_sum": ("gauge", "Run time of accepted results of all jobs, in seconds."),
    "comp_pool_all_run_seconds_count": ("gauge", "Accepted results of all jobs with a known run time."),
    "comp_pool_variables": ("gauge", f"Variables by state, of the {LISTED} most active jobs."),
    "comp_pool_results_total": ("counter", f"Results by verdict, of the {LISTED} most active jobs."),
    "comp_pool_failures_total": ("counter", "Failures of units that volunteers reported, of these jobs."),
    "comp_pool_run_seconds_sum": ("counter", "Run time of accepted results, in seconds, of these jobs."),
    "comp_pool_run_seconds_count": ("counter", "Accepted results with a known run time, of these jobs."),
}
# State of variables in the metrics, and the field of `Counts`.
_STATES = {
    "open": "open",
    "leased": "leased",
    "held": "held",
    "done": "accepted",
    "failed": "failed",
    "withdrawn": "withdrawn",
}
_VERDICTS = ("accepted", "rejected")


class Metrics(Resource):
    def __init__(self, index: JobIndex) -> None:
        self._index = index

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        summary = self._index.summary(LISTED)
        samples: defaultdict[str, list[str]] = defaultdict(list)
        for name, labels, value in itertools.chain(_of_all(summary), _of_jobs(summary)):
            samples[name].append(f"{name}{labels} {value:.15g}")
        lines = []
        for name, (kind, help_text) in _HELP.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}", *samples[name]]
        resp.content_type = "text/plain; version=0.0.4; charset=utf-8"
        resp.data = ("\n".join(lines) + "\n").encode()
        resp.cache_control = ["no-store"]


def _of_all(summary: Summary) -> Iterator[tuple[str, str, float]]:
    for state, number in sorted(summary.states.items()):
        yield "comp_pool_jobs", f'{{state="{state}"}}', number
    yield "comp_pool_jobs_uncounted", "", summary.uncounted
    for state, name in _STATES.items():
        yield "comp_pool_all_variables", f'{{state="{state}"}}', summary.sums[name]
    for verdict in _VERDICTS:
        yield "comp_pool_all_results", f'{{verdict="{verdict}"}}', summary.sums[verdict]
    yield "comp_pool_all_failures", "", summary.sums["failures"]
    yield "comp_pool_all_run_seconds_sum", "", summary.sums["run_seconds"]
    yield "comp_pool_all_run_seconds_count", "", summary.sums["timed_results"]


def _of_jobs(summary: Summary) -> Iterator[tuple[str, str, float]]:
    for job_id, counts in summary.listed.items():
        for state, name in _STATES.items():
            yield "comp_pool_variables", f'{{job="{job_id}",state="{state}"}}', counts[name]
        for verdict in _VERDICTS:
            yield "comp_pool_results_total", f'{{job="{job_id}",verdict="{verdict}"}}', counts[verdict]
        yield "comp_pool_failures_total", f'{{job="{job_id}"}}', counts["failures"]
        yield "comp_pool_run_seconds_sum", f'{{job="{job_id}"}}', counts["run_seconds"]
        yield "comp_pool_run_seconds_count", f'{{job="{job_id}"}}', counts["timed_results"]
