"""The demo: the jobs and flows of this package, loaded at the first start of a pool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import data
from pool.errors import NameTaken
from pool.fields import FUNCTIONS
from pool.flows import Flows
from pool.jobs import Jobs
from pool.keys import Keys
from pool.variables import Variables
from storage.base import Document


class PoolParts(Protocol):
    """The parts of a pool that the demo is loaded into."""

    keys: Keys
    jobs: Jobs
    variables: Variables
    flows: Flows


def load(pool: PoolParts, directory: Path) -> Iterator[str]:
    """Loads the demo unless `directory`, the pool's, has it already; yields a line of progress for each job and flow.

    An interrupted load is continued by the next one.
    """
    done = directory / "demo-jobs-loaded"
    if done.exists():
        return
    for folder in sorted(path for path in data.JOBS.iterdir() if path.is_dir()):
        count = _load_job(pool, folder)
        yield f"demo job {folder.name}: {count} variable{'' if count == 1 else 's'}"
    for path in sorted(data.FLOWS.glob("*.json")):
        _load_flow(pool, path)
        yield f"demo flow {path.stem}"
    # Last: until then the next start continues. A demo job that was deleted later stays deleted.
    done.touch()


def _load_job(pool: PoolParts, folder: Path) -> int:
    operator = pool.keys.operator()
    with suppress(NameTaken):  # An interrupted load has posted it.
        pool.jobs.post(_job(folder), operator)
    variables = _variables(folder)
    pool.variables.put_many(folder.name, variables, operator)
    return len(variables)


def _job(folder: Path) -> Document:
    job: Document = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sources = ((name, folder / f"{name}.js") for name in FUNCTIONS)
    return job | {name: path.read_text(encoding="utf-8") for name, path in sources if path.exists()}


def _variables(folder: Path) -> dict[str, Any]:
    lines = (folder / "variables.ndjson").read_text(encoding="utf-8").splitlines()
    return {line["id"]: line["variable"] for line in map(json.loads, lines)}


def _load_flow(pool: PoolParts, path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    # An idempotency key, so that a continued load does not store the flow twice.
    pool.flows.post(document, pool.keys.operator(), _segments, f"demo-{path.stem}")


def _segments(uri: str) -> tuple[str, ...]:
    """The URIs of a demo flow are paths from the pool's root, wherever it is mounted."""
    return tuple(uri.strip("/").split("/"))
