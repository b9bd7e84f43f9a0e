"""The flat store on disk: modes, names, the boot of the machine, a job deleted by another process."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from storage.errors import AlreadyExists, NotFound
from storage.flat import FlatStore
from tests.storage.helpers import JOB, accept, eventually, findings, job, result


def test_keys_and_secrets_are_readable_by_the_pools_user_alone(root: Path, store: FlatStore) -> None:
    store.keys.secret("leases.key", lambda: "secret")
    assert stat.S_IMODE((root / "secrets" / "leases.key").stat().st_mode) == 0o600
    for directory in ("keys", "secrets"):
        assert stat.S_IMODE((root / directory).stat().st_mode) == 0o700


def test_a_result_is_a_file_named_after_its_variable(job_directory: Path, store: FlatStore) -> None:
    document = result("a", {"answer": 42})
    store.results.accept(JOB, "a", document)
    [path] = job_directory.glob("results/*/a.json")
    assert json.loads(path.read_text()) == document


def test_a_start_in_another_boot_without_a_stop_follows_a_power_cut(root: Path, store: FlatStore) -> None:
    store.maintenance.mark_started()
    (root / "running").write_text("another-boot")
    assert store.maintenance.mark_started() is True
    assert store.maintenance.mark_started() is False


def test_a_job_deleted_after_it_kept_another_from_its_name_is_a_conflict(
    store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def rename_and_delete(source: str, target: str) -> None:
        try:
            rename(source, target)
        except OSError:
            monkeypatch.undo()
            store.jobs.delete(JOB)
            raise

    monkeypatch.setattr(os, "rename", rename_and_delete)
    with pytest.raises(AlreadyExists):
        store.jobs.create(JOB, job())


def test_a_job_deleted_during_a_call_is_not_found(
    root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def link_after_deletion(source: str, target: str) -> None:
        if JOB in store.jobs.ids():
            FlatStore(root, fsync=False).jobs.delete(JOB)
        link(source, target)

    monkeypatch.setattr(os, "link", link_after_deletion)
    with pytest.raises(NotFound):
        accept(store, "a")
    eventually(lambda: not findings(store))
