"""The composition root: settings → store → pool → resources; and the one table of routes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import falcon

import data
from config import REVIEW, Config, InvalidSetting
from pool.blocks import Blocks
from pool.credit import EARLIER
from pool.failures import Failures
from pool.flows import FlowLimits, Flows
from pool.job_index import JobIndex
from pool.jobs import Jobs
from pool.join_codes import JoinCodes
from pool.keys import Keys, new_key
from pool.leaderboard import Leaderboard
from pool.monitor import Monitor
from pool.operator_view import OperatorView
from pool.peers import InvalidNetworks, Networks, Peers
from pool.pool_status import PoolStatus
from pool.posters import PosterLimits, Posters
from pool.profiles import Profiles
from pool.quotas import Quota
from pool.rates import Rates
from pool.refusals import Refusals
from pool.replacements import Replacements
from pool.reports import Reports
from pool.results import Results
from pool.sandbox import Limits, Sandbox
from pool.scheduling import JobScheduler, VariableScheduler
from pool.self_keys import SelfKeys, SelfMadeLimits
from pool.standing import Standing
from pool.stream import Stream
from pool.tokens import Tokens
from pool.trials import Trials
from pool.trust.auditor import Auditor
from pool.trust.comparison import Comparison
from pool.trust.computing import Computing
from pool.trust.held_index import HeldIndex
from pool.trust.holding import Holding
from pool.trust.pairing import Pairing
from pool.unserved import Unserved
from pool.validation import Validation
from pool.variable_errors import VariableErrors
from pool.variables import Variables
from pool.volunteers import Volunteers
from resources import (
    activity,
    assets,
    badge,
    counting,
    errors,
    flows,
    health,
    job_errors,
    jobs,
    keys,
    leaderboard,
    metrics,
    names,
    openapi,
    operator,
    pages,
    progress,
    results,
    root,
    sandbox,
    status,
    variables,
    volunteer,
)
from resources.browsers import Hosts
from resources.error_page import ErrorPage
from resources.flow_page import FlowPage
from resources.guard import Guard
from resources.headers import Headers
from resources.job_page import JobPage
from resources.leaderboard_page import BoardPage
from resources.resource import Resource
from resources.status_page import StatusPage
from resources.stream import StreamResponder
from storage.base import Store
from storage.clock import Clock
from storage.flat import FlatStore

App = falcon.App[falcon.Request, falcon.Response]


class Pool:
    """The parts of a pool, put together from its settings. Nothing is written before `open`."""

    def __init__(self, config: Config, sandbox: Sandbox | None = None, clock: Clock | None = None) -> None:
        self.config = config
        self.store: Store = FlatStore(config.data, fsync=config.fsync, prepare=False, clock=clock)
        sandbox_limits = Limits(config.script_ms, config.script_memory, config.max_document)
        self.sandbox = sandbox or Sandbox(sandbox_limits, threads=config.threads, clock=self.store.clock)
        self.keys = Keys(self.store, is_open=bool(config.open))
        self.tokens = Tokens(self._secret("leases.key"))
        self.peers = Peers(
            self._secret("addresses.key"),
            proxies=_networks("PROXIES", config.proxies),
            trusted=_networks("TRUSTED", config.trusted),
        )
        # The operator's own schedulers come before the bundled ones.
        schedulers = [Path(config.data) / "schedulers", data.SCHEDULERS]
        unserved = Unserved(self.store.clock)
        self.index = JobIndex(self.store)
        self.scheduler = JobScheduler(self.store, self.sandbox, config.scheduler, schedulers, unserved, self.index)
        if config.scheduler not in self.scheduler.names():
            raise InvalidSetting(f"COMP_POOL_SCHEDULER: there is no scheduler {config.scheduler!r}")
        reports = Reports(self.store)
        variable_scheduler = VariableScheduler(self.store, self.sandbox, reports)
        validation = Validation(self.sandbox, reports)
        limits = FlowLimits(
            config.flow_depth,
            config.flow_breadth,
            config.flow_entries,
            config.flow_iterations,
            config.max_document,
            config.wait_days,
        )
        poster_limits = PosterLimits(
            config.open_jobs,
            config.open_variables,
            config.open_bytes,
            config.open_total_jobs,
            config.open_total_bytes,
            config.open_days,
        )
        self.posters = Posters(self.store, poster_limits, self.index)
        self_quota = Quota(config.self_key_jobs, config.self_key_variables, config.self_key_bytes)
        self.self_keys = SelfKeys(self.store, self.keys, SelfMadeLimits(config.self_keys, self_quota))
        self.flows = Flows(self.store, self.sandbox, self.keys, validation, variable_scheduler, limits, self.posters)
        self.replacements = Replacements(self.store, self.keys)
        self.monitor = Monitor(self.store)
        self.jobs = Jobs(
            self.store,
            self.sandbox,
            self.keys,
            self.flows,
            self.posters,
            self.index,
            self.replacements,
            needs_review=config.open == REVIEW,
        )
        self.standing, self.blocks = Standing(self.store), Blocks(self.store)
        self.status = PoolStatus(self.index, self.standing, self.store.clock)
        self.profiles = Profiles(self.store, config.name, credited=lambda: self.standing.credit(EARLIER))
        self.leaderboard = Leaderboard(self.store, self.standing, self.profiles, self._secret("marks.key"))
        self.volunteers = Volunteers(self.standing, self.profiles, self.leaderboard)
        self.join_codes = JoinCodes(self.store, self._secret("codes.key"))
        self.rates = Rates(self.store.clock, config.requests)
        variable_errors = VariableErrors(self.store, self.standing, self.flows)
        comparison = Comparison(self.sandbox, reports)
        audit_limits = Limits(config.audit_ms, config.script_memory, config.max_document)
        # Of its own, so that no request waits for a unit; one at a time, so that audits take one core at most.
        auditing = sandbox or Sandbox(audit_limits, max_running=1, threads=4, clock=self.store.clock)
        self.computing = Computing(auditing)
        trying = sandbox or Sandbox(audit_limits, max_running=1, threads=4, clock=self.store.clock)
        self.trials = Trials(
            self.jobs,
            self.keys,
            validation,
            Computing(trying),
            self.store.clock,
            needs_review=config.open == REVIEW,
        )
        held_index = HeldIndex(self.store)
        pairing = Pairing(self.standing, self.store.clock, self._secret("leases.key"))
        holding = Holding(
            self.store, comparison, self.standing, self.flows, self.rates, variable_errors, held_index, pairing
        )
        self.auditor = Auditor(self.store, holding, self.computing, comparison, self.standing, held_index)
        self.variables = Variables(
            self.store,
            self.keys,
            self.tokens,
            variable_scheduler,
            validation,
            self.flows,
            self.standing,
            self.posters,
            unserved,
            self.replacements,
            holding,
        )
        self.results = Results(
            self.store,
            self.keys,
            self.tokens,
            validation,
            reports,
            self.flows,
            self.standing,
            variable_errors,
            self.rates,
            self.posters,
            holding,
            self.auditor,
        )
        # A quarter of the threads: the others serve volunteers.
        self.stream = Stream(self.store, places=config.threads // 4)
        self.failures = Failures(self.store, self.tokens, variable_errors, reports)
        self.refusals = Refusals(self.store, {"validators": self.sandbox, "audits": auditing, "trials": trying})
        self.operator_view = OperatorView(
            self.store,
            self.index,
            self.standing,
            self.flows,
            self.keys,
            self.blocks,
            self.posters,
            self.refusals,
        )
        self._opening = threading.Lock()
        self._is_open = self._is_serving = False

    def _secret(self, name: str) -> Callable[[], str]:
        """Reads a secret of the pool, which is made when it is needed first."""
        return lambda: self.store.keys.secret(name, new_key)[0]

    def open(self) -> None:
        """Recovers what dead processes left, and prints the operator's key if it is new. Once.

        What takes long is done in the background: see `serve`.
        """
        if self._is_open:
            return
        with self._opening:
            if self._is_open:
                return
            self.store.maintenance.recover()
            self.replacements.resume()
            self._announce_operator_key()
            self._is_open = True

    def serve(self) -> None:
        """Opens the pool, resumes its flows and does in the background what is pending. Once."""
        self.open()
        if not self._is_serving:
            with self._opening:
                if not self._is_serving:
                    self.flows.resume()
                    self.auditor.resume()
                    self.store.maintenance.housekeep(self.posters.recount)
                    self._is_serving = True

    def _announce_operator_key(self) -> None:
        key = self.keys.make_operator_key()
        if key is not None:
            path = Path(self.config.data) / "secrets" / "operator.key"
            print(f"The operator's key, shown once and stored in {path}:\n\n    {key}\n", flush=True)  # noqa: T201

    def close(self) -> None:
        self.replacements.close()
        self.auditor.close()
        self.trials.close()
        self.flows.close()
        self.sandbox.close()
        self.store.close()


def _posting(config: Config) -> str:
    """Who may post jobs: whoever has a key, anyone, or anyone with the operator's consent."""
    return str(config.open) if config.open == REVIEW else "open" if config.open else "key"


