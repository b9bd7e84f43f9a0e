"""The check of a job with many shards: it compares them one after the other, and repairs those that differ."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from storage.base import CheckProgress
from storage.flat import FlatStore
from storage.flat.check import rewriting
from storage.flat.check.fingerprints import Fingerprints
from storage.flat.check.scan import SHARDS, Shard, shard_names
from storage.flat.paths import JobPaths
from tests.storage.helpers import JOB, accept, add, error, fail_variable, findings, job

NAMES = [f"v{number:03}" for number in range(80)]


@pytest.fixture
def store(root: Path) -> FlatStore:
    """80 variables: a quarter each with a result, an error, failed, and failed and released."""
    store = FlatStore(root, fsync=False)
    store.jobs.create(JOB, job())
    add(store, *NAMES)
    accept(store, *NAMES[::4])
    for name in NAMES[1::4]:
        store.results.reject(JOB, name, error(store, name), 9)
    for name in (*NAMES[2::4], *NAMES[3::4]):
        fail_variable(store, name)
    for name in NAMES[3::4]:
        store.results.release(JOB, name)
    store.close()
    return store


@pytest.fixture(autouse=True)
def _many_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "GROUP", 10)
    monkeypatch.setattr(rewriting, "MAX_GROUPS", 16)


def lines_of(path: str) -> list[str]:
    return Path(path).read_text().splitlines(keepends=True)


@pytest.fixture
def paths(root: Path) -> JobPaths:
    return JobPaths(str(root), JOB)


def test_a_correct_job_has_no_mismatch(store: FlatStore) -> None:
    assert findings(store) == []


@pytest.mark.parametrize("journal", ["variables", "events"])
def test_lost_doubled_and_surplus_lines_of_all_shards_are_repaired(
    store: FlatStore, paths: JobPaths, journal: str
) -> None:
    path = f"{paths.root}/journal/{journal}.ndjson"
    before, counts = lines_of(path), store.counts.get(JOB)
    surplus = '{"event":"accepted","at":"2026-01-01T00:00:00.000Z","variable":"x","result":"y"}\n'
    chance = random.Random(1)
    Path(path).write_text("".join(surplus + line * chance.randrange(3) for line in before))
    assert findings(store, repair=True) == [f"journal/{journal}.ndjson disagrees with the documents"]
    assert findings(store) == []
    after = store.counts.get(JOB)
    assert (after.posted, after.accepted, after.rejected, after.failed) == (
        counts.posted,
        counts.accepted,
        counts.rejected,
        counts.failed,
    )


def test_a_repaired_journal_keeps_its_order_and_has_the_lost_lines_at_its_end(
    store: FlatStore, paths: JobPaths
) -> None:
    before = lines_of(paths.variables_journal)
    Path(paths.variables_journal).write_text("".join(before[:50] + before[53:]))
    findings(store, repair=True)
    assert lines_of(paths.variables_journal) == before[:50] + before[53:] + before[50:53]


def test_a_repair_leaves_no_files_behind(store: FlatStore, root: Path, paths: JobPaths) -> None:
    Path(paths.events_journal).unlink()
    findings(store, repair=True)
    store.close()
    assert list((root / "tmp").iterdir()) == []


def test_a_document_under_another_name_is_set_aside(store: FlatStore, root: Path, paths: JobPaths) -> None:
    copy = Path(paths.outcome(NAMES[1]))
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(Path(paths.outcome(NAMES[0])).read_bytes())
    assert findings(store, repair=True)[0].endswith(f"{NAMES[1]}.json is damaged")
    assert findings(store) == []


def test_a_shard_holds_its_own_documents_alone(store: FlatStore, paths: JobPaths) -> None:
    shards = [Shard(paths, name) for name in shard_names(paths)]
    assert sorted(name for part in shards for name in part.variables) == NAMES
    assert max(len(part.posted) for part in shards) < 10


def test_progress_is_told_at_once_and_reaches_the_end(store: FlatStore) -> None:
    store.jobs.create("other", job("other"))
    told: list[CheckProgress] = []
    assert list(store.maintenance.check(False, told.append)) == []
    assert told[0] == CheckProgress("", 0, 2, 0, 0.0)
    assert told[-1] == CheckProgress("", 2, 2, 160, 1.0)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert len(told) > 40


def test_the_first_progress_comes_before_any_document_is_read(store: FlatStore, paths: JobPaths) -> None:
    told: list[CheckProgress] = []
    with pytest.raises(KeyboardInterrupt):
        list(store.maintenance.check(False, lambda progress: told.append(progress) or _interrupt()))
    assert [progress.documents for progress in told] == [0]


def _interrupt() -> None:
    raise KeyboardInterrupt


# Fingerprints


def fingerprints(*items: tuple[str, str, int]) -> Fingerprints:
    made = Fingerprints()
    for shard, item, times in items:
        made.add(shard, item, times)
    return made


def test_equal_collections_have_equal_fingerprints_in_any_order() -> None:
    one = fingerprints(("00", "a", 1), ("00", "b", 1), ("01", "a", 1))
    other = fingerprints(("01", "a", 1), ("00", "b", 1), ("00", "a", 1))
    assert one.differing(other) == set()


@pytest.mark.parametrize(
    "other",
    [
        fingerprints(),
        fingerprints(("00", "b", 1)),
        fingerprints(("00", "a", 2)),
        fingerprints(("00", "a", -1)),
        fingerprints(("00", "a", 1), ("00", "b", 1)),
    ],
)
def test_different_collections_differ(other: Fingerprints) -> None:
    assert fingerprints(("00", "a", 1)).differing(other) == {"00"}


def test_what_is_added_and_taken_away_leaves_no_trace() -> None:
    assert fingerprints(("00", "a", 1), ("00", "a", -1)).differing(Fingerprints()) == set()


def test_every_shard_has_a_name() -> None:
    assert len(SHARDS) == 256
