"""Every address that the pool hands out is built here, from the mount prefix and ids."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import falcon


@functools.lru_cache(maxsize=4096)
def _quoted(segment: str) -> str:
    return quote(segment, safe="~")


@dataclass(frozen=True)
class Link:
    href: str
    templated: bool = False


Links = dict[str, Link]


class Addresses:
    """Relative paths below the prefix that the service is mounted under (SCRIPT_NAME)."""

    def __init__(self, req: falcon.Request) -> None:
        # One slash at most: two would make a host of what follows.
        prefix = req.root_path.strip("/")
        self.prefix = quote(f"/{prefix}", safe="/") if prefix else ""

    def at(self, *segments: str, **query: str | int | None) -> str:
        given = {name: value for name, value in query.items() if value is not None}
        path = "/".join(map(_quoted, segments))
        return f"{self.prefix}/{path}" + (f"?{urlencode(given, safe='.')}" if given else "")

    def root(self) -> Links:
        return {
            "self": Link(self.at()),
            "jobs": Link(self.at("jobs", "index")),
            "post_job": Link(self.at("jobs")),
            "job": Link(f"{self.at('jobs')}/{{job}}", templated=True),
            "scheduled": Link(
                f"{self.at('jobs', 'scheduled')}{{/scheduler}}{{?owner*,can*,memory_mb}}", templated=True
            ),
            "flows": Link(self.at("flows")),
            "post_flow": Link(self.at("flows")),
            "flow": Link(f"{self.at('flows')}/{{flow}}", templated=True),
            "client": Link(self.at("client", "js", "index.js")),
            "sandbox": Link(self.at("sandbox")),
            "widget": Link(self.at("widget.js")),
            "health": Link(self.at("health")),
            "metrics": Link(self.at("metrics")),
            "service-desc": Link(self.at("openapi.json")),
        }

    def job(self, job_id: str) -> Links:
        variables = self.at("jobs", job_id, "variables")
        return {
            "self": Link(self.at("jobs", job_id)),
            "get_variables": Link(variables),
            "post_variable": Link(variables),
            "put_variable": Link(f"{variables}/{{variable}}", templated=True),
            "variables": Link(self.at("jobs", job_id, "variables", "index")),
            "results": Link(self.at("jobs", job_id, "results")),
            "progress": Link(self.at("jobs", job_id, "progress")),
            "root": Link(self.at()),
        }

    def variable(self, job_id: str, variable_id: str, token: str | None = None, flow: str | None = None) -> Links:
        base = ("jobs", job_id, "variables", variable_id)
        links = {
            "self": Link(self.at(*base)),
            "post_result": Link(self.at(*base, "results", lease=token)),
            "results": Link(self.at(*base, "results")),
            "get_job": Link(self.at("jobs", job_id)),
        }
        if token is not None:
            links["lease"] = Link(self.at(*base, "lease", lease=token))
        if flow is not None:
            links["get_flow"] = Link(self.at("flows", flow))
        return links

    def flow(self, flow_id: str, is_running: bool) -> Links:
        here = Link(self.at("flows", flow_id))
        links = {"self": here, "run_again": here, "flows": Link(self.at("flows")), "root": Link(self.at())}
        return {**links, "cancel": here} if is_running else links

    def result(self, job_id: str, variable_id: str, result_id: str) -> Links:
        return {
            "self": Link(self.at("jobs", job_id, "variables", variable_id, "results", result_id)),
            "get_variable": Link(self.at("jobs", job_id, "variables", variable_id)),
            "get_job": Link(self.at("jobs", job_id)),
        }

    def page(self, *segments: str, cursor: str | None, following: str | None, **query: str | int | None) -> Links:
        links = {"self": Link(self.at(*segments, cursor=cursor, **query))}
        if following is not None:
            links["next"] = Link(self.at(*segments, cursor=following, **query))
        return links
