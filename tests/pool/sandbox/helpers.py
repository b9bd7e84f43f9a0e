"""The child processes of the sandbox."""

from __future__ import annotations

import os
from pathlib import Path


def children() -> set[int]:
    """The sandbox processes that are children of this one."""
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return {pid for pid in found if b"sandbox/child.py" in Path(f"/proc/{pid}/cmdline").read_bytes()}
