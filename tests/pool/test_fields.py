"""The fields of a job: which values are accepted and how they are stored, and the error of each invalid one."""

from __future__ import annotations

from typing import Any

import pytest

from pool import fields
from pool.errors import Invalid

DEFAULTS = {"lease_seconds": 300, "max_errors": 5, "require_lease": False, "lossy": False}
NO_STRINGS: list[Any] = [None, True, 1, 1.5, [], {}]
NO_OBJECTS: list[Any] = [None, True, 1, -1.5e3, "text", [], [{}]]
FLAGS = ("webgpu", "wasm", "wasm_simd", "browser_syntax", "json_variables")


def refused(field: str, check: Any, *arguments: Any) -> str:
    """Asserts that the check raises Invalid with this field; returns its reason."""
    with pytest.raises(Invalid) as caught:
        check(*arguments)
    assert caught.value.field == field
    assert str(caught.value) == f"{field}: {caught.value.reason}"
    return caught.value.reason


# Types


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_the_kind_of_a_value_is_that_of_json(value: Any, name: str) -> None:
    assert fields.kind(value) == name


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_anything_but_an_object_is_refused(value: Any) -> None:
    reason = refused("x", fields.require_object, "x", value)
    assert reason == f"must be an object, not {fields.kind(value)}"


def test_an_object_is_returned_unchanged() -> None:
    assert fields.require_object("x", {"a": 1}) == {"a": 1}


@pytest.mark.parametrize("value", NO_STRINGS)
def test_anything_but_a_string_is_no_text(value: Any) -> None:
    assert refused("x", fields.require_text, "x", value) == f"must be a string, not {fields.kind(value)}"


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_text_is_refused(value: str) -> None:
    assert refused("x", fields.require_text, "x", value) == "must not be empty"


def test_a_text_has_a_maximum_length() -> None:
    assert fields.require_text("x", "é" * 10, 10) == "é" * 10
    assert refused("x", fields.require_text, "x", "é" * 11, 10) == "must have at most 10 characters"


@pytest.mark.parametrize("field", ["_links", "_embedded"])
def test_reserved_fields_are_refused(field: str) -> None:
    assert refused(field, fields.refuse_reserved, {"x": 1, field: {}}) == "is reserved"


def test_nested_fields_can_have_reserved_names() -> None:
    fields.refuse_reserved({"x": {"_links": {}, "_embedded": 1}})


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    fields.refuse_unknown({"a": 1, "b": 2}, ("a", "b"))
    reason = refused("in.c", fields.refuse_unknown, {"a": 1, "c": 2}, ("a", "b"), "in.")
    assert reason == "unknown field; the fields are a, b"


# State


@pytest.mark.parametrize("state", ["open", "paused"])
def test_a_valid_state(state: str) -> None:
    assert fields.state(state) == state


@pytest.mark.parametrize("state", ["closed", "OPEN", "", "deleted", *NO_STRINGS])
def test_an_invalid_state_is_refused(state: Any) -> None:
    assert refused("state", fields.state, state) == "must be one of open, paused"


# Settings


def test_settings_have_defaults() -> None:
    assert fields.settings({}) == DEFAULTS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lease_seconds", 1),
        ("lease_seconds", 1.5),
        ("lease_seconds", 30 * 86_400),
        ("max_errors", 1),
        ("max_errors", 100),
        ("require_lease", True),
        ("lossy", True),
    ],
)
def test_valid_settings(field: str, value: Any) -> None:
    assert fields.settings({field: value}) == {**DEFAULTS, field: value}


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name in DEFAULTS for value in (None, "1", [], {}, [1])]
    + [("lease_seconds", value) for value in (True, 0, 0.99, -1, 30 * 86_400 + 1, 10**300)]
    + [("max_errors", value) for value in (True, 0, 1.0, 1.5, -1, 101, 1001, 10**300)]
    + [(name, value) for name in ("require_lease", "lossy") for value in (0, 1, "true")]
    + [("quorum_of_bees", 1), ("", 1)],
)
def test_invalid_settings_are_refused(field: str, value: Any) -> None:
    refused(f"settings.{field}", fields.settings, {field: value})


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_settings_are_an_object(value: Any) -> None:
    refused("settings", fields.settings, value)


# Requirements


@pytest.mark.parametrize(
    "requirements",
    [{}, {"memory_mb": 1}, {"memory_mb": 65_536}, {"webgpu": True, "wasm": True, "wasm_simd": True}],
)
def test_valid_requirements(requirements: dict[str, Any]) -> None:
    assert fields.requirements(requirements) == requirements


def test_a_requirement_that_is_false_is_left_out() -> None:
    assert fields.requirements({"webgpu": False, "wasm": True}) == {"wasm": True}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [(name, value, "must be true or false") for name in FLAGS for value in (None, "true", 0, 1, 0.5, [], {}, [True])]
    + [("memory_mb", value, "must be a whole number") for value in (None, "1", 0.5, 1.0, [], {}, [1], True, False)]
    + [("memory_mb", value, "must be from 1 to 65536") for value in (0, -1, 65_537, 10**300)]
    + [(name, True, "unknown field") for name in ("gpu", "WebGPU", "", "__proto__")],
)
def test_invalid_requirements_are_refused(field: str, value: Any, reason: str) -> None:
    assert refused(f"requirements.{field}", fields.requirements, {field: value}).startswith(reason)


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_requirements_are_an_object(value: Any) -> None:
    refused("requirements", fields.requirements, value)


# Metadata


def test_any_other_metadata_is_kept() -> None:
    given = {"owner": "McOmghall", "description": {"es": "esto"}, "licence": ["MIT", {"year": 2014}], "ünï": None}
    assert fields.metadata(given, "Job") == {"name": "Job", **given}


def test_the_name_in_the_metadata_is_the_jobs() -> None:
    assert fields.metadata({"name": "Job"}, "Job") == {"name": "Job"}


@pytest.mark.parametrize(
    ("field", "given"),
    [("name", {"name": name}) for name in ("Other", "", None, 1)]
    + [("owner", {"owner": owner}) for owner in ("", " ", None, 1, [], "x" * 201)]
    + [(field, {field: value}) for field in ("description", "short_description") for value in ("text", None, 1, [])]
    + [
        (f"{field}.en", {field: {"en": value}})
        for field in ("description", "short_description")
        for value in ("", None, 1, {}, "x" * 10_001)
    ],
)
def test_invalid_metadata_are_refused(field: str, given: Any) -> None:
    refused(f"metadata.{field}", fields.metadata, given, "Job")


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_metadata_are_an_object(value: Any) -> None:
    refused("metadata", fields.metadata, value, "Job")


def test_the_size_of_metadata_is_limited() -> None:
    frame = len('{"x": ""}')
    assert fields.metadata({"x": "x" * (fields.MAX_METADATA - frame)}, "Job")
    reason = refused("metadata", fields.metadata, {"x": "x" * (fields.MAX_METADATA - frame + 1)}, "Job")
    assert reason == f"must have at most {fields.MAX_METADATA} characters as JSON"
