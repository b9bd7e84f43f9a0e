"""Jobs that use packages from npm, bundled once per process of the tests."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from tests.client_js.node_process import run_node

HERE = Path(__file__).parent
NAMES = sorted(file.stem for file in (HERE / "packages").glob("*.js"))


@functools.cache
def jobs() -> dict[str, Any]:
    """By package: `execute_function`, `validate_result`, `requirements` and a `variable`."""
    return dict(json.loads(run_node(str(HERE / "bundle.mjs"))))
