"""The child process of an executor: V8 with one job in it, controlled by frames on standard input and output.

Parent to child: `{source, variable, context, lossy, seed, seconds}` computes a unit, `{source, units, lossy, seconds}`
several short ones; `{seconds}` alone resets the watchdog of the unit that runs. Child to parent: first
`{confined, engine}`, then for each unit any number of `{console}`, what it prints, and `{result, seconds}` or
`{kind, message, stack}`; for several units `{outcomes}`, a list of these with their `console`, of the first ones at
least.

`variable`, `context` and `result` are JSON text, `units` is that of a list of `[variable, context, seed]`; `seconds`
are the watchdog's timeout, and the run time.
"""

import contextlib
import json
import os
import queue
import signal
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
from comp_pool.report import MAX_CONSOLE

BOOT, JOB, SERIALISER, *LIBRARIES = (
    Path(__file__).with_name(f"{name}.js") for name in ("boot", "job", "serialiser", "language", "web-functions")
)

# Of a pending promise, in seconds; the first intervals are shorter.
FIRST_POLL_INTERVAL = 0.0001
MAX_POLL_INTERVAL = 0.05
# Between two looks at what the running unit has printed, in seconds.
PRINT_INTERVAL = 0.05


def read_requests(units: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Read the parent's frames, in a thread; end the process at the end of the pipe."""
    try:
        while True:
            request = frames.read(0)
            set_watchdog(request["seconds"])
            if "source" in request:
                units.put(request)
    finally:
        # The parent is gone. The main thread may be inside V8, where no exception reaches it.
        os._exit(0)


def set_watchdog(seconds: float) -> None:
    """End this process by SIGALRM after some seconds; 0 cancels that."""
    # Without a handler: Python's own would wait for the main thread, which may never return from V8.
    signal.setitimer(signal.ITIMER_REAL, seconds)


class Printer:
    """Sends what the running unit prints, read from the memory that boot.js describes.

    In parts, while the unit runs: of a unit that is killed, nothing can be sent afterwards.
    """

    def __init__(self, memory: memoryview) -> None:
        self._length, self._text = memory[:4].cast("I"), memory[4:].cast("H")
        self._sent = 0
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send again and again, in a thread."""
        while True:
            time.sleep(PRINT_INTERVAL)
            self.send()

    def send(self) -> None:
        """Send what has not been sent yet."""
        with self._lock:
            unsent = self._text[self._sent : self._length[0]]
            if unsent:
                self._sent += len(unsent)
                # Pairs of surrogates become characters in the parent, by way of JSON.
                frames.write(1, {"console": "".join(map(chr, unsent))})

    def clear(self) -> None:
        """Forget what the last unit printed."""
        with self._lock:
            self._sent = self._length[0] = 0


class Isolate:
    """A V8 isolate with one job in it."""

    def __init__(self, memory_bytes: int, result_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._racer = start_v8(memory_bytes)
        boot, job, serialiser, *libraries = (
            path.read_text(encoding="utf-8") for path in (BOOT, JOB, SERIALISER, *LIBRARIES)
        )
        open_job = f"{job}.bind(undefined, {serialiser}(), {', '.join(libraries)})"
        mailbox: Any = self._racer.eval(f"({boot})({open_job}, {MAX_CONSOLE})")
        self._mailbox = mailbox
        self._mailbox["limit"] = result_bytes
        self.printer = Printer(mailbox["printed"])
        self.engine = f"V8 {self._racer.v8_version}"

    def compute(self, unit: dict[str, Any]) -> dict[str, Any]:
        """Return the outcome of a unit; errors are outcomes too."""
        self.printer.clear()
        outcome = self._outcome(unit)
        self.printer.send()
        return outcome

    def _outcome(self, unit: dict[str, Any]) -> dict[str, Any]:
        started = time.monotonic()
        try:
            outcome = json.loads(self._run(unit))
        except (JSEvalException, ValueError, TypeError) as ex:
            if self._racer.was_hard_memory_limit_reached():
                limit = f"the job exceeded its memory limit of {self._memory_bytes >> 20} MB"
                return {"kind": "memory", "message": f"{limit}: use less, or require more by `memory_mb`"}
            return {"kind": "threw", "message": str(ex)}
        return outcome if "outcomes" in outcome else {**outcome, "seconds": time.monotonic() - started}

    def _run(self, unit: dict[str, Any]) -> Any:
        is_several = "units" in unit
        for field in ("source", "units", "lossy") if is_several else ("source", "variable", "context", "lossy", "seed"):
            self._mailbox[field] = unit[field]
        # Runs all microtasks too. A promise that is still pending waits for a compilation of WebAssembly or for shared
        # memory, and is polled.
        self._mailbox["computeTogether" if is_several else "compute"]()
        interval = FIRST_POLL_INTERVAL
        while (outcome := self._mailbox["outcome"]) is None:
            time.sleep(interval)
            interval = min(interval * 2, MAX_POLL_INTERVAL)
            if self._racer.was_hard_memory_limit_reached():
                raise JSOOMException
        return outcome


def start_v8(memory_bytes: int) -> MiniRacer:
    """Return an isolate with a memory limit."""
    # V8's own limit aborts the process. It is higher, so that the isolate's limit, an error, comes first.
    mebibytes = memory_bytes * 5 // 4 >> 20
    init_mini_racer(flags=("--single-threaded", f"--max-heap-size={mebibytes}"))
    racer = MiniRacer()
    racer.set_hard_memory_limit(memory_bytes)
    return racer


def confine(memory_bytes: int) -> bool:
    """Give up all rights that computing doesn't need; return whether system calls are filtered."""
    # The volunteer's own programs take precedence.
    with contextlib.suppress(OSError):
        os.nice(10)
    # The isolate's limit counts its heap only; this one also counts buffers and V8's own memory.
    spare = memory_bytes // 4 + (64 << 20)
    confinement.leave_files()
    confinement.limit_resources(None, 0, data_bytes=memory_bytes + spare)
    return confinement.forbid_system_calls(threads=True)


def main(memory_bytes: int, result_bytes: int) -> None:
    """Compute units of one job until the parent closes the pipe."""
    units: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    # V8 starts before the confinement, since it reads files.
    isolate = Isolate(memory_bytes, result_bytes)
    for target, arguments in ((read_requests, (units,)), (isolate.printer.run, ())):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    frames.write(1, {"confined": confine(memory_bytes), "engine": isolate.engine})
    while True:
        outcome = isolate.compute(units.get())
        # An idle child has no deadline: its context is kept for the next unit.
        set_watchdog(0)
        frames.write(1, outcome)
