"""The background thread of a process: it advances the flows that call functions on the server, such as conditions.

One thread, so that all of them together take one place of the sandbox, and no request waits for a slow one. Their
owners take turns: any number of slow flows of one owner delays another's by one turn.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection

# A request that has handed flows over waits this long: a fast condition has then been evaluated.
PATIENCE_SECONDS = 0.02


class Background:
    """`advance` advances a flow for one turn, and returns whether work is left; it raises nothing.

    The thread starts with the first flow, and ends when none is left.
    """

    def __init__(self, advance: Callable[[str], bool]) -> None:
        self._advance = advance
        self._queues: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()
        self._running: str | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._is_closed = False

    def add(self, flow_id: str, owner: str) -> None:
        """A flow that is being advanced is advanced once more."""
        with self._changed:
            self._enqueue(flow_id, owner)
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, daemon=True, name="flows")
                self._thread.start()

    def _enqueue(self, flow_id: str, owner: str) -> None:
        self._queues.setdefault(owner, OrderedDict())[flow_id] = None

    def is_idle(self) -> bool:
        return self._thread is None

    def wait(self, flow_ids: Collection[str], seconds: float | None = None) -> None:
        """Waits until these flows have been advanced, or for so long."""
        if not flow_ids:
            return
        timeout = PATIENCE_SECONDS if seconds is None else seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._has_any(flow_ids), timeout)

    def _has_any(self, flow_ids: Collection[str]) -> bool:
        queues = self._queues.values()
        return self._running in flow_ids or any(flow_id in queue for queue in queues for flow_id in flow_ids)

    def finish(self) -> None:
        """Waits until no flow is left."""
        with self._changed:
            self._changed.wait_for(self.is_idle)

    def close(self) -> None:
        """Ends the thread after its present turn. The next process that opens the pool resumes the flows left."""
        with self._changed:
            self._is_closed = True
            self._queues.clear()
            self._changed.wait_for(self.is_idle)

    def _run(self) -> None:
        while turn := self._next_turn():
            flow_id, owner = turn
            has_work_left = self._advance(flow_id)
            with self._changed:
                self._running = None
                if has_work_left and not self._is_closed:
                    self._enqueue(flow_id, owner)
                self._changed.notify_all()

    def _next_turn(self) -> tuple[str, str] | None:
        with self._changed:
            if not self._queues:
                self._thread = None
                self._changed.notify_all()
                return None
            owner, queue = self._queues.popitem(last=False)
            self._running, _ = queue.popitem(last=False)
            # Behind all other owners, whatever else this one has.
            if queue:
                self._queues[owner] = queue
            return self._running, owner
