"""The order of syncs: a document before it is linked to its name, the name before the call returns."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from storage.flat import FlatStore, writer
from storage.flat.paths import shard


class Recorder:
    """Records syncs, links and renames in order, by the file's or directory's name."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.events: list[str] = []
        fsync, link, rename = os.fsync, os.link, os.rename
        patch.setattr(os, "fsync", lambda fd: (self._record("sync", os.readlink(f"/proc/self/fd/{fd}")), fsync(fd))[1])
        patch.setattr(os, "link", lambda old, new: (link(old, new), self._record("link", new))[0])
        patch.setattr(os, "rename", lambda old, new: (rename(old, new), self._record("rename", new))[0])
        fdatasync = writer._fdatasync
        patch.setattr(writer, "_fdatasync", lambda fd: (self._record_data(fd), fdatasync(fd))[1])
        sync_file_system = writer._sync_file_system
        patch.setattr(
            writer, "_sync_file_system", lambda path: (self._record("sync", "file system"), sync_file_system(path))[1]
        )

    def _record_data(self, descriptor: int) -> None:
        self.events.append(f"sync data {Path(f'/proc/self/fd/{descriptor}').readlink().name}")

    def _record(self, act: str, path: str) -> None:
        parts = Path(path).parts
        name = "tmp" if "tmp" in parts and "jobs" not in parts else Path(path).name
        self.events.append(f"{act} {name}")


@pytest.fixture
def store(tmp_path: Path) -> FlatStore:
    store = FlatStore(tmp_path / "data", fsync=True)
    store.jobs.create("job", {"id": "job"})
    store.variables.add("job", {"v": variable("v")})
    return store


def variable(name: str) -> dict[str, Any]:
    return {"job": "job", "id": name, "created": "2026-01-01T00:00:00.000Z", "data": {}}


def accept(store: FlatStore, name: str) -> None:
    result = {"job": "job", "variable": name, "id": f"r-{name}", "created": "2026-01-01T00:00:00.000Z", "result": 1}
    store.results.accept("job", name, result)


def test_the_data_of_the_commit_log_is_synced_before_a_result_has_its_name(
    store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.variables.add("job", {"w": variable("w")})
    accept(store, "w")  # Makes the log.
    recorder = Recorder(monkeypatch)
    accept(store, "v")
    assert recorder.events == ["sync data commits-0.log", "link v.json"]


def test_a_directory_known_to_be_durable_is_not_synced_again(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    other = next(name for name in (f"v{number}" for number in range(10_000)) if shard(name) == shard("v"))
    recorder = Recorder(monkeypatch)
    store.variables.add("job", {other: variable(other)})
    assert "sync variables" not in recorder.events


def test_a_variable_is_synced_before_its_link_and_its_directories_after(
    store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    store.variables.add("job", {"w": variable("w")})
    assert recorder.events[:3] == ["sync tmp", "link w.json", "link w"]
    assert Counter(recorder.events[3:]) == {f"sync {shard('w')}": 2, "sync variables": 1, "sync open": 1}


def test_a_batch_of_variables_syncs_the_file_system_twice(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    store.variables.add("job", {f"m{number}": variable(f"m{number}") for number in range(50)})
    links = [f"link m{number}{suffix}" for number in range(50) for suffix in (".json", "")]
    assert recorder.events == ["sync file system", *links, "sync file system"]


def test_a_job_is_synced_before_it_is_renamed_into_place(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    store.jobs.create("other", {"id": "other"})
    assert recorder.events[0] == "sync tmp"
    assert recorder.events[-2:] == ["rename other", "sync jobs"]


def test_a_lease_syncs_nothing(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    assert store.leases.lease("job", 60) is not None
    assert recorder.events == ["rename v"]
