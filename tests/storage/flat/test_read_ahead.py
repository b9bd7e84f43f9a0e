"""Reading ahead: documents of candidates are kept until their lease, and only those that the lease would find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.base import Document
from storage.flat import FlatStore, files, read_ahead
from storage.flat.paths import JobPaths
from storage.flat.read_ahead import ReadAhead, signature_of
from tests.storage.helpers import JOB, job, variable

NAMES = [f"v{number:02}" for number in range(10)]


def add(store: FlatStore, data: Document) -> None:
    store.variables.add(JOB, {name: variable(name, data) for name in NAMES})


def leased_data(store: FlatStore) -> list[Document]:
    leases = store.leases.lease_many(JOB, len(NAMES), 60)
    return [lease.document["data"] for lease in leases]


@pytest.fixture
def store(root: Path) -> FlatStore:
    """A store whose job has ten variables, of which one is leased: the others are candidates."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, {"x": 1})
    assert store.leases.lease(JOB, 60) is not None
    return store


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The documents of variables that are opened."""
    paths: list[str] = []
    system_open = os.open

    def recording_open(path: str, *args: int) -> int:
        if "/variables/" in path:
            paths.append(path)
        return system_open(path, *args)

    monkeypatch.setattr(os, "open", recording_open)
    yield paths


def test_a_candidate_is_leased_with_its_document(store: FlatStore) -> None:
    assert leased_data(store) == [{"x": 1}] * 9


def test_a_document_that_is_kept_is_not_opened_again(store: FlatStore, opened: list[str], root: Path) -> None:
    with (root / "jobs" / JOB / "job.json").open("rb") as stream:
        try:
            os.preadv(stream.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
        except (AttributeError, OSError):
            pytest.skip("this file system can't tell what is in memory")
    assert leased_data(store) == [{"x": 1}] * 9
    assert opened == []


@pytest.mark.usefixtures("store")
def test_where_nothing_can_be_read_ahead_a_lease_reads(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "_IS_POSSIBLE", False)
    other = FlatStore(root, fsync=False)
    assert leased_data(other) == [{"x": 1}] * 9


def test_a_job_that_replaced_another_has_its_own_documents(store: FlatStore) -> None:
    store.jobs.delete(JOB)
    store.jobs.create(JOB, job())
    add(store, {"x": 2})
    assert leased_data(store) == [{"x": 2}] * 10


def test_a_marker_that_is_no_name_of_the_document_has_it_read(store: FlatStore, root: Path) -> None:
    """As in a copy of a pool, or one of an earlier version."""
    for marker in (root / "jobs" / JOB / "queue" / "open").glob("*/*"):
        marker.unlink()
        marker.touch()
    for document in (root / "jobs" / JOB / "variables").glob("*/*.json"):
        document.write_bytes(document.read_bytes().replace(b'"x":1', b'"x":3'))
    assert leased_data(store) == [{"x": 3}] * 9


def test_large_documents_are_read_when_they_are_leased(tmp_path: Path, opened: list[str]) -> None:
    store = FlatStore(tmp_path / "large", fsync=False)
    store.jobs.create(JOB, job())
    text = "x" * 2 * read_ahead.KEPT_BYTES
    add(store, {"text": text})
    opened.clear()
    assert leased_data(store) == [{"text": text}] * 10
    assert len(opened) == 20


@pytest.mark.usefixtures("store")
def test_how_many_are_kept_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "KEPT", 1)
    reader = ReadAhead()
    paths = JobPaths(str(root), JOB)
    first, second = ([paths.open(name)] for name in NAMES[:2])
    status = os.stat(paths.variable(NAMES[0]))
    reader.read(paths, first)
    reader.read(paths, second)
    assert reader.take(first[0], signature_of(status)) is None


@pytest.mark.usefixtures("store")
def test_what_was_taken_is_not_kept(root: Path) -> None:
    reader, paths = ReadAhead(), JobPaths(str(root), JOB)
    marker, path = paths.open(NAMES[0]), paths.variable(NAMES[0])
    reader.read(paths, [marker])
    signature = signature_of(os.stat(path))
    assert reader.take(marker, signature) in (None, files.content(path))
    assert reader.take(marker, signature) is None
