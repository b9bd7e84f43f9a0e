"""`comp-pool map`: what a line is: a JSON object, a number or a text; lines, CSV, items, their ids."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from comp_pool.mapping.halt import Halt
from comp_pool.mapping.items import Ids, Item
from comp_pool.mapping.lines import InvalidInput, csv_items, items_of, read_lines
from comp_pool.mapping.values import InvalidLine, read_auto, read_json


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("0.1", 0.1),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("-2.5e-3", -0.0025),
        ("9007199254740992", 2**53),
        (" 7 ", 7),
        ('{"x": [1, null]}', {"x": [1, None]}),
        (' {"x": 1} ', {"x": 1}),
        ("[1, 2]", [1, 2]),
        # Texts.
        ("007", "007"),
        ("-0", "-0"),
        ("+7", "+7"),
        (".5", ".5"),
        ("5.", "5."),
        ("1e999", "1e999"),
        ("12345678901234567890", "12345678901234567890"),
        ("9007199254740993", "9007199254740993"),
        ("0.1000000000000000055", "0.1000000000000000055"),
        ("1_000", "1_000"),
        ("\u0667", "\u0667"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("true", "true"),
        ("null", "null"),
        ('"x"', '"x"'),
        ("", ""),
        ("  two words ", "  two words "),
        ('{"x": NaN}', '{"x": NaN}'),
        ('{"x": 1e999}', '{"x": 1e999}'),
        ('{"x": 1', '{"x": 1'),
        pytest.param("[" * 100_000, "[" * 100_000, id="nested too deep"),
    ],
)
def test_a_line_is_a_json_object_or_list_a_number_that_is_kept_or_a_text(line: str, value: Any) -> None:
    read = read_auto(line)
    assert (read, type(read)) == (value, type(value))


DEEP = pytest.param("[" * 100_000, id="nested too deep")


@pytest.mark.parametrize("line", ["", "x", "{", "NaN", '{"x": Infinity}', "1e999", '{"x": -1e999}', DEEP])
def test_a_line_that_is_no_json_is_an_error_where_json_was_asked_for(line: str) -> None:
    with pytest.raises(InvalidLine, match="not JSON"):
        read_json(line)


def piped(*chunks: bytes) -> Iterator[bytes]:
    reading, writing = os.pipe()
    os.write(writing, b"".join(chunks))
    os.close(writing)
    try:
        yield from read_lines(reading)
    finally:
        os.close(reading)


def test_lines_are_split_and_the_last_one_needs_no_end() -> None:
    assert list(piped(b"one\n\ntw", b"o\nthree")) == [b"one", b"", b"two", b"three"]


def test_a_line_is_there_before_the_next_one_is_written() -> None:
    reading, writing = os.pipe()
    lines = read_lines(reading, b"\0")
    for line in (b"one", b"two"):
        os.write(writing, line + b"\0")
        assert next(lines) == line
    os.close(writing)
    assert list(lines) == []
    os.close(reading)


def test_items_are_numbered_from_one_and_keep_their_text() -> None:
    items = list(items_of([b"1.50\r", b"x"], read_auto))
    assert [(item.seq, item.text, item.value) for item in items] == [(1, "1.50", 1.5), (2, "x", "x")]


def test_a_line_that_is_not_utf_8_is_an_error_of_its_own() -> None:
    first, second = items_of([b"\xff", b"x"], read_auto)
    assert (first.error, second.error) == ("not UTF-8", "")


def test_rows_of_csv_are_objects_by_the_names_of_the_header() -> None:
    items = list(csv_items([b"\xef\xbb\xbfname,size", b'"a, ""b""",7', b'"two', b'lines",007', b""]))
    assert [item.value for item in items] == [{"name": 'a, "b"', "size": 7}, {"name": "two\nlines", "size": "007"}]


def test_a_row_with_another_number_of_cells_is_an_error_of_its_own() -> None:
    items = list(csv_items([b"a,b", b"1", b"1,2"]))
    assert [item.error for item in items] == ["1 cells in place of 2", ""]


def test_csv_that_is_not_utf_8_ends_with_an_error() -> None:
    with pytest.raises(InvalidInput, match="not CSV"):
        list(csv_items([b"a", b"\xff"]))


def named(seq: int, value: Any, run: str = "map") -> Item:
    item = Item(seq, "", value)
    item.name(run)
    return item


def test_an_id_changes_with_run_number_and_value_only() -> None:
    assert named(7, {"a": 1, "b": 2}).variable == named(7, {"b": 2, "a": 1}).variable
    different = {named(7, 1).variable, named(8, 1).variable, named(7, 2).variable, named(7, "1").variable}
    assert len(different | {named(7, 1, "run").variable}) == 5


def test_the_number_is_read_from_ids_of_the_run_alone() -> None:
    ids = Ids("a.b")
    item = named(1234567, "x", "a.b")
    assert ids.seq(item.variable) == 1234567
    item.name_again()
    assert ids.seq(item.variable) == 1234567
    assert [ids.seq(other) for other in (named(1, "x", "axb").variable, "a.b-1", "one")] == [None] * 3


def test_an_item_that_is_named_again_has_the_same_base() -> None:
    item = named(7, "x")
    base = item.variable
    item.name_again()
    item.name_again()
    assert item.variable == f"{base}-3"


def test_an_item_takes_the_last_name_that_an_earlier_run_gave_it() -> None:
    item = named(7, "x")
    base = item.variable
    assert item.matches(base)
    assert item.matches(f"{base}-3")
    assert (item.variable, item.attempt, item.is_known) == (f"{base}-3", 3, True)
    assert [item.matches(other) for other in (base, f"{base}-2", f"{base}-x", named(7, "y").variable)] == [False] * 4


@pytest.mark.parametrize(
    ("text", "succeeded", "failed", "read", "reached"),
    [
        ("never", 0, 100, 100, False),
        ("now,fail=1", 5, 0, 9, False),
        ("now,fail=1", 5, 1, 9, True),
        ("soon,success=2", 1, 9, 10, False),
        ("soon,success=2", 2, 0, 10, True),
        ("now,done=3", 1, 2, 10, True),
        ("now,fail=10%", 0, 2, 10, False),
        ("now,fail=10%", 2, 1, 10, True),
        ("now,fail=10%", 20, 1, 100, False),
    ],
)
def test_when_a_run_halts(text: str, succeeded: int, failed: int, read: int, reached: bool) -> None:
    assert Halt.parse(text).is_reached(succeeded, failed, read) is reached


@pytest.mark.parametrize("text", ["", "now", "fail=1", "later,fail=1", "now,fail=0", "now,fail=x", "now,fail=1%%"])
def test_another_form_of_halt_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be never, or now or soon"):
        Halt.parse(text)
