"""The loop of a run, with a backend of this test: order, what came before, credit, halting, the log."""

import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from comp_pool.mapping import board as board_module
from comp_pool.mapping.bar import Lines
from comp_pool.mapping.board import Board
from comp_pool.mapping.credit import FIRST, MAX_SIZE, Credit
from comp_pool.mapping.halt import Halt
from comp_pool.mapping.inbox import Inbox, Page
from comp_pool.mapping.items import Ids, Item, Outcome
from comp_pool.mapping.joblog import COLUMNS, JobLog, read_log
from comp_pool.mapping.output import Output
from comp_pool.mapping.result_files import ResultFiles
from comp_pool.mapping.run import Plan, Run, Totals


class FakeBackend:
    """Computes twice each number, and fails on those in `failing`; `known` are outcomes from before."""

    can_fetch = True

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.posted: list[Item] = []
        self.known: dict[str, Outcome] = {}
        self.withdrawn: list[Item] = []
        # Outcomes of a batch come in this order.
        self.is_reversed = True
        self.failing: frozenset[int] = frozenset()

    def add(self, items: Sequence[Item]) -> list[Outcome]:
        self.posted += items
        for item in items:
            item.is_known = item.variable in self.known
        new = [self._outcome(item) for item in items if not item.is_known]
        if new:
            self.inbox.put(Page(new[::-1] if self.is_reversed else new))
        return []

    def _outcome(self, item: Item) -> Outcome:
        if item.seq in self.failing:
            return Outcome(item.variable, "failed", reason="threw: no", console="printed\n")
        return Outcome(item.variable, text=str(2 * item.value))

    def start(self) -> None:
        """Pages come from `add`."""

    def retry(self, item: Item, outcome: Outcome) -> bool:
        if outcome.state != "withdrawn" or not item.is_known:
            return False
        item.name_again()
        return True

    def rewind(self) -> None:
        self.inbox.put(Page(list(self.known.values())))

    def next_page(self) -> None:
        """All that is asked for comes by itself."""

    def fetch(self, variable_id: str) -> Outcome | None:
        return self.known.get(variable_id)

    def withdraw(self, items: Sequence[Item]) -> None:
        self.withdrawn += items

    def close(self) -> None:
        """Nothing runs."""


class Setting:
    def __init__(self, in_order: bool = True, **plan: Any) -> None:
        self.inbox, self.out, self.err, self.credit = Inbox(), io.StringIO(), io.StringIO(), Credit(10_000)
        self.backend = FakeBackend(self.inbox)
        self.board = Board(in_order, True, Ids("map").seq)
        self.run = Run(
            Plan("map", **plan),
            self.backend,
            self.inbox,
            self.board,
            self.credit,
            Output(self.out, tag=True),
            Lines(self.err),
        )

    def map(self, numbers: Sequence[int]) -> Totals:
        return self.run.run(Item(seq, f"n{value}", value) for seq, value in enumerate(numbers, start=1))

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()


def expected(numbers: Sequence[int]) -> list[str]:
    return [f"n{number}\t{2 * number}" for number in numbers]


def variable(seq: int, value: int, again: str = "") -> str:
    item = Item(seq, "", value)
    item.name("map")
    return item.variable + again


def test_results_are_written_in_the_order_of_the_items() -> None:
    setting = Setting()
    totals = setting.map(range(1000))
    assert setting.lines == expected(range(1000))
    assert (totals.read, totals.done, totals.failed) == (1000, 1000, 0)


def test_unordered_results_are_written_as_they_come() -> None:
    setting = Setting(in_order=False)
    setting.map(range(100))
    assert sorted(setting.lines) == sorted(expected(range(100)))
    assert setting.lines != expected(range(100))


def test_a_failed_item_has_no_line_and_is_named() -> None:
    setting = Setting()
    setting.backend.failing = frozenset([2])
    totals = setting.map([5, 6, 7])
    assert setting.lines == expected([5, 7])
    assert setting.err.getvalue() == "comp-pool: item 2 failed: threw: no; it printed: printed\n"
    assert totals.failed == 1


