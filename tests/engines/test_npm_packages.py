"""Packages from npm as jobs in Python and in Node, and as validators on the server, within the time of a call."""

from __future__ import annotations

from typing import Any

import pytest

from pool.sandbox import UNDEFINED, Sandbox
from pool.seeds import unit_seed
from tests.engines.engines import Engines
from tests.engines.npm_packages import NAMES, jobs

# Node's QuickJS has no WebAssembly.
IN_NODE = [name for name in NAMES if name != "hash-wasm"]
# One function for all packages, so that one process computes them.
COMPUTE = """async ({ source, variable }, context) => {
  const { result } = await (0, eval)(source)(variable, context);
  return result;
}"""


@pytest.fixture(scope="module")
def python_results(engines: Engines) -> dict[str, Any]:
    """By package, what its job returns in the Python client."""
    return {name: engines.python(COMPUTE, *unit(name)) for name in NAMES}


def unit(name: str) -> tuple[Any, int]:
    """The variable of COMPUTE, and the seed."""
    job = jobs()[name]
    return {"source": job["execute_function"], "variable": job["variable"]}, unit_seed(name, "one")


@pytest.mark.parametrize("name", NAMES)
def test_the_server_accepts_what_the_python_client_computed(
    sandbox: Sandbox, python_results: dict[str, Any], name: str
) -> None:
    job, seed = jobs()[name], unit_seed(name, "one")
    sandbox.check(job["validate_result"])
    for result in (UNDEFINED, python_results[name]):
        assert sandbox.call(job["validate_result"], [job["variable"], result, {}], seed=seed).value is True


@pytest.mark.parametrize("name", NAMES)
def test_the_server_rejects_another_result(sandbox: Sandbox, python_results: dict[str, Any], name: str) -> None:
    job, forged = jobs()[name], changed(python_results[name])
    seed = unit_seed(name, "one")
    assert sandbox.call(job["validate_result"], [job["variable"], forged, {}], seed=seed).value is False


def changed(result: Any) -> Any:
    """The result with its last part changed; of two parts the first: of hash-wasm's the server checks that alone."""
    if isinstance(result, dict):
        name, value = list(result.items())[-1]
        return {**result, name: changed(value)}
    if isinstance(result, list):
        return [changed(result[0]), *result[1:]] if len(result) == 2 else [*result[:-1], changed(result[-1])]
    return result + 1 if isinstance(result, (int, float)) else ("1" if result[0] == "0" else "0") + result[1:]


@pytest.mark.parametrize("name", IN_NODE)
def test_the_node_client_computes_the_same(engines: Engines, python_results: dict[str, Any], name: str) -> None:
    assert engines.node(COMPUTE, *unit(name)) == python_results[name]
