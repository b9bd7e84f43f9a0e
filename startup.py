"""What happens once before a pool serves: repair after a power cut, the operator's key, the demo."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import data
from app import Pool, announce_operator_key
from config import Config
from pool.errors import NameTaken
from pool.fields import FUNCTIONS


def start(config: Config) -> None:
    pool = Pool(config)
    try:
        if pool.store.begin():
            _say("the machine went down under the pool: checking its documents")
            for finding in pool.store.check(repair=True):
                _say(f"{finding.where or 'pool'}: {finding.problem}: {finding.remedy}")
        pool.store.recover()
        announce_operator_key(pool)
        if config.demo:
            load_demo(pool)
    finally:
        pool.close()


def stop(config: Config) -> None:
    pool = Pool(config)
    pool.store.end()
    pool.close()


def load_demo(pool: Pool) -> None:
    """Loads the package's jobs, and flows of them, unless that was done before. Cut short, the next start goes on."""
    done = Path(pool.config.data) / "demo-jobs-loaded"
    if done.exists():
        return
    for folder in sorted(path for path in data.JOBS.iterdir() if path.is_dir()):
        count = _load_job(pool, folder)
        _say(f"demo job {folder.name}: {count} variables")
    for path in sorted(data.FLOWS.glob("*.json")):
        _load_flow(pool, path)
        _say(f"demo flow {path.stem}")
    done.touch()


def _load_job(pool: Pool, folder: Path) -> int:
    operator = pool.keys.operator()
    with suppress(NameTaken):  # It stays as it is, from a start that was cut short.
        pool.jobs.post(_job(folder), operator)
    variables = _variables(folder)
    pool.variables.put_many(folder.name, variables, operator)
    return len(variables)


def _job(folder: Path) -> dict[str, Any]:
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sources = ((name, folder / f"{name}.js") for name in FUNCTIONS)
    return job | {name: path.read_text(encoding="utf-8") for name, path in sources if path.exists()}


def _variables(folder: Path) -> dict[str, Any]:
    lines = (folder / "variables.ndjson").read_text(encoding="utf-8").splitlines()
    return {line["id"]: line["variable"] for line in map(json.loads, lines)}


def _load_flow(pool: Pool, path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    # The same key at the next start, lest a start that was cut short leave the flow twice.
    pool.flow_posting.post(document, pool.keys.operator(), _segments, f"demo-{path.stem}")


def _segments(uri: str) -> tuple[str, ...]:
    """Of a path in a demo flow: those begin at the root of the pool, wherever that is mounted."""
    return tuple(uri.strip("/").split("/"))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
