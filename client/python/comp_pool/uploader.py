"""Posts the results of one worker's batches in a thread, while the worker computes the next units."""

import threading
from collections.abc import Callable, Sequence

from comp_pool.batch_upload import BatchUpload, Item
from comp_pool.executor import Computed
from comp_pool.parallel import call_each
from comp_pool.retry_policy import POLICY
from comp_pool.unit_end import UnitEnd
from comp_pool.upload import Uploaded
from comp_pool.work_fetch import Task
from comp_pool.worker_context import WorkerContext


class Uploader:
    """A queue of results. Its thread starts with the first one, and ends with `close`.

    It keeps `largest` results, and posts so many by one request.
    """

    def __init__(self, context: WorkerContext, unit_end: UnitEnd, largest: int) -> None:
        self._clock = context.clock
        self._largest = largest
        self._unit_end = unit_end
        self._upload = BatchUpload(context, self._end, self._give_back, unit_end.show)
        self._items: list[Item] = []
        self._size = 0
        # When the oldest of them has waited for long enough; 0: they are posted now.
        self._due = 0.0
        self._is_posting = self._is_closed = False
        self._thread: threading.Thread | None = None
        # Of the listener, for example: it ends the worker, as an error in its own thread does.
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def add(self, task: Task, computed: Computed) -> None:
        """Add the result of a unit."""
        now = self._clock.monotonic()
        with self._changed:
            is_first = not self._items
            if is_first:
                self._due = now + POLICY.post_delay
            self._items.append(Item(task, computed, now + POLICY.max_result_age))
            self._size += self._items[-1].size
            if is_first or self._is_due:
                self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Post what there is now."""
        with self._changed:
            self._due = 0.0
            self._changed.notify_all()

    def wait_for_room(self, seconds: float) -> bool:
        """Wait while so many results are kept that another would be too many; return False at the end of the time."""
        return self._wait_for(lambda: not self._is_full, seconds)

    def wait_until_posted(self, seconds: float) -> bool:
        """Post what there is, and wait until each result has its outcome; return False at the end of the time."""
        self.flush()
        return self._wait_for(lambda: not (self._items or self._is_posting), seconds)

    def _wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        with self._changed:
            has_come = self._changed.wait_for(lambda: self._failure is not None or condition(), seconds)
            if self._failure is not None:
                raise self._failure
            return has_come

    def close(self) -> None:
        """Post what there is, and end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    @property
    def _is_full(self) -> bool:
        return len(self._items) >= self._largest or self._size >= POLICY.batch_bytes

    def _run(self) -> None:
        try:
            while items := self._take():
                self._upload.run(items)
                self._mark_posted()
        except BaseException as ex:
            self._failure = ex
            self._mark_posted()
            raise

    def _mark_posted(self) -> None:
        with self._changed:
            self._is_posting = False
            self._changed.notify_all()

    def _take(self) -> list[Item]:
        """Return the results of one request once they are due; none at the end."""
        with self._changed:
            while not self._is_due:
                left = self._due - self._clock.monotonic()
                self._changed.wait(max(left, 0.0) if self._items else None)
            count = self._count()
            items, self._items = self._items[:count], self._items[count:]
            self._size = sum(item.size for item in self._items)
            self._is_posting = bool(items)
            self._changed.notify_all()
            return items

    @property
    def _is_due(self) -> bool:
        if not self._items:
            return self._is_closed
        return self._is_closed or self._is_full or self._clock.monotonic() >= self._due

    def _count(self) -> int:
        """Return how many results fit into one request: of one job, and within the limits."""
        size = 0
        for count, item in enumerate(self._items):
            size += item.size
            is_other_job = item.task.job is not self._items[0].task.job
            if is_other_job or count == self._largest or (count and size > POLICY.batch_bytes):
                return count
        return len(self._items)

    def _end(self, item: Item, uploaded: Uploaded) -> None:
        self._unit_end.end_upload(item.task, item.computed, uploaded)

    def _give_back(self, items: Sequence[Item]) -> list[bool]:
        ended: dict[int, bool] = {}
        call_each(lambda item: ended.update({id(item): self._unit_end.is_given_back(item.task)}), items)
        return [ended[id(item)] for item in items]
