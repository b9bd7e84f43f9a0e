"""Routing in the tests' process, where each test makes an app: the table of routes is compiled once for all of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import falcon
from falcon.routing import CompiledRouter, map_http_methods, set_default_responders

Found = tuple[object, dict[str, Any], dict[str, Any], str | None]


class SharedRouter(CompiledRouter):
    """Finds routes as Falcon's router does, which is what it uses. The responders of a resource are collected when a
    request comes for it: a test visits few.
    """

    def __init__(self) -> None:
        super().__init__()
        self._resources: dict[str, object] = {}
        self._responders: dict[str, dict[str, Any]] = {}

    def add_route(self, uri_template: str, resource: object, **_options: Any) -> None:
        self._resources[uri_template] = resource

    def find(self, uri: str, req: falcon.Request | None = None) -> Found | None:
        found = _compiled(tuple(self._resources)).find(uri, req)
        if found is None:
            return None
        _, _, fields, template = found
        return self._resources[template], self._responders_of(template), fields, template

    def _responders_of(self, template: str) -> dict[str, Any]:
        if template not in self._responders:
            responders = map_http_methods(self._resources[template])
            set_default_responders(responders)
            self._responders[template] = responders
        return self._responders[template]


@cache
def _compiled(templates: tuple[str, ...]) -> CompiledRouter:
    router = CompiledRouter()
    for template in templates:
        router.add_route(template, object())
    return router


def share() -> None:
    """From now on, each app of this process has a shared router."""
    falcon.routing.DefaultRouter = SharedRouter
