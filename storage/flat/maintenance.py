"""Maintenance: marking starts and stops, recovery, the check."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

from storage.base import CheckProgress, Document, Finding, Maintenance
from storage.errors import StorageError
from storage.flat import files
from storage.flat.check import Check
from storage.flat.counts import FlatCounts
from storage.flat.disk_errors import translated, translated_errors
from storage.flat.housekeeping import Housekeeping
from storage.flat.recovery import Recovery
from storage.flat.references import References
from storage.flat.repair import REPAIR, Repair
from storage.flat.tree import Tree

# The tasks that follow the death of a process; the last one is the pool's.
TRANSACTIONS, RESERVATIONS, RECOUNT = "transactions", "reservations", "recount"


class FlatMaintenance(Maintenance):
    def __init__(self, tree: Tree, recovery: Recovery, counts: FlatCounts, housekeeping: Housekeeping) -> None:
        self._tree, self._recovery = tree, recovery
        self._check = Check(tree, recovery, counts)
        self._running = f"{tree.root}/running"
        self._housekeeping = housekeeping
        references, repair = References(tree), Repair(tree, self._check)
        housekeeping.add(
            {
                TRANSACTIONS: lambda work: recovery.complete(work.tick),
                REPAIR: repair.run,
                RESERVATIONS: lambda work: references.remove_orphans(work.tick),
            }
        )

    def prepare(self) -> None:
        try:
            self._tree.prepare()
        except OSError as ex:
            raise StorageError(f"{self._tree.root} is not usable as a pool's directory: {ex.strerror}") from ex

    @translated
    def mark_started(self) -> bool:
        boot_id = _boot_id()
        # After a crash of the pool alone the page cache still has all writes: no check is needed.
        is_interrupted = os.path.exists(self._running) and _text(self._running) != boot_id
        if is_interrupted:
            # Before the new boot is: else a kill right after it would leave the pool unrepaired.
            self._housekeeping.mark_durably(REPAIR)
        self._mark_cleaning()
        with open(self._running, "w", encoding="ascii") as stream:
            stream.write(boot_id)
        self._tree.writer.sync_directories([self._running])
        return is_interrupted

    @translated
    def mark_stopped(self) -> None:
        files.remove(self._running)

    @translated
    def recover(self) -> None:
        self.prepare()
        is_repaired_later = self._housekeeping.is_marked(REPAIR)
        # As far as it is known: a pool that is no server's does not mark its starts.
        is_intact = not is_repaired_later and os.path.exists(self._running) and _text(self._running) == _boot_id()
        if self._recovery.restore(is_repaired_later, is_intact):
            self._mark_cleaning()

    def _mark_cleaning(self) -> None:
        """What a process that died may have left, and what nobody has to wait for."""
        for task in (TRANSACTIONS, RESERVATIONS, RECOUNT):
            self._housekeeping.mark(task)

    @translated
    def housekeep(self, recount: Callable[[], object]) -> None:
        self._housekeeping.add({RECOUNT: lambda _: recount()})
        self._housekeeping.start()

    def finish_housekeeping(self) -> None:
        self._housekeeping.finish()

    @translated
    def housekeeping(self) -> Document | None:
        return self._housekeeping.progress()

    def check(self, repair: bool, tell: Callable[[CheckProgress], object] = lambda _: None) -> Iterator[Finding]:
        with translated_errors():
            yield from self._check.run(repair, tell)

    @translated
    def is_writable(self) -> bool:
        return files.remove(self._tree.writer.temporary({"probe": True}))

    @translated
    def space(self) -> tuple[int, int]:
        usage = shutil.disk_usage(self._tree.root)
        return usage.free, usage.total


def _boot_id() -> str:
    """Identifies one boot of the machine. Without /proc a power cut is not detected."""
    try:
        return _text("/proc/sys/kernel/random/boot_id")
    except FileNotFoundError:
        return "unknown"


def _text(path: str) -> str:
    with open(path, encoding="ascii") as stream:
        return stream.read().strip()
