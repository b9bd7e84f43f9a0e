"""Fingerprints: sums of hashes that are equal for equal collections, in whatever order and without their memory."""

from __future__ import annotations

import secrets
from collections import Counter
from hashlib import blake2b

SIZE = 1 << 128
# Nobody who chooses ids can make two collections with one sum.
_SECRET = secrets.token_bytes(16)


class Fingerprints:
    """A fingerprint of each shard."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()

    def add(self, shard: str, item: str, times: int = 1) -> None:
        digest = blake2b(item.encode("utf-8", "surrogatepass"), digest_size=16, key=_SECRET).digest()
        self._sums[shard] += times * int.from_bytes(digest, "big")

    def differing(self, other: Fingerprints) -> set[str]:
        """The shards whose collections are not the same."""
        shards = self._sums.keys() | other._sums.keys()
        return {shard for shard in shards if (self._sums[shard] - other._sums[shard]) % SIZE}
