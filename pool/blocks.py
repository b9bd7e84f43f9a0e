"""Blocks: keys, networks and volunteers that the operator has shut out, each with a reason that they are shown."""

from __future__ import annotations

import ipaddress
import re

from pool.errors import Blocked, Invalid
from pool.peers import Peer
from storage.base import Document, Store

# A block is effective in every process after at most so many seconds.
RELOAD_SECONDS = 5.0
MAX_REASON = 500
_VOLUNTEER = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"key:[0-9a-f]{4,40}")


class Blocks:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: list[tuple[str, str]] = []
        self._next_load = float("-inf")

    def add(self, target: str, reason: str) -> str:
        """Blocks a network (``192.0.2.0/24``), a volunteer (16 hex digits, as its results show) or ``key:<digest>``.

        Returns the target in its usual form. Raises Invalid.
        """
        target = _normal(target)
        if not 0 < len(reason.strip()) <= MAX_REASON:
            raise Invalid("reason", f"must have 1 to {MAX_REASON} characters: whoever is blocked reads it")
        self._store.blocks.put(target, {"reason": reason.strip(), "created": self._store.clock.now_text()})
        return target

    def remove(self, target: str) -> bool:
        """False if there is no such block."""
        return self._store.blocks.remove(_normal(target))

    def all(self) -> list[tuple[str, Document]]:
        return self._store.blocks.all()

    def require_not_blocked(self, peer: Peer, key_id: str | None) -> None:
        """Raises Blocked."""
        for target, reason in self._current():
            if _is_hit(target, peer, key_id):
                raise Blocked(f"blocked by the operator of this pool: {reason}")

    def _current(self) -> list[tuple[str, str]]:
        if self._store.clock.monotonic() >= self._next_load:
            self._known = [(target, block["reason"]) for target, block in self.all()]
            self._next_load = self._store.clock.monotonic() + RELOAD_SECONDS
        return self._known


def _normal(target: str) -> str:
    text = target.strip().lower()
    if _VOLUNTEER.fullmatch(text) or _KEY.fullmatch(text):
        return text
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as ex:
        raise Invalid("target", "must be a network (192.0.2.0/24), a volunteer (16 hex digits) or key:<digest>") from ex


def _is_hit(target: str, peer: Peer, key_id: str | None) -> bool:
    if target.startswith("key:"):
        return key_id is not None and key_id.startswith(target.removeprefix("key:"))
    if _VOLUNTEER.fullmatch(target):
        return peer.volunteer == target
    return peer.address is not None and peer.address in ipaddress.ip_network(target)
