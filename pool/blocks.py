"""Blocks: keys, networks and volunteers that the operator has shut out, each with a reason that they are shown."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pool import reasons
from pool.errors import Blocked, Invalid
from pool.peers import Network, Peer, network
from storage.base import Document, Store
from storage.errors import StorageError

# A block is effective in every process after at most so many seconds.
RELOAD_SECONDS = 5.0
_VOLUNTEER = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"key:[0-9a-f]{4,40}")
log = logging.getLogger("comp-pool")


@dataclass(frozen=True)
class _Block:
    """`target` is a volunteer or a key where there is no `network`."""

    target: str
    reason: str
    network: Network | None

    def hits(self, peer: Peer, key_id: str | None) -> bool:
        if self.network is not None:
            return peer.address is not None and peer.address in self.network
        if self.target.startswith("key:"):
            return key_id is not None and key_id.startswith(self.target.removeprefix("key:"))
        return peer.volunteer == self.target


class Blocks:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: list[_Block] = []
        self._next_load = float("-inf")

    def add(self, target: str, reason: str) -> str:
        """Blocks a network (``192.0.2.0/24``), a volunteer (16 hex digits, as its results show) or ``key:<digest>``.

        Returns the target in its usual form. Raises Invalid.
        """
        target = _normal(target)
        document = {"reason": reasons.checked(reason), "created": self._store.clock.now_text()}
        self._store.blocks.put(target, document)
        return target

    def remove(self, target: str) -> bool:
        """False if there is no such block."""
        return self._store.blocks.remove(_normal(target))

    def all(self) -> list[tuple[str, Document]]:
        return self._store.blocks.all()

    def require_not_blocked(self, peer: Peer, key_id: str | None) -> None:
        """Raises Blocked."""
        for block in self._current():
            if block.hits(peer, key_id):
                raise Blocked(f"blocked by the operator of this pool: {block.reason}")

    def _current(self) -> list[_Block]:
        now = self._store.clock.monotonic()
        if now >= self._next_load:
            self._next_load = now + RELOAD_SECONDS
            try:
                self._known = list(self._load())
            except StorageError as ex:  # Every request comes here: a file that can't be read must not fail them all.
                log.warning("the blocks can't be read, and stay as they were: %s", ex)
        return self._known

    def _load(self) -> Iterator[_Block]:
        for target, block in self.all():
            with suppress(Invalid, KeyError):  # A document written by hand.
                usual, of_target = _parsed(target)
                yield _Block(usual, str(block["reason"]), of_target)


def _normal(target: str) -> str:
    return _parsed(target)[0]


def _parsed(target: str) -> tuple[str, Network | None]:
    """A target in its usual form, and its network, if it is one. Raises Invalid."""
    text = target.strip().lower()
    if _VOLUNTEER.fullmatch(text) or _KEY.fullmatch(text):
        return text, None
    try:
        found = network(text, strict=False)
    except ValueError as ex:
        raise Invalid("target", "must be a network (192.0.2.0/24), a volunteer (16 hex digits) or key:<digest>") from ex
    return str(found), found
