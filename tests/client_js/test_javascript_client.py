"""The JavaScript package's own tests and the check of its types, each as one test here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "client" / "js"
PATIENCE = 600.0


@pytest.fixture(scope="module")
def node() -> str:
    """Node as it is installed beside this Python, else the system's."""
    beside = Path(sys.executable).with_name("node")
    found = str(beside) if beside.exists() else shutil.which("node")
    assert found, "Node is missing"
    assert (PACKAGE / "node_modules").is_dir(), "the packages are missing: run npm ci in client/js"
    return found


def run(*command: str | Path) -> None:
    """Runs a command in the package; shows all that it said where it fails."""
    done = subprocess.run(
        command, cwd=PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)


def test_the_package_s_own_tests_pass(node: str) -> None:
    # They mostly wait for deadlines, so that more of them than cores can go on at a time.
    run(node, "--test", "--test-concurrency=4", "--test-reporter=spec", *sorted(PACKAGE.glob("test/*.test.js")))


def test_the_lock_file_names_no_registry() -> None:
    assert "http" not in (PACKAGE / "package-lock.json").read_text()
