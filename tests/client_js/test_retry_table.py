"""Both clients have the same retry policy, and the documentation has its figures."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from comp_pool.retry_policy import POLICY

from tests.client_js.conftest import RunNode

PRINT = "import { POLICY } from './lib/retry-policy.js'; console.log(JSON.stringify(POLICY));"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "retries.md"


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def test_both_clients_have_the_same_policy(node: RunNode) -> None:
    printed = json.loads(node("--input-type=module", "--eval", PRINT))
    ours = json.loads(json.dumps(asdict(POLICY)))
    assert printed == {camel_case(name): value for name, value in ours.items()}
