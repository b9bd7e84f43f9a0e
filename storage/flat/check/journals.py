"""The journal check: one journal compared with the events that the documents imply.

By fingerprints, shard by shard, in constant memory. Only the shards that differ are compared line by line, by a repair.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.base import Document
from storage.flat import events, journal
from storage.flat.check.fingerprints import Fingerprints
from storage.flat.paths import shard


class JournalCheck:
    """First `expect` with each shard, then `differing`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._expected = Fingerprints()
        # How many events documents imply, by shard.
        self.sizes: dict[str, int] = {}

    def expect(self, name: str, implied: Iterable[Document], failed: Iterable[str] = ()) -> None:
        """The events of a shard's documents, and its variables with a marker of failure."""
        for event in implied:
            self._expected.add(name, _text(events.key_of(event)))
            self.sizes[name] = self.sizes.get(name, 0) + 1
        for variable_id in failed:
            self._expected.add(name, variable_id)

    def differing(self) -> set[str]:
        """The shards with whose documents the journal disagrees."""
        found = Fingerprints()
        for line, _ in journal.read(self.path, 0):
            key, change = events.key_of(line), events.failed_change(line)
            if key[0] in events.IMPLIED:
                found.add(shard(key[1]), _text(key))
            if change:
                found.add(shard(key[1]), key[1], change)
        return self._expected.differing(found)


def _text(key: events.Key) -> str:
    # No id has a line break: no key has the text of another, or of a variable's id.
    return "\n".join(key)
