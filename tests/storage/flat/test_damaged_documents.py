"""Damaged documents and stray markers in a flat store."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import Damaged, StorageError
from storage.flat import FlatStore, files
from storage.flat.paths import JobPaths
from tests.storage.helpers import JOB, accept, add, findings, lease_all


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": ', b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_half_written_variable_raises_damaged(job_directory: Path, store: FlatStore, content: bytes) -> None:
    next(job_directory.glob("variables/*/a.json")).write_bytes(content)
    with pytest.raises(Damaged):
        store.variables.get(JOB, "a")


def test_a_damaged_variable_does_not_prevent_leases_of_others(job_directory: Path, store: FlatStore) -> None:
    next(job_directory.glob("variables/*/a.json")).write_text("{")
    add(store, "d")
    assert lease_all(store) == ["d"]


def test_a_half_written_job_raises_damaged(job_directory: Path, store: FlatStore) -> None:
    (job_directory / "job.json").write_text("{")
    with pytest.raises(Damaged):
        store.jobs.get(JOB)


def test_a_directory_in_place_of_a_document_raises_storage_error(job_directory: Path, store: FlatStore) -> None:
    document = next(job_directory.glob("variables/*/a.json"))
    document.unlink()
    document.mkdir()
    with pytest.raises(StorageError):
        store.variables.get(JOB, "a")


def test_a_lease_removes_a_marker_without_a_variable(job_directory: Path, store: FlatStore) -> None:
    files.touch(JobPaths(str(job_directory.parents[1]), JOB).open("ghost"))
    assert lease_all(store) == ["a"]
    assert findings(store) == []


def test_a_lease_removes_the_marker_of_a_finished_variable(job_directory: Path, store: FlatStore) -> None:
    accept(store, "a")
    files.touch(JobPaths(str(job_directory.parents[1]), JOB).open("a"))
    assert lease_all(store) == []
    assert findings(store) == []
