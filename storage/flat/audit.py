"""One journal held against the lines that the documents ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from storage.base import Document
from storage.flat import journal
from storage.flat.noted import Fact, balancing_lines, fact

# What only the journal knows (reports, failures, releases) is kept as it is.
DERIVED = ("None", "accepted", "withdrawn", "rejected")


class Audit:
    """`failed` are the variables whose marker says so, for the journal that says so, too."""

    def __init__(self, path: str, expected: dict[Fact, Document], failed: set[str]) -> None:
        self._path, self._expected, self._failed = path, expected, failed

    def agrees(self) -> bool:
        missing, balance, surplus = self._start()
        for line, _ in journal.read(self._path, 0):
            surplus += not _is_wanted(line, missing, balance)
        return not (missing or surplus or any(self._wanting(balance)))

    def mended(self) -> Iterator[Document]:
        """The journal as it should be: its own lines in their order, then those that it lacks."""
        missing, balance, _ = self._start()
        for line, _ in journal.read(self._path, 0):
            if _is_wanted(line, missing, balance):
                yield line
        yield from sorted(missing.values(), key=lambda line: (str(line["at"]), str(line["variable"])))
        for line in self._wanting(balance):
            yield line

    def _start(self) -> tuple[dict[Fact, Document], Counter[str], int]:
        return dict(self._expected), Counter(), 0

    def _wanting(self, balance: Counter[str]) -> Iterator[Document]:
        for variable_id in sorted(self._failed | {key for key, count in balance.items() if count}):
            yield from balancing_lines(variable_id, variable_id in self._failed, balance[variable_id])


def _is_wanted(line: Document, missing: dict[Fact, Document], balance: Counter[str]) -> bool:
    """Whether a line belongs in the journal; takes it off what is missing, and adds it to the balance."""
    key = fact(line)
    if key[0] in DERIVED and missing.pop(key, None) is None:
        return False
    change = journal.failed_by(line)
    if change:
        balance[key[1]] += change
    return True
