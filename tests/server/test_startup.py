"""Startup: the demo jobs and flows, the operator's key, the check after a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

import data
import server
from app import Pool, create_app
from config import Config, InvalidSetting
from data import demo
from pool.tokens import LeaseToken
from storage.flat import FlatStore
from storage.flow_store import RunningFlows

# The demo jobs, with the number of variables of each.
DEMO_JOBS = {
    "hash-of-hashes": 50,
    "mandelbrot": 48,
    "n-queens": 118,
    "points-in-a-ball": 100,
    "prime-count": 100,
    "prime-factors": 80,
    "prime-gap": 4,
    "prime-segments": 20,
    "prime-sum": 1,
    "prime-test": 3,
    "square-root": 1,
}
DEMO_FLOWS = ["Prime or not", "Primes below a million", "Square root of two"]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "pool", fsync=False)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The pool after its first start, with the whole demo, for tests that only read it."""
    config = Config(data=tmp_path_factory.mktemp("demo") / "pool", fsync=False)
    server.start(config)
    return config


SMALL_JOBS = {"prime-gap": 4, "square-root": 1}
SMALL_FLOWS = ["Square root of two"]


@pytest.fixture
def small_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two jobs and a flow in the demo's place, for tests that start the pool several times."""
    jobs, flows = tmp_path / "demo" / "jobs", tmp_path / "demo" / "flows"
    for folder in (jobs, flows):
        folder.mkdir(parents=True)
    for name in SMALL_JOBS:
        (jobs / name).symlink_to(data.JOBS / name)
    (flows / "square-root-of-two.json").symlink_to(data.FLOWS / "square-root-of-two.json")
    monkeypatch.setattr(data, "JOBS", jobs)
    monkeypatch.setattr(data, "FLOWS", flows)


def job_ids(config: Config) -> list[str]:
    return FlatStore(config.data).jobs.ids()


def posted(config: Config, job_id: str) -> int:
    return FlatStore(config.data).counts.get(job_id).posted


def flow_names(config: Config) -> list[str]:
    store = FlatStore(config.data)
    return sorted(store.flows.get(flow_id)["name"] for flow_id in store.flows.ids(None, 99))


def serve(config: Config) -> None:
    """What a worker does after the start, until nothing is left to do in the background."""
    pool = Pool(config)
    pool.serve()
    pool.store.maintenance.finish_housekeeping()
    pool.close()


def test_the_first_start_loads_the_demo_jobs(started: Config) -> None:
    assert job_ids(started) == list(DEMO_JOBS)


@pytest.mark.parametrize(("job_id", "count"), DEMO_JOBS.items())
def test_a_demo_job_has_its_variables(started: Config, job_id: str, count: int) -> None:
    assert FlatStore(started.data).counts.get(job_id).open == count


def test_the_first_start_posts_the_demo_flows(started: Config) -> None:
    assert flow_names(started) == DEMO_FLOWS
    assert len(FlatStore(started.data).flows.references(RunningFlows())) == 3


@pytest.mark.usefixtures("small_demo")
def test_a_deleted_demo_job_is_not_loaded_again(config: Config) -> None:
    server.start(config)
    FlatStore(config.data).jobs.delete("prime-gap")
    server.start(config)
    assert job_ids(config) == ["square-root"]


@pytest.mark.usefixtures("small_demo")
def test_interrupted_loading_is_completed_by_the_next_start(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(demo, "_variables", lambda _folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            server.start(config)
    server.start(config)
    assert {job_id: posted(config, job_id) for job_id in job_ids(config)} == SMALL_JOBS


@pytest.mark.usefixtures("small_demo")
def test_an_interrupted_start_does_not_post_a_demo_flow_twice(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", lambda _path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            server.start(config)
    server.start(config)
    assert flow_names(config) == SMALL_FLOWS


def test_a_pool_without_demo_jobs_is_empty(tmp_path: Path) -> None:
    config = Config(data=tmp_path, demo=False, fsync=False)
    server.start(config)
    assert job_ids(config) == []


@pytest.mark.usefixtures("small_demo")
def test_demo_jobs_belong_to_the_operator(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "pool", open=True, fsync=False)
    server.start(config)
    assert Pool(config).jobs.get("square-root")["key"] is not None


@pytest.mark.usefixtures("small_demo")
def test_the_operators_key_is_printed_once(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    server.start(config)
    key = (config.data / "secrets" / "operator.key").read_text().strip()
    assert capsys.readouterr().out.count(key) == 1
    server.start(config)
    Pool(config).open()
    assert key not in capsys.readouterr().out


def test_secrets_are_readable_by_the_pools_user_alone(config: Config) -> None:
    pool = Pool(config)
    pool.open()
    assert pool.tokens.sign(LeaseToken("0" * 16, 1, 2, ""), "uid", "v")
    secrets = list((config.data / "secrets").iterdir())
    assert [f"{path.stat().st_mode & 0o777:o}" for path in secrets] == ["600", "600"]
    assert f"{(config.data / 'secrets').stat().st_mode & 0o777:o}" == "700"


@pytest.mark.usefixtures("small_demo")
def test_a_start_after_a_power_cut_repairs_the_store(config: Config) -> None:
    server.start(config)
    (config.data / "running").write_text("another start of the machine")
    next((config.data / "jobs" / "square-root" / "queue" / "open").rglob("two")).unlink()
    server.start(config)
    serve(config)
    assert FlatStore(config.data).leases.lease("square-root", 60) is not None


@pytest.mark.usefixtures("small_demo")
def test_a_start_after_a_stop_checks_nothing(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    server.start(config)
    server.stop(config)
    capsys.readouterr()
    server.start(config)
    assert capsys.readouterr().out == ""


def test_an_unknown_default_scheduler_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="COMP_POOL_SCHEDULER"):
        create_app(Config(data=tmp_path, scheduler="none-such"))
