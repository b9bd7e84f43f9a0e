"""The worker script of a variable: a self-contained Web Worker that computes it, for code that one trusts.

Loaded with `new Worker(uri)` it posts one message: `{context}`, or `{error: {kind, message}}`. It has the pool's
origin, unlike what the pool's own client runs: its policy closes the network, not what the origin stores
(docs/sandbox.md).
"""

from __future__ import annotations

import json
from typing import Any

import falcon

from resources.representation import HAL, JSON, answer_conditionally
from resources.sandbox import embedded, source

SCRIPT = "application/javascript"
# What decides between a variable and its script.
VARY = "Accept, Content-Type, Sec-Fetch-Dest"
_POLICY = "default-src 'none'; script-src 'unsafe-eval' 'wasm-unsafe-eval'"


def is_wanted(req: falcon.Request) -> bool:
    """By Accept, or (as the seed has it) by Content-Type; by what a browser says that it loads; or by ?format=js."""
    return (
        req.get_param("format") == "js"
        or req.get_header("Sec-Fetch-Dest") == "worker"
        or (req.content_type or "").partition(";")[0].strip().lower() == SCRIPT
        or req.client_prefers([JSON, HAL, SCRIPT]) == SCRIPT
    )


def respond_with_script(
    req: falcon.Request, resp: falcon.Response, job: dict[str, Any], document: dict[str, Any]
) -> None:
    """Answer with the script that computes a stored variable, from its starting context where it has one."""
    script = f"({source('browser/worker-script.js')})({source('sandbox/job.js')}, {embedded(_work(job, document))});\n"
    resp.content_type, resp.data = f"{SCRIPT}; charset=utf-8", script.encode()
    resp.cache_control = ["no-cache"]
    resp.set_header("Content-Security-Policy", _POLICY)
    resp.append_header("Vary", VARY)
    answer_conditionally(req, resp)


def _work(job: dict[str, Any], document: dict[str, Any]) -> dict[str, str | None]:
    """What the script computes: each as text, null for a context that is not served."""
    context = document.get("context")
    return {
        "source": job["execute_function"],
        "variable": json.dumps(document["data"]),
        "context": None if context is None else json.dumps(context),
    }
