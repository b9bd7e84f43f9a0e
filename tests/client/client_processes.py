"""What tests ask of /proc: which children there are, and whether a process is gone."""

import os
import time
from pathlib import Path


def stat(process: str) -> list[str]:
    """Return the state, the parent, and the further fields of a process; nothing where it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children() -> set[int]:
    """Return the processes that this one has started and has not yet waited for."""
    everybody = [name.name for name in Path("/proc").iterdir() if name.name.isdigit()]
    return {int(name) for name in everybody if stat(name)[1:2] == [str(os.getpid())]}


def gone(process: int, seconds: float = 5.0) -> bool:
    """Wait until a process is gone, or has ended and is only waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stat(str(process))[:1] in ([], ["Z"]):
            return True
        time.sleep(0.01)
    return False
