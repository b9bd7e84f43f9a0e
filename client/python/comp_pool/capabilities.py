"""Which requirements of jobs this computer meets, detected in a confined child process."""

import json
from dataclasses import dataclass
from typing import Any

from comp_pool.child import START_SECONDS
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import MEBIBYTE, Executor, Unit
from comp_pool.leases import JSON_VARIABLES
from comp_pool.links import Document

# An empty module, and one with a function that returns a vector: () -> v128, i32.const 0, i8x16.splat. The regular
# expressions have syntax that QuickJS does not know.
PROBE = """
(variable, context) => {
  const modules = {
    wasm: [0, 97, 115, 109, 1, 0, 0, 0],
    wasm_simd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11],
  };
  const runs = (bytes) => {
    try {
      return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))) !== undefined;
    } catch {
      return false;
    }
  };
  const knowsSyntax = () => {
    try {
      return [["(?i:a)"], ["[\\\\p{L}--[a-z]]", "v"], ["(?<n>a)|(?<n>b)"]].every((parts) => new RegExp(...parts));
    } catch {
      return false;
    }
  };
  context.result = Object.keys(modules).filter((name) => runs(modules[name]));
  if (knowsSyntax()) context.result.push("browser_syntax");
}
"""


@dataclass(frozen=True)
class Capabilities:
    """Supported requirements of jobs by name, and the memory limit of a job in mebibytes."""

    can: tuple[str, ...]
    memory_mb: int

    def unmet_requirements(self, job: Document) -> list[str]:
        """Return descriptions of the requirements of a job that are not met."""
        requirements = job.content.get("requirements")
        if not isinstance(requirements, dict):
            return []
        return [self._describe(name, value) for name, value in requirements.items() if not self._meets(name, value)]

    def _meets(self, name: str, value: Any) -> bool:
        if name == "memory_mb":
            return isinstance(value, int) and value <= self.memory_mb
        # A requirement that is not known here counts as not met: a newer pool may have more of them.
        return value is False or name == JSON_VARIABLES or name in self.can

    def _describe(self, name: str, value: Any) -> str:
        if name == "memory_mb":
            return f"{value} MB of memory (at most {self.memory_mb} here)"
        return "WebGPU (browsers only)" if name == "webgpu" else f"{name} (not available here)"


def detect_capabilities(memory_bytes: int) -> Capabilities:
    """Return what V8 supports in a confined child with this memory limit."""
    # Tried out: the confinement, not only V8's version, decides whether WebAssembly can compile.
    with Executor(memory_bytes=memory_bytes) as executor:
        try:
            computed = executor.compute(Unit("capabilities", PROBE, {}), Deadline(START_SECONDS))
        except JobError:
            return Capabilities((), memory_bytes // MEBIBYTE)
    return Capabilities(tuple(json.loads(computed.result)), memory_bytes // MEBIBYTE)
