"""Strict JSON: what is refused, with its position, and what is accepted at the limits."""

from __future__ import annotations

import json

import pytest

from storage.strict_json import InvalidJSON, RoundedInteger, parse

# Each document, and the part of the message that is the same in every version of Python.
INVALID = {
    "nothing": (b"", "(line 1, column 1)"),
    "blank": (b" ", "(line 1, column 2)"),
    "unfinished": (b'{"x": 1', "(line 1, column 8)"),
    "garbage": (b"garbage", "(line 1, column 1)"),
    "two documents": (b"{} {}", "(line 1, column 4)"),
    "single quotes": (b"{'x': 1}", "(line 1, column 2)"),
    "a comma too many": (b'{"x": 1,}', "(line 1, "),
    "a comment": (b"{} // text", "(line 1, column 4)"),
    "a name without quotes": (b"{\n x: 1}", "(line 2, column 2)"),
    "an undefined": (b'{"x": undefined}', "(line 1, column 7)"),
    "NaN": (b'{"x": NaN}', "NaN is not a JSON number"),
    "Infinity": (b'{"x": Infinity}', "Infinity is not a JSON number"),
    "-Infinity": (b'{"x": -Infinity}', "-Infinity is not a JSON number"),
    "1e999": (b'{"x": 1e999}', "the number 1e999 is too large"),
    "-1e999": (b'{"x": -1e999}', "the number -1e999 is too large"),
    "10 to the 400": (b'{"x": 1%s}' % (b"0" * 400), "the number 10000000000000000000 is too large"),
    "10 to the 100000": (b'{"x": -1%s}' % (b"0" * 100_000), "the number -1000000000000000000 is too large"),
    "a leading zero": (b'{"x": 01}', "(line 1, column 8)"),
    "a plus": (b'{"x": +1}', "(line 1, column 7)"),
    "hexadecimal": (b'{"x": 0x10}', "(line 1, column 8)"),
    "a point alone": (b'{"x": .5}', "(line 1, column 7)"),
    "101 deep": (b'{"x": %s%s}' % (b"[" * 100, b"]" * 100), "nested deeper than 100 levels"),
    "100000 deep": (b"[" * 100_000, "nested deeper than 100 levels"),
    "100000 objects deep": (b'{"x":' * 100_000, "nested deeper than 100 levels"),
    "half a surrogate pair": (b'{"x": "\\ud800"}', "unpaired surrogate"),
    "the other half": (b'{"x": "\\udc00\\ud800"}', "unpaired surrogate"),
    "half a pair as a name": (b'{"\\udfff": 1}', "unpaired surrogate"),
    "not UTF-8": (b'{"x": "\xff"}', "not UTF-8 (at byte 7)"),
    "a surrogate in UTF-8": (b'{"x": "\xed\xa0\x80"}', "not UTF-8 (at byte 7)"),
    "an overlong slash": (b'{"x": "\xc0\xaf"}', "not UTF-8 (at byte 7)"),
    "UTF-16": ('{"x": 1}'.encode("utf-16"), "not UTF-8 (at byte 0)"),
    "UTF-16 without a mark": ('{"x": 1}'.encode("utf-16-le"), "(line 1, column 2)"),
    "a byte order mark": (b'\xef\xbb\xbf{"x": 1}', "(line 1, column 1)"),
    "a NUL": (b'{"x": "\x00"}', "(line 1, column 8)"),
    "a NUL after": (b'{"x": 1}\x00', "(line 1, column 9)"),
    "a tab in a string": (b'{"x": "\t"}', "(line 1, column 8)"),
    "an unknown escape": (b'{"x": "\\x41"}', "(line 1, column 8)"),
    "form fields": (b"x=1&y=2", "(line 1, column 1)"),
}


@pytest.mark.parametrize(("content", "message"), INVALID.values(), ids=INVALID)
def test_anything_else_is_refused_with_its_position(content: bytes, message: str) -> None:
    with pytest.raises(InvalidJSON) as caught:
        parse(content)
    assert message in str(caught.value)


AT_THE_LIMITS = {
    "100 deep": "[" * 100 + "]" * 100,
    "brackets in text": json.dumps("[" * 100_000),
    "escapes": json.dumps('\\"[{' * 1000),
    "many beside each other": "[" + "[]," * 200 + "[]]",
    "a whole pair": '"\\ud83c\\udfca"',
    "the largest floats": "[1.7976931348623157e308, -5e-324, -0.0]",
    "a large integer": json.dumps(10**308),
    "blanks": ' \r\n\t{"x": [1 , 2]}\n',
    "null": "null",
}


@pytest.mark.parametrize("text", AT_THE_LIMITS.values(), ids=AT_THE_LIMITS)
def test_json_at_the_limits_is_accepted(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)


def test_the_depth_is_a_parameter() -> None:
    assert parse(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(InvalidJSON, match="deeper than 1 levels"):
        parse(b"[[1]]", max_depth=1)


# Integers that a double does not hold

ROUNDED = {
    "the first one": ("9007199254740993", ""),
    "below zero": ("-9007199254740993", ""),
    "a power of two, which JavaScript writes with other digits": (str(2**60), ""),
    "64 bits": (str(2**64 - 1), ""),
    "300 digits": ("9" * 300, ""),
    "in a row": ('{"rows": [{}, {"id": 9007199254740993}]}', ".rows[1].id"),
    "the first of two": ("[0, 9007199254740993, 9007199254740995]", "[1]"),
    "beside an equal float": (f"[{float(2**60)!r}, {2**60}]", "[1]"),
    "under a name that is no identifier": ('{"a b": {"": 9007199254740993}}', '["a b"][""]'),
    "under a name that is not ASCII": ('{"ü": 9007199254740993}', '["ü"]'),
}


@pytest.mark.parametrize(("text", "path"), ROUNDED.values(), ids=ROUNDED)
def test_an_integer_that_would_be_rounded_is_refused_with_its_path(text: str, path: str) -> None:
    with pytest.raises(RoundedInteger) as caught:
        parse(text.encode())
    assert caught.value.path == path


def test_the_reason_has_the_integer_and_the_advice() -> None:
    with pytest.raises(RoundedInteger) as caught:
        parse(b"[9007199254740993]")
    reason = "9007199254740993 is beyond 2^53, where JSON's numbers are rounded: use a string"
    assert caught.value.reason == reason
    assert str(caught.value) == f"[0]: {reason}"


def test_a_long_path_and_a_long_integer_are_cut() -> None:
    with pytest.raises(RoundedInteger) as caught:
        parse(b'{"%s": {"id": %s}}' % (b"x" * 10_000, b"9" * 300))
    assert caught.value.path == "…" + "x" * 197 + ".id"
    assert caught.value.reason.startswith("9" * 40 + " is")


@pytest.mark.parametrize(
    "text",
    [str(2**53 - 1), str(2**53), str(-(2**53)), "1500000000000000000", str(10**20), str(10**300), str(float(2**60))],
)
def test_an_integer_as_an_engine_writes_its_double_is_accepted(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)


def test_an_integer_that_a_repeated_name_replaces_is_not_refused() -> None:
    assert parse(b'{"x": 9007199254740993, "x": 1}') == {"x": 1}
