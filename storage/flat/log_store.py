"""A followed log as part of a store: compacted in a thread of its own, so that no request waits for that."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from storage.documents import Document
from storage.errors import StorageError
from storage.flat.disk_errors import translated, translated_errors
from storage.flat.followed_log import FollowedLog
from storage.flat.throttle import Stopped, Throttle
from storage.flat.writer import Writer
from storage.profile_store import Condense

# The share of the time that a compaction takes, in turns that a request does not notice.
SHARE, TURN_SECONDS = 0.25, 0.001
log = logging.getLogger("comp-pool")


class LogStore:
    def __init__(self, writer: Writer, path: str, max_bytes: int) -> None:
        self._log = FollowedLog(writer, path, max_bytes)
        self._path = path
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @translated
    def append(self, events: Sequence[Document]) -> None:
        self._log.append(events)

    @translated
    def read(self) -> tuple[bool, list[Document]]:
        return self._log.read()

    def compact(self, condense: Condense) -> None:
        if not self._log.is_large():
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, args=(condense,), daemon=True, name="compaction")
                self._thread.start()

    def finish_compaction(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _run(self, condense: Condense) -> None:
        """A process that ends leaves it to another one."""
        try:
            with translated_errors(), _no_collections():
                self._log.compact(condense, Throttle(self._stop, SHARE, TURN_SECONDS).tick)
        except Stopped:
            pass
        except StorageError as ex:
            log.warning("%s is not compacted: %s", self._path, ex)
        except Exception:
            log.exception("%s is not compacted", self._path)

    def close(self) -> None:
        self._stop.set()
        self.finish_compaction()
        # A store that is used after it was closed opens itself again.
        self._stop.clear()
        self._log.close()


@contextmanager
def _no_collections() -> Iterator[None]:
    """The records of a whole log make Python look at every object of the process, for which all threads stand still.

    They have no cycles: none of them is left behind.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()
