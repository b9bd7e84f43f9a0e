"""The JavaScript package's own tests, as one test here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "client" / "js"
TIMEOUT = 600.0


@pytest.fixture(scope="module")
def node() -> str:
    """The Node installed beside this Python, else the system's."""
    beside = Path(sys.executable).with_name("node")
    path = str(beside) if beside.exists() else shutil.which("node")
    assert path, "Node is missing"
    assert (PACKAGE / "node_modules").is_dir(), "the packages are missing: run npm ci in client/js"
    return path


def run(*command: str | Path) -> None:
    """Runs a command in the package's folder; fails with its output."""
    done = subprocess.run(
        command, cwd=PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)


def test_the_package_s_own_tests_pass(node: str) -> None:
    # More at a time than there are cores, since they mostly wait for deadlines.
    run(node, "--test", "--test-concurrency=4", "--test-reporter=spec", *sorted(PACKAGE.glob("test/*.test.js")))


def test_the_lock_file_names_no_registry() -> None:
    assert "http" not in (PACKAGE / "package-lock.json").read_text()