def _networks(setting: str, text: str) -> Networks:
    try:
        return Networks(text)
    except InvalidNetworks as ex:
        raise InvalidSetting(f"COMP_POOL_{setting}: {ex}") from ex


class OpenAtFirstRequest:
    """Opens the pool at the first request, unless the server has opened it before."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def process_request(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        self._pool.serve()


def create_app(config: Config | None = None, pool: Pool | None = None, clock: Clock | None = None) -> App:
    """The WSGI application of a pool, given or made from settings and a clock. It writes and prints nothing."""
    pool = pool or Pool(config or Config.from_environ(), clock=clock)
    app: App = falcon.App(middleware=OpenAtFirstRequest(pool))
    app.add_middleware(Headers())
    app.add_middleware(counting.CountRefusals(pool.refusals))
    hosts = Hosts(pool.config.hosts, pool.config.bind, pool.peers)
    app.add_middleware(Guard(pool.peers, pool.keys, pool.blocks, pool.rates, hosts))
    # `/jobs/` and `/jobs` are the same resource to most people.
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    errors.install(app, ErrorPage(pool.config.name))
    for path, resource in routes(pool).items():
        app.add_route(path, resource)
    return app


def routes(pool: Pool) -> dict[str, Resource]:
    limit, bulk_limit = pool.config.max_document, pool.config.max_bulk
    files, name = assets.table(), pool.config.name
    scheduled = jobs.ScheduledJob(pool.scheduler)
    of_variable = results.Collection(pool.results, pool.keys, limit)
    result = results.Item(pool.results, pool.keys)
    variable_index = variables.Index(pool.variables, pool.jobs, name)
    stream = StreamResponder(pool.stream, pool.jobs, pool.keys)
    return {
        "/": root.Root(name, _posting(pool.config)),
        "/post": pages.PostPage(name),
        "/widget": pages.WidgetPage(name),
        "/widget.js": assets.AssetAlias(files["web/widget.js"]),
        "/client/{file:path}": assets.Assets(files),
        "/sandbox": sandbox.SandboxFrame(),
        "/volunteer": volunteer.Record(
            pool.standing, pool.profiles, pool.leaderboard, pool.volunteers, pool.store.clock
        ),
        "/volunteer/codes": volunteer.Codes(pool.join_codes),
        "/volunteer/join": volunteer.Join(pool.join_codes, pool.volunteers),
        "/leaderboard": leaderboard.Board(pool.leaderboard, BoardPage(pool.index, pool.store, name)),
        "/names": names.Collection(pool.profiles, pool.leaderboard, pool.keys),
        "/names/bans": names.Bans(pool.profiles, pool.leaderboard, pool.keys),
        "/names/bans/{ban}": names.BanItem(pool.profiles, pool.keys),
        "/badge.svg": badge.Badge(pool.status, pool.jobs, pool.store, name),
        "/status": status.Status(pool.status, StatusPage(name, pool.leaderboard, pool.store)),
        "/keys": keys.Collection(pool.keys, pool.self_keys, pool.posters),
        "/health": health.Health(pool.store),
        "/metrics": metrics.Metrics(pool.index),
        "/operator": operator.Operator(pool.operator_view, pool.keys, name),
        "/operator/blocks": operator.BlockCollection(pool.blocks, pool.keys),
        "/operator/blocks/{target:path}": operator.Block(pool.blocks, pool.keys),
        "/openapi.json": openapi.Description(),
        "/flows": flows.Collection(pool.flows, pool.keys, limit, name),
        "/flows/{flow}": flows.Item(pool.flows, pool.keys, FlowPage(name, pool.store)),
        "/jobs": jobs.Collection(pool.scheduler, pool.jobs, pool.trials, pool.keys, limit),
        "/jobs/index": jobs.Index(pool.jobs, pool.index, name),
        "/jobs/scheduler": scheduled,
        "/jobs/scheduled": scheduled,
        "/jobs/scheduled/{scheduler}": scheduled,
        "/jobs/{job}": jobs.Item(pool.jobs, pool.keys, pool.monitor, JobPage(name, pool.store.clock), limit),
        "/jobs/{job}/progress": progress.Progress(pool.jobs, pool.keys, pool.store),
        "/jobs/{job}/activity": activity.Activity(pool.monitor),
        "/jobs/{job}/results": results.JobResults(pool.results, pool.jobs, pool.keys, stream, limit, bulk_limit, name),
        "/jobs/{job}/variables": variables.Collection(pool.variables, variable_index, pool.keys, limit, bulk_limit),
        "/jobs/{job}/variables/index": variable_index,
        "/jobs/{job}/variables/{variable}": variables.Item(pool.variables, pool.jobs, pool.keys, limit),
        "/jobs/{job}/errors": job_errors.Errors(pool.jobs, pool.keys, pool.store, name),
        "/jobs/{job}/variables/{variable}/lease": variables.Lease(pool.variables),
        "/jobs/{job}/variables/{variable}/reports": variables.Reports(pool.failures, limit),
        "/jobs/{job}/variables/{variable}/result": of_variable,
        "/jobs/{job}/variables/{variable}/results": of_variable,
        "/jobs/{job}/variables/{variable}/result/{result}": result,
        "/jobs/{job}/variables/{variable}/results/{result}": result,
    }
