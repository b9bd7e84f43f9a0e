"""The commands and paths in the README work as printed."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.serving import ROOT, Server

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_after(marker: str) -> str:
    found = re.search(re.escape(marker) + r".*?```sh\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which .ci/run installs")
def test_the_curl_commands_post_and_finish_a_job(server: Server) -> None:
    script = block_after("The tests run this block").replace("http://127.0.0.1:7070", server.url)
    script = script.replace("data/pool", str(server.data))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "HTTP/1.1 201 Created" in done.stdout
    assert '"done":1' in done.stdout
    assert done.stdout.splitlines()[-2].startswith("variable,id,created,run_seconds,result")


def test_the_printed_paths_exist(server: Server) -> None:
    server.post("/jobs", {"name": "Squares", "execute_function": "(variable, context) => context"})
    server.post("/jobs/squares/variables/one", {"n": 2}, method="PUT")
    server.post("/jobs/squares/variables/one/results", 4)
    paths = re.findall(r"^data/pool/(jobs/squares/[^\s<{]*)", README, re.MULTILINE)
    assert len(paths) >= 5
    assert [path for path in paths if not (server.data / path).exists()] == []
