"""What is read and not yet written, and its order."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from comp_pool.mapping.items import Item, Outcome

# Results that wait for one before them, in characters; others stay in the pool until it is their turn.
MAX_HELD = 64 << 20
# Outcomes of items that are still to be read: those of an earlier run of the same command.
MAX_EARLY = 50_000


class Board:
    """Items and their outcomes; ready ones in the order of input, or as they come.

    `seq_of` returns the number of the item with a variable, None for a variable of another run. With `can_fetch` a
    result may be dropped, and be read again when it is its turn.
    """

    def __init__(self, in_order: bool, can_fetch: bool, seq_of: Callable[[str], int | None]) -> None:
        self._in_order, self._can_fetch, self._seq_of = in_order, can_fetch, seq_of
        self._items: dict[int, Item] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._early: dict[int, Outcome] = {}
        self._order: deque[int] = deque()
        self._held = 0
        self._last = 0
        # Whether an outcome was dropped for which there was no room.
        self.has_dropped = False

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item) -> Outcome | None:
        """Record an item; return the outcome that came before it."""
        self._items[item.seq] = item
        self._last = max(self._last, item.seq)
        if self._in_order:
            self._order.append(item.seq)
        early = self._early.pop(item.seq, None)
        if early is None or not item.matches(early.variable):
            return None
        self._held -= len(early.text or "")
        return early

    def skip(self, item: Item) -> None:
        """Record that an item is not wanted."""
        self._last = max(self._last, item.seq)
        early = self._early.pop(item.seq, None)
        self._held -= len(early.text or "") if early is not None else 0

    def item(self, variable_id: str) -> Item | None:
        """Return the item without an outcome that has this variable."""
        seq = self._seq_of(variable_id)
        item = None if seq is None or seq in self._outcomes else self._items.get(seq)
        return item if item is not None and item.matches(variable_id) else None

    def take(self, item: Item, outcome: Outcome) -> None:
        """Record the outcome of an item without one."""
        self._outcomes[item.seq] = self._hold(outcome)
        if not self._in_order:
            self._order.append(item.seq)

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome whose item is still to be read; forget one of no item, or of an earlier one."""
        seq = self._seq_of(outcome.variable)
        if seq is None or seq <= self._last:
            return
        if seq in self._early or len(self._early) < MAX_EARLY:
            # The last of several is the present one: a withdrawn variable may have a successor.
            self._early[seq] = self._hold(outcome)
        else:
            self.has_dropped = True

    def _hold(self, outcome: Outcome) -> Outcome:
        size = len(outcome.text or "")
        if self._can_fetch and outcome.is_done and self._held + size > MAX_HELD:
            return replace(outcome, text=None)
        self._held += size
        return outcome

    def ready(self) -> Iterator[tuple[Item, Outcome]]:
        """Yield, and forget, what can be written now."""
        while self._order and self._order[0] in self._outcomes:
            seq = self._order.popleft()
            outcome = self._outcomes.pop(seq)
            self._held -= len(outcome.text or "")
            yield self._items.pop(seq), outcome

    @property
    def open(self) -> list[Item]:
        """The items without an outcome."""
        return [item for seq, item in self._items.items() if seq not in self._outcomes]
