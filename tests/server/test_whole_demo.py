"""A native volunteer and the demo jobs: all that it can compute, nothing else, and then it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import MakeServer

ON_A_GRAPHICS_CARD = {"points-in-a-ball"}


def test_a_native_volunteer_computes_all_that_it_can_and_ends(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    command = [sys.executable, "-m", "comp_pool", "work", server.url, "--workers", "2", "--idle-exit", "3"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("396 accepted, 0 rejected, 0 late, 0 errors; ")
    jobs = {item["id"] for item in server.get("/jobs/index")["_embedded"]["items"]}
    assert {job for job in jobs if server.get(f"/jobs/{job}/progress")["complete"]} == jobs - ON_A_GRAPHICS_CARD
