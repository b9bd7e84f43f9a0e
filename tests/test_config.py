"""The settings: how each type is read from the environment, and what is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from config import PREFIX, Config, InvalidSetting


def test_without_variables_every_setting_has_its_default() -> None:
    assert Config.from_environ({}) == Config()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("data", "elsewhere/pool", Path("elsewhere/pool")),
        ("name", "Our pool ü", "Our pool ü"),
        ("open", "1", True),
        ("open", "0", False),
        ("open", "review", "review"),
        ("fsync", "0", False),
        ("bind", "0.0.0.0:80", "0.0.0.0:80"),
        ("workers", "0", 0),
        ("threads", "1", 1),
        ("max_document", "000123", 123),
        ("scheduler", "owners", "owners"),
    ],
)
def test_a_setting_is_read_as_its_type(name: str, text: str, value: Any) -> None:
    found = getattr(Config.from_environ({f"COMP_POOL_{name.upper()}": text}), name)
    assert found == value
    assert type(found) is type(value) or isinstance(value, Path)


def test_an_empty_variable_counts_as_unset() -> None:
    assert Config.from_environ({PREFIX + option.name.upper(): "" for option in fields(Config)}) == Config()


def test_other_variables_are_ignored() -> None:
    assert Config.from_environ({"COMP_POOL_UNKNOWN": "x", "THREADS": "x", "comp_pool_threads": "x"}) == Config()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [(name, text, "must be 0 or 1") for name in ("open", "demo", "fsync") for text in ("yes", "true", "2", " 1")]
    + [("threads", text, "must be a whole number") for text in ("many", "-1", "1.5", "1e3", "0x10", " 1", "²")]
    + [
        (option.name, "0", "must be at least 1")
        for option in fields(Config)
        if type(option.default) is int
        if option.default
    ],
)
def test_an_invalid_value_is_refused_with_the_name_of_its_variable(name: str, text: str, reason: str) -> None:
    variable = f"COMP_POOL_{name.upper()}"
    with pytest.raises(InvalidSetting) as caught:
        Config.from_environ({variable: text})
    assert str(caught.value).startswith(f"{variable} {reason}")


def test_the_help_has_a_line_with_the_default_of_each_setting() -> None:
    lines = Config.help_text().splitlines()
    assert [line.split()[0] for line in lines] == [PREFIX + option.name.upper() for option in fields(Config)]
    assert all(line.endswith(")") and " (default " in line for line in lines)
