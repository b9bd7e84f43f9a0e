"""JavaScript in responses: the client's source files, and values as literals."""

from __future__ import annotations

import functools
import json

from client import JS


@functools.cache
def source(name: str) -> str:
    """The text of a file of the client, by its path below client/js."""
    return (JS / name).read_text(encoding="utf-8")


@functools.cache
def open_job() -> str:
    """An expression: the function of job.js that opens a job, with the scripts that it takes first."""
    libraries = ", ".join(source(f"sandbox/{name}.js") for name in ("language", "web-functions"))
    return f"{source('sandbox/job.js')}.bind(undefined, {source('sandbox/serialiser.js')}(), {libraries})"


def literal(value: object) -> str:
    """A JSON value as a JavaScript literal. Without "<" it can neither end a script element nor open a comment."""
    return json.dumps(value).replace("<", "\\u003c")
