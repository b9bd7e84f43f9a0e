"""The previous version: its server, its clients and its pages, from `previous-version.tar.xz`.

A release replaces the archive: docs/development.md has the command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.serving import ROOT, Server

ARCHIVE = Path(__file__).with_name("previous-version.tar.xz")
NODE_PACKAGES = ("@jitl", "quickjs-emscripten-core")
UNITS = 40
# Long enough that some units are computed before an upgrade and some after it. It prints, which the present version's
# sandbox sends to the page.
SQUARE = """function (variable, context) {
  console.log("squaring", variable.x);
  const end = Date.now() + 50;
  while (Date.now() < end);
  context.result = variable.x * variable.x;
  return context;
}"""
CHECK = "(variable, result) => result === undefined || result === variable.x * variable.x"
NODE_VOLUNTEER = """
import { volunteer } from "./client/js/index.js";
const [root, units] = process.argv.slice(2);
const running = volunteer(root);
running.on("error", ({ kind, message }) => console.log(`${kind}: ${message}`));
running.on("unit", ({ outcome }) => console.log(outcome));
running.on("progress", ({ totals }) => totals.units >= Number(units) && running.stop());
await running.start();
"""


def extract(directory: Path) -> Path:
    """Returns the directory of the previous version's code."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(directory, filter="data")
    # Copied: Node grants its child processes no path that leads through a link.
    for package in NODE_PACKAGES:
        path = Path("client", "js", "node_modules", package)
        shutil.copytree(ROOT / path, directory / path)
    return directory


def serve(directory: Path, code: Path) -> Server:
    """The previous version's server, with a job of `UNITS` variables."""
    server = Server(directory, DEMO="0", FSYNC="0", WORKERS="1")
    server.code = code
    server.start()
    server.post("/jobs", {"name": "Squares", "execute_function": SQUARE, "validate_result": CHECK})
    for number in range(UNITS):
        server.post("/jobs/squares/variables", {"x": number})
    return server


def upgrade(server: Server) -> None:
    """Stops the server, and starts the present version on its port and its documents."""
    server.stop()
    server.code = ROOT
    server.start()


def done(server: Server) -> int:
    """The units with an accepted result."""
    return int(server.get("/jobs/squares/progress")["variables"]["done"])


def start_work(code: Path, url: str, units: int) -> subprocess.Popen[str]:
    """`comp-pool work` of a version."""
    command = [sys.executable, "-m", "comp_pool", "work", url, "--units", str(units)]
    paths = os.pathsep.join(map(str, (code / "client" / "python", code)))
    return _start(command, code, PYTHONPATH=paths)


def start_node(code: Path, url: str, units: int) -> subprocess.Popen[str]:
    """A volunteer of a version's JavaScript package."""
    script = code / "volunteer.mjs"
    script.write_text(NODE_VOLUNTEER)
    return _start([str(Path(sys.executable).with_name("node")), str(script), url, str(units)], code)


def _start(command: list[str], directory: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
