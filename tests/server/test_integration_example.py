"""The example for integrators runs as printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.serving import ROOT


def test_the_example_for_integrators_passes(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 1
    module: dict[str, Any] = {}
    exec(compile(blocks[0], "integration.md", "exec"), module)
    tests = [value for name, value in module.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0](tmp_path)
