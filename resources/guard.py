"""The guard: what is checked before every request for work or data: blocks, and the request rate of an address."""

from __future__ import annotations

import falcon

from pool.blocks import Blocks
from pool.errors import LimitReached, UnknownKey
from pool.keys import Keys
from pool.peers import Peers
from pool.rates import Rates
from resources import request

# Routes, since one resource has many paths (`//jobs`). Pages, modules and the pool's own state are cheap, and whoever
# is blocked must be able to read why.
_GUARDED = ("/jobs", "/flows")


class Guard:
    def __init__(self, peers: Peers, keys: Keys, blocks: Blocks, rates: Rates) -> None:
        self._peers, self._keys, self._blocks, self._rates = peers, keys, blocks, rates

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        req.context.peers = self._peers

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _params: dict[str, object]
    ) -> None:
        if not (req.uri_template or "").startswith(_GUARDED) or req.method == "OPTIONS":
            return
        peer = request.peer(req)
        self._blocks.require_not_blocked(peer, request.key_digest(req))
        if peer.is_trusted:
            return
        try:
            self._rates.take(peer.prefix)
        except LimitReached:
            if not self._has_key(req):
                raise

    def _has_key(self, req: falcon.Request) -> bool:
        """Owners are not limited by their address. Checked only when it matters: a key costs a read."""
        try:
            return request.caller(req, self._keys).key_id is not None
        except UnknownKey:
            return False
