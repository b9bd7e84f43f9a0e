"""Making the application changes nothing; opening the pool is an act of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from webtest import TestApp

from app import Pool, create_app
from config import Config
from pool.sandbox import Sandbox
from storage.flat.maintenance import FlatMaintenance


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "pool", fsync=False)


def test_making_the_application_writes_nothing(config: Config) -> None:
    create_app(config)
    assert not config.data.exists()


def test_making_the_application_prints_nothing(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    create_app(config)
    assert tuple(capfd.readouterr()) == ("", "")


def test_the_first_request_opens_the_pool(config: Config) -> None:
    TestApp(create_app(config)).get("/health", status=200)
    assert (config.data / "secrets" / "operator.key").exists()


def test_a_pool_is_opened_once(config: Config, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    recoveries: list[object] = []
    recover = FlatMaintenance.recover
    monkeypatch.setattr(FlatMaintenance, "recover", lambda self: (recoveries.append(self), recover(self))[1])
    pool = Pool(config, sandbox)
    pool.open()
    for _ in range(2):
        TestApp(create_app(pool=pool)).get("/", status=200)
    assert len(recoveries) == 1


def test_a_pool_that_could_not_be_opened_is_opened_by_a_later_request(config: Config) -> None:
    config.data.write_text("a file in the place of the directory")
    app = TestApp(create_app(config))
    app.get("/", status=500)
    config.data.unlink()
    app.get("/", status=200)
