"""The loop of a run: items are posted, outcomes recorded, results written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from comp_pool.mapping.backend import Backend
from comp_pool.mapping.bar import Screen
from comp_pool.mapping.board import Board
from comp_pool.mapping.credit import Credit
from comp_pool.mapping.halt import Halt
from comp_pool.mapping.inbox import End, Inbox, Message, Notice, Page
from comp_pool.mapping.items import Item, Outcome
from comp_pool.mapping.output import Output
from comp_pool.mapping.reader import Reader

# Items of one request, as many as have been read meanwhile. Not few at first: volunteers that have computed those find
# nothing, and are away for a quarter of a minute.
BATCH = 2000
# Failed items that have a line each.
MAX_SHOWN = 20
MORE = "more items fail; the exit status counts them, --joblog FILE lists them"


class Record(Protocol):
    """Something that is written for each item."""

    def write(self, item: Item, outcome: Outcome) -> None:
        """Write what is written for an item. Raises OSError."""


@dataclass
class Totals:
    """Items of a run, by what became of them; `skipped` are those that an earlier run has written.

    `new` are those that were not in the pool before.
    """

    read: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    new: int = 0
    is_complete: bool = False

    @property
    def finished(self) -> int:
        """Items of which there is nothing left to do."""
        return self.done + self.failed + self.skipped


@dataclass
class Plan:
    """How a run goes. `is_written` tells whether an earlier run has written an item; `name` is that of the run."""

    name: str
    halt: Halt = field(default_factory=Halt)
    is_written: Callable[[Item], bool] = lambda item: False
    records: list[Record] = field(default_factory=list)


class Run:
    """Maps items to lines of output."""

    def __init__(
        self, plan: Plan, backend: Backend, inbox: Inbox, board: Board, credit: Credit, output: Output, screen: Screen
    ) -> None:
        self._plan, self._backend, self._inbox, self._board = plan, backend, inbox, board
        self._credit, self._output, self._screen = credit, output, screen
        self.totals = Totals()
        self._is_started = self._is_halted = False

    @property
    def open(self) -> list[Item]:
        """The items that are posted, and have no outcome."""
        return self._board.open

    def run(self, items: Iterable[Item]) -> Totals:
        """Map all items, or as many as it takes to halt.

        Raises an error of the input, one of the pool that is not temporary, and OSError of the output.
        """
        Reader(items, self._credit, self._inbox).start()
        while not self._is_finished:
            message = self._inbox.get()
            if message is not None:
                self._handle(message)
            self._screen.update(self.totals.finished, self.totals.read, self.totals.is_complete)
        return self.totals

    def post(self, items: Iterable[Item]) -> Totals:
        """Post all items, and follow none."""
        Reader(items, self._credit, self._inbox).start()
        while not self.totals.is_complete:
            message = self._inbox.get()
            if message is not None:
                self._post(message)
            self._screen.update(self.totals.finished, self.totals.read, self.totals.is_complete)
        return self.totals

    def _post(self, first: Message) -> None:
        items = self._gather(first)
        named = [item for item in items if not item.error]
        for item in named:
            item.name(self._plan.name)
        refusals = [Outcome("", "refused", reason=item.error) for item in items if item.error]
        refusals += self._backend.add(named)
        for refusal in refusals:
            self._screen.line(f"{refusal.variable or 'a line'} refused: {refusal.reason}")
        self.totals.read += len(items)
        self.totals.new += (
            sum(not item.is_known for item in named) - len(refusals) + sum(bool(item.error) for item in items)
        )
        self.totals.failed += len(refusals)
        self.totals.done += len(items) - len(refusals)
        for item in items:
            self._credit.give_back(len(item.text))

    @property
    def _is_finished(self) -> bool:
        return self._is_halted or (self.totals.is_complete and not len(self._board))

    def _handle(self, first: Message) -> None:
        """Handle a message, and those that have come meanwhile: many items are posted together."""
        items = self._gather(first)
        # One more may have been on its way when the run was stopped.
        self._add([] if self._credit.is_closed else items)
        self._write()

    def _gather(self, first: Message) -> list[Item]:
        items: list[Item] = []
        message: Message | None = first
        while message is not None:
            if isinstance(message, Item):
                items.append(message)
            else:
                self._handle_other(message)
            message = self._inbox.get_now() if len(items) < BATCH else None
        return items

    def _handle_other(self, message: Page | Notice | End | Exception) -> None:
        if isinstance(message, Exception):
            raise message
        if isinstance(message, Notice):
            self._screen.hint(message.text)
        elif isinstance(message, End):
            self.totals.is_complete = True
        else:
            self._record(message)

    def _add(self, items: list[Item]) -> None:
        posted = [item for item in items if self._is_to_be_posted(item)]
        refusals = self._backend.add(posted) if posted else []
        for refusal in refusals:
            self._settle(refusal)
        if posted and not self._is_started:
            self._is_started = True
            self._backend.start()

    def _is_to_be_posted(self, item: Item) -> bool:
        self.totals.read += 1
        if not item.variable:
            item.name(self._plan.name)
        if self._plan.is_written(item):
            self.totals.skipped += 1
            self._board.skip(item)
            self._credit.give_back(len(item.text))
            return False
        early = self._board.add(item)
        if item.error:
            self._board.take(item, Outcome(item.variable, "refused", reason=item.error))
        elif early is not None:
            item.is_known = True
            self._settle(early)
        return not item.error and early is None

    def _record(self, page: Page) -> None:
        for outcome in page.outcomes:
            self._settle(outcome)
        if page.is_last and self._board.has_dropped:
            self._board.has_dropped = False
            self._backend.rewind()
        self._backend.next_page()

    def _settle(self, outcome: Outcome) -> None:
        """Record an outcome, or let the item be computed again."""
        item = self._board.item(outcome.variable)
        if item is None:
            self._board.keep(outcome)
        elif outcome.is_done or not self._backend.retry(item, outcome):
            self._board.take(item, outcome)
            self._credit.grow()
        elif item.variable != outcome.variable:
            self._post_again(item)

    def _post_again(self, item: Item) -> None:
        for refusal in self._backend.add([item]):
            self._board.take(item, refusal)
            return
        outcome = self._backend.fetch(item.variable) if item.is_known else None
        if outcome is not None:
            self._settle(outcome)

    def _write(self) -> None:
        for item, outcome in self._board.ready():
            self._write_one(item, self._whole(outcome))
            self._credit.give_back(len(item.text))
            self._halt()
            if self._is_halted:
                break
        self._output.flush()

    def _whole(self, outcome: Outcome) -> Outcome:
        """Return an outcome with its result, read again where it was not held."""
        while outcome.text is None:
            # There is one: a response without it is not the pool's.
            outcome = self._backend.fetch(outcome.variable) or outcome
        return outcome

    def _write_one(self, item: Item, outcome: Outcome) -> None:
        if outcome.is_done:
            self.totals.done += 1
        else:
            self.totals.failed += 1
            self._show_failure(item, outcome)
        self._output.write(item, outcome)
        if self._plan.records:
            # What is logged as written is.
            self._output.flush()
        for record in self._plan.records:
            record.write(item, outcome)

    def _show_failure(self, item: Item, outcome: Outcome) -> None:
        if self.totals.failed <= MAX_SHOWN:
            self._screen.line(f"item {item.seq} {outcome.state}: {outcome.reason}{_printed(outcome)}")
        elif self.totals.failed == MAX_SHOWN + 1:
            self._screen.line(MORE)

    def _halt(self) -> None:
        totals, halt = self.totals, self._plan.halt
        if halt.is_reached(totals.done, totals.failed, totals.read):
            self._credit.close()
            totals.is_complete = True
            self._is_halted = halt.when == "now"


def _printed(outcome: Outcome) -> str:
    lines = outcome.console.strip().splitlines()
    return f"; it printed: {lines[-1]}" if lines else ""
