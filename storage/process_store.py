"""The contract of what the processes of a pool say of themselves: for the operator, and gone when a process is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class ProcessStore(ABC):
    @abstractmethod
    def put(self, document: dict[str, Any]) -> None:
        """Replaces what this process has said. It is not durable."""

    @abstractmethod
    def others(self) -> list[dict[str, Any]]:
        """What the other living processes have said last; those that never did are missing."""
