"""Units computed on the server, in a sandbox of their own: for audits and trials, and never for volunteers."""

from __future__ import annotations

from pool import fields
from pool.sandbox import Outcome, Sandbox
from pool.sandbox import Share as Share
from pool.seeds import unit_seed
from storage.base import Document

# One line before the function, so that positions in errors stay right.
_BEFORE = "(() => { const execute = ("
_AFTER = """
);
  return async (variable, context, seed) => {
    if (!Object.getOwnPropertyDescriptor(context, "seed")?.enumerable) {
      Object.defineProperty(context, "seed", {value: seed, configurable: true, writable: true});
    }
    const returned = await execute(variable, context);
    const found = returned === undefined ? context : returned;
    const isObject = (typeof found === "object" && found !== null) || typeof found === "function";
    if (!isObject || found.result === undefined) {
      throw new TypeError("execute_function returned no object with a `result` field");
    }
    return {valid: true, result: found.result};
  };
})()"""


class Computing:
    """`sandbox` has limits of its own: a unit takes longer than a validator."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        # How many units it was to compute: what audits cost.
        self.computed = 0

    def compute(self, job: Document, variable: Document, share: Share) -> Outcome:
        """The result of a unit, as a volunteer computes it. Raises ScriptError, SandboxBusy."""
        self.computed += 1
        seed = unit_seed(job["id"], variable["id"])
        arguments = [variable["data"], variable.get("context", {}), seed]
        source = _BEFORE + job["execute_function"] + _AFTER
        # As a verdict, so that its `result` is held to the rules for results of volunteers.
        outcome = self._sandbox.judge(source, arguments, fields.is_lossy(job), share, seed)
        return Outcome(outcome.value["result"], outcome.console)

    def close(self) -> None:
        self._sandbox.close()
