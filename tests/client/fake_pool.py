"""A minimal pool of docs/api.md in this process, which records its requests, and fails where a test injects faults."""

import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.serving import THREADS, DoorServer, listening

PROBLEM = "application/problem+json"
LIMIT = "urn:comp-pool:limit"
CERTIFICATE = Path(__file__).with_name("self-signed.pem")


@dataclass
class Request:
    """A request that was received."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """An error response to the next `times` requests with this method and path (a regular expression)."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    times: int
    # None: a problem document.
    body: bytes | None = None


@dataclass
class Job:
    document: dict[str, Any]
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    contexts: dict[str, Any] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


class Problem(Exception):
    def __init__(
        self,
        status: int,
        detail: str = "",
        headers: dict[str, str] | None = None,
        kind: str = "about:blank",
        body: bytes | None = None,
    ) -> None:
        super().__init__(status, detail)
        self.status, self.detail, self.headers, self.kind, self.body = status, detail, headers or {}, kind, body


class FakePool:
    """The application and its server. A test may read and change all of its state."""

    def __init__(
        self, prefix: str = "", lease_seconds: float = 30.0, retry_after: float = 0.1, scheme: str = "http"
    ) -> None:
        self.prefix, self.lease_seconds, self.retry_after = prefix, lease_seconds, retry_after
        self.links_jobs = True
        self.takes_reports = True
        self.leases_failed_units = True
        # Whether several variables are leased, and several results posted, by one request.
        self.has_batches = False
        # How many variables of a job are leased at the same time at most.
        self.max_held = 1_000_000
        # The statuses of the next attempts to post the result of a variable, by its id, and their `retry_after`.
        self.outcomes: dict[str, list[tuple[int, float | None]]] = {}
        self.root_fields: dict[str, Any] = {}
        self.problem_type = "about:blank"
        self.scheduled = "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}"
        self.jobs: dict[str, Job] = {}
        self.order: list[str] = []
        self.tokens: dict[str, tuple[str, str]] = {}
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.reports: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.validate: Callable[[Any], str | None] = lambda result: None
        self.changed = threading.Condition()
        listener = listening()
        if scheme == "https":
            listener = _tls().wrap_socket(listener, server_side=True)
        self._server = DoorServer(self, listener, THREADS)
        self.url = f"{scheme}://127.0.0.1:{self._server.address[1]}{prefix}/"

    def __enter__(self) -> "FakePool":
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop()

    def add_job(self, job_id: str, source: str, variables: Iterable[dict[str, Any]] = (), **more: Any) -> Job:
        document = {"id": job_id, "name": job_id, "metadata": {}, "execute_function": source, **more}
        job = self.jobs[job_id] = Job(document)
        self.order.append(job_id)
        for number, variable in enumerate(variables):
            job.variables[f"{number:04}"] = variable
            job.open.append(f"{number:04}")
        return job

    def inject_fault(self, method: str, path: str, status: int, times: int = 1, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(method, path, status, named, times))

    def intercept(self, method: str, path: str, status: int, headers: dict[str, str], body: str) -> None:
        """Send this response, as a proxy does, to the next request."""
        self.faults.append(Fault(method, path, status, headers, 1, body.encode()))

    def wait_for(self, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Wait until a condition holds, checked after each request."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def received(self, method: str, pattern: str) -> list[Request]:
        return [found for found in self.requests if found.method == method and re.search(pattern, found.path)]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        body: bytes | None = None
        with self.changed:
            request = _request(environ, self.prefix)
            self.requests.append(request)
            try:
                status, headers, document = self._respond(request)
            except Problem as ex:
                status, headers, body = ex.status, {"Content-Type": PROBLEM, **ex.headers}, ex.body
                document = {
                    "type": ex.kind,
                    "title": HTTPStatus(ex.status).phrase,
                    "status": ex.status,
                    "detail": ex.detail,
                }
            self.changed.notify_all()
        if body is None:
            body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [body]

    def _respond(self, request: Request) -> tuple[int, dict[str, str], Any]:
        self._apply_faults(request)
        for pattern, responder in ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found:
                return responder(self, request, *map(unquote, found.groups()))
        raise Problem(404, request.path)

    def _apply_faults(self, request: Request) -> None:
        for fault in self.faults:
            if fault.times and fault.method == request.method and re.search(fault.path, request.path):
                fault.times -= 1
                raise Problem(fault.status, "injected fault", fault.headers, self.problem_type, fault.body)

    def root(self, request: Request) -> tuple[int, dict[str, str], Any]:
        scheduled = {"href": self.prefix + self.scheduled, "templated": True}
        links = {"self": f"{self.prefix}/", "jobs": f"{self.prefix}/jobs/index", "scheduled": scheduled}
        links["post_job"] = f"{self.prefix}/jobs"
        if self.links_jobs:
            links["job"] = f"{self.prefix}/jobs/{{job}}"
        return 200, {}, {"job_scheduler_url": f"{self.prefix}/jobs/scheduler", "_links": links, **self.root_fields}

    def schedule(self, request: Request, scheduler: str = "") -> tuple[int, dict[str, str], Any]:
        owners = request.query.get("owner", [])
        jobs = [self.jobs[name] for name in self.order]
        fit = [job for job in jobs if not owners or job.document["metadata"].get("owner") in owners]
        if not fit:
            return 204, {"Retry-After": str(self.retry_after)}, None
        best = next((job for job in fit if job.open), fit[0])
        return 200, {}, self._job(best)

    def index(self, request: Request) -> tuple[int, dict[str, str], Any]:
        start = int(request.query.get("cursor", ["0"])[0])
        items = [{**self._job(self.jobs[name]), "execute_function": None} for name in self.order[start : start + 2]]
        links = {"self": f"{self.prefix}/jobs/index"}
        if start + 2 < len(self.order):
            links["next"] = f"index?cursor={start + 2}"
        return 200, {}, {"_links": links, "_embedded": {"items": items}}

    def post_job(self, request: Request) -> tuple[int, dict[str, str], Any]:
        job = self.add_job(request.document["name"], request.document["execute_function"])
        return 201, {"Location": f"{self.prefix}/jobs/{request.document['name']}"}, self._job(job)

    def job(self, request: Request, name: str) -> tuple[int, dict[str, str], Any]:
        return 200, {}, self._job(self._find(name))

    def progress(self, request: Request, name: str) -> tuple[int, dict[str, str], Any]:
        job = self._find(name)
        return 200, {}, {"open": len(job.open), "done": len(job.results), "_links": {}}

    def results(self, request: Request, name: str) -> tuple[int, dict[str, str], Any]:
        if request.method == "POST":
            lines = [json.loads(line) for line in request.body.splitlines()]
            return 200, {}, {"outcomes": [self._outcome(line) for line in lines]}
        return 200, {}, {"_embedded": {"items": list(self._find(name).results.values())}, "_links": {}}

    def variables(self, request: Request, name: str) -> tuple[int, dict[str, str], Any]:
        job = self._find(name)
        if request.method == "POST":
            return self._post_variables(job, request)
        if not job.open:
            return 204, {"Retry-After": str(self.retry_after)}, None
        room = self.max_held - (len(job.variables) - len(job.open) - len(job.results))
        if room <= 0:
            self.counts["limited"] += 1
            raise Problem(429, "too many leases", {"Retry-After": "6"}, LIMIT)
        if "count" not in request.query:
            return self._lease(job, job.open.pop(0))
        count = min(int(request.query["count"][0]), room)
        leased, job.open[:] = job.open[:count], job.open[count:]
        items = [self._lease(job, variable)[2] for variable in leased]
        return 200, {"Lease-Seconds": str(self.lease_seconds)}, {"_links": {}, "_embedded": {"items": items}}

    def _outcome(self, line: dict[str, Any]) -> dict[str, Any]:
        path, _, query = line["post_result"].removeprefix(self.prefix).partition("?")
        _, _, name, _, variable, _ = path.split("/")
        request = Request("POST", path, parse_qs(query), {}, json.dumps(line["result"]).encode())
        try:
            if planned := self.outcomes.get(variable):
                status, retry_after = planned.pop(0)
                raise Problem(status, "planned", {} if retry_after is None else {"Retry-After": str(retry_after)})
            _, headers, _ = self.post_result(request, name, variable)
        except Problem as ex:
            wait = {"retry_after": float(ex.headers["Retry-After"])} if ex.headers else {}
            return {
                "status": ex.status,
                "problem": {"title": HTTPStatus(ex.status).phrase, "detail": ex.detail},
                **wait,
            }
        return {"status": 201, "location": self.prefix + headers["Location"]}

    def _post_variables(self, job: Job, request: Request) -> tuple[int, dict[str, str], Any]:
        names = []
        for line in request.body.splitlines():
            names.append(f"{len(job.variables):04}")
            job.variables[names[-1]] = json.loads(line)
        job.open += names
        return 201, {}, {"count": len(names), "ids": names}

    def put(self, request: Request, name: str, variable: str) -> tuple[int, dict[str, str], Any]:
        self._find(name).variables[variable] = request.document
        return 201, {"Location": request.path}, None

    def lease(self, request: Request, name: str, variable: str) -> tuple[int, dict[str, str], Any]:
        job = self._find(name)
        if request.query["lease"][0] not in self.tokens:
            raise Problem(409, "the lease has been lost")
        if request.method == "POST":
            self.counts["extended"] += 1
            return self._lease(job, variable)
        job.open.append(variable)
        self.counts["given back"] += 1
        return 204, {}, None

    def report(self, request: Request, name: str, variable: str) -> tuple[int, dict[str, str], Any]:
        self.reports.append(request.document)
        if "error" in request.document and self.leases_failed_units:
            self._find(name).open.append(variable)
        return 204, {}, None

    def post_result(self, request: Request, name: str, variable: str) -> tuple[int, dict[str, str], Any]:
        job = self._find(name)
        if variable not in job.variables:
            raise Problem(410, "the variable was withdrawn")
        if variable in job.results:
            raise Problem(409, "the variable is finished")
        reason = self.validate(request.document)
        if reason is not None:
            job.open.append(variable)
            raise Problem(422, reason)
        job.results[variable] = {"variable": variable, "result": request.document}
        return 201, {"Location": f"{request.path}/20261122"}, None

    def _find(self, name: str) -> Job:
        if name not in self.jobs:
            raise Problem(404, f"no job {name}")
        return self.jobs[name]

    def _lease(self, job: Job, variable: str) -> tuple[int, dict[str, str], Any]:
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = (job.document["id"], variable)
        path = f"{self.prefix}/jobs/{job.document['id']}/variables/{variable}"
        links = {
            "self": path,
            "post_result": f"{path}/results?lease={token}",
            "lease": f"{path}/lease?lease={token}",
        }
        if self.takes_reports:
            links["post_report"] = f"{path}/reports?lease={token}"
        document = {"_links": links, **job.variables[variable]}
        if variable in job.contexts:
            document["_embedded"] = {"context": job.contexts[variable]}
        return 200, {"Lease-Seconds": str(self.lease_seconds)}, document

    def _job(self, job: Job) -> dict[str, Any]:
        path = f"{self.prefix}/jobs/{job.document['id']}"
        links = {"self": path, "put_variable": {"href": f"{path}/variables/{{variable}}", "templated": True}}
        links |= dict.fromkeys(("get_variables", "post_variable"), f"{path}/variables")
        links |= {name: f"{path}/{name}" for name in ("results", "progress")}
        if self.has_batches:
            links["lease_variables"] = {"href": f"{path}/variables{{?count}}", "templated": True}
            links["post_results"] = f"{path}/results"
        return {"_links": links, **job.document}


ROUTES: list[tuple[str, Callable[..., tuple[int, dict[str, str], Any]]]] = [
    ("/", FakePool.root),
    ("/jobs", FakePool.post_job),
    ("/jobs/index", FakePool.index),
    ("/jobs/schedule[rd]", FakePool.schedule),
    ("/jobs/scheduled/([^/]+)", FakePool.schedule),
    ("/jobs/([^/]+)", FakePool.job),
    ("/jobs/([^/]+)/progress", FakePool.progress),
    ("/jobs/([^/]+)/results", FakePool.results),
    ("/jobs/([^/]+)/variables", FakePool.variables),
    ("/jobs/([^/]+)/variables/([^/]+)", FakePool.put),
    ("/jobs/([^/]+)/variables/([^/]+)/lease", FakePool.lease),
    ("/jobs/([^/]+)/variables/([^/]+)/reports", FakePool.report),
    ("/jobs/([^/]+)/variables/([^/]+)/results", FakePool.post_result),
]


def _tls() -> ssl.SSLContext:
    """Return the context of a server whose certificate nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def _request(environ: dict[str, Any], prefix: str) -> Request:
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    path = environ["PATH_INFO"].removeprefix(prefix)
    return Request(environ["REQUEST_METHOD"], path, parse_qs(environ["QUERY_STRING"]), headers, body)
