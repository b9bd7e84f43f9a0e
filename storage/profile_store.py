"""The contract of a store's profiles: what volunteers and the operator have said about display names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from storage.documents import Document

Summarise = Callable[[bool, list[Document]], list[Document]]


class ProfileStore(ABC):
    """A log of events, which every process follows. It is in one order for all of them."""

    @abstractmethod
    def append(self, events: Sequence[Document]) -> None:
        """Adds events for every process, this one included."""

    @abstractmethod
    def read(self) -> tuple[bool, list[Document]]:
        """The events since the last call, of all processes, and whether they replace all earlier ones."""

    @abstractmethod
    def compact(self, summarise: Summarise) -> None:
        """Replaces the log by the events that `summarise` returns, if it has grown large.

        `summarise` gets what `read` would have returned; no event is added meanwhile.
        """

    @abstractmethod
    def rewrite(self, summarise: Summarise) -> None:
        """The same whatever the size, durably: so that the store has no more of what was deleted."""
