"""The auditors' threads that a test starts end with it: without the pool's directory each would log an error a second,
beside the tests that follow.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pool.trust.sweeper import Sweeper
from storage.flat import FlatStore

_started: list[Sweeper] = []
_start = Sweeper._start


def remember() -> None:
    """From now on it is known who has started a thread."""

    def start(sweeper: Sweeper) -> None:
        _start(sweeper)
        if sweeper not in _started:
            _started.append(sweeper)

    Sweeper._start = start  # type: ignore[method-assign]


def end_in(directories: Collection[Path]) -> None:
    """Ends those of pools in these directories, and in directories that are gone."""
    for sweeper in list(_started):
        assert isinstance(sweeper._store, FlatStore)
        root = Path(sweeper._store._tree.root)
        if not root.exists() or any(root.is_relative_to(directory) for directory in directories):
            sweeper.close()
            _started.remove(sweeper)
