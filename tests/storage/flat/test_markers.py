"""Markers: further names of the variables' documents, or empty files."""

from __future__ import annotations

import os
from pathlib import Path

from storage.flat import FlatStore
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


def test_a_marker_replaces_another_of_its_variable(store: FlatStore, job_directory: Path) -> None:
    """A rename of one name of a file to another would leave both, and the variable would be leased twice."""
    open_marker = marker_of(job_directory)
    lease = store.leases.lease_variable(JOB, "a", 60)
    assert lease is not None
    open_marker.parent.mkdir(exist_ok=True)
    open_marker.touch()  # As recovery makes it, where the marker seemed lost.
    store.leases.give_back(JOB, "a", lease.identity)
    assert marker_of(job_directory) == open_marker
