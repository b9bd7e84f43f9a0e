"""The worker script of a variable: a self-contained Web Worker that computes it, for trusted code.

Loaded with `new Worker(uri)`, it posts one message: `{context}`, or `{error: {kind, message}}`. Unlike the workers in
the sandbox frame it has the pool's origin: its policy blocks the network, not the origin's storage (docs/sandbox.md).
"""

from __future__ import annotations

import json

import falcon

from pool import fields
from pool.seeds import unit_seed
from resources import csp
from resources.javascript import literal, open_job, source
from resources.representation import HAL, JSON, respond_conditionally
from storage.base import Document

SCRIPT = "application/javascript"
# The headers that select between a variable and its script.
VARY = "Accept, Content-Type, Sec-Fetch-Dest"


def is_requested(req: falcon.Request) -> bool:
    """By `?format=js`, by `new Worker(uri)` in a browser, by Accept, or by Content-Type as early clients do."""
    return (
        req.get_param("format") == "js"
        or req.get_header("Sec-Fetch-Dest") == "worker"
        or (req.content_type or "").partition(";")[0].strip().lower() == SCRIPT
        or req.client_prefers([JSON, HAL, SCRIPT]) == SCRIPT
    )


def respond_with_script(req: falcon.Request, resp: falcon.Response, job: Document, variable: Document) -> None:
    """Responds with the script of a stored variable, which starts from the variable's context if it has one."""
    work = literal(_work(job, variable))
    script = f"({source('browser/worker-script.js')})({open_job()}, {work});\n"
    resp.content_type, resp.data = f"{SCRIPT}; charset=utf-8", script.encode()
    resp.cache_control = ["no-cache"]
    resp.set_header("Content-Security-Policy", csp.WORKER_SCRIPT)
    resp.append_header("Vary", VARY)
    respond_conditionally(req, resp)


def _work(job: Document, variable: Document) -> dict[str, str | int | bool | None]:
    """The script's argument. Values are JSON text, parsed by the script; the context is null without one."""
    context = variable.get("context")
    return {
        "source": job["execute_function"],
        "variable": json.dumps(variable["data"]),
        "context": None if context is None else json.dumps(context),
        "lossy": fields.is_lossy(job),
        "seed": unit_seed(job["id"], variable["id"]),
    }
