"""JavaScript in responses: values as literals that cannot end their script."""

from __future__ import annotations

import json
from typing import Any

import dukpy
import pytest

from resources.javascript import literal, source


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "ü🏊", "</script><script>alert(1)</script>", "<!--", "\u2028\u2029", {"a": ["<", "\\", '"']}],
)
def test_a_literal_has_its_value_and_ends_no_script(value: Any) -> None:
    text = literal(value)
    assert "<" not in text
    assert json.loads(text) == value
    assert dukpy.evaljs(f"JSON.stringify({text})") == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_a_source_is_a_file_of_the_client() -> None:
    assert "function" in source("sandbox/job.js")
