"""`/jobs/{job}/activity`: what a page that watches a job polls. One document, unchanged while nothing is new."""

from __future__ import annotations

import falcon

from pool.monitor import Monitor
from resources.links import LinkBuilder
from resources.representation import HAL, matches, media_type_of, respond, respond_conditionally
from resources.resource import Resource


class Activity(Resource):
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def on_get(self, req: falcon.Request, resp: falcon.Response, job: str) -> None:
        view = self._monitor.view(job)
        tag = f"{view.revision}-hal" if media_type_of(req) == HAL else view.revision
        # In most cases nothing is new: then nothing is rendered.
        if matches(req.if_none_match, tag):
            resp.cache_control = ["no-cache"]
            resp.append_header("Vary", "Accept, Authorization")
        else:
            build = LinkBuilder(req)
            items = [(build.result(job, one["variable"], one["id"]), one) for one in view.latest]
            respond(req, resp, build.activity(job), view.fields, items)
        respond_conditionally(req, resp, tag)
