"""Lease tokens: signed, so that the pool need not store the holders of leases."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pool.errors import BadLease

_TOKEN = re.compile(r"([0-9a-f]{16})\.(\d{1,15})\.(\d{1,15})\.([0-9a-f]*)\.([A-Za-z0-9_-]{22})")


@dataclass(frozen=True, slots=True)
class LeaseToken:
    """`started` is in milliseconds of the epoch, `identity` that of the lease in the store; `volunteer` is the name of
    the volunteer (a hash), or empty.
    """

    lease_id: str
    started: int
    identity: int
    volunteer: str


class Tokens:
    def __init__(self, read_secret: Callable[[], str]) -> None:
        self._read_secret = read_secret

    @cached_property
    def _keyed(self) -> hmac.HMAC:
        # Copied for each token: to begin with the key takes as long as the rest.
        return hmac.new(self._read_secret().encode(), digestmod="sha256")

    def sign(self, token: LeaseToken, job_uid: str, variable_id: str) -> str:
        body = f"{token.lease_id}.{token.started}.{token.identity}.{token.volunteer}"
        return f"{body}.{self._signature(body, job_uid, variable_id)}"

    def read(self, text: str, job_uid: str, variable_id: str) -> LeaseToken:
        """Raises BadLease unless this pool signed the token for this job and variable."""
        parts = _TOKEN.fullmatch(text)
        if parts is None:
            raise BadLease("lease: not a lease token")
        body, signature = text.rsplit(".", 1)
        # Constant time: a plain comparison would reveal a signature byte by byte.
        if not hmac.compare_digest(signature, self._signature(body, job_uid, variable_id)):
            raise BadLease("lease: the token belongs to another variable")
        return LeaseToken(parts[1], int(parts[2]), int(parts[3]), parts[4])

    def _signature(self, body: str, job_uid: str, variable_id: str) -> str:
        # The job's uid is signed, so that a token is worthless for a later job of the same name.
        signature = self._keyed.copy()
        signature.update(f"{job_uid}/{variable_id}/{body}".encode())
        return base64.urlsafe_b64encode(signature.digest()[:16]).rstrip(b"=").decode()
