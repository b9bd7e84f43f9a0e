"""Locks on flows, beside forked processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NoReturn

from storage.flat import FlatStore
from storage.flat.locks import locked_name


def test_a_lock_ends_with_its_block_even_if_a_process_was_forked_in_it(tmp_path: Path) -> None:
    """As a sandbox's child process is, by another thread: until its exec, it shares the locked descriptors."""
    one, other = (FlatStore(tmp_path, fsync=False) for _ in range(2))
    one.flows.create("flow", {})
    with one.flows.lock("flow") as is_held_by_first:
        assert is_held_by_first
        child = os.fork() or _pause_forever()
    try:
        with other.flows.lock("flow") as is_held_by_second:
            assert is_held_by_second
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_file_that_a_killed_holder_left_behind_locks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "name.lock"
    path.touch()
    with locked_name(str(path)) as is_held:
        assert is_held
    assert not path.exists()


def _pause_forever() -> NoReturn:
    while True:
        signal.pause()
