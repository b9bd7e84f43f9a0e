"""The flat files among other programs' files, half-written ones, and what dead processes leave."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import Damaged, InvalidCursor, NotFound, StorageError
from storage.flat import FlatStore, files, journal
from storage.flat.paths import JobPaths
from storage.flat.writer import Writer
from tests.storage.helpers import (
    JOB,
    accept,
    add,
    at_once,
    eventually,
    findings,
    job,
    lease_all,
    park,
    result,
)

HOSTILE = [".DS_Store", "a.json~", "#a.json#", ".a.json.swp", "Thumbs.db", "a (copy).json", ".nfs0001", "a~", "4913~"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(root: Path) -> FlatStore:
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, *"abc")
    store.leases.lease_variable(JOB, "b", 60)
    park(store, "c")
    return store


@pytest.fixture
def home(root: Path) -> Path:
    return root / "jobs" / JOB


def directories(root: Path) -> list[Path]:
    return [root, *(path for path in root.rglob("*") if path.is_dir() and path.parent.name != "tmp")]


def litter(root: Path, make: Callable[[Path], object]) -> None:
    for directory in directories(root):
        for name in HOSTILE:
            make(directory / name)


LITTER: dict[str, Callable[[Path], object]] = {
    "files": lambda path: path.write_text("rubbish"),
    "empty files": Path.touch,
    "directories": Path.mkdir,
    "dangling links": lambda path: path.symlink_to("nowhere"),
}


# Among others' files


@pytest.mark.parametrize("make", LITTER.values(), ids=LITTER)
def test_work_goes_on_among_the_files_of_others(root: Path, store: FlatStore, make: Callable[[Path], object]) -> None:
    litter(root, make)
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


@pytest.mark.parametrize("make", LITTER.values(), ids=LITTER)
def test_the_files_of_others_are_no_disagreement(root: Path, store: FlatStore, make: Callable[[Path], object]) -> None:
    store.close()
    litter(root, make)
    shutil.rmtree(root / "trash")
    (root / "trash").mkdir()
    fresh = FlatStore(root)
    assert findings(fresh) == findings(fresh, repair=True) == []


def test_the_files_of_others_are_left_alone(root: Path, home: Path, store: FlatStore) -> None:
    shard = next((home / "queue" / "open").iterdir())
    (shard / ".DS_Store").write_text("theirs")
    lease_all(store)
    findings(store)
    assert (shard / ".DS_Store").read_text() == "theirs"


def test_a_file_where_a_job_should_be_is_none(root: Path, store: FlatStore) -> None:
    (root / "jobs" / "notes.txt").write_text("notes")
    assert store.jobs.ids() == [JOB]
    assert findings(store) == []


def test_a_file_beside_the_workspaces_is_no_process(root: Path, store: FlatStore) -> None:
    store.close()
    (root / "tmp" / "notes.txt").write_text("notes")
    assert findings(FlatStore(root), repair=True) == []


def test_an_empty_directory_among_the_leases_is_none(home: Path, store: FlatStore) -> None:
    (home / "queue" / "leased" / "12345").mkdir()
    assert store.leases.next_deadline(JOB) != 12345


# Damage


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": ', b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_half_written_document_says_so(home: Path, store: FlatStore, content: bytes) -> None:
    next(home.glob("variables/*/a.json")).write_bytes(content)
    with pytest.raises(Damaged):
        store.variables.get(JOB, "a")


def test_a_damaged_variable_keeps_no_other_from_being_lent(home: Path, store: FlatStore) -> None:
    next(home.glob("variables/*/a.json")).write_text("{")
    add(store, "d")
    assert lease_all(store) == ["d"]


def test_a_damaged_job_says_so(home: Path, store: FlatStore) -> None:
    (home / "job.json").write_text("{")
    with pytest.raises(Damaged):
        store.jobs.get(JOB)


def test_a_directory_where_a_document_should_be_is_a_storage_error(home: Path, store: FlatStore) -> None:
    document = next(home.glob("variables/*/a.json"))
    document.unlink()
    document.mkdir()
    with pytest.raises(StorageError):
        store.variables.get(JOB, "a")


def test_a_marker_without_a_variable_is_dropped(home: Path, store: FlatStore) -> None:
    files.touch(JobPaths(str(home.parents[1]), JOB).open("ghost"))
    assert lease_all(store) == ["a"]
    assert findings(store) == []


def test_a_marker_of_a_finished_variable_is_dropped(home: Path, store: FlatStore) -> None:
    accept(store, "a")
    files.touch(JobPaths(str(home.parents[1]), JOB).open("a"))
    assert lease_all(store) == []
    assert findings(store) == []


# Journals


def test_a_torn_line_is_passed_over(home: Path, store: FlatStore) -> None:
    with (home / "journal" / "variables.ndjson").open("a") as stream:
        stream.write('{"variable":"half')
    assert store.counts.get(JOB).posted == 3
    assert store.variables.page(JOB, None, 3).next is not None
    assert store.variables.page(JOB, store.variables.page(JOB, None, 3).next, 3).next is None


def test_a_torn_line_takes_no_other_with_it(home: Path, store: FlatStore) -> None:
    for name in ("variables", "events"):
        with (home / "journal" / f"{name}.ndjson").open("a") as stream:
            stream.write('{"variable":"half')
    add(store, "d")
    accept(store, "a")
    assert (store.counts.get(JOB).posted, store.counts.get(JOB).accepted) == (4, 1)
    assert [item["variable"] for item in store.variables.page(JOB, None, 9).items] == ["a", "b", "c", "d"]
    assert findings(store) == []


def test_rubbish_at_the_end_ends_the_pages(home: Path, store: FlatStore) -> None:
    with (home / "journal" / "variables.ndjson").open("a") as stream:
        stream.write("rubbish\n" * 3)
    cursor, pages = None, 0
    while pages < 10:
        pages += 1
        cursor = store.variables.page(JOB, cursor, 1).next
        if cursor is None:
            break
    assert pages <= 4


def test_lines_that_were_written_by_hand_do_not_stop_the_count(home: Path, store: FlatStore) -> None:
    with (home / "journal" / "events.ndjson").open("a") as stream:
        stream.write('[]\n{"event":"accepted"}\n{"event":"report","function":1}\n{"event":"accepted","at":5}\nnull\n')
    accept(store, "a")
    assert store.counts.get(JOB).open == 0 or store.counts.get(JOB).posted == 3


def test_a_cursor_inside_a_line_is_refused(store: FlatStore) -> None:
    with pytest.raises(InvalidCursor):
        store.variables.page(JOB, "5", 1)


def test_lines_of_many_writers_stay_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    writer = Writer(str(tmp_path), fsync=False)
    lines = [{"number": number, "padding": "x" * 5000} for number in range(20)]
    at_once([lambda: [writer.append(path, [line]) for line in lines]] * 8)
    assert len(list(journal.read(path, 0))) == 160


def test_a_line_that_finds_no_room_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, writer, write = str(tmp_path / "journal"), Writer(str(tmp_path), fsync=False), os.write
    writer.append(path, [{"number": 1}])
    before = Path(path).read_bytes()

    def short(descriptor: int, content: bytes) -> int:
        if len(content) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, content[:20])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space"):
        writer.append(path, [{"number": 2, "padding": "x" * 15}])
    assert Path(path).read_bytes() == before


# The counts


def test_a_tally_is_kept_and_used(home: Path, root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.flat.counts.LINES_PER_SNAPSHOT", 1)
    accept(store, "a")
    before = store.counts.get(JOB)
    kept = json.loads((home / "tally.json").read_text())
    assert kept["counts"]["accepted"] == 1
    assert FlatStore(root).counts.get(JOB) == before


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"counts": {}}', '{"counts": {"per_minute": {"x": 1}}}'])
def test_without_a_good_tally_all_is_counted_anew(home: Path, root: Path, store: FlatStore, content: str) -> None:
    before = store.counts.get(JOB)
    (home / "tally.json").write_text(content)
    assert FlatStore(root).counts.get(JOB) == before


def test_a_tally_ahead_of_its_journal_is_not_believed(home: Path, root: Path, store: FlatStore) -> None:
    before = store.counts.get(JOB)
    kept = {"counts": {"posted": 99, "per_minute": {}}, "variables_offset": 10**9, "events_offset": 0}
    (home / "tally.json").write_text(json.dumps(kept))
    assert FlatStore(root).counts.get(JOB) == before


# Secrets, and the rest


def test_keys_and_secrets_are_the_users_alone(root: Path, store: FlatStore) -> None:
    store.keys.secret("leases.key", lambda: "secret")
    assert stat.S_IMODE((root / "secrets" / "leases.key").stat().st_mode) == 0o600
    for directory in ("keys", "secrets"):
        assert stat.S_IMODE((root / directory).stat().st_mode) == 0o700


def test_a_person_finds_a_result_by_walking_there(home: Path, store: FlatStore) -> None:
    document = result("a", {"answer": 42})
    store.results.accept(JOB, "a", document)
    [path] = home.glob("results/*/a.json")
    assert json.loads(path.read_text()) == document


def test_another_start_of_the_machine_is_noticed(root: Path, store: FlatStore) -> None:
    store.maintenance.mark_started()
    (root / "running").write_text("another-boot")
    assert store.maintenance.mark_started() is True
    assert store.maintenance.mark_started() is False


def test_a_job_deleted_in_the_middle_of_a_call_is_not_found(
    root: Path, store: FlatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def late(source: str, target: str) -> None:
        if JOB in store.jobs.ids():
            FlatStore(root, fsync=False).jobs.delete(JOB)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(NotFound):
        accept(store, "a")
    eventually(lambda: not findings(store))
