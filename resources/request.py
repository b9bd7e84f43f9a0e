"""Headers and query parameters of requests: the caller, the volunteer, pages, tokens and keys."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable

import falcon

from pool.keys import Caller, Keys, digest
from pool.peers import Peer, Peers
from pool.scheduling import Capabilities, Volunteer
from resources.errors import Problem

# By this name the server's environment has a function that tells whether the client has closed its connection.
CLIENT_IS_GONE = "comp_pool.client_is_gone"
DEFAULT_PAGE, MAX_PAGE = 100, 1000
MAX_LEASES = 256
_VOLUNTEER = re.compile(r"[A-Za-z0-9_-]{16,128}")
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_LIMIT = re.compile(r"[1-9][0-9]{0,3}")
_MEGABYTES = re.compile(r"[0-9]{1,9}")
_FLAGS = {None: False, "false": False, "true": True}
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


def caller(req: falcon.Request, keys: Keys) -> Caller:
    """The caller by its key, anonymous without one. Raises UnknownKey for a key that is not the pool's."""
    header = req.get_header("Authorization")
    if header is None:
        return keys.caller(None, peer(req).prefix)
    bearer = _BEARER.fullmatch(header)
    return keys.caller(bearer[1] if bearer else "", peer(req).prefix)


def volunteer_name(req: falcon.Request) -> str:
    """A hash of the header Volunteer, or empty. The id itself is a secret: whoever has it can pass as the volunteer."""
    header = req.get_header("Volunteer")
    if header is None:
        return ""
    if _VOLUNTEER.fullmatch(header) is None:
        raise Problem(400, "header", "Volunteer: must be 16 to 128 of A-Z, a-z, 0-9, '_' and '-'")
    return name_of_id(header)


def name_of_id(volunteer_id: str) -> str:
    return hashlib.sha256(volunteer_id.encode()).hexdigest()[:16]


def accepts_gzip(req: falcon.Request) -> bool:
    return _GZIP.search(req.get_header("Accept-Encoding") or "") is not None


def key_digest(req: falcon.Request) -> str | None:
    """The digest of the key in the request, whether it is one of the pool's or not; None without one."""
    bearer = _BEARER.fullmatch(req.get_header("Authorization") or "")
    return digest(bearer[1]) if bearer else None


def peer(req: falcon.Request) -> Peer:
    """The sender of the request, by its address and the header Volunteer."""
    known: Peer | None = req.context.get("peer")
    if known is None:
        forwarded = [address for address in req.env.get("HTTP_X_FORWARDED_FOR", "").split(",") if address.strip()]
        peers: Peers = req.context.peers
        known = req.context.peer = peers.of(req.env.get("REMOTE_ADDR", ""), forwarded, volunteer_name(req))
    return known


def client_is_gone(req: falcon.Request) -> Callable[[], bool]:
    """Tells whether nobody waits for the response any more, for a system call; never so with other servers."""
    is_gone: Callable[[], bool] = req.env.get(CLIENT_IS_GONE, lambda: False)
    return is_gone


def volunteer(req: falcon.Request) -> Volunteer:
    query = {name: req.get_param_as_list(name) for name in req.params}
    return Volunteer(peer(req), query)


def capabilities(req: falcon.Request) -> Capabilities:
    """The parameters `can` and `memory_mb`. Unknown capabilities are permitted: a client may be newer than the pool."""
    memory = req.get_param_as_list("memory_mb") or ["0"]
    if len(memory) > 1 or _MEGABYTES.fullmatch(memory[0]) is None:
        raise Problem(400, "query", "memory_mb: must be one whole number (megabytes)")
    return Capabilities(frozenset(req.get_param_as_list("can") or ()), int(memory[0]))


def run_seconds(req: falcon.Request) -> float | None:
    """The header Run-Seconds, the volunteer's own measurement, in whole microseconds."""
    header = req.get_header("Run-Seconds")
    if header is None:
        return None
    seconds = seconds_of(header)
    if seconds is None:
        raise Problem(400, "header", "Run-Seconds: must be a number of seconds")
    return math.floor(seconds * 1e6) / 1e6


def seconds_of(text: str) -> float | None:
    """A number of seconds, of at most nine digits; None for any other text."""
    return float(text) if _SECONDS.fullmatch(text) else None


def page_limit(req: falcon.Request, name: str = "limit", is_html: bool = False) -> int:
    """How many items a page may have; one for people, whose rows cost more, has no more than usual."""
    text = req.get_param(name)
    if text is None:
        return DEFAULT_PAGE
    if _LIMIT.fullmatch(text) is None or int(text) > MAX_PAGE:
        raise Problem(400, "query", f"{name}: must be a whole number from 1 to {MAX_PAGE}")
    return min(int(text), DEFAULT_PAGE) if is_html else int(text)


def flag(req: falcon.Request, name: str) -> bool:
    text = req.get_param(name)
    if text not in _FLAGS:
        raise Problem(400, "query", f"{name}: must be true or false")
    return _FLAGS[text]


def lease_count(req: falcon.Request) -> int | None:
    """The parameter `count`: how many variables to lease at most. A larger number than the limit means the limit."""
    counts = req.get_param_as_list("count") or []
    if not counts:
        return None
    if len(counts) > 1 or _COUNT.fullmatch(counts[0]) is None:
        raise Problem(400, "query", "count: must be one whole number, at least 1")
    return min(int(counts[0]), MAX_LEASES)


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
