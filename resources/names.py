"""`/names`: for the operator, the names that volunteers and teams are shown under, and those that are forbidden."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import falcon

from pool.errors import Invalid
from pool.keys import Keys
from pool.leaderboard import Leaderboard
from pool.profiles import Ban, Profile, Profiles
from resources import request
from resources.body import read_document
from resources.links import LinkBuilder, Links
from resources.representation import respond
from resources.resource import Resource
from storage.clock import Clock
from storage.errors import NotFound

MAX_BODY = 4096


class Collection(Resource):
    def __init__(self, profiles: Profiles, leaderboard: Leaderboard, keys: Keys) -> None:
        self._profiles, self._leaderboard, self._keys = profiles, leaderboard, keys

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The newest first."""
        self._keys.require_operator(request.caller(req, self._keys))
        limit, build = request.page_limit(req), LinkBuilder(req)
        shown = sorted(self._profiles.shown().items(), key=lambda item: -item[1].at)
        bans = sorted(self._profiles.bans().items(), key=lambda item: -item[1].at)
        names: list[tuple[Links, dict[str, Any]]] = [
            ({}, _shown(self._leaderboard.mark(volunteer), profile)) for volunteer, profile in shown[:limit]
        ]
        links = build.names()
        fields = {"total": len(shown), "bans": [self._ban(ban_id, ban) for ban_id, ban in bans[:limit]]}
        respond(req, resp, links, fields, names, cache="no-store")

    def _ban(self, ban_id: str, ban: Ban) -> dict[str, Any]:
        mark = None if ban.volunteer is None else self._leaderboard.mark(ban.volunteer)
        return {"id": ban_id, "text": ban.text, "mark": mark, "reason": ban.reason, "created": _time(ban.at)}


class Bans(Resource):
    """`/names/bans`: forbids a text (as name and team), or one volunteer to have either."""

    def __init__(self, profiles: Profiles, leaderboard: Leaderboard, keys: Keys) -> None:
        self._profiles, self._leaderboard, self._keys = profiles, leaderboard, keys

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._keys.require_operator(request.caller(req, self._keys))
        fields = read_document(req, MAX_BODY)
        if not isinstance(fields, dict) or set(fields) not in ({"text", "reason"}, {"mark", "reason"}):
            raise Invalid("", "the body must have a reason, and a text or a mark")
        volunteer = self._volunteer(fields["mark"]) if "mark" in fields else None
        ban = self._profiles.ban(fields["reason"], fields.get("text"), volunteer)
        build = LinkBuilder(req)
        resp.location = build.uri("names", "bans", ban)
        respond(req, resp, {"self": build.ban(ban), "names": build.names()["self"]}, {"id": ban}, cache="no-store")
        resp.status = falcon.HTTP_201

    def _volunteer(self, mark: object) -> str:
        volunteer = self._leaderboard.volunteer_of(str(mark))
        if volunteer is None:
            raise NotFound("volunteer", str(mark))
        return volunteer


class BanItem(Resource):
    """`/names/bans/{ban}`."""

    def __init__(self, profiles: Profiles, keys: Keys) -> None:
        self._profiles, self._keys = profiles, keys

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ban: str) -> None:
        self._keys.require_operator(request.caller(req, self._keys))
        if not self._profiles.unban(ban):
            raise NotFound("ban", ban)
        resp.status = falcon.HTTP_204


def _shown(mark: str, profile: Profile) -> dict[str, Any]:
    return {"mark": mark, "name": profile.name, "team": profile.team, "changed": _time(profile.at)}


def _time(milliseconds: int) -> str:
    return Clock.text_of(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))
