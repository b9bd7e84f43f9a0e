"""Kills under load: processes of a real server are killed at random moments, and an audit reads the tree by itself.

Clients lease and post, one by one and in batches, right results and wrong ones, and repeat what had no response. Each
acknowledged result must be on the disk, whole, once, and under the id that was acknowledged; no variable may be counted
twice or be missing from the queue. The audit uses nothing of the pool: it reads files.
"""

from __future__ import annotations

import collections
import http.client
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import pools
from bench.http import JOBS, LOOPBACK, ROOT, load, wait_for

CLIENTS, LARGEST_BATCH = 4, 40
WRONG_SHARE, BATCH_SHARE = 0.05, 0.5
# One kill in so many takes the whole server, the others one process of it.
WHOLE_SERVER = 10
LONGEST_PAUSE = 0.5
AUDIT_EVERY = 200
CONNECTION_ERRORS = (OSError, http.client.HTTPException, ValueError)


class Client(threading.Thread):
    """A volunteer. `accepted` are the locations of results that the pool has acknowledged, with their values."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._random, self._port = random.Random(seed), port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.accepted: dict[str, int] = {}
        self.refused: collections.Counter[int] = collections.Counter()
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            job = self._random.choice(list(JOBS))
            if self._random.random() < BATCH_SHARE:
                self._post_many(job, self._lease_many(job))
            else:
                self._post_one(self._lease_many(job)[:1])

    def _lease_many(self, job: str) -> list[dict[str, Any]]:
        count = self._random.randint(1, LARGEST_BATCH)
        _, document = self._request("GET", f"/jobs/{job}/variables?count={count}")
        return list(document["_embedded"]["items"]) if document else []

    def _value(self, variable: dict[str, Any]) -> int:
        is_wrong = self._random.random() < WRONG_SHARE
        return -1 if is_wrong else variable["n"] * 2

    def _post_one(self, variables: list[dict[str, Any]]) -> None:
        for variable in variables:
            value = self._value(variable)
            status, document = self._request("POST", variable["_links"]["post_result"], json.dumps(value).encode())
            self._note(status, document["_links"]["self"] if status == http.HTTPStatus.CREATED else "", value)

    def _post_many(self, job: str, variables: list[dict[str, Any]]) -> None:
        if not variables:
            return
        values = [self._value(variable) for variable in variables]
        lines = [
            {"post_result": variable["_links"]["post_result"], "result": value}
            for variable, value in zip(variables, values, strict=True)
        ]
        body = b"\n".join(json.dumps(line).encode() for line in lines)
        _, document = self._request("POST", f"/jobs/{job}/results", body, "application/x-ndjson")
        for outcome, value in zip(document["outcomes"], values, strict=True):
            self._note(outcome["status"], outcome.get("location", ""), value)

    def _note(self, status: int, location: str, value: int) -> None:
        if status == http.HTTPStatus.CREATED:
            self.accepted[location] = value
        else:
            self.refused[status] += 1

    def _request(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Repeats a request until there is a whole response that is final."""
        headers = {"Volunteer": secrets.token_hex(16), **({"Content-Type": media_type} if body else {})}
        while True:
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                content = response.read()
                document = json.loads(content) if content else None
                if response.status not in (503, 429):
                    return response.status, document
            except CONNECTION_ERRORS:
                self._connection.close()
            time.sleep(0.02)


