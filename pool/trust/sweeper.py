"""The thread of the auditor: it looks at the jobs that have held results, one process at a time."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from contextlib import suppress

from pool.errors import PoolError
from pool.sandbox import SandboxBusy
from storage.base import Store
from storage.errors import NotFound, StorageError

SWEEP_SECONDS = 1.0
log = logging.getLogger("comp-pool")


class Sweeper(ABC):
    """The thread starts with the first job, and ends when none is left."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: set[str] = set()
        self._changed, self._sweeping = threading.Condition(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = self._is_resuming = False

    @abstractmethod
    def _sweep_job(self, job_id: str) -> bool:
        """Returns whether anything is left to decide."""

    def add(self, job_id: str) -> None:
        """Call when a result of a job is held. The thread ends when no job has any."""
        with self._changed:
            self._jobs.add(job_id)
            self._start()

    def resume(self) -> None:
        """Goes on with what other processes have left, in the background: it looks at every job."""
        with self._changed:
            self._is_resuming = True
            self._start()

    def _start(self) -> None:
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._run, daemon=True, name="audits")
            self._thread.start()

    def _find_jobs(self) -> None:
        for job_id in self._store.jobs.ids():
            if self._has_held(job_id):
                self._jobs.add(job_id)

    def close(self) -> None:
        """Ends the thread after its present audit."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._thread is None)

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:  # A bug, or a failing disk: the results stay held, and are looked at again.
                log.exception("audits: retried in %g s", SWEEP_SECONDS)
            with self._changed:
                if self._is_closed or not (self._jobs or self._is_resuming):
                    self._thread = None
                    self._changed.notify_all()
                    return
                self._changed.wait(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Decides what can be decided now; another process may be at it."""
        with self._sweeping, self._store.held.audited_alone() as is_alone:
            if not is_alone:
                return
            if self._is_resuming:
                self._find_jobs()
                self._is_resuming = False
            for job_id in sorted(self._jobs):
                if not self._is_left(job_id):
                    self._forget(job_id)

    def _is_left(self, job_id: str) -> bool:
        try:
            return self._sweep_job(job_id)
        except NotFound:
            return False
        except (PoolError, StorageError, SandboxBusy) as ex:
            log.warning("audit of job %s: %s", job_id, ex)
        except Exception:  # A bug: it must not keep the other jobs from their audits.
            log.exception("audit of job %s: retried", job_id)
        return True

    def _forget(self, job_id: str) -> None:
        with self._changed:
            # A result may have been held since.
            if not self._has_held(job_id):
                self._jobs.discard(job_id)

    def _has_held(self, job_id: str) -> bool:
        """False for a job that was deleted."""
        with suppress(NotFound):
            return bool(self._store.held.variables(job_id, 1))
        return False
