"""`/volunteer`: what the pool remembers of whoever asks, by the header Volunteer. Nobody sees another's.

A volunteer names itself here, deletes its record, and has a second device join it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import falcon

from pool.errors import Invalid
from pool.join_codes import SECONDS, JoinCodes
from pool.leaderboard import Leaderboard
from pool.peers import Peer
from pool.profiles import Profiles
from pool.rates import Rates
from pool.standing import Standing
from pool.volunteers import Volunteers
from resources import request
from resources.body import read_document
from resources.errors import Problem
from resources.links import LinkBuilder
from resources.representation import respond
from resources.resource import Resource
from storage.clock import Clock

MAX_BODY = 4096
# Changes of names and deletions of one address: a class of thirty at once, then two a minute.
CHANGES_BURST, CHANGES_PER_SECOND = 100, 1 / 30


class Record(Resource):
    def __init__(
        self,
        standing: Standing,
        profiles: Profiles,
        leaderboard: Leaderboard,
        volunteers: Volunteers,
        clock: Clock,
    ) -> None:
        self._standing, self._profiles = standing, profiles
        self._leaderboard, self._volunteers = leaderboard, volunteers
        refusal = "too many changes from this address: wait a little"
        self._rates = Rates(clock, CHANGES_PER_SECOND, CHANGES_BURST, refusal)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        peer = request.peer(req)
        record = {**self._standing.record(peer), **self._shown(peer.volunteer)}
        respond(req, resp, LinkBuilder(req).volunteer(), record, cache="no-store")

    def _shown(self, volunteer: str) -> dict[str, Any]:
        profile = self._profiles.of(volunteer)
        return {
            "mark": self._leaderboard.mark(volunteer) if volunteer else None,
            "name": profile.name,
            "team": profile.team,
            "shown": profile.shown,
            "removed": profile.removed,
            "credit": self._leaderboard.standing_of(volunteer),
        }

    def on_patch(self, req: falcon.Request, resp: falcon.Response) -> None:
        peer = _volunteer(req)
        self._rates.take(peer.prefix)
        self._profiles.change(peer.volunteer, _fields(read_document(req, MAX_BODY)))
        self.on_get(req, resp)

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        peer = _volunteer(req)
        self._rates.take(peer.prefix)
        self._volunteers.forget(peer.volunteer)
        resp.status = falcon.HTTP_204


class Codes(Resource):
    """`/volunteer/codes`."""

    def __init__(self, codes: JoinCodes) -> None:
        self._codes = codes

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        peer = _volunteer(req)
        code, until = self._codes.make(req.get_header("Volunteer", required=True), peer.prefix)
        links = LinkBuilder(req).volunteer()
        expires = Clock.text_of(datetime.fromtimestamp(until / 1000, timezone.utc))
        shown = {"self": links["post_code"], "post_join": links["post_join"], "root": links["root"]}
        respond(req, resp, shown, {"code": code, "expires": expires, "seconds": SECONDS}, cache="no-store")
        resp.status = falcon.HTTP_201


class Join(Resource):
    """`/volunteer/join`: whoever sends a code that another device shows gets the id of its volunteer.

    What the sender has computed under an id of its own, if it sends that too, is the volunteer's from now on.
    """

    def __init__(self, codes: JoinCodes, volunteers: Volunteers) -> None:
        self._codes, self._volunteers = codes, volunteers

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        fields = _fields(read_document(req, MAX_BODY))
        code = fields.get("code")
        if not isinstance(code, str):
            raise Invalid("code", "must be text")
        peer = request.peer(req)
        # Before the code is used up.
        self._volunteers.require_may_join(peer.volunteer)
        volunteer = self._codes.redeem(code, peer.prefix)
        joined = request.name_of_id(volunteer)
        if peer.volunteer and peer.volunteer != joined:
            self._volunteers.forget(peer.volunteer, into=joined)
        links = LinkBuilder(req).volunteer()
        shown = {"self": links["post_join"], "volunteer": links["self"], "root": links["root"]}
        respond(req, resp, shown, {"volunteer": volunteer}, cache="no-store")


def _volunteer(req: falcon.Request) -> Peer:
    peer = request.peer(req)
    if not peer.volunteer:
        raise Problem(400, "header", "Volunteer: is missing")
    return peer


def _fields(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Invalid("", "the body must be an object")
    return body