class Victim:
    """The server, which is started again whenever it is killed as a whole."""

    def __init__(self, root: Path, port: int) -> None:
        settings = {"DATA": str(root), "DEMO": "0", "WORKERS": "2", "BIND": f"127.0.0.1:{port}", "TRUSTED": LOOPBACK}
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._environment |= {f"COMP_POOL_{name}": text for name, text in settings.items()}
        self._root, self._port = root, port
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "python:server", "--log-level", "critical"]
        self._process = subprocess.Popen(
            command, env=self._environment, cwd=self._root, stdout=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(self._port)

    def kill_worker(self, chosen: random.Random) -> None:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if children:
            os.kill(int(chosen.choice(children)), signal.SIGKILL)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        self._start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()


def run(options: Namespace) -> None:
    print(f"{options.kills} kills (seed {options.seed}) of a server with 2 workers, {CLIENTS} clients")
    port = 20_000 + os.getpid() % 20_000
    with pools.directory(options.directory) as root:
        (root / "pool").mkdir()
        victim = Victim(root / "pool", port)
        load(port, root / "pool", 150 * options.kills + 1000)
        clients = [Client(port, options.seed + number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        _kill_repeatedly(options, victim, root / "pool", clients)
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join()
        victim.stop()
        _print(options.kills, root / "pool", clients, is_running=False)
        check = [sys.executable, "-c", "from comp_pool.cli import main; raise SystemExit(main())", "check"]
        environment = {**os.environ, "COMP_POOL_DATA": str(root / "pool")}
        found = subprocess.run(check, env=environment, capture_output=True, text=True, check=False)
        print(f"  comp-pool check: status {found.returncode} {found.stdout.strip()[:500]}")


def _kill_repeatedly(options: Namespace, victim: Victim, root: Path, clients: list[Client]) -> None:
    chosen = random.Random(options.seed)
    for number in range(1, options.kills + 1):
        time.sleep(chosen.uniform(0, LONGEST_PAUSE))
        if number % WHOLE_SERVER:
            victim.kill_worker(chosen)
            continue
        victim.kill()
        if number % AUDIT_EVERY == 0:
            # Nothing has been recovered yet: what was acknowledged must be there all the same.
            _print(number, root, clients, is_running=True)
        victim.restart()


def _print(kills: int, root: Path, clients: list[Client], is_running: bool) -> None:
    accepted = {location: value for client in clients for location, value in dict(client.accepted).items()}
    refused = sum((client.refused for client in clients), collections.Counter())
    problems = audit(root, accepted, is_running)
    print(
        f"  after {kills} kills: {len(accepted)} acknowledged, {dict(refused)} refused: {len(problems)} problems",
        *problems[:20],
        sep="\n    ",
        flush=True,
    )


def audit(root: Path, accepted: dict[str, int], is_running: bool) -> list[str]:
    """What is wrong on the disk. Of a pool that was killed, only what was acknowledged is judged."""
    problems: list[str] = []
    stored: dict[str, dict[str, Any]] = {}
    for path in root.glob("jobs/*/results/*/*.json"):
        document = _read(path)
        if document is None:
            problems.append(f"{path} is no whole document")
            continue
        job, variable = path.parts[-4], path.stem
        stored[f"/jobs/{job}/variables/{variable}/results/{document['id']}"] = document
        if document["result"] not in _permitted(job, path):
            problems.append(f"{path} has a wrong result")
    for location, value in accepted.items():
        if location not in stored:
            problems.append(f"{location} was acknowledged and is not stored")
        elif stored[location]["result"] != value:
            problems.append(f"{location} has another value")
    return problems if is_running else [*problems, *_audit_derived(root)]


def _permitted(job: str, outcome: Path) -> set[int]:
    """The values that a result may have: a job without validator takes wrong ones too."""
    variable = _read(outcome.parents[2] / "variables" / outcome.parent.name / outcome.name)
    right = set() if variable is None else {variable["data"]["n"] * 2}
    return right if job == "validated" else right | {-1}


def _audit_derived(root: Path) -> list[str]:
    """Of a pool at rest: a journal line per result, a marker per unfinished variable, none left of a finished one."""
    problems: list[str] = []
    for job in root.glob("jobs/*"):
        finished = {path.stem for path in job.glob("results/*/*.json")}
        variables = {path.stem for path in job.glob("variables/*/*.json")}
        lines = collections.Counter(_accepted_in(job / "journal" / "events.ndjson"))
        markers = collections.Counter(path.name for path in job.glob("queue/*/*/*"))
        problems += [f"{job.name}/{name}: {count} journal lines" for name, count in lines.items() if count != 1]
        problems += [f"{job.name}/{name}: no journal line" for name in finished - set(lines)]
        problems += [f"{job.name}/{name}: {count} markers" for name, count in markers.items() if count != 1]
        problems += [f"{job.name}/{name}: finished, with a marker" for name in finished & set(markers)]
        problems += [f"{job.name}/{name}: unfinished, without a marker" for name in variables - finished - set(markers)]
    return problems


def _accepted_in(journal: Path) -> Iterator[str]:
    for line in journal.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # Cut short by a kill; the next line is whole.
            continue
        if event["event"] == "accepted":
            yield event["variable"]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None
