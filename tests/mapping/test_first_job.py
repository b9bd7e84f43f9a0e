"""The commands of docs/first-job.md work as printed, on fewer numbers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeLocalServer
from tests.serving import ROOT

PAGE = (ROOT / "docs" / "first-job.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def shown(make_local_server: MakeLocalServer, home: Path) -> str:
    """What the commands print, in a directory like a checkout."""
    server = make_local_server(trusted="127.0.0.0/8")
    (home / "data").mkdir()
    (home / "data" / "pool").symlink_to(server.data)
    (home / ".venv").mkdir()
    (home / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    script = "\n".join(BLOCKS).replace("http://127.0.0.1:7070", server.url).replace("seq 10000", "seq 200")
    environment = {**os.environ, "COMP_POOL_URL": server.url}
    command = ["bash", "-eu", "-c", script]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_commands_print_what_the_page_says(shown: str) -> None:
    for expected in (
        "27: 111 (",
        # Of the first two hundred.
        "\n171\t124\n",
        "\nthe same\n",
        "\n-2\t-0.5\n-1\t-1\n1\t1\n2\t0.5\n1 failed\n",
        "\n25\n21\n16\n",
        "\nprimes\n3 variables are in the job, 3 of them new\n0 of 3 done, 3 open",
        "\n3 accepted, ",
        "\nvariable,id,created,run_seconds,result\n",
        "\nprimes: deleted\n",
    ):
        assert expected in shown, shown
    assert "item 3 failed: threw: Error: there is no inverse of zero; it printed: x is 0" in shown
