"""The settings table of docs/hosting.md is that of `comp-pool serve --help`."""

from __future__ import annotations

import re
from pathlib import Path

from config import Config

HOSTING = Path(__file__).parents[2] / "docs" / "hosting.md"
ROW = re.compile(r"^\| `(COMP_POOL_\w+)` \| `(.*)` \| (.*) \|$", re.MULTILINE)


def test_the_table_has_the_settings_in_order_with_their_defaults_and_help_texts() -> None:
    rows = ROW.findall(HOSTING.read_text(encoding="utf-8"))
    expected = [f"  {name:<30}{help_text} (default {default})" for name, default, help_text in rows]
    assert expected == Config.help_text().splitlines()
