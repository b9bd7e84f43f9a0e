"""The guard: what is checked before a request is served.

Of every request the host name; of those for work or data also blocks, the request rate of an address, and whether a
page of another site has made a browser lease.
"""

from __future__ import annotations

import falcon

from pool.blocks import Blocks
from pool.errors import LimitReached, UnknownKey
from pool.keys import Keys
from pool.peers import Peers
from pool.rates import Rates
from resources import browsers, request
from resources.browsers import Hosts
from resources.representation import prefers_html

# Routes, since one resource has many paths (`//jobs`). Pages, modules and the pool's own state are cheap, and whoever
# is blocked must be able to read why.
_GUARDED = ("/jobs", "/flows", "/keys", "/leaderboard")
_LEASING = "/jobs/{job}/variables"
# Whoever is blocked has no say in what others see, and may delete its record.
_VOLUNTEER, _SAYING = "/volunteer", ("PATCH", "POST")


class Guard:
    def __init__(self, peers: Peers, keys: Keys, blocks: Blocks, rates: Rates, hosts: Hosts) -> None:
        self._hosts = hosts
        self._peers, self._keys, self._blocks, self._rates = peers, keys, blocks, rates

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        req.context.peers = self._peers
        self._hosts.require_known(req)

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _params: dict[str, object]
    ) -> None:
        if not _is_guarded(req.uri_template or "", req.method):
            return
        # Whoever follows a link sees the page of the variables, and leases none.
        if req.uri_template == _LEASING and req.method == "GET" and not prefers_html(req):
            browsers.refuse_tricked_lease(req)
        peer = request.peer(req)
        self._blocks.require_not_blocked(peer, request.key_digest(req))
        if peer.is_trusted:
            return
        try:
            self._rates.take(peer.prefix)
        except LimitReached:
            if not self._was_given_a_key(req):
                raise

    def _was_given_a_key(self, req: falcon.Request) -> bool:
        """Owners are not limited by their address. Checked only when it matters: a key costs a read."""
        try:
            return not request.caller(req, self._keys).is_stranger
        except UnknownKey:
            return False


def _is_guarded(template: str, method: str) -> bool:
    if template.startswith(_VOLUNTEER):
        return method in _SAYING
    return template.startswith(_GUARDED) and method != "OPTIONS"
