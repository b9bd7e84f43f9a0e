"""A followed log: its file is replaced while others hold it open, belong to another user, or have a copy of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from storage.base import Document
from storage.flat import locks
from storage.flat.followed_log import FollowedLog
from storage.flat.writer import Writer

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")


def opened(root: Path) -> FollowedLog:
    (root / "tmp").mkdir(exist_ok=True)
    return FollowedLog(Writer(str(root), fsync=False), f"{root}/log.ndjson", max_bytes=1)


def all_of(events: Iterable[Document]) -> list[Document]:
    return list(events)


@pytest.fixture
def replaced(tmp_path: Path) -> Iterator[FollowedLog]:
    """A log with two events, whose file another process has replaced."""
    log, other = opened(tmp_path), opened(tmp_path)
    log.append([{"n": 1}])
    other.append([{"n": 2}])
    other.rewrite(all_of)
    yield log
    log.close()
    other.close()


def fail_to_open(log: FollowedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", lambda *_arguments, **_options: (_ for _ in ()).throw(PermissionError))
        with pytest.raises(PermissionError):
            log.read()


def test_a_log_that_cannot_be_opened_again_closes_nobody_elses_file(
    replaced: FollowedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_open(replaced, monkeypatch)
    with open(os.devnull) as foreign:  # With the lowest free number: that of a file which was closed too early.
        replaced.read()
        os.fstat(foreign.fileno())


def test_events_behind_a_failed_opening_are_read(replaced: FollowedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_open(replaced, monkeypatch)
    assert replaced.read() == (True, [{"n": 1}, {"n": 2}])


@needs_root
def test_a_command_of_root_leaves_the_log_to_its_owner(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([{"n": 1}])
    os.chown(tmp_path / "log.ndjson", NOBODY, NOBODY)
    log.rewrite(all_of)
    log.close()
    assert (tmp_path / "log.ndjson").stat().st_uid == NOBODY


@needs_root
def test_a_log_that_root_makes_belongs_to_whom_the_pool_belongs(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    log = opened(tmp_path)
    log.read()
    log.close()
    assert (tmp_path / "log.ndjson").stat().st_uid == NOBODY


def test_a_hard_linked_copy_of_the_log_misleads_no_compaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that was replaced still has a name, so that its count of names does not show that it was replaced."""
    first, second = opened(tmp_path), opened(tmp_path)
    first.append([{"n": 1}])
    second.read()
    (tmp_path / "copy").hardlink_to(tmp_path / "log.ndjson")
    acquire, is_replaced, inode = locks.acquire, False, (tmp_path / "log.ndjson").stat().st_ino

    def acquire_late(descriptor: int, wait: bool = True) -> bool:
        nonlocal is_replaced
        if not is_replaced and os.fstat(descriptor).st_ino == inode:
            is_replaced = True
            first.rewrite(all_of)
            first.append([{"n": 2}])
        return acquire(descriptor, wait)

    compaction = second._compaction()
    monkeypatch.setattr(locks, "acquire", acquire_late)
    assert not compaction.run(all_of)
    assert opened(tmp_path).read() == (True, [{"n": 1}, {"n": 2}])
    first.close()
    second.close()
