"""Results as CSV: the header, and one cell for every value."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from resources.csv import rows

RESULT = {"variable": "one", "id": "20141202", "created": "2014-12-02T09:09:09Z", "run_seconds": 1.5, "result": 2}


def table(*pages: list[dict[str, Any]]) -> list[list[str]]:
    """The rows as another program reads them."""
    text = b"".join(rows(pages)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_table_without_results_is_its_header() -> None:
    assert b"".join(rows([])) == b"variable,id,created,run_seconds,result\r\n"


def test_each_result_of_each_page_is_a_row() -> None:
    other = {**RESULT, "variable": "two", "run_seconds": None, "volunteer": "is no column"}
    assert table([RESULT], [], [other])[1:] == [
        ["one", "20141202", "2014-12-02T09:09:09Z", "1.5", "2"],
        ["two", "20141202", "2014-12-02T09:09:09Z", "null", "2"],
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a,b", "a,b"),
        ('say "x"', 'say "x"'),
        ("two\nlines\r\n", "two\nlines\r\n"),
        ("ü🏊", "ü🏊"),
        ("", ""),
        ({"a": [1], "ü": None}, '{"a":[1],"ü":null}'),
        ([1, "x"], '[1,"x"]'),
        (None, "null"),
        (True, "true"),
        (10**300, str(10**300)),
    ],
)
def test_every_value_is_one_cell(value: Any, cell: str) -> None:
    assert table([{**RESULT, "result": value}])[1][4] == cell
