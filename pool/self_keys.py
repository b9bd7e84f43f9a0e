"""Keys that strangers make for themselves, where the operator allows it: with small quotas, few for each address."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from pool.errors import Forbidden, LimitReached
from pool.keys import Keys, digest, identity_of
from pool.quotas import Quota
from pool.rates import Rates
from storage.base import Document, Store
from storage.clock import Clock
from storage.poster_store import Usage

# Of all addresses together. When there are so many, those give way that have stored nothing for a day.
MAX_SELF_MADE, UNUSED_DAYS = 1000, 1
RETRY_SECONDS = 3600.0
# Attempts of one address, of which each reads all keys: a class of thirty at once, then six a minute.
BURST, PER_SECOND = 60, 0.1


@dataclass(frozen=True)
class SelfMadeLimits:
    """`keys` of one address prefix (0: nobody makes keys), each with this quota."""

    keys: int = 0
    quota: Quota = Quota()


class SelfKeys:
    def __init__(self, store: Store, keys: Keys, limits: SelfMadeLimits) -> None:
        self._store, self._keys, self._limits = store, keys, limits
        self._rates = Rates(store.clock, PER_SECOND, BURST, "too many attempts to make a key from this address")

    @property
    def quota(self) -> Quota:
        return self._limits.quota

    @property
    def described(self) -> Document | None:
        """How many keys one address may make, and their quota; None if nobody may."""
        return {"keys": self._limits.keys, "quota": self.quota.document} if self._limits.keys else None

    def require_allowed(self) -> None:
        """Raises Forbidden."""
        if self._limits.keys == 0:
            raise Forbidden("this pool's operator makes its keys: ask for one")

    def make(self, owner: str, prefix: str) -> str:
        """Makes a key for somebody at this address, and returns it. Raises Forbidden, Invalid, LimitReached."""
        self.require_allowed()
        self._rates.take(prefix)
        # Before a key is stored, so that those who are refused cost no write.
        self._require_room(prefix, 1)
        key = self._keys.add(owner, quota=self._limits.quota, maker=prefix)
        try:
            # Others may have made keys at the same moment.
            self._require_room(prefix, 0)
        except LimitReached:
            self._store.keys.remove(digest(key))
            raise
        return key

    def _require_room(self, prefix: str, more: int) -> None:
        made = Counter(document["maker"] for _, document in self._keys.all() if "maker" in document)
        if made[prefix] + more > self._limits.keys:
            raise LimitReached(f"this address has made {self._limits.keys} keys (the limit)", RETRY_SECONDS, "keys")
        if made.total() + more > MAX_SELF_MADE and not self._remove_unused():
            raise LimitReached(
                f"{MAX_SELF_MADE} keys were made so (the limit): ask the operator", RETRY_SECONDS, "keys"
            )

    def _remove_unused(self) -> bool:
        """Removes keys with which nothing is stored; returns whether there were any."""
        latest = self._store.clock.now_datetime() - timedelta(days=UNUSED_DAYS)
        unused = [
            known
            for known, document in self._keys.all()
            if "maker" in document
            and Clock.moment_of(document["created"]) < latest
            and self._store.quotas.of(identity_of(known, document)) == Usage()
        ]
        for known in unused:
            self._store.keys.remove(known)
        return bool(unused)
