"""The child process that computes: V8 without the world around it, driven through its standard pipes.

The parent sends `{"source", "variable", "context", "seconds"}` to have a unit computed, and `{"seconds"}` alone to move
the deadline of what is being computed. The child answers each unit with `{"result": <JSON text>, "seconds"}` or
`{"kind", "message"}`, and lives no longer than its deadline or its parent.
"""

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from py_mini_racer import (
    JSEvalException,
    JSOOMException,
    MiniRacer,
    init_mini_racer,
)

from comp_pool import confinement, frames

BOOT, JOB = (Path(__file__).with_name(name) for name in ("boot.js", "job.js"))

# Seconds between two looks at a unit that waits for something; the first ones follow faster.
LONGEST_PAUSE = 0.05


def follow_parent(units: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Take in what the parent sends; end the process with the parent, whatever it is computing."""
    try:
        while True:
            request = frames.read(0)
            set_deadline(request["seconds"])
            if "source" in request:
                units.put(request)
    finally:
        os._exit(0)


def set_deadline(seconds: float) -> None:
    """Have the kernel end this process in so many seconds; never where that is 0."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


class Isolate:
    """V8 with one job in it."""

    def __init__(self, memory_bytes: int, result_bytes: int) -> None:
        self._racer = start_v8(memory_bytes)
        desk: Any = self._racer.eval(f"({BOOT.read_text(encoding='utf-8')})({JOB.read_text(encoding='utf-8')})")
        self._desk = desk
        self._desk["limit"] = result_bytes

    def answer(self, unit: dict[str, Any]) -> dict[str, Any]:
        """Compute one unit; whatever goes wrong in it is an answer too."""
        started = time.monotonic()
        try:
            answer = json.loads(self._compute(unit))
        except (JSEvalException, ValueError, TypeError) as ex:
            if self._racer.was_hard_memory_limit_reached():
                return {"kind": "memory", "message": "the job used more memory than it may"}
            return {"kind": "threw", "message": str(ex)[:500]}
        return {**answer, "seconds": time.monotonic() - started}

    def _compute(self, unit: dict[str, Any]) -> Any:
        for field in ("source", "variable", "context"):
            self._desk[field] = unit[field]
        self._desk["compute"]()
        # The call returns when no promise can go on; only what WebAssembly compiles aside, or a wait for shared
        # memory, ends later.
        pause = 0.0001
        while (answer := self._desk["answer"]) is None:
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            if self._racer.was_hard_memory_limit_reached():
                raise JSOOMException
        return answer


def start_v8(memory_bytes: int) -> MiniRacer:
    """Return an isolate that gives up past its memory, in a V8 whose own limit lies a little beyond."""
    mebibytes = memory_bytes * 5 // 4 >> 20
    init_mini_racer(flags=("--single-threaded", f"--max-heap-size={mebibytes}"))
    racer = MiniRacer()
    racer.set_hard_memory_limit(memory_bytes)
    return racer


def confine(memory_bytes: int) -> bool:
    """Give up all that computing doesn't need; return whether system calls are filtered."""
    with contextlib.suppress(OSError):
        os.nice(10)
    # The isolate's own limit counts its heap alone; this one also counts buffers, and what V8 itself allocates.
    spare = memory_bytes // 4 + (64 << 20)
    confinement.leave_files()
    confinement.limit_resources(None, 0, data_bytes=memory_bytes + spare)
    return confinement.forbid_system_calls(threads=True)


def main(memory_bytes: int, result_bytes: int) -> None:
    """Serve one job until the parent closes the pipe."""
    units: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    isolate = Isolate(memory_bytes, result_bytes)
    threading.Thread(target=follow_parent, args=(units,), daemon=True).start()
    frames.write(1, {"confined": confine(memory_bytes)})
    while True:
        answer = isolate.answer(units.get())
        set_deadline(0)
        frames.write(1, answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
