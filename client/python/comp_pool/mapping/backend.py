"""What computes the items of a run: a pool, or this computer."""

from collections.abc import Sequence
from typing import Protocol

from comp_pool.mapping.items import Item, Outcome


class Backend(Protocol):
    """Puts the outcomes of the items that it is given into the inbox of a run, as pages."""

    # Whether `fetch` reads a result again.
    can_fetch: bool

    def add(self, items: Sequence[Item]) -> list[Outcome]:
        """Take items; return the outcomes of those that are refused."""

    def start(self) -> None:
        """Begin to compute, once there is an item."""

    def retry(self, item: Item, outcome: Outcome) -> bool:
        """Compute an item again that was posted before this run, and has no result; return False where it can't be."""

    def rewind(self) -> None:
        """Let the next pages be all from the first on."""

    def next_page(self) -> None:
        """Ask for the next page: the last one is recorded."""

    def fetch(self, variable_id: str) -> Outcome | None:
        """Return the outcome of a variable, None where it has none."""

    def withdraw(self, items: Sequence[Item]) -> None:
        """Let nobody compute these items."""

    def close(self) -> None:
        """End what computes."""
