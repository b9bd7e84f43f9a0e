"""The check finds each kind of mismatch between documents and derived files; after a repair it finds nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from storage.base import Counts
from storage.errors import StorageError
from storage.flat import FlatStore, files
from storage.flat.paths import JobPaths
from tests.storage.contract_held import hold
from tests.storage.contract_maintenance import populate
from tests.storage.helpers import JOB, accept, add, fail_variable, findings, job, lease_all, result


@pytest.fixture
def store(root: Path) -> Iterator[FlatStore]:
    """A store with a variable in each state: a is leased, b and g done, c failed, d withdrawn, e and f open."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    populate(store)
    store.close()
    yield store
    store.close()


@pytest.fixture
def paths(root: Path) -> JobPaths:
    return JobPaths(str(root), JOB)


def check_and_repair(store: FlatStore) -> list[str]:
    """The findings of a check. Asserts that a repair finds the same, and that then documents and counts agree."""
    found = findings(store)
    assert findings(store, repair=True) == found
    assert findings(store) == []
    assert findings(FlatStore(store._tree.root)) == []
    assert_counts_agree(store)
    return found


def assert_counts_agree(store: FlatStore) -> None:
    if JOB not in store.jobs.ids():
        return
    counts: Counts = store.counts.get(JOB)
    names = [item["variable"] for item in store.variables.page(JOB, None, 99).items]
    states = Counter(store.variables.state(JOB, name) for name in names)
    assert (
        counts.posted,
        counts.accepted,
        counts.failed,
        counts.withdrawn,
        counts.leased,
        counts.held,
        counts.open,
    ) == (
        len(names),
        *(states[state] for state in ("done", "failed", "withdrawn", "leased", "held", "open")),
    )


def rewrite(path: str, lines: list[str]) -> None:
    Path(path).write_text("".join(f"{line}\n" for line in lines))


def test_a_variable_without_a_marker_is_opened(store: FlatStore, paths: JobPaths) -> None:
    os.unlink(paths.open("e"))
    assert check_and_repair(store) == ["e is in no queue"]
    assert store.leases.lease_variable(JOB, "e", 60) is not None


def test_a_variable_without_its_lease_is_opened(store: FlatStore, paths: JobPaths) -> None:
    shutil.rmtree(paths.deadlines)
    assert check_and_repair(store) == ["queue/leased/ is missing", "a is in no queue"]
    assert lease_all(store) == ["a", "e", "f"]


def test_an_open_marker_of_a_leased_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    files.touch(paths.open("a"))
    assert check_and_repair(store) == ["marker of a, which is queued twice"]
    assert store.variables.state(JOB, "a") == "leased"


def test_an_open_marker_of_a_failed_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    files.touch(paths.open("c"))
    assert check_and_repair(store) == ["marker of c, which is queued twice"]
    assert store.variables.state(JOB, "c") == "failed"


def test_a_marker_of_a_finished_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    files.touch(paths.open("b"))
    assert check_and_repair(store) == ["marker of b, which is finished"]


def test_a_marker_of_an_unknown_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    files.touch(paths.failed("missing"))
    assert check_and_repair(store) == ["marker of missing, which does not exist"]


def test_a_marker_in_the_wrong_shard_is_replaced(store: FlatStore, paths: JobPaths) -> None:
    os.makedirs(f"{paths.open_shards}/zz")
    os.rename(paths.open("e"), f"{paths.open_shards}/zz/e")
    assert check_and_repair(store) == ["marker of e, which is in the wrong shard", "e is in no queue"]


def test_a_held_variable_without_its_marker_is_held(store: FlatStore, paths: JobPaths) -> None:
    documents = hold(store, "e")
    os.unlink(paths.held_marker("e"))
    assert check_and_repair(store) == ["e is in no queue"]
    assert (store.variables.state(JOB, "e"), store.held.of(JOB, "e")) == ("held", documents)


def test_a_held_marker_without_a_result_opens_the_variable(store: FlatStore, paths: JobPaths) -> None:
    hold(store, "e")
    files.remove_all(paths.held("e"))
    assert check_and_repair(store) == ["marker of e, which has no held result"]
    assert store.variables.state(JOB, "e") == "open"


def test_an_open_marker_of_a_held_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    hold(store, "e")
    files.touch(paths.open("e"))
    assert check_and_repair(store) == ["marker of e, which is queued twice"]
    assert store.variables.state(JOB, "e") == "held"


