"""Housekeeping: what takes long and can wait, beside service, in the background of one process at a time.

`housekeeping/<task>` is the marker of a pending task, and the directory's lock is held by the process at work. A task
whose process dies stays pending: the next process that starts, or deletes a job, goes on with it. Deleted jobs in
`trash/` are pending by being there.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from storage.base import Document
from storage.errors import Damaged, StorageError
from storage.flat import files, locks
from storage.flat.disk_errors import translated_errors
from storage.flat.throttle import Stopped, Throttle
from storage.flat.tree import Tree

# Done under the lock; it calls `Work.tick` often.
Task = Callable[["Work"], object]
TRASH = "trash"
# The share of the time that a task takes.
SHARE = 0.25
# How often the progress is stored, for every process to tell, and how often it is logged.
STORED_SECONDS, LOGGED_SECONDS = 1.0, 30.0
# How often a process looks whether it is its turn.
RETRY_SECONDS = 2.0
# A process that ends waits so long for work that is soon done, such as the removal of a small job.
GRACE_SECONDS = 1.0
log = logging.getLogger("comp-pool.housekeeping")


class Work:
    """One run of a task: its pauses, its progress, and the content of its marker, which a later run continues from."""

    def __init__(self, tree: Tree, task: str, marker: str, throttle: Throttle) -> None:
        self._tree, self._task, self._marker, self._throttle = tree, task, marker, throttle
        self._since = tree.clock.now_text()
        self._next_stored = self._next_logged = time.monotonic() + STORED_SECONDS

    def tick(self, **progress: str | int | float) -> None:
        """After each piece of work. Raises Stopped."""
        now = time.monotonic()
        if progress and now >= self._next_stored:
            self._next_stored = now + STORED_SECONDS
            document = {"task": self._task, "since": self._since, **progress}
            by = {"by": os.path.basename(self._tree.writer.workspace())}
            self._tree.writer.replace(_progress_path(self._tree), document | by, sync=False)
            if now >= self._next_logged:
                self._next_logged = now + LOGGED_SECONDS
                log.warning("%s: %s", self._task, ", ".join(f"{key} {value}" for key, value in progress.items()))
        self._throttle.tick()

    def done_so_far(self) -> str:
        with suppress(FileNotFoundError), open(self._marker, encoding="utf-8") as stream:
            return stream.read().strip()
        return ""

    def set_done_so_far(self, text: str) -> None:
        """Not synced: after a power cut some is done again."""
        with open(self._marker, "w", encoding="utf-8") as stream:
            stream.write(text)


class Housekeeping:
    def __init__(self, tree: Tree) -> None:
        self._tree, self._directory = tree, f"{tree.root}/housekeeping"
        self._tasks: dict[str, Task] = {TRASH: partial(_empty_trash, tree)}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_working = True

    def add(self, tasks: Mapping[str, Task]) -> None:
        """Tasks that this process can do, before the trash is emptied."""
        trash = self._tasks.pop(TRASH)
        self._tasks = {**self._tasks, **tasks, TRASH: trash}

    def mark(self, task: str) -> None:
        """Has a task done, by whichever process."""
        os.makedirs(self._directory, exist_ok=True)
        files.touch(self._marker(task))

    def is_marked(self, task: str) -> bool:
        return os.path.exists(self._marker(task))

    def mark_durably(self, task: str) -> None:
        self.mark(task)
        self._tree.writer.sync_directories([self._marker(task)])

    def progress(self) -> Document | None:
        """The `task` that takes long at present, `since` when, and how far it is."""
        try:
            document = files.read(_progress_path(self._tree))
        except (FileNotFoundError, Damaged):
            return None
        is_alive = self._tree.writer.workspaces.exists(str(document.pop("by", "")))
        return document if is_alive else None

    def start(self) -> None:
        """Does what is pending, in a thread. Returns at once."""
        with self._lock:
            if self._thread is None and not self._stop.is_set() and self._pending():
                self._thread = threading.Thread(target=self._run, daemon=True, name="housekeeping")
                self._thread.start()

    def finish(self) -> None:
        """Waits until this process has nothing left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Stops the work of this process, unless it is soon done; what is left is done by the next process."""
        thread = self._thread
        if thread is not None and self._is_working:
            thread.join(GRACE_SECONDS)
        self._stop.set()
        self.finish()
        # A store that is used after it was closed opens itself again.
        self._stop.clear()

    def _marker(self, task: str) -> str:
        return f"{self._directory}/{task}"

    def _pending(self) -> list[str]:
        is_pending = {TRASH: bool(files.names(f"{self._tree.root}/{TRASH}"))}
        return [task for task in self._tasks if is_pending.get(task) or os.path.exists(self._marker(task))]

    def _run(self) -> None:
        may_go_on = True
        while may_go_on:
            may_go_on = self._work_or_log()
            # A job may have been deleted since: whoever did it saw this thread at work.
            with self._lock:
                if not (may_go_on and self._pending()):
                    self._thread = None
                    return

    def _work_or_log(self) -> bool:
        """Whether to look for more."""
        try:
            with translated_errors():
                self._work()
            return not self._stop.is_set()
        except Stopped:
            return False
        except StorageError as ex:
            log.error("housekeeping is put off until the next start: %s", ex)
        except Exception:
            log.exception("housekeeping is put off until the next start")
        return False

    def _work(self) -> None:
        os.makedirs(self._directory, exist_ok=True)
        with locks.locked(self._directory, wait=False) as is_held:
            self._is_working = is_held
            if is_held:
                for name in self._pending():
                    self._do(name)
        if not is_held:
            # Another process is at work. It may end before it is done.
            self._stop.wait(RETRY_SECONDS)

    def _do(self, name: str) -> None:
        marker = self._marker(name)
        try:
            self._tasks[name](Work(self._tree, name, marker, Throttle(self._stop, SHARE)))
        finally:
            files.remove(_progress_path(self._tree))
        files.remove(marker)


def _empty_trash(tree: Tree, work: Work) -> None:
    removed = 0

    def tick() -> None:
        nonlocal removed
        removed += 1
        work.tick(removed=removed)

    names = files.names(f"{tree.root}/{TRASH}")
    for name in names:
        remove_tree(f"{tree.root}/{TRASH}/{name}", tick)
    # Else it would be tried again at once, without end.
    stuck = set(names).intersection(files.names(f"{tree.root}/{TRASH}"))
    if stuck:
        raise StorageError(f"{len(stuck)} deleted jobs in {TRASH}/ cannot be removed")


def remove_tree(path: str, tick: Callable[[], object]) -> None:
    """Removes a directory, or a file, calling `tick` after each name; what cannot be removed stays."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    remove_tree(entry.path, tick)
                else:
                    files.remove(entry.path)
                tick()
        os.rmdir(path)
    except NotADirectoryError:
        files.remove(path)
    except OSError as ex:
        log.warning("%s stays: %s", path, ex.strerror)


def _progress_path(tree: Tree) -> str:
    return f"{tree.root}/housekeeping/progress.json"
