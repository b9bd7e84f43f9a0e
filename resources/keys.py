"""`/keys`: keys that strangers make for themselves, where the operator allows it; and what the holder of a key may."""

from __future__ import annotations

import falcon

from pool import fields
from pool.keys import Caller, Keys
from pool.posters import Posters
from pool.quotas import Quota
from pool.self_keys import SelfKeys
from resources import body, request
from resources.links import LinkBuilder, Links
from resources.representation import respond
from resources.resource import Resource
from storage.base import Document

_LIMIT = 10_000


class Collection(Resource):
    def __init__(self, keys: Keys, self_keys: SelfKeys, posters: Posters) -> None:
        self._keys, self._self_keys, self._posters = keys, self_keys, posters

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Whether one may make a key, and what the key of the request may, if there is one."""
        caller = request.caller(req, self._keys)
        described = {"self_made": self._self_keys.described, "key": self._described(caller)}
        respond(req, resp, _links(req), described, cache="no-store")

    def _described(self, caller: Caller) -> Document | None:
        if caller.key_id is None:
            return None
        role = "operator" if caller.is_operator else caller.role
        limits = {"quota": caller.quota.document, "used": self._used(caller.key_id)} if caller.quota else {}
        return {"owner": caller.owner, "role": role, **limits}

    def _used(self, key_id: str) -> Document:
        usage = self._posters.usage(key_id)
        return {"jobs": usage.jobs, "variables": usage.variables, "bytes": usage.size}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        # Before the body is read.
        self._self_keys.require_allowed()
        given = fields.require_object("the body", body.read_document(req, _LIMIT))
        fields.refuse_unknown(given, ("owner",))
        owner = fields.require_text("owner", given.get("owner"))
        key = self._self_keys.make(owner, request.peer(req).prefix)
        respond(req, resp, _links(req), _made(owner, key, self._self_keys.quota), cache="no-store")
        resp.status, resp.location = falcon.HTTP_201, _links(req)["self"]


def _made(owner: str, key: str, quota: Quota) -> Document:
    """The key is shown this once."""
    return {"owner": owner, "key": key, "role": "owner", "quota": quota.document}


def _links(req: falcon.Request) -> Links:
    links = LinkBuilder(req).root()
    return {"self": links["keys"], "root": links["self"], "post_job": links["post_job"]}
