"""Evaluates one function in each engine that runs code of jobs, with all that surrounds it there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comp_pool.deadline import Deadline
from comp_pool.executor import Executor, Unit

from pool.sandbox import Limits, Sandbox
from tests.client_js.node_process import node_path

HERE = Path(__file__).parent
SECONDS = 100
SIZE = 64 << 20


class Engines:
    """`by_name` has a function for each engine: the JSON value that a function of JavaScript returns.

    Such a function takes a variable, and an object with the unit's `seed`.
    """

    def __init__(self) -> None:
        self._server = Sandbox(Limits(milliseconds=SECONDS * 1000, value_bytes=SIZE))
        self._python = Executor(result_bytes=SIZE, memory_bytes=1 << 30)
        self._node = subprocess.Popen(
            [node_path(), str(HERE / "node_units.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.by_name = {
            "server": self.server,
            "python": self._evaluating(self.python),
            "node": self._evaluating(self.node),
        }
        # As jobs of their own, with code outside the function.
        self.as_jobs = {"server": self.server, "python": self.python, "node": self.node}

    def _evaluating(self, engine: Callable[..., Any]) -> Callable[..., Any]:
        def evaluate(source: str, variable: Any = None, seed: int = 0) -> Any:
            return engine(EVALUATE, {"source": source, "variable": variable or {}}, seed=seed)

        return evaluate

    def server(self, source: str, variable: Any = None, seed: int = 0) -> Any:
        return self._server.call(source, [variable or {}, {"seed": seed}], seed=seed).value

    def python(self, source: str, variable: Any = None, seed: int = 0) -> Any:
        computed = self._python.compute(Unit("job", volunteered(source), variable or {}, seed=seed), Deadline(SECONDS))
        return json.loads(computed.result)

    def node(self, source: str, variable: Any = None, seed: int = 0) -> Any:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        unit = {"source": volunteered(source), "variable": variable or {}, "seed": seed}
        self._node.stdin.write(json.dumps(unit) + "\n")
        self._node.stdin.flush()
        outcome = json.loads(self._node.stdout.readline())
        assert "result" in outcome, outcome
        return json.loads(outcome["result"])

    def close(self) -> None:
        self._server.close()
        self._python.reset()
        assert self._node.stdin is not None
        self._node.stdin.close()
        self._node.wait(10)
        assert self._node.stdout is not None
        self._node.stdout.close()


def volunteered(source: str) -> str:
    """A job's function whose result is the value of `source`."""
    return f"((run) => async (variable, context) => ({{ result: await run(variable, context) }}))({source})"


# One job for most functions, so that one process of a client computes them all.
EVALUATE = "({ source, variable }, context) => (0, eval)(`(${source})`)(variable, context)"
