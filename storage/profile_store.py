"""The contract of a store's profiles: what volunteers and the operator have said about display names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from storage.documents import Document

# Makes events that add up to the same as those given. None among them is no event: there it has worked for a while.
Condense = Callable[[Iterable[Document]], Iterable[Document | None]]


class ProfileStore(ABC):
    """A log of events, which every process follows. It is in one order for all of them."""

    @abstractmethod
    def append(self, events: Sequence[Document]) -> None:
        """Adds events for every process, this one included."""

    @abstractmethod
    def read(self) -> tuple[bool, list[Document]]:
        """The events since the last call, of all processes, and whether they replace all earlier ones."""

    @abstractmethod
    def compact(self, condense: Condense) -> None:
        """Has the events so far replaced by those that `condense` returns, if they have grown large.

        That is done beside service: `condense` is called in another thread. Who has read the events goes on reading
        those behind them.
        """

    @abstractmethod
    def finish_compaction(self) -> None:
        """Waits for a compaction that this process is at."""

    @abstractmethod
    def rewrite(self, condense: Condense) -> None:
        """The same at once, whatever the size, and durably: so that the store has no more of what was deleted."""
