"""Node, as the tests of the JavaScript package run it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "client" / "js"
TIMEOUT = 300.0


def run_node(*arguments: str) -> str:
    """Runs Node in the package's folder; returns its output, or fails with it."""
    assert (PACKAGE / "node_modules").is_dir(), "the packages are missing: run npm ci in client/js"
    done = subprocess.run(
        [node_path(), *arguments],
        cwd=PACKAGE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)
    return done.stdout


def node_path() -> str:
    """The Node installed beside this Python, else the system's."""
    beside = Path(sys.executable).with_name("node")
    path = str(beside) if beside.exists() else shutil.which("node")
    assert path, "Node is missing"
    return path
