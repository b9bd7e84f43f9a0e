"""The journal check: one journal compared with the events that the documents imply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from storage.base import Document
from storage.flat import events, journal


class JournalCheck:
    """`implied` are the events by key; `failed` are the variables that have a marker of failure."""

    def __init__(self, path: str, implied: dict[events.Key, Document], failed: set[str]) -> None:
        self._path, self._implied, self._failed = path, implied, failed

    def agrees(self) -> bool:
        comparison = _Comparison(self._implied)
        surplus = sum(not comparison.accepts(line) for line, _ in journal.read(self._path, 0))
        return not (surplus or comparison.missing or self._unbalanced(comparison))

    def repaired(self, at: str) -> Iterator[Document]:
        """The correct journal: its own valid lines in their order, then the missing ones, made `at` this time."""
        comparison = _Comparison(self._implied)
        for line, _ in journal.read(self._path, 0):
            if comparison.accepts(line):
                yield line
        # At the end: an inserted line would shift the cursors after it.
        yield from sorted(comparison.missing.values(), key=lambda line: (str(line["at"]), str(line["variable"])))
        for variable_id in self._unbalanced(comparison):
            yield from events.balancing(at, variable_id, variable_id in self._failed, comparison.failed[variable_id])

    def _unbalanced(self, comparison: _Comparison) -> list[str]:
        """The variables whose failures minus releases disagree with their markers."""
        names = self._failed | set(comparison.failed)
        return sorted(name for name in names if comparison.failed[name] != (name in self._failed))


class _Comparison:
    """The implied events not seen yet, and failures minus releases by variable."""

    def __init__(self, implied: dict[events.Key, Document]) -> None:
        self.missing = dict(implied)
        self.failed: Counter[str] = Counter()

    def accepts(self, line: Document) -> bool:
        """Whether a line belongs in the journal. Reports, failures and releases are recorded there alone."""
        key = events.key_of(line)
        if key[0] in events.IMPLIED and self.missing.pop(key, None) is None:
            return False
        change = events.failed_change(line)
        if change:
            self.failed[key[1]] += change
        return True
