"""The commit log: what a power cut leaves of acknowledged results, when its files are used again, and groups."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from storage.base import Finish
from storage.flat import FlatStore, commit_log, files, writer
from storage.flat.group import Group
from tests.storage.contract_held import hold
from tests.storage.faults import kill_process, survives
from tests.storage.helpers import JOB, accept, add, findings, job, result, withdrawal
from tests.storage.snapshots import File, Snapshot, take_snapshot

NAMES = [f"v{number:02}" for number in range(20)]


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_log, "FILE_BYTES", 1 << 16)


@pytest.fixture
def store(root: Path) -> Iterator[FlatStore]:
    """A store whose documents are on the disk, with some variables."""
    store = FlatStore(root, fsync=True)
    store.jobs.create(JOB, job())
    add(store, *NAMES)
    os.sync()
    yield store
    store.close()


Cut = Callable[..., FlatStore]


@pytest.fixture
def cut_power(root: Path, store: FlatStore, tmp_path: Path) -> Cut:
    """Makes what a power cut leaves at the worst: the tree as it was, and what the commit logs have synced since.

    `change` is applied to the snapshot.
    """
    before = take_snapshot(root)

    def cut(change: Callable[[Snapshot], Snapshot] = lambda left: left) -> FlatStore:
        logs = [file for file in take_snapshot(root).files if "commits-" in file.names[0]]
        known = dict(before.directories)
        added = {os.path.dirname(file.names[0]): 0o755 for file in logs}
        directories = sorted((known | added).items())
        left = change(Snapshot(tuple(directories), (*before.files, *logs)))
        return FlatStore(left.restore(tmp_path / "after"), fsync=False)

    return cut


def results(store: FlatStore) -> dict[str, object]:
    outcomes = {name: store.results.outcome(JOB, name) for name in NAMES}
    return {name: outcome["result"] for name, outcome in outcomes.items() if outcome}


def repair(store: FlatStore) -> None:
    for _ in store.maintenance.check(repair=True):
        pass
    assert findings(store) == []


def test_results_survive_a_power_cut(store: FlatStore, cut_power: Cut) -> None:
    for number, name in enumerate(NAMES):
        store.results.accept(JOB, name, result(name, value=number))
    after = cut_power()
    repair(after)
    assert results(after) == {name: number for number, name in enumerate(NAMES)}
    assert (after.counts.get(JOB).accepted, after.counts.get(JOB).open) == (len(NAMES), 0)


def test_without_the_log_they_would_not(store: FlatStore, cut_power: Cut) -> None:
    accept(store, "v00")

    def without_log(left: Snapshot) -> Snapshot:
        return Snapshot(left.directories, tuple(file for file in left.files if "commits-" not in file.names[0]))

    after = cut_power(without_log)
    repair(after)
    assert results(after) == {}


def test_a_check_finds_what_only_the_log_has(store: FlatStore, cut_power: Cut) -> None:
    accept(store, "v00")
    assert findings(cut_power()) == ["1 results are in commit logs of dead processes alone"]


def test_a_name_without_content_is_replaced(store: FlatStore, cut_power: Cut, root: Path) -> None:
    accept(store, "v00")
    [path] = root.glob("jobs/*/results/*/v00.json")
    name, directory = str(path.relative_to(root)), str(path.parent.relative_to(root))

    def with_empty_document(left: Snapshot) -> Snapshot:
        empty = File((name,), b"", 0o644, 0)
        return Snapshot((*left.directories, (directory, 0o755)), (*left.files, empty))

    after = cut_power(with_empty_document)
    repair(after)
    assert list(results(after)) == ["v00"]


def test_a_withdrawal_survives(store: FlatStore, cut_power: Cut) -> None:
    store.results.withdraw(JOB, "v00", withdrawal("v00"))
    after = cut_power()
    repair(after)
    assert after.variables.state(JOB, "v00") == "withdrawn"


def test_a_held_result_survives(store: FlatStore, cut_power: Cut) -> None:
    documents = hold(store, "v00", "v01")
    after = cut_power()
    repair(after)
    assert [after.held.of(JOB, name) for name in ("v00", "v01")] == [[document] for document in documents]
    assert (after.variables.state(JOB, "v00"), results(after)) == ("held", {})


def test_a_held_result_of_a_finished_variable_is_not_brought_back(store: FlatStore, cut_power: Cut) -> None:
    hold(store, "v00")
    accept(store, "v00")
    after = cut_power()
    repair(after)
    assert (after.variables.state(JOB, "v00"), after.held.of(JOB, "v00")) == ("done", [])


def test_each_held_result_of_a_variable_survives(store: FlatStore, cut_power: Cut) -> None:
    first = hold(store, "v00")
    store.held.want_more(JOB, "v00", 1)
    second = hold(store, "v00")
    after = cut_power()
    repair(after)
    assert after.held.of(JOB, "v00") == first + second


def test_a_line_cut_short_ends_the_log(store: FlatStore, cut_power: Cut) -> None:
    for name in NAMES[:3]:
        accept(store, name)

    def torn(left: Snapshot) -> Snapshot:
        def tear(file: File) -> File:
            written = len(file.content.rstrip(b"\0"))
            cut = file.content[: written - 20] + bytes(len(file.content) - written + 20)
            return File(file.names, cut, file.mode, file.mtime)

        return Snapshot(
            left.directories, tuple(tear(file) if "commits-" in file.names[0] else file for file in left.files)
        )

    after = cut_power(torn)
    repair(after)
    assert list(results(after)) == NAMES[:2]


def test_a_later_job_of_the_same_name_does_not_get_it(store: FlatStore, cut_power: Cut) -> None:
    store.results.accept(JOB, "v00", result("v00"), job_uid="another")
    after = cut_power()
    repair(after)
    assert results(after) == {}


def test_of_two_entries_the_later_counts(store: FlatStore, cut_power: Cut, root: Path) -> None:
    """The process of the first was killed before its outcome had its name, so that another found none."""
    first = FlatStore(root, fsync=False)
    assert not survives(lambda: first.results.accept(JOB, "v00", result("v00", value=1)), 1, kill_process, ("link",))
    store.results.accept(JOB, "v00", result("v00", value=2))
    after = cut_power()
    repair(after)
    assert results(after) == {"v00": 2}


def test_recovery_stores_what_a_killed_process_had_committed(root: Path, store: FlatStore) -> None:
    other = FlatStore(root, fsync=False)
    assert not survives(lambda: accept(other, "v00"), 1, kill_process, ("link",))
    store.maintenance.recover()
    assert list(results(store)) == ["v00"]
    assert findings(store) == []


def test_a_full_file_is_used_again_after_a_checkpoint(
    store: FlatStore, cut_power: Cut, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_log, "MAX_FILES", 2)
    names = [f"w{number}" for number in range(40)]
    add(store, *names)
    for name in names:
        store.results.accept(JOB, name, result(name, value="x" * 10_000))
    assert len(list(root.glob("tmp/*/commits-*.log"))) == 2
    accept(store, "v00")
    # What the present file has left of its earlier use is not read.
    present = [list(commit_log.entries(str(path))) for path in root.glob("tmp/*/commits-*.log")]
    assert all(len({entry.document["variable"] for entry in entries}) == len(entries) for entries in present)


def test_a_file_is_not_used_again_before_its_documents_are_written(
    store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = store._tree.commit_log
    synced: list[str] = []
    monkeypatch.setattr(writer, "_sync_file_system", lambda _path: synced.append("file system"))
    content = files.encode({"value": "x" * (1 << 16)})
    with log.committed("", [content]):
        with log.committed("", [content]):
            pass
        assert log._of_process is not None
        checkpoints = [thread for thread in threading.enumerate() if thread.name == "checkpoint"]
        assert checkpoints
        assert synced == []
    for thread in checkpoints:
        thread.join(10)
    assert synced == ["file system"]


def test_an_error_of_the_disk_leaves_the_variable_unfinished(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    accept(store, "v01")
    with monkeypatch.context() as patch:
        patch.setattr(writer, "_fdatasync", fail)
        with pytest.raises(Exception, match="Input/output error"):
            accept(store, "v00")
    assert store.variables.state(JOB, "v00") == "open"
    accept(store, "v00")
    assert store.variables.state(JOB, "v00") == "done"


def test_closing_removes_the_log_after_a_sync(root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(store, "v00")
    logs_at_sync: list[int] = []
    monkeypatch.setattr(
        writer, "_sync_file_system", lambda _path: logs_at_sync.append(len(list(root.glob("tmp/*/commits-*"))))
    )
    store.close()
    assert logs_at_sync == [1]
    assert list((root / "tmp").iterdir()) == []


def test_each_of_many_is_accepted_or_refused_by_itself(store: FlatStore) -> None:
    accept(store, "v00")
    accepted = {name: Finish(result(name)) for name in ("v00", "v01", "none")}
    refused = store.results.accept_many(JOB, accepted)
    assert {name: type(error).__name__ for name, error in refused.items()} == {
        "none": "NotFound",
        "v00": "AlreadyFinished",
    }
    assert sorted(results(store)) == ["v00", "v01"]


# Groups


def test_those_that_wait_are_written_together() -> None:
    groups: list[Sequence[int]] = []
    first_writes, may_go_on = threading.Event(), threading.Event()

    def write(items: Sequence[int]) -> None:
        groups.append(items)
        first_writes.set()
        assert may_go_on.wait(10)

    group = Group(write)
    first = threading.Thread(target=group.submit, args=(0,))
    first.start()
    assert first_writes.wait(10)
    others = [threading.Thread(target=group.submit, args=(number,)) for number in range(1, 6)]
    for thread in others:
        thread.start()
    while len(group._waiting) < 5:
        pass
    may_go_on.set()
    for thread in (first, *others):
        thread.join(10)
    assert [sorted(items) for items in groups] == [[0], [1, 2, 3, 4, 5]]


def test_an_error_is_raised_for_each() -> None:
    def write(_items: Sequence[int]) -> None:
        raise OSError(28, "No space left on device")

    group = Group(write)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            group.submit(1)
