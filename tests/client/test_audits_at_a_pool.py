"""`comp-pool work` at a pool itself: with `--audit` it computes what waits for its word; a digest pins the function."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from comp_pool import cli
from comp_pool.client import Client, digest_of

from pool.sandbox import Sandbox
from tests.conftest import local_server
from tests.serving import LocalServer

DOUBLE = "(variable) => ({result: variable.x * 2})"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[LocalServer]:
    """A pool with a job that has three variables; of one somebody has posted a wrong result."""
    server = local_server(tmp_path_factory.mktemp("pool"), sandbox)
    server.post("/jobs", {"name": "job", "execute_function": DOUBLE, "settings": {"trust": {"policy": "quorum"}}})
    for number in range(3):
        server.post(f"/jobs/job/variables/v{number}", {"x": number}, method="PUT")
    with Client(server.url, volunteer="somebody-who-tells-lies") as client:
        lease = client.lease(client.job("job"))
        assert lease
        client.post_result(lease, "a lie")
    yield server
    server.stop()


def work(server: LocalServer, *options: str) -> int:
    return cli.main(["work", server.url, "--quiet", "--idle-exit", "0", *options])


def test_it_decides_on_what_is_held(server: LocalServer) -> None:
    assert work(server, "--job", "job", "--audit", "--key", server.key) == 0
    progress = server.get("/jobs/job/progress")
    assert (progress["variables"]["done"], progress["variables"]["open"], progress["results"]["rejected"]) == (1, 2, 1)
    (value,) = server.accepted("/jobs/job").values()
    assert value in (0, 2, 4)


def test_it_needs_a_job_and_a_key(server: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert work(server, "--audit", "--key", "k") == 1
    assert "--audit needs --job, and the key" in capsys.readouterr().err


def test_a_pinned_function_is_computed_and_no_other(server: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    digest = server.get("/jobs/job")["digest"]
    assert digest == digest_of(DOUBLE)
    assert work(server, "--job", "job", "--digest", digest, "--units", "1") == 0
    assert work(server, "--job", "job", "--digest", "0" * 64) == 1
    assert "the job's function has the digest sha256:" in capsys.readouterr().err
