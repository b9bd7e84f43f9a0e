"""`seq 100 | comp-pool map square.js`, computed by the page that is open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import Watch
from tests.browser.visiting import Visitor
from tests.serving import Served, wait_until


def posted(server: Served) -> int:
    jobs = server.get("/jobs/index")["_embedded"]["items"]
    return int(server.get(jobs[0]["_links"]["progress"])["variables"]["total"]) if jobs else 0


def test_each_line_becomes_a_line_in_its_place(server: Served, page: Page, watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "square.js").write_text("x => x * x\n")
    # A new volunteer that asks for the next batch before the last is posted may hold no more leases.
    watch.tolerated.append("429")
    visitor = Visitor(page, server)
    environment = {**os.environ, "COMP_POOL_URL": server.url, "COMP_POOL_KEY": server.key, "HOME": str(tmp_path)}
    mapping = subprocess.Popen(
        ["bash", "-c", f"seq 100 | {sys.executable} -m comp_pool map square.js"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    # A page without work looks for it every ten seconds.
    wait_until(lambda: posted(server) == 100, interval=0.1)
    visitor.start()
    lines, _ = mapping.communicate(timeout=60)
    assert (mapping.returncode, lines.split()) == (0, [str(number**2) for number in range(1, 101)])
