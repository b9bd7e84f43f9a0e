"""`/health`: live (the process responds) and ready (the store can write)."""

from __future__ import annotations

import falcon

from resources.links import LinkBuilder
from resources.representation import respond
from resources.resource import Resource
from storage.base import Document, Store
from storage.errors import StorageError


class Health(Resource):
    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        ready = self._is_writable()
        links = LinkBuilder(req).root()
        links = {"self": links["health"], "root": links["self"]}
        respond(req, resp, links, {"live": True, "ready": ready, **self._housekeeping()}, cache="no-store")
        if not ready:
            resp.status = falcon.HTTP_503
            resp.retry_after = 10

    def _housekeeping(self) -> Document:
        try:
            progress = self._store.maintenance.housekeeping()
        except StorageError:
            return {}
        return {"housekeeping": progress} if progress else {}

    def _is_writable(self) -> bool:
        try:
            return self._store.maintenance.is_writable()
        except StorageError:
            return False
