"""Child processes as /proc lists them: which exist, and whether one has ended."""

import time
from pathlib import Path


def stat(process: str) -> list[str]:
    """Return the state, the parent, and the further fields of a process; an empty list where it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children() -> set[int]:
    """Return the children of this process that have not been waited for."""
    return {child for thread in Path("/proc/self/task").iterdir() for child in _children_of(thread)}


def _children_of(thread: Path) -> list[int]:
    try:
        return [int(child) for child in (thread / "children").read_text().split()]
    except OSError:
        # The thread may have ended meanwhile: then its children are another thread's.
        if thread.exists():
            raise
        return []


def gone(process: int, seconds: float = 5.0) -> bool:
    """Wait until a process has ended, a zombie included."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stat(str(process))[:1] in ([], ["Z"]):
            return True
        time.sleep(0.01)
    return False
