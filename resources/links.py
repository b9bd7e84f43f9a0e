"""URIs and links: the one module that builds the URIs of responses and parses URIs in requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import falcon

from storage.base import Document

_PLAIN = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)
# The link `post_result` of a lease, as it is made here.
_POSTED = re.compile(r"/jobs/([a-z0-9._-]+)/variables/([a-z0-9._-]+)/results\?lease=([A-Za-z0-9._-]+)", re.ASCII)


def _quoted(segment: str) -> str:
    # An id, in nearly every case.
    return segment if _PLAIN.fullmatch(segment) else quote(segment, safe="~")


def _query(given: Mapping[str, str | int]) -> str:
    # A lease token, in nearly every case: `urlencode` takes ten times as long.
    if all(isinstance(value, str) and _PLAIN.fullmatch(value) for value in given.values()):
        return "&".join(f"{name}={value}" for name, value in given.items())
    return urlencode(given, safe=".")


class Template(str):
    """A URI with expressions of RFC 6570, which makes the link a templated one."""

    __slots__ = ()


# By relation: URIs, and templates of some.
Links = dict[str, str]


class LinkBuilder:
    """Builds URIs as paths below the service's mount prefix (SCRIPT_NAME)."""

    def __init__(self, req: falcon.Request) -> None:
        self._req = req
        # Exactly one leading slash: a URI that begins with two names a host.
        prefix = req.root_path.strip("/")
        self.prefix = quote(f"/{prefix}", safe="/") if prefix else ""

    def segments(self, uri: str) -> tuple[str, ...] | None:
        """The segments of a URI's path below the mount prefix; None unless it is a plain URI of this pool."""
        if not uri.isprintable() or " " in uri:
            return None
        try:
            parts = urlsplit(uri)
        except ValueError:
            return None
        origin = self._req.prefix.removesuffix(self._req.root_path)
        if (parts.scheme or parts.netloc) and f"{parts.scheme}://{parts.netloc}" != origin:
            return None
        if parts.query or parts.fragment or not parts.path.startswith(f"{self.prefix}/"):
            return None
        return tuple(unquote(segment) for segment in parts.path.removeprefix(f"{self.prefix}/").split("/"))

    def posted_to(self, uri: str) -> tuple[str, str, str | None] | None:
        """The job, the variable and the lease token of a link `post_result`; None for any other URI."""
        # As it was made, in nearly every case: a tenth of the time.
        usual = _POSTED.fullmatch(uri, len(self.prefix)) if uri.startswith(self.prefix) else None
        if usual is not None:
            return usual[1], usual[2], usual[3]
        path, _, query = uri.partition("?")
        match self.segments(path):
            case ("jobs", job, "variables", variable, "results"):
                tokens = parse_qs(query).get("lease", [])
                return job, variable, tokens[0] if tokens else None
        return None

    def uri(self, *segments: str, **query: str | int | None) -> str:
        """A URI of these path segments; a query parameter that is None is left out."""
        given = {name: value for name, value in query.items() if value is not None}
        path = "/".join(map(_quoted, segments))
        return f"{self.prefix}/{path}" + (f"?{_query(given)}" if given else "")

    def root(self) -> Links:
        return {
            "self": self.uri(),
            "jobs": self.uri("jobs", "index"),
            "post_job": self.uri("jobs"),
            "post_form": self.uri("post"),
            "job": Template(f"{self.uri('jobs')}/{{job}}"),
            "scheduled": Template(f"{self.uri('jobs', 'scheduled')}{{/scheduler}}{{?owner*,can*,memory_mb}}"),
            "flows": self.uri("flows"),
            "post_flow": self.uri("flows"),
            "flow": Template(f"{self.uri('flows')}/{{flow}}"),
            "volunteer": self.uri("volunteer"),
            "leaderboard": self.uri("leaderboard"),
            "badge": self.uri("badge.svg"),
            "keys": self.uri("keys"),
            "client": self.uri("client", "js", "index.js"),
            "sandbox": self.uri("sandbox"),
            "widget": self.uri("widget.js"),
            "status": self.uri("status"),
            "health": self.uri("health"),
            "metrics": self.uri("metrics"),
            "service-desc": self.uri("openapi.json"),
        }

    def job(self, job_id: str, has_json_variables: bool = False) -> Links:
        variables = self.uri("jobs", job_id, "variables")
        # Shows that the client has read the job, and its requirements, since it has such variables.
        get_variables = f"{variables}?values=json" if has_json_variables else variables
        return {
            "self": self.uri("jobs", job_id),
            "get_variables": get_variables,
            "post_variable": variables,
            "lease_variables": Template(f"{get_variables}{{{'&' if has_json_variables else '?'}count}}"),
            "lease_audit": f"{get_variables}{'&' if has_json_variables else '?'}audit=1",
            "post_results": self.uri("jobs", job_id, "results"),
            "put_variable": Template(f"{variables}/{{variable}}"),
            "put_variables": variables,
            "variables": self.uri("jobs", job_id, "variables", "index"),
            "results": self.uri("jobs", job_id, "results"),
            "follow_results": Template(f"{self.uri('jobs', job_id, 'results')}{{?wait,order,errors,limit,cursor}}"),
            "latest_results": Template(f"{self.uri('jobs', job_id, 'results')}{{?last,inputs,limit,cursor}}"),
            "progress": self.uri("jobs", job_id, "progress"),
            "activity": self.uri("jobs", job_id, "activity"),
            "errors": self.uri("jobs", job_id, "errors"),
            "root": self.uri(),
        }

    def variable(self, job_id: str, variable_id: str, token: str | None = None, flow: str | None = None) -> Links:
        base = self._variable(job_id, variable_id)
        query = "" if token is None else f"?lease={_quoted(token)}"
        links = {
            "self": base,
            "post_result": f"{base}/results{query}",
            "results": f"{base}/results",
            "get_job": self._job(job_id),
        }
        if token is not None:
            links["lease"] = f"{base}/lease{query}"
            links["post_report"] = f"{base}/reports{query}"
        if flow is not None:
            links["get_flow"] = self.uri("flows", flow)
        return links

    def flow(self, flow_id: str, is_running: bool) -> Links:
        flow = self.uri("flows", flow_id)
        links = {"self": flow, "run_again": flow, "flows": self.uri("flows"), "root": self.uri()}
        return {**links, "cancel": flow} if is_running else links

    def result_uri(self, job_id: str, variable_id: str, result_id: str) -> str:
        return f"{self._variable(job_id, variable_id)}/results/{_quoted(result_id)}"

    def result(self, job_id: str, variable_id: str, result_id: str) -> Links:
        return {
            "self": self.result_uri(job_id, variable_id, result_id),
            "get_variable": self._variable(job_id, variable_id),
            "get_job": self._job(job_id),
        }

    # Every lease and every result has these: written out, since `uri` takes twice as long.
    def _job(self, job_id: str) -> str:
        return f"{self.prefix}/jobs/{_quoted(job_id)}"

    def _variable(self, job_id: str, variable_id: str) -> str:
        return f"{self._job(job_id)}/variables/{_quoted(variable_id)}"

    def error(self, job_id: str, group: Document) -> Links:
        """The last error of a group, whole, as its owner may read it."""
        error = self.uri("jobs", job_id, "variables", group["variable"], "results", group["error"])
        return {"self": error}

    def activity(self, job_id: str) -> Links:
        of_job = self.job(job_id)
        return {"self": of_job["activity"], "get_job": of_job["self"], "results": of_job["results"]}

    def errors(self, job_id: str) -> Links:
        """The links of a job's errors; `variable` leads to the stuck ones."""
        of_job = self.job(job_id)
        return {"self": of_job["errors"], "get_job": of_job["self"], "variable": of_job["put_variable"]}

    def volunteer(self) -> Links:
        """The links of a volunteer's own record."""
        return {
            "self": self.uri("volunteer"),
            "post_code": self.uri("volunteer", "codes"),
            "post_join": self.uri("volunteer", "join"),
            "leaderboard": self.uri("leaderboard"),
            "root": self.uri(),
        }

    def names(self) -> Links:
        """The links of the names that are shown, for the operator."""
        bans = self.uri("names", "bans")
        return {
            "self": self.uri("names"),
            "post_ban": bans,
            "ban": Template(f"{bans}/{{ban}}"),
            "root": self.uri(),
        }

    def ban(self, ban: str) -> str:
        return self.uri("names", "bans", ban)

    def page(self, *segments: str, cursor: str | None, next_cursor: str | None, **query: str | int | None) -> Links:
        """The links of one page of a collection; without a next cursor it is the last."""
        links = {"self": self.uri(*segments, cursor=cursor, **query)}
        if next_cursor is not None:
            links["next"] = self.uri(*segments, cursor=next_cursor, **query)
        return links
