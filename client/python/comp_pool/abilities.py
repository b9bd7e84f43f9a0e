"""What the V8 of this computer can, and may use, of what jobs require; found out in a confined child."""

import json
from dataclasses import dataclass
from typing import Any

from comp_pool.child import START_SECONDS, Deadline
from comp_pool.errors import JobError
from comp_pool.links import Document
from comp_pool.worker import MEBIBYTE, Unit, Worker

# An empty module, and one with a function whose value is a vector: () -> v128, i32.const 0, i8x16.splat.
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
  context.result = Object.keys(modules).filter((name) => runs(modules[name]));
}
"""


@dataclass(frozen=True)
class Abilities:
    """Names of what is there, of those that a job may require, and the memory that a job may use, in mebibytes."""

    can: tuple[str, ...]
    memory_mb: int

    def missing(self, job: Document) -> list[str]:
        """Return in words what a job requires and doesn't get here; nothing where it can be computed."""
        requirements = job.content.get("requirements")
        if not isinstance(requirements, dict):
            return []
        return [self._words(name, wanted) for name, wanted in requirements.items() if not self._meets(name, wanted)]

    def _meets(self, name: str, wanted: Any) -> bool:
        if name == "memory_mb":
            return isinstance(wanted, int) and wanted <= self.memory_mb
        return wanted is False or name in self.can

    def _words(self, name: str, wanted: Any) -> str:
        if name == "memory_mb":
            return f"{wanted} MB of memory, and may use {self.memory_mb} here"
        return "WebGPU, which only browsers have" if name == "webgpu" else f"{name}, which is not to be had here"


def find_abilities(memory_bytes: int) -> Abilities:
    """Have a child that may use so much memory try what it can."""
    with Worker(memory_bytes=memory_bytes) as worker:
        try:
            computed = worker.compute(Unit("abilities", PROBE, {}), Deadline(START_SECONDS))
        except JobError:
            return Abilities((), memory_bytes // MEBIBYTE)
    return Abilities(tuple(json.loads(computed.result)), memory_bytes // MEBIBYTE)
