"""The commands of the server: serve, check, key, block, names, approve."""

from __future__ import annotations

from pathlib import Path

import pytest
from comp_pool.cli import main
from webtest import TestApp

from app import Pool, create_app
from config import Config
from pool.keys import Caller
from storage.flat import FlatStore
from tests.resources.helpers import VOLUNTEER

# As Python decodes an argument that is not UTF-8.
LATIN_1 = "unh\udcf6flich"
JOB = {"name": "Job", "execute_function": "(variable, context) => context"}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMP_POOL_DATA", str(tmp_path))
    monkeypatch.setenv("COMP_POOL_FSYNC", "0")
    FlatStore(tmp_path, fsync=False).close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_an_added_key_posts_jobs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, key, _ = run(capsys, "key", "add", "alice")
    app = TestApp(create_app(Config(data=data, fsync=False)))
    app.post_json("/jobs", JOB, headers={"Authorization": f"Bearer {key.strip()}"}, status=201)


def test_keys_are_listed_by_digest_and_owner(capsys: pytest.CaptureFixture[str]) -> None:
    _, key, _ = run(capsys, "key", "add", "alice")
    _, listed, _ = run(capsys, "key", "list")
    assert listed.endswith("alice\n")
    assert key.strip() not in listed


def test_the_quota_of_a_key_is_listed_with_what_is_used(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, key, _ = run(capsys, "key", "add", "alice", "--quota-jobs", "3", "--quota-bytes", "5000")
    app = TestApp(create_app(Config(data=data, fsync=False)))
    app.post_json("/jobs", JOB, headers={"Authorization": f"Bearer {key.strip()}"}, status=201)
    listed = [line for line in run(capsys, "key", "list")[1].splitlines() if "alice" in line]
    assert len(listed) == 1
    assert "[1 of 3 jobs, " in listed[0]
    assert listed[0].endswith(" of 5000 bytes]")


def test_a_quota_is_no_negative_number(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "key", "add", "alice", "--quota-jobs", "-1")
    assert (status, error) == (2, "comp-pool: quota jobs: must be 0 or more\n")


def test_a_revoked_key_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, key, _ = run(capsys, "key", "add", "alice")
    digest = run(capsys, "key", "list")[1].split()[0]
    assert run(capsys, "key", "revoke", digest)[0] == 0
    app = TestApp(create_app(Config(data=data, fsync=False)))
    app.post_json("/jobs", JOB, headers={"Authorization": f"Bearer {key.strip()}"}, status=401)


def test_revoking_an_unknown_key_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "key", "revoke", "abcd")
    assert (status, error) == (2, "comp-pool: key: 0 keys begin with 'abcd'\n")


@pytest.mark.parametrize("prefix", ["", "a", "abc"])
def test_a_prefix_that_is_too_short_revokes_no_key(prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "key", "add", "alice")
    assert run(capsys, "key", "revoke", prefix)[0] == 2
    assert len(run(capsys, "key", "list")[1].splitlines()) == 1


def operator_key(data: Path) -> str:
    Pool(Config(data=data, fsync=False)).open()
    return (data / "secrets" / "operator.key").read_text().strip()


def test_the_operators_key_is_not_revoked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operator_key(data)
    digest = run(capsys, "key", "list")[1].split()[0]
    status, _, error = run(capsys, "key", "revoke", digest)
    assert status == 2
    assert "secrets/operator.key" in error


def test_a_blocked_network_is_refused_with_the_reason(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "block", "add", "192.0.2.7/24", "too many wrong results")[:2] == (0, "blocked 192.0.2.0/24\n")
    app = TestApp(create_app(Config(data=data, fsync=False)), extra_environ={"REMOTE_ADDR": "192.0.2.9"})
    assert "too many wrong results" in app.get("/jobs", status=403).json["detail"]


def test_blocks_are_listed_with_their_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "block", "add", "key:5f3c", "why")
    listed = run(capsys, "block", "list")[1]
    assert listed.startswith("key:5f3c  20")
    assert listed.endswith("  why\n")


