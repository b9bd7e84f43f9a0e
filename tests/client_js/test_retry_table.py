"""Both clients have the same retry policy, and the documentation has its figures."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from comp_pool.retry_policy import POLICY
from node_process import run_node

PRINT = "import { POLICY } from './lib/retry-policy.js'; console.log(JSON.stringify(POLICY));"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "volunteering.md"


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def test_both_clients_have_the_same_policy() -> None:
    printed = json.loads(run_node("--input-type=module", "--eval", PRINT))
    ours = json.loads(json.dumps(asdict(POLICY)))
    assert printed == {camel_case(name): value for name, value in ours.items()}


def documented_policy() -> dict[str, Any]:
    rows = re.findall(r"^\| .+ \| ([0-9., ]+)( %)? \| `(\w+)` \|$", DOCUMENTED.read_text(), re.MULTILINE)
    return {name: _value(text, percent) for text, percent, name in rows}


def _value(text: str, percent: str) -> Any:
    numbers = [float(number) for number in text.split(",")]
    return numbers if len(numbers) > 1 else numbers[0] / (100 if percent else 1)


def test_the_documentation_has_the_figures_of_the_policy() -> None:
    assert documented_policy() == json.loads(json.dumps(asdict(POLICY)))
