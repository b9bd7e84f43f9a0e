"""Shared fixtures: one sandbox for all tests (starting one takes longer than most of them), fresh pools and servers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from webtest import TestApp

from app import Pool, create_app
from config import Config
from pool.flows import background
from pool.keys import new_key
from pool.sandbox import THE_POOL, Sandbox, Share
from pool.trust.sweeper import Sweeper
from storage.clock import Clock, ManualClock
from tests import audit_threads, shared_router
from tests.server import previous
from tests.serving import LocalServer, Server

EXECUTE = "function (variable, context) { context.result = variable.x * 2; return context; }"
shared_router.share()
audit_threads.remember()
# So that a request finds all done that it handed over to the background, however slow the machine is.
background.PATIENCE_SECONDS = 20.0
# What one test takes at most, and all of them together.
MEMORY, MEMORY_BYTES, ALL_MEMORY_BYTES = Path("/dev/shm"), 256 << 20, 2 << 30


def pytest_configure() -> None:
    """Has pytest make its directories in memory: the files of thousands of pools take twice the time on a disk."""
    if has_memory(ALL_MEMORY_BYTES) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Before the directories of the test are removed."""
    fixtures: dict[str, Any] = getattr(item, "funcargs", {})
    audit_threads.end_in([fixtures[name] for name in ("tmp_path", "memory_path") if name in fixtures])


def has_memory(size: int) -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= size


@contextmanager
def memory_directory() -> Iterator[Path]:
    """A fresh directory, in memory where the machine has room: for tests that make and remove thousands of files."""
    with TemporaryDirectory(dir=MEMORY if has_memory(MEMORY_BYTES) else None) as directory:
        yield Path(directory)


@pytest.fixture
def no_auditor_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audits are made where a test sweeps: beside it, the thread would decide between two of its lines at times."""
    monkeypatch.setattr(Sweeper, "_start", lambda _sweeper: None)


@pytest.fixture
def memory_path() -> Iterator[Path]:
    with memory_directory() as directory:
        yield directory


class SharedSandbox(Sandbox):
    """Compiles each function once: most tests post the same few."""

    def __init__(self) -> None:
        super().__init__()
        self._compiled: set[str] = set()

    def check(self, source: str, share: Share = THE_POOL) -> None:
        if source not in self._compiled:
            super().check(source, share)
            self._compiled.add(source)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    shared = SharedSandbox()
    yield shared
    shared.close()


class PoolApp(TestApp):
    """A fresh pool behind WebTest; its clock stands still. `owner` are the headers with the operator's key."""

    def __init__(self, data: Path, sandbox: Sandbox, clock: ManualClock | None = None, **settings: Any) -> None:
        self.data = data
        self.clock = clock or ManualClock()
        self.pool = pool = Pool(Config(data=data, fsync=False, **settings), sandbox, self.clock)
        pool.serve()
        # Made now, and not by the first request of a test that compares files.
        for name in ("addresses.key", "leases.key", "marks.key", "codes.key"):
            pool.store.keys.secret(name, new_key)
        pool.profiles.shown()
        super().__init__(create_app(pool=pool), extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        self.key = (data / "secrets" / "operator.key").read_text().strip()
        self.owner = {"Authorization": f"Bearer {self.key}"}

    def post_job(self, name: str = "Example job", **fields: Any) -> str:
        """Posts a job as the operator; returns its path."""
        job = {"name": name, "execute_function": EXECUTE, **fields}
        return str(self.post_json("/jobs", job, headers=self.owner, status=201).headers["Location"])

    def post_variable(self, job: str, variable_id: str = "one", **data: Any) -> str:
        """Stores a variable under an id; returns its path."""
        path = f"{job}/variables/{variable_id}"
        self.put_json(path, data or {"x": 1}, headers=self.owner, status=201)
        return path

    def lease(self, job: str, **headers: str) -> dict[str, str]:
        """Leases the next variable; returns its links."""
        return dict(self.get(f"{job}/variables", headers=headers, status=200).json["_links"])


def address(number: int) -> dict[str, str]:
    """The `extra_environ` of a request from another address: errors of 127.0.0.1 count once."""
    return {"REMOTE_ADDR": f"192.0.2.{number}"}


MakePool = Callable[..., PoolApp]


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the test's pool."""
    return ManualClock()


@pytest.fixture
def make_pool(tmp_path: Path, sandbox: Sandbox, clock: ManualClock) -> MakePool:
    """Makes a pool with the given settings in the test's directory."""
    return lambda **settings: PoolApp(tmp_path / "pool", sandbox, clock, **settings)


@pytest.fixture
def pool(make_pool: MakePool) -> PoolApp:
    return make_pool()


MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Starts a server, with settings by their names without COMP_POOL_. It is killed after the test."""
    servers: list[Server] = []

    def make(**settings: str) -> Server:
        servers.append(Server(tmp_path, **settings))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """An empty pool behind gunicorn."""
    return make_server(DEMO="0", FSYNC="0")


MakeLocalServer = Callable[..., LocalServer]


@pytest.fixture
def make_local_server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[MakeLocalServer]:
    """Serves a fresh pool from threads of this process, with Config's settings."""
    servers: list[LocalServer] = []

    def make(**settings: Any) -> LocalServer:
        servers.append(local_server(tmp_path_factory.mktemp("local"), sandbox, **settings))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def local_server(directory: Path, sandbox: Sandbox, clock: Clock | None = None, **settings: Any) -> LocalServer:
    """A started server of a fresh pool, by the system's clock unless another is given."""
    pool = Pool(Config(data=directory / "pool", fsync=False, demo=False, **settings), sandbox, clock)
    pool.serve()
    server = LocalServer(create_app(pool=pool), pool.config.data)
    server.start()
    return server


@pytest.fixture(scope="session")
def previous_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous version's code."""
    return previous.extract(tmp_path_factory.mktemp("previous"))


@pytest.fixture
def previous_server(tmp_path: Path, previous_code: Path) -> Iterator[Server]:
    """The previous version's server, with a job."""
    server = previous.serve(tmp_path, previous_code)
    yield server
    server.kill()
