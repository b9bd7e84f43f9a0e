"""Helpers of the tests of the HTTP interface: problem documents, routes, and the files of a pool."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from webtest import TestResponse

from app import Pool, routes
from config import Config
from tests.conftest import PoolApp

HAL = {"Accept": "application/hal+json"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
NDJSON = {"Content-Type": "application/x-ndjson"}
VOLUNTEER = {"Volunteer": "an-unguessable-id-of-mine"}


def _routes() -> dict[str, frozenset[str]]:
    with TemporaryDirectory() as directory:
        pool = Pool(Config(data=Path(directory), fsync=False))
        table = routes(pool)
        pool.close()
    return {_template(path): _methods(resource) for path, resource in table.items()}


def _template(path: str) -> str:
    """The path as a URI template: without the converters of its fields."""
    return re.sub(r":\w+\}", "}", path)


def _methods(resource: Any) -> frozenset[str]:
    return frozenset(name for name in METHODS if hasattr(resource, f"on_{name.lower()}"))


ROUTES = _routes()  # The methods of each path of the application.
PAGES = (
    "/post",
    "/widget",
    "/widget.js",
    "/client/{file}",
    "/sandbox",
)  # For browsers: no documents.


def problem(response: TestResponse, status: int, *named: str) -> dict[str, Any]:
    """Asserts that the response is a problem document with this status and these texts in its detail; returns it."""
    assert response.status_int == status, response.text
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.json
    assert document["status"] == status
    assert document["type"].startswith("urn:comp-pool:")
    assert document["title"]
    for text in named:
        assert text in document["detail"]
    return document


def files(pool: PoolApp) -> dict[str, bytes]:
    """Every file of the pool and its content, without temporary and deleted ones, and what follows changes of jobs."""
    found = {}
    for folder, folders, names in os.walk(pool.data):
        if folder == str(pool.data):
            folders[:] = [name for name in folders if name not in ("tmp", "trash")]
        # The lock is made by the auditor's thread, at any moment.
        for name in set(names) - {"changes.ndjson", "watched", "audits.lock"}:
            path = f"{folder}/{name}"
            with open(path, "rb") as stream:
                found[path.removeprefix(f"{pool.data}/")] = stream.read()
    return found


def documents(pool: PoolApp) -> dict[str, bytes]:
    """The files that are documents, without markers, journals, counts and the log of activity."""
    return {name: content for name, content in files(pool).items() if not _is_derived(name)}


def _is_derived(name: str) -> bool:
    return "/queue/" in name or "/journal/" in name or name.endswith(("/tally.json", "activity.ndjson"))


def ndjson(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def other_key(pool: PoolApp, owner: str = "semprebeta") -> dict[str, str]:
    """The headers of an owner other than the operator."""
    from pool.keys import Keys
    from storage.flat import FlatStore

    store = FlatStore(pool.data, fsync=False)
    key = Keys(store, is_open=False).add(owner)
    store.close()
    return {"Authorization": f"Bearer {key}"}
