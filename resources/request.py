"""What a request says of who asks and how much of a collection it wants."""

from __future__ import annotations

import hashlib
import math
import re

import falcon

from pool.keys import Caller, Keys
from pool.scheduling import Abilities
from pool.variables import Volunteer
from resources.errors import Problem

PAGE, LARGEST_PAGE = 100, 1000
_VOLUNTEER = re.compile(r"[A-Za-z0-9_-]{16,128}")
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_LIMIT = re.compile(r"[1-9][0-9]{0,3}")
_MEGABYTES = re.compile(r"[0-9]{1,9}")
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


def caller(req: falcon.Request, keys: Keys) -> Caller:
    """Who asks. Raises UnknownKey for a key that is not the pool's."""
    header = req.get_header("Authorization")
    if header is None:
        return Caller()
    bearer = _BEARER.fullmatch(header)
    return keys.caller(bearer[1] if bearer else "")


def volunteer_name(req: falcon.Request) -> str:
    """A hash of the id in the header Volunteer, which is the volunteer's alone to know; empty without one."""
    header = req.get_header("Volunteer")
    if header is None:
        return ""
    if _VOLUNTEER.fullmatch(header) is None:
        raise Problem(400, "header", "Volunteer: must be 16 to 128 of A-Z, a-z, 0-9, '_' and '-'")
    return hashlib.sha256(header.encode()).hexdigest()[:16]


def volunteer(req: falcon.Request) -> Volunteer:
    query = {name: req.get_param_as_list(name) for name in req.params}
    return Volunteer(volunteer_name(req), query)


def abilities(req: falcon.Request) -> Abilities:
    """The parameters `can` and `memory_mb`: what the volunteer can compute. What this pool doesn't know is no fault."""
    told = req.get_param_as_list("memory_mb") or ["0"]
    if len(told) > 1 or _MEGABYTES.fullmatch(told[0]) is None:
        raise Problem(400, "query", "memory_mb: must be one whole number, of megabytes")
    return Abilities(frozenset(req.get_param_as_list("can") or ()), int(told[0]))


def run_seconds(req: falcon.Request) -> float | None:
    """The header Run-Seconds: what the volunteer measured, if it said."""
    header = req.get_header("Run-Seconds")
    if header is None:
        return None
    if _SECONDS.fullmatch(header) is None:
        raise Problem(400, "header", "Run-Seconds: must be a number of seconds")
    return math.floor(float(header) * 1e6) / 1e6


def page_limit(req: falcon.Request) -> int:
    text = req.get_param("limit")
    if text is None:
        return PAGE
    if _LIMIT.fullmatch(text) is None or int(text) > LARGEST_PAGE:
        raise Problem(400, "query", f"limit: must be a whole number from 1 to {LARGEST_PAGE}")
    return int(text)


def lease_token(req: falcon.Request) -> str | None:
    tokens = req.get_param_as_list("lease") or []
    if len(tokens) > 1:
        raise Problem(400, "query", "lease: give one token")
    return tokens[0] if tokens else None


def idempotency_key(req: falcon.Request) -> str | None:
    key = req.get_header("Idempotency-Key")
    if key is not None and _IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise Problem(400, "header", "Idempotency-Key: must be 1 to 200 printable ASCII characters, without spaces")
    return key
