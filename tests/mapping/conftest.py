"""A pool for the commands, and a volunteer in a thread of the tests, which computes in Python."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from comp_pool import cli
from comp_pool.client import Client
from comp_pool.errors import REQUEST_ERRORS
from comp_pool.retry_policy import Retries

from tests.conftest import MakeLocalServer
from tests.serving import LocalServer

SQUARE = "x => x * x"
IDLE_SECONDS = 0.01


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, where nothing is configured."""
    for name in ("COMP_POOL_URL", "COMP_POOL_KEY", "COMP_POOL_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def pool(make_local_server: MakeLocalServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """A pool whose address and key the commands know, and a file square.js."""
    server = make_local_server(trusted="127.0.0.0/8")
    monkeypatch.setenv("COMP_POOL_URL", server.url)
    monkeypatch.setenv("COMP_POOL_KEY", server.key)
    (home / "square.js").write_text(SQUARE)
    return server


class Helper(threading.Thread):
    """Computes the units of all jobs by a Python function; an exception is reported as one of the job's."""

    def __init__(self, url: str, compute: Callable[[Any], Any]) -> None:
        super().__init__(daemon=True)
        self.compute = compute
        self.count = 0
        # Units that are leased, and posted, at once.
        self.batch = 64
        self._client = Client(url + "/", volunteer="a-volunteer-of-tests", retries=Retries(attempts=1))
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                if not sum(self._work(job) for job in list(self._client.jobs())):
                    self._ended.wait(IDLE_SECONDS)
            except REQUEST_ERRORS:
                # The pool is away, or a job gone.
                self._ended.wait(IDLE_SECONDS)

    def _work(self, job: Any) -> int:
        leases = self._client.lease_many(job, self.batch) or []
        results = []
        for lease in leases:
            try:
                results.append((lease, self.compute(lease.data), 0.001))
            except Exception as ex:
                self._client.post_report(lease, {"error": {"kind": "threw", "message": str(ex)}, "console": "seen\n"})
        if results:
            self._client.post_results(job, results)
            self.count += len(results)
        return len(leases)

    def expect_count(self, units: int) -> None:
        """The command may know a result before this thread knows that it was posted."""
        self.end()
        assert self.count == units

    def end(self) -> None:
        self._ended.set()
        self.join()
        self._client.close()


def square(value: Any) -> Any:
    return value * value


@pytest.fixture
def helper(pool: LocalServer) -> Iterator[Helper]:
    """A volunteer that squares."""
    running = Helper(pool.url, square)
    running.start()
    yield running
    running.end()


class Commands:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str, status: int = 0) -> list[str]:
        """Runs a command that ends with a status; returns its lines."""
        self._capsys.readouterr()
        found = cli.main(arguments)
        shown = self._capsys.readouterr()
        self.err = shown.err
        assert found == status, shown.err
        return shown.out.splitlines()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(capsys)