def test_of_many_failures_only_the_first_have_a_line_each() -> None:
    setting = Setting()
    setting.backend.failing = frozenset(range(1, 101))
    assert setting.map(range(100)).failed == 100
    assert len(setting.err.getvalue().splitlines()) == 21


def test_an_item_that_can_t_be_read_is_not_posted_and_fails() -> None:
    setting = Setting()
    items = [Item(1, "a", 1), Item(2, "b", error="not JSON"), Item(3, "c", 3)]
    totals = setting.run.run(items)
    assert (totals.done, totals.failed, len(setting.backend.posted)) == (2, 1, 2)


def test_what_an_earlier_run_has_computed_is_not_posted_again() -> None:
    setting = Setting()
    setting.inbox.put(Page([Outcome(variable(seq, seq), text=str(2 * seq)) for seq in (1, 2, 4)]))
    setting.map([1, 2, 3, 4])
    assert setting.lines == expected([1, 2, 3, 4])
    assert [item.seq for item in setting.backend.posted] == [3]


def test_the_result_of_another_value_at_the_same_place_is_not_taken() -> None:
    setting = Setting()
    setting.inbox.put(Page([Outcome(variable(1, 7), text="14")]))
    setting.map([8])
    assert setting.lines == expected([8])


def test_an_outcome_that_comes_twice_is_written_once() -> None:
    setting = Setting()
    setting.inbox.put(Page([Outcome(variable(1, 7), text="14")] * 3))
    setting.map([7, 8])
    setting.inbox.put(Page([Outcome(variable(1, 7), text="14")]))
    assert setting.lines == expected([7, 8])


def test_a_withdrawn_item_of_an_earlier_run_is_posted_under_another_id() -> None:
    setting = Setting()
    setting.inbox.put(Page([Outcome(variable(1, 7), "withdrawn")]))
    setting.map([7])
    assert setting.lines == expected([7])
    assert [item.variable for item in setting.backend.posted] == [variable(1, 7, "-2")]


def test_of_an_item_that_was_posted_again_the_last_outcome_counts() -> None:
    setting = Setting()
    outcomes = [Outcome(variable(1, 7), "withdrawn"), Outcome(variable(1, 7, "-2"), text="14")]
    setting.inbox.put(Page(outcomes))
    setting.map([7])
    assert (setting.lines, setting.backend.posted) == (expected([7]), [])


def test_outcomes_for_which_there_was_no_room_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "MAX_EARLY", 1)
    setting = Setting()
    known = {variable(seq, seq): Outcome(variable(seq, seq), text=str(2 * seq)) for seq in (1, 2, 3)}
    setting.backend.known = known
    setting.inbox.put(Page(list(known.values())))
    # The page that is empty comes when the items are there.
    threading.Timer(0.05, lambda: setting.inbox.put(Page([], is_last=True))).start()
    setting.map([1, 2, 3])
    assert setting.lines == expected([1, 2, 3])


def test_large_results_that_wait_stay_in_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "MAX_HELD", 3)
    setting = Setting()
    numbers = [10, 20, 30]
    setting.backend.known = {variable(s, n): Outcome(variable(s, n), text=str(2 * n)) for s, n in enumerate(numbers, 1)}
    setting.inbox.put(Page(list(setting.backend.known.values())))
    setting.map(numbers)
    assert setting.lines == expected(numbers)


def test_items_are_read_only_as_far_ahead_as_there_is_credit() -> None:
    setting = Setting()
    most = 0

    def counted() -> Iterator[Item]:
        nonlocal most
        for seq in range(1, 5001):
            most = max(most, seq - setting.run.totals.finished)
            yield Item(seq, "", seq)

    setting.credit._window = setting.credit._most = 600
    setting.run.run(counted())
    # One more is in the hands of the reader.
    assert 500 < most <= 602


