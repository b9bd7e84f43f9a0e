"""Canonical JSON: equal for equal values of JSON, different for all others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.documents import canonical


def test_the_order_of_fields_does_not_matter() -> None:
    assert canonical({"b": [1], "a": {"d": 1, "c": 2}}) == '{"a":{"c":2,"d":1},"b":[1]}'


@pytest.mark.parametrize("value", [None, True, 0, -1.5, 10**300, "ü🏊\u2028\0", [], {}, [{"": [None]}]])
def test_canonical_json_has_the_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), (1, "1"), ([1], [True]), ({"x": 1}, {"x": 1.5}), ({}, []), ("", None)]
)
def test_different_values_differ(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)
