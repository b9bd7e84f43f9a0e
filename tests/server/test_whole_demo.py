"""A native volunteer on all demo jobs: it completes those that it can compute, then exits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.data.demo import SLUGS, post_demo
from tests.serving import Server

NEEDS_WEBGPU = {"points-in-a-ball"}


def test_a_native_volunteer_completes_the_jobs_that_it_can_compute(server: Server, tmp_path: Path) -> None:
    jobs = {post_demo(server, name, 6).rpartition("/")[2] for name in SLUGS}
    command = [sys.executable, "-m", "comp_pool", "work", server.url, "--workers", "2", "--idle-exit", "3"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("45 accepted, 0 rejected, 0 late, 0 errors; ")
    assert {job for job in jobs if server.get(f"/jobs/{job}/progress")["complete"]} == jobs - NEEDS_WEBGPU