def test_at_first_few_items_are_read_ahead_and_more_with_each_outcome() -> None:
    credit = Credit(FIRST + 3)
    assert all(credit.take(1) for _ in range(FIRST))
    assert not credit._has_room
    credit.grow()
    assert [credit.take(1) for _ in range(3)] == [True] * 3
    assert not credit._has_room
    credit.give_back(1)
    assert credit._has_room


def test_large_items_are_read_ahead_in_smaller_numbers() -> None:
    credit = Credit(FIRST)
    credit.take(MAX_SIZE)
    assert not credit._has_room
    credit.give_back(MAX_SIZE)
    assert credit._has_room


def test_what_an_earlier_run_has_written_is_left_out() -> None:
    setting = Setting(is_written=lambda item: item.seq == 2)
    totals = setting.map([1, 2, 3])
    assert (setting.lines, totals.skipped) == (expected([1, 3]), 1)


def test_halt_now_writes_no_more_and_leaves_the_rest_open() -> None:
    setting = Setting(halt=Halt.parse("now,fail=1"))
    setting.backend.failing = frozenset([2])
    totals = setting.map([1, 2, 3, 4])
    assert (setting.lines, totals.failed) == (expected([1]), 1)


def test_halt_soon_reads_no_more() -> None:
    setting = Setting(halt=Halt.parse("soon,success=3"))
    setting.backend.is_reversed = False

    def endless() -> Iterator[Item]:
        seq = 0
        while True:
            seq += 1
            yield Item(seq, f"n{seq}", seq)

    totals = setting.run.run(endless())
    assert setting.lines == expected(range(1, totals.done + 1))
    assert totals.done >= 3


def test_an_error_of_the_input_ends_the_run() -> None:
    def broken() -> Iterator[Item]:
        yield Item(1, "", 1)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        Setting().run.run(broken())


# The log and the files


def log_of(path: Path, is_continued: bool = False) -> JobLog:
    return JobLog(path, is_continued)


def test_the_log_has_the_columns_of_gnu_parallel(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log")
    log.write(Item(1, "seven"), Outcome("map-1", text='"ä"', host="0f", started=12.3456, seconds=0.5))
    log.write(Item(2, "x"), Outcome("map-2", "failed"))
    log.close()
    header, *rows = (tmp_path / "log").read_text().splitlines()
    assert header.split("\t") == list(COLUMNS)
    assert [row.split("\t") for row in rows] == [
        ["1", "0f", "12.345", "0.500", "5", "4", "0", "0", "map-1"],
        ["2", ":", "0.000", "0.000", "1", "0", "1", "0", "map-2"],
    ]


def test_a_log_is_continued_behind_a_line_that_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = log_of(path)
    log.write(Item(1, ""), Outcome("map-1", "failed"))
    log.close()
    with path.open("a") as file:
        file.write("2\t:\t1.0")
    log = log_of(path, is_continued=True)
    log.write(Item(1, ""), Outcome("map-1"))
    log.close()
    assert [(line.seq, line.variable, line.is_done) for line in read_log(path)] == [(1, "map-1", True)]


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("precious\n")
    with pytest.raises(ValueError, match="no job log"):
        read_log(tmp_path / "log")


def test_a_missing_log_is_an_empty_one(tmp_path: Path) -> None:
    assert read_log(tmp_path / "log") == []


def test_each_item_has_a_directory(tmp_path: Path) -> None:
    files = ResultFiles(tmp_path / "results")
    done, failed = Item(1, "", {"x": 1}), Item(2, "", 2)
    files.write(done, Outcome("map-1", text="[1]", console="printed\n"))
    files.write(failed, Outcome("map-2", "failed", reason="threw: no"))
    found = {
        str(path.relative_to(tmp_path / "results")): path.read_text() for path in (tmp_path / "results").rglob("*.*")
    }
    assert found == {"1/variable.json": '{"x":1}\n', "1/result.json": "[1]\n", "2/variable.json": "2\n"}
    assert (tmp_path / "results" / "1" / "console").read_text() == "printed\n"
    assert [files.has(item) for item in (done, failed, Item(1, "", {"x": 2}), Item(3, "", 1))] == [
        True,
        False,
        False,
        False,
    ]
