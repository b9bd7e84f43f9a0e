"""The single file that `make dist` builds, on a machine with nothing but Python."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT, TIMEOUT, free_port, wait_until

pytestmark = pytest.mark.dist
SINGLE_FILE = ROOT / "dist" / "comp-pool.pyz"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Starts the file in an empty directory, with an interpreter without packages and environment."""
    (tmp_path / "empty").mkdir()
    address = f"127.0.0.1:{free_port()}"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "COMP_POOL_BIND": address}
    command = [sys.executable, "-I", "-S", str(SINGLE_FILE), "serve"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path / "empty", env=environment, stdout=log, stderr=log)
    yield f"http://{address}"
    process.terminate()
    process.wait(TIMEOUT)


def responds(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        return bool(response.status == 200)
    return False


def content_type(url: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return str(response.headers["Content-Type"])


def test_the_single_file_serves_the_page_and_its_modules(url: str) -> None:
    wait_until(lambda: responds(f"{url}/health"), 60)
    assert content_type(url, "text/html") == "text/html; charset=utf-8"
    assert content_type(f"{url}/sandbox") == "text/html; charset=utf-8"
    for name in ("js/index.js", "web/page.js"):
        assert content_type(f"{url}/client/{name}") == "text/javascript; charset=utf-8"


def test_the_single_file_serves_a_pool_and_works_for_it(url: str, tmp_path: Path) -> None:
    wait_until(lambda: responds(f"{url}/health"), 60)
    command = [sys.executable, "-I", "-S", str(SINGLE_FILE), "work", url, "--job", "n-queens", "--units", "10"]
    done = subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=60)
    assert "10 accepted" in done.stdout, done.stderr
    assert (tmp_path / "empty" / "data" / "pool" / "jobs" / "n-queens" / "job.json").exists()


def test_the_single_file_maps_and_completes(tmp_path: Path) -> None:
    (tmp_path / "square.js").write_text("x => x * x")
    command = [sys.executable, "-I", "-S", str(SINGLE_FILE)]
    environment = {"HOME": str(tmp_path)}
    mapped = subprocess.run(
        [*command, "map", "--local", "square.js", ":::", "3"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert mapped.stdout == "9\n", mapped.stderr
    script = subprocess.check_output([*command, "completion", "bash"], env=environment, text=True)
    assert "--retry-failed" in script
