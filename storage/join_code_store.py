"""The contract of a store's join codes: documents that are taken out once."""

from __future__ import annotations

from abc import ABC, abstractmethod

from storage.documents import Document


class JoinCodeStore(ABC):
    """`name` is a hash of the code."""

    @abstractmethod
    def put(self, name: str, document: Document) -> None:
        """Stores a document, durably or not: who loses it asks for another code."""

    @abstractmethod
    def take(self, name: str) -> Document | None:
        """Removes a document and returns it; None if there is none, or somebody else was faster."""

    @abstractmethod
    def all(self) -> list[tuple[str, Document]]:
        """Each name and its document."""