def test_a_held_result_of_a_finished_variable_is_removed(store: FlatStore, paths: JobPaths) -> None:
    (document,) = hold(store, "e")
    shutil.copytree(paths.held("e"), f"{paths.root}/copy")
    accept(store, "e")
    shutil.copytree(f"{paths.root}/copy", paths.held("e"))
    shutil.rmtree(f"{paths.root}/copy")
    assert check_and_repair(store) == [f"held/e/{document['id']}.json is decided, or of no variable"]
    assert store.held.of(JOB, "e") == []


def test_a_damaged_held_result_is_set_aside(store: FlatStore, root: Path, paths: JobPaths) -> None:
    (document,) = hold(store, "e")
    name = f"held/e/{document['id']}.json"
    Path(f"{paths.root}/{name}").write_text("{")
    assert check_and_repair(store) == [f"jobs/{JOB}/{name} is damaged", "marker of e, which has no held result"]
    assert (root / "damaged" / "jobs" / JOB / name).exists()
    assert store.variables.state(JOB, "e") == "open"


def test_a_failed_marker_without_a_journal_event_is_counted(store: FlatStore, paths: JobPaths) -> None:
    os.unlink(paths.open("e"))
    files.touch(paths.failed("e"))
    assert check_and_repair(store) == ["journal/events.ndjson disagrees with the documents"]
    assert store.counts.get(JOB).failed == 2


def test_a_failed_event_without_a_marker_is_not_counted(store: FlatStore, paths: JobPaths) -> None:
    files.touch(paths.open("c"))
    os.unlink(paths.failed("c"))
    assert check_and_repair(store) == ["journal/events.ndjson disagrees with the documents"]
    assert store.counts.get(JOB).failed == 0


def test_a_result_without_a_variable_is_set_aside(store: FlatStore, root: Path, paths: JobPaths) -> None:
    document = Path(paths.outcome("b")).read_bytes()
    os.unlink(paths.variable("b"))
    assert check_and_repair(store) == [
        "result of b, which is no variable",
        "journal/variables.ndjson disagrees with the documents",
        "journal/events.ndjson disagrees with the documents",
    ]
    [set_aside] = root.glob("damaged/**/b.json")
    assert set_aside.read_bytes() == document


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_the_variable_of_a_damaged_result_is_opened(store: FlatStore, paths: JobPaths, content: str) -> None:
    Path(paths.outcome("b")).write_text(content)
    found = check_and_repair(store)
    assert found[0].endswith("b.json is damaged")
    assert store.variables.state(JOB, "b") == "open"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_variable_is_not_leased(store: FlatStore, paths: JobPaths, content: str) -> None:
    Path(paths.variable("e")).write_text(content)
    assert check_and_repair(store)[0].endswith("e.json is damaged")
    assert "e" not in lease_all(store)


def test_a_damaged_rejected_result_is_removed(store: FlatStore, paths: JobPaths) -> None:
    [rejected] = Path(paths.rejected("f")).iterdir()
    rejected.write_text("{")
    assert check_and_repair(store)[0].endswith(f"{rejected.name} is damaged")
    assert store.results.rejected(JOB, "f") == []


def test_a_document_damaged_twice_is_set_aside_under_two_names(store: FlatStore, root: Path, paths: JobPaths) -> None:
    for content in ("first", "second"):
        Path(paths.outcome("b")).write_text(content)
        findings(store, repair=True)
        accept(store, "b")
        store.close()
    set_aside = [path.read_text() for path in root.glob("damaged/**/b.json*")]
    assert sorted(set_aside) == ["first", "second"]


@pytest.mark.parametrize("journal", ["variables", "events"])
def test_missing_journal_events_are_restored(store: FlatStore, paths: JobPaths, journal: str) -> None:
    path = f"{paths.root}/journal/{journal}.ndjson"
    before = store.counts.get(JOB)
    rewrite(path, Path(path).read_text().splitlines()[::2])
    assert check_and_repair(store) == [f"journal/{journal}.ndjson disagrees with the documents"]
    assert store.counts.get(JOB).open == before.open


@pytest.mark.parametrize("journal", ["variables", "events"])
def test_a_missing_journal_is_rewritten(store: FlatStore, paths: JobPaths, journal: str) -> None:
    before = store.counts.get(JOB)
    os.unlink(f"{paths.root}/journal/{journal}.ndjson")
    assert check_and_repair(store) == [f"journal/{journal}.ndjson disagrees with the documents"]
    after = store.counts.get(JOB)
    assert (after.posted, after.accepted, after.rejected) == (before.posted, before.accepted, before.rejected)


