"""The composition root: settings → store → pool → resources; and the one table of routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import falcon

import data
from config import Config, InvalidSetting
from pool.flow_checks import FlowLimits
from pool.flow_posting import FlowPosting
from pool.flows import Flows
from pool.jobs import Jobs
from pool.keys import Keys, new_key
from pool.reports import Reports
from pool.results import Results
from pool.sandbox import Limits, Sandbox
from pool.scheduling import JobScheduler, VariableScheduler
from pool.tokens import Tokens
from pool.variable_check import VariableCheck
from pool.variables import Variables
from resources import (
    assets,
    errors,
    flows,
    health,
    jobs,
    metrics,
    openapi,
    pages,
    progress,
    results,
    root,
    sandbox,
    variables,
)
from resources.headers import Headers
from storage.base import Store
from storage.flat import FlatStore


class Pool:
    """The pool's parts, put together from its settings."""

    def __init__(self, config: Config, sandbox: Sandbox | None = None) -> None:
        self.config = config
        self.store: Store = FlatStore(config.data, fsync=config.fsync)
        self.sandbox = sandbox or Sandbox(Limits(milliseconds=config.script_ms, memory_bytes=config.script_memory))
        self.keys = Keys(self.store, is_open=config.open)
        self.tokens = Tokens(self.store.secret("leases.key", new_key)[0])
        schedulers = [Path(config.data) / "schedulers", data.SCHEDULERS]
        self.scheduler = JobScheduler(self.store, self.sandbox, config.scheduler, schedulers)
        if config.scheduler not in self.scheduler.names():
            raise InvalidSetting(f"COMP_POOL_SCHEDULER: there is no scheduler {config.scheduler!r}")
        reports = Reports(self.store)
        variable_scheduler = VariableScheduler(self.store, self.sandbox, reports)
        variable_check = VariableCheck(self.sandbox, reports)
        limits = FlowLimits(
            config.flow_depth, config.flow_breadth, config.flow_entries, config.flow_iterations, config.max_document
        )
        self.flows = Flows(self.store, self.sandbox, self.keys, variable_check, limits)
        self.flow_posting = FlowPosting(self.store, self.sandbox, self.keys, variable_scheduler, limits, self.flows)
        self.jobs = Jobs(self.store, self.sandbox, self.keys, self.flows)
        self.variables = Variables(self.store, self.keys, self.tokens, variable_scheduler, variable_check, self.flows)
        self.results = Results(self.store, self.sandbox, self.keys, self.tokens, reports, self.flows)

    def close(self) -> None:
        self.sandbox.close()
        self.store.close()


def create_app(config: Config | None = None, sandbox: Sandbox | None = None) -> falcon.App[Any, Any]:
    """The WSGI application. Tests may share one sandbox among many."""
    pool = Pool(config or Config.from_environ(), sandbox)
    pool.store.recover()
    pool.flows.resume()
    announce_operator_key(pool)
    app = falcon.App(middleware=[Headers()])
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    errors.install(app)
    for path, resource in routes(pool).items():
        app.add_route(path, resource)
    return app


def announce_operator_key(pool: Pool) -> None:
    """Prints the operator's key when it has just been made: at the first start, and never again."""
    key = pool.keys.make_operator_key()
    if key is not None:
        path = Path(pool.config.data) / "secrets" / "operator.key"
        print(f"The operator's key, shown once and kept in {path}:\n\n    {key}\n", flush=True)  # noqa: T201


def routes(pool: Pool) -> dict[str, Any]:
    limit, bulk_limit = pool.config.max_document, pool.config.max_bulk
    files, name = assets.table(), pool.config.name
    scheduled = jobs.ScheduledJob(pool.scheduler)
    of_variable = results.Collection(pool.results, pool.keys, limit)
    result = results.Item(pool.results, pool.keys)
    return {
        "/": root.Root(name),
        "/widget": pages.WidgetPage(name),
        "/widget.js": assets.One(files["web/widget.js"]),
        "/client/{file:path}": assets.Assets(files),
        "/sandbox": sandbox.Cage(),
        "/health": health.Health(pool.store),
        "/metrics": metrics.Metrics(pool.store),
        "/openapi.json": openapi.Description(),
        "/flows": flows.Collection(pool.flows, pool.flow_posting, pool.keys, limit),
        "/flows/{flow}": flows.Item(pool.flows, pool.flow_posting, pool.keys, name),
        "/jobs": jobs.Collection(pool.scheduler, pool.jobs, pool.keys, limit),
        "/jobs/index": jobs.Index(pool.jobs),
        "/jobs/scheduler": scheduled,
        "/jobs/scheduled": scheduled,
        "/jobs/scheduled/{scheduler}": scheduled,
        "/jobs/{job}": jobs.Item(pool.jobs, pool.keys, limit),
        "/jobs/{job}/progress": progress.Progress(pool.jobs, pool.keys, pool.store),
        "/jobs/{job}/results": results.OfJob(pool.results),
        "/jobs/{job}/variables": variables.Collection(pool.variables, pool.keys, limit, bulk_limit),
        "/jobs/{job}/variables/index": variables.Index(pool.variables),
        "/jobs/{job}/variables/{variable}": variables.Item(pool.variables, pool.jobs, pool.keys, limit),
        "/jobs/{job}/variables/{variable}/lease": variables.Lease(pool.variables),
        "/jobs/{job}/variables/{variable}/result": of_variable,
        "/jobs/{job}/variables/{variable}/results": of_variable,
        "/jobs/{job}/variables/{variable}/result/{result}": result,
        "/jobs/{job}/variables/{variable}/results/{result}": result,
    }
