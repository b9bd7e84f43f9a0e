"""Markers: further names of the variables' documents, or empty files."""

from __future__ import annotations

import os
from pathlib import Path

from storage.flat import FlatStore, files, queue
from storage.flat.paths import JobPaths
from tests.storage.helpers import JOB, result


def marker_of(job_directory: Path) -> Path:
    (marker,) = job_directory.glob("queue/*/*/a")
    return marker


def test_a_marker_is_a_further_name_of_the_document(store: FlatStore, job_directory: Path) -> None:
    (document,) = job_directory.glob("variables/*/a.json")
    assert os.path.samefile(marker_of(job_directory), document)


def test_it_stays_that_under_a_lease(store: FlatStore, job_directory: Path) -> None:
    assert store.leases.lease_variable(JOB, "a", 60) is not None
    (document,) = job_directory.glob("variables/*/a.json")
    assert os.path.samefile(marker_of(job_directory), document)


def test_a_finished_variable_frees_no_inode(store: FlatStore, job_directory: Path) -> None:
    store.results.accept(JOB, "a", result("a"))
    (document,) = job_directory.glob("variables/*/a.json")
    assert document.stat().st_nlink == 1


def test_an_empty_marker_of_an_earlier_version_is_leased_and_finished(store: FlatStore, job_directory: Path) -> None:
    marker = marker_of(job_directory)
    marker.unlink()
    marker.touch()
    lease = store.leases.lease_variable(JOB, "a", 60)
    assert lease is not None
    store.results.accept(JOB, "a", result("a"), lease.identity)
    assert list(job_directory.glob("queue/*/*/a")) == []


def copied(marker: Path, other: Path) -> None:
    """As a copy of a running pool may have it: the marker was moved while the copy was made."""
    other.parent.mkdir(exist_ok=True)
    os.link(marker, other)


def test_a_lease_that_ends_replaces_another_marker(store: FlatStore, job_directory: Path) -> None:
    open_marker = marker_of(job_directory)
    lease = store.leases.lease_variable(JOB, "a", 60)
    assert lease is not None
    copied(marker_of(job_directory), open_marker)
    store.leases.give_back(JOB, "a", lease.identity)
    assert marker_of(job_directory) == open_marker


def test_a_released_variable_has_one_marker(store: FlatStore, job_directory: Path) -> None:
    (failed,) = job_directory.glob("queue/failed/*/c")
    (document,) = job_directory.glob("variables/*/c.json")
    failed.unlink()
    os.link(document, failed)
    opened = job_directory / "queue" / "open" / failed.parent.name / "c"
    copied(document, opened)
    assert store.results.release(JOB, "c")
    assert list(job_directory.glob("queue/*/*/c")) == [opened]


def test_a_repair_of_a_variable_that_is_held_and_open_leaves_one_marker(store: FlatStore, job_directory: Path) -> None:
    held = job_directory / "queue" / "held" / "a"
    copied(marker_of(job_directory), held)
    assert list(store.maintenance.check(repair=True))
    assert list(store.maintenance.check(repair=False)) == []
    assert not held.exists()


def test_a_marker_that_moved_while_its_variable_was_finished_is_dropped(store: FlatStore, root: Path) -> None:
    """Whoever finishes a variable removes its marker, and may look where it is no more."""
    paths = JobPaths(str(root), JOB)
    store.results.accept(JOB, "a", result("a"))
    files.touch(paths.open("a"))
    assert not queue.move(paths, "a", paths.open("a"), paths.leased("a", 1))
    assert list(Path(paths.queue).glob("*/*/a")) == []