@pytest.mark.parametrize("journal", ["variables", "events"])
def test_duplicate_journal_events_are_removed(store: FlatStore, paths: JobPaths, journal: str) -> None:
    path = f"{paths.root}/journal/{journal}.ndjson"
    lines = [line for line in Path(path).read_text().splitlines() if "report" not in line]
    rewrite(path, [line for line in lines for _ in range(2)])
    assert check_and_repair(store) == [f"journal/{journal}.ndjson disagrees with the documents"]


def test_a_repaired_journal_has_the_same_order_and_cursors(store: FlatStore, paths: JobPaths) -> None:
    before = store.variables.page(JOB, None, 3)
    rewrite(paths.variables_journal, Path(paths.variables_journal).read_text().splitlines()[:-1])
    check_and_repair(store)
    assert store.variables.page(JOB, None, 3) == before
    assert [item["variable"] for item in store.variables.page(JOB, before.next, 9).items] == list("defg")


def test_a_repaired_journal_has_the_same_reports(store: FlatStore, paths: JobPaths) -> None:
    lines = Path(paths.events_journal).read_text().splitlines()
    rewrite(paths.events_journal, [line for line in lines if "accepted" not in line])
    check_and_repair(store)
    assert store.counts.get(JOB).reports["f"]["errors"] == 1


def test_a_wrong_snapshot_of_counts_is_replaced(store: FlatStore, paths: JobPaths) -> None:
    counts = {**asdict(Counts()), "posted": 99}
    Path(paths.tally).write_text(json.dumps({"counts": counts, "variables_offset": 0, "events_offset": 0}))
    assert check_and_repair(store) == ["tally.json disagrees with the journals"]
    assert store.counts.get(JOB).posted == 7


@pytest.mark.parametrize("content", [None, "{"])
def test_a_job_without_a_readable_document_is_set_aside(
    store: FlatStore, root: Path, paths: JobPaths, content: str | None
) -> None:
    os.unlink(paths.job)
    if content is not None:
        Path(paths.job).write_text(content)
    assert check_and_repair(store) == ["job.json is missing or damaged"]
    assert (root / "damaged" / "jobs" / JOB / "journal").is_dir()
    store.jobs.create(JOB, job())


@pytest.mark.parametrize("directory", JobPaths.SKELETON)
def test_a_missing_directory_is_made(store: FlatStore, paths: JobPaths, directory: str) -> None:
    shutil.rmtree(f"{paths.root}/{directory}")
    assert f"{directory}/ is missing" in check_and_repair(store)
    add(store, "new")
    fail_variable(store, "new")
    assert store.results.release(JOB, "new")
    store.results.accept(JOB, "new", result("new"))


def test_many_mismatches_are_repaired_at_once(store: FlatStore, paths: JobPaths) -> None:
    Path(paths.outcome("b")).write_text("{")
    os.unlink(paths.variable("g"))
    os.unlink(paths.open("e"))
    files.touch(paths.open("d"))
    shutil.rmtree(f"{paths.root}/journal")
    assert len(check_and_repair(store)) == 8


def test_a_finding_has_a_job_a_problem_and_a_remedy(store: FlatStore, paths: JobPaths) -> None:
    os.unlink(paths.open("e"))
    [finding] = store.maintenance.check(False)
    assert (finding.where, finding.problem, finding.remedy) == (JOB, "e is in no queue", "open it")


def test_a_check_without_repair_changes_nothing(store: FlatStore, root: Path, paths: JobPaths) -> None:
    Path(paths.outcome("b")).write_text("{")
    os.unlink(paths.open("e"))
    before = sorted(root.rglob("*"))
    findings(store)
    assert sorted(root.rglob("*")) == before


def test_a_repair_is_refused_while_another_store_is_open(store: FlatStore, root: Path, paths: JobPaths) -> None:
    os.unlink(paths.open("e"))
    other = FlatStore(root, fsync=False)
    other.maintenance.is_writable()
    with pytest.raises(StorageError, match="running"):
        findings(store, repair=True)
    assert findings(store) == ["e is in no queue"]
    other.close()
    assert check_and_repair(store) == ["e is in no queue"]


def test_a_repair_is_not_refused_for_its_own_store(store: FlatStore, paths: JobPaths) -> None:
    assert store.maintenance.is_writable()
    os.unlink(paths.open("e"))
    assert findings(store, repair=True) == ["e is in no queue"]
    os.unlink(paths.open("e"))
    assert findings(store, repair=True) == ["e is in no queue"]


def test_an_error_of_the_disk_raises_storage_error(store: FlatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "read", broken)
    with pytest.raises(StorageError, match="Input/output error"):
        store.variables.get(JOB, "a")
    monkeypatch.setattr(files, "names", broken)
    with pytest.raises(StorageError, match="Input/output error"):
        findings(store)