def test_a_removed_block_refuses_nobody(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "block", "add", "192.0.2.0/24", "why")
    assert run(capsys, "block", "remove", "192.0.2.0/24")[:2] == (0, "removed the block of 192.0.2.0/24\n")
    app = TestApp(create_app(Config(data=data, fsync=False)), extra_environ={"REMOTE_ADDR": "192.0.2.9"})
    app.get("/jobs", status=204)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("add", "somebody", "why"), "target: must be a network"),
        (("add", "192.0.2.7", " "), "reason: must have"),
        (("add", "192.0.2.7", LATIN_1), "reason: must be UTF-8"),
        (("remove", "192.0.2.7"), "there is no block of 192.0.2.7"),
        (("remove", "somebody"), "target: must be a network"),
    ],
)
def test_an_invalid_block_is_an_error(
    arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, error = run(capsys, "block", *arguments)
    assert status == 2
    assert error.startswith(f"comp-pool: {named}")


@pytest.fixture
def reviewed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that waits for the operator, and another."""
    monkeypatch.setenv("COMP_POOL_OPEN", "review")
    pool = Pool(Config(data=data, fsync=False, open="review"))
    job = {"execute_function": "() => 1"}
    pool.jobs.post({**job, "name": "Strange"}, Caller())
    pool.jobs.post({**job, "name": "Known"}, pool.keys.operator())
    pool.close()


@pytest.mark.usefixtures("reviewed")
def test_jobs_in_review_are_listed_and_approved(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = run(capsys, "approve")[1].splitlines()
    assert line.endswith("  strange  'Strange'")
    assert run(capsys, "approve", "strange") == (0, "approved strange\n", "")
    assert run(capsys, "approve") == (0, "", "")


@pytest.mark.usefixtures("reviewed")
@pytest.mark.parametrize(("job", "reason"), [("known", "not in review"), ("unknown", "there is no job")])
def test_only_a_job_in_review_is_approved(job: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "approve", job)
    assert (status, reason in error) == (2, True)


def test_an_operators_key_whose_file_is_removed_is_replaced(data: Path) -> None:
    old_key = operator_key(data)
    (data / "secrets" / "operator.key").unlink()
    new_key = operator_key(data)
    app = TestApp(create_app(Config(data=data, fsync=False)))
    app.post_json("/jobs", JOB, headers={"Authorization": f"Bearer {old_key}"}, status=401)
    app.post_json("/jobs", JOB, headers={"Authorization": f"Bearer {new_key}"}, status=201)


def show_a_name(data: Path) -> None:
    app = TestApp(create_app(Config(data=data, fsync=False)))
    app.patch_json("/volunteer", {"name": "Rude", "team": "Blue", "shown": True}, headers=VOLUNTEER, status=200)


def names(data: Path) -> str:
    return str(TestApp(create_app(Config(data=data, fsync=False))).get("/volunteer", headers=VOLUNTEER).json)


def test_a_forbidden_name_is_gone_until_it_is_permitted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_a_name(data)
    assert "'Rude'  'Blue'" in run(capsys, "names", "list")[1]
    status, told, _ = run(capsys, "names", "forbid", "RUDE", "choose another")
    assert status == 0
    assert "'Rude'" not in names(data)
    assert "choose another" in names(data)
    listed = run(capsys, "names", "list")[1]
    assert f"{told.strip()}  'RUDE'  'choose another'" in listed
    assert run(capsys, "names", "permit", told.split()[1])[0] == 0
    assert "RUDE" not in run(capsys, "names", "list")[1]


def test_a_volunteer_is_forbidden_any_name_by_its_mark(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_a_name(data)
    mark = run(capsys, "names", "list")[1].split()[0]
    assert run(capsys, "names", "forbid", "--mark", mark, "three rude names")[0] == 0
    assert "Blue" not in names(data)
    assert f"mark {mark}  'three rude names'" in run(capsys, "names", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("forbid", "--mark", "5f3c9a0b1d", "why"), "nobody is shown with the mark '5f3c9a0b1d'"),
        (("forbid", "Rude", " "), "reason: must have 1 to 500 characters"),
        (("forbid", "Karl", LATIN_1), "reason: must be UTF-8"),
        (("permit", "5f3c"), "nothing is forbidden under the id '5f3c'"),
    ],
)
def test_what_cannot_be_forbidden_or_permitted_is_an_error(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], error: str
) -> None:
    status, _, told = run(capsys, "names", *arguments)
    assert (status, error in told) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["key", "list"],
        ["key", "add", "alice"],
        ["block", "list"],
        ["block", "add", "::1", "why"],
        ["names", "list"],
    ],
)
def test_a_command_without_a_pool_is_an_error_and_makes_none(
    command: list[str], data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMP_POOL_DATA", str(data / "elsewhere"))
    status, _, error = run(capsys, *command)
    assert status == 2
    assert "there is no pool in" in error
    assert not (data / "elsewhere").exists()


@pytest.fixture
def lost_marker(data: Path) -> Path:
    """A pool with one variable that is in no queue."""
    store = FlatStore(data, fsync=False)
    store.jobs.create("job", {"id": "job"})
    store.variables.add("job", {"one": {"job": "job", "id": "one", "created": "2026-01-01T00:00:00Z", "data": {}}})
    marker = next((data / "jobs" / "job" / "queue" / "open").rglob("one"))
    marker.unlink()
    store.close()
    return marker


def test_check_exits_with_1_after_a_finding(lost_marker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check")
    assert (status, out.splitlines()[0]) == (1, "job: one is in no queue; open it: not done")
    assert not lost_marker.exists()


def test_check_exits_with_0_after_a_repair(lost_marker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "--repair")[0] == 0
    assert lost_marker.exists()
    assert run(capsys, "check")[:2] == (0, "0 disagreements\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("COMP_POOL_OPEN", "yes"), ("COMP_POOL_THREADS", "many"), ("COMP_POOL_WORKERS", "-1"), ("COMP_POOL_THREADS", "0")],
)
def test_an_error_names_an_invalid_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    status, _, error = run(capsys, "serve")
    assert status == 2
    assert name in error


def test_an_error_names_an_invalid_data_directory(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "file").touch()
    monkeypatch.setenv("COMP_POOL_DATA", str(data / "file"))
    status, _, error = run(capsys, "serve")
    assert status == 2
    assert str(data / "file") in error


def test_help_of_serve_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    out = capsys.readouterr().out
    assert all(f"COMP_POOL_{name.upper()} " in out for name in Config.__dataclass_fields__)


def test_check_shows_its_progress_where_it_is_asked_to(lost_marker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check")[2] == ""
    status, _, error = run(capsys, "check", "--progress")
    assert status == 1
    assert error.startswith("checked 0 of 1 jobs\n")
    assert "100%" in error
