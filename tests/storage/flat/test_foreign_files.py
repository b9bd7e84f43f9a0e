"""The flat store among files of other programs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.flat import FlatStore
from tests.storage.helpers import JOB, accept, findings, lease_all

FOREIGN_NAMES = [
    ".DS_Store",
    "a.json~",
    "#a.json#",
    ".a.json.swp",
    "Thumbs.db",
    "a (copy).json",
    ".nfs0001",
    "a~",
    "4913~",
]


def directories(root: Path) -> list[Path]:
    return [root, *(path for path in root.rglob("*") if path.is_dir() and path.parent.name != "tmp")]


def add_foreign_files(root: Path, make: Callable[[Path], object]) -> None:
    for directory in directories(root):
        for name in FOREIGN_NAMES:
            make(directory / name)


FOREIGN_FILES: dict[str, Callable[[Path], object]] = {
    "files": lambda path: path.write_text("rubbish"),
    "empty files": Path.touch,
    "directories": Path.mkdir,
    "dangling links": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("make", FOREIGN_FILES.values(), ids=FOREIGN_FILES)
def test_a_store_works_among_files_of_other_programs(
    root: Path, store: FlatStore, make: Callable[[Path], object]
) -> None:
    add_foreign_files(root, make)
    assert store.jobs.ids() == [JOB]
    assert store.leases.has_work(JOB)
    assert lease_all(store) == ["a"]
    assert store.leases.next_deadline(JOB) is not None
    assert store.counts.get(JOB).leased == 2
    assert len(store.results.rejected(JOB, "c")) == 1
    assert store.results.release(JOB, "c")
    accept(store, *"abc")
    assert [item["variable"] for item in store.results.page(JOB, None, 9).items] == ["a", "b", "c"]
    assert list(store.keys.all()) == []


@pytest.mark.parametrize("make", FOREIGN_FILES.values(), ids=FOREIGN_FILES)
def test_a_check_ignores_files_of_other_programs(root: Path, store: FlatStore, make: Callable[[Path], object]) -> None:
    store.close()
    add_foreign_files(root, make)
    shutil.rmtree(root / "trash")
    (root / "trash").mkdir()
    fresh = FlatStore(root)
    assert findings(fresh) == findings(fresh, repair=True) == []


def test_files_of_other_programs_are_not_removed(root: Path, job_directory: Path, store: FlatStore) -> None:
    shard = next((job_directory / "queue" / "open").iterdir())
    (shard / ".DS_Store").write_text("foreign")
    lease_all(store)
    findings(store)
    assert (shard / ".DS_Store").read_text() == "foreign"


def test_a_file_among_the_jobs_is_not_a_job(root: Path, store: FlatStore) -> None:
    (root / "jobs" / "notes.txt").write_text("notes")
    assert store.jobs.ids() == [JOB]
    assert findings(store) == []


def test_a_file_among_the_workspaces_is_not_a_process(root: Path, store: FlatStore) -> None:
    store.close()
    (root / "tmp" / "notes.txt").write_text("notes")
    assert findings(FlatStore(root), repair=True) == []


def test_an_empty_directory_of_leases_is_not_the_next_deadline(job_directory: Path, store: FlatStore) -> None:
    (job_directory / "queue" / "leased" / "12345").mkdir()
    assert store.leases.next_deadline(JOB) != 12345
