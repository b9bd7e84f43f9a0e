"""Changes of jobs: `changes.ndjson`, a log of job ids that every process follows, and `jobs/<job>/watched`, a marker.

A job that is posted, updated or deleted is logged. All else is logged once after the marker was made: whoever changes
the job removes the marker, and of several that do, one logs. So a busy job costs its results one look for a marker, and
a process learns of any number of jobs by one look at the log.

Neither file is the truth of anything. A process that dies between marker and log leaves a change unlogged: recovery
empties the log, which tells the others that anything may have changed.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from storage.flat import files
from storage.flat.followed_log import FollowedLog
from storage.flat.paths import JobPaths
from storage.flat.writer import Writer

MAX_BYTES = 1 << 20


class ChangeLog:
    """What the parts of the store that change jobs call, each after its change. It raises nothing."""

    def __init__(self, writer: Writer, root: str, max_bytes: int = MAX_BYTES) -> None:
        self._log = FollowedLog(writer, f"{root}/changes.ndjson", max_bytes, from_end=True)
        # What a full disk refused: it is tried again with the next change, and this process knows.
        self._unlogged: set[str] = set()
        self._lock = threading.Lock()

    def on_change(self, paths: JobPaths) -> None:
        """Logs a change of a job that is watched."""
        # Looked up first: an unlink that finds nothing costs several times as much.
        if files.exists(paths.watched):
            with suppress(OSError):
                if files.remove(paths.watched):
                    self.add(paths.job_id)

    def add(self, job_id: str) -> None:
        """Logs a change, watched or not."""
        # Taken out first: what another thread has logged before this change must not count as the log of it.
        with self._lock:
            waiting, self._unlogged = {job_id, *self._unlogged}, set()
        try:
            self._log.append([{"job": waiting_id} for waiting_id in sorted(waiting)])
        except OSError:
            with self._lock:
                self._unlogged |= waiting
            return
        if self._log.is_large():
            with suppress(OSError):
                self._log.compact(lambda _events: ())

    def read(self) -> tuple[bool, list[str]]:
        is_new, events = self._log.read()
        return is_new, [str(event.get("job")) for event in events] + sorted(self._unlogged)

    def reset(self) -> None:
        """Tells every process that anything may have changed."""
        self._log.reset()

    def close(self) -> None:
        self._log.close()
