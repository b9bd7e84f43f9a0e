"""The Content-Security-Policies of all responses: one for documents, and one for each place where code runs."""

from __future__ import annotations

import base64
import hashlib

# Every response that has no policy of its own. Shown as a page, a document loads nothing and cannot be framed: text
# that a stranger posted never becomes a page of the pool's origin.
DOCUMENT = "default-src 'none'; frame-ancestors 'none'"

# A worker from /jobs/{job}/variables/{variable} takes its policy from this response. It compiles the job's function
# from text, hence the two evals, and opens no connection. It still has the pool's origin (docs/sandbox.md).
WORKER_SCRIPT = "default-src 'none'; script-src 'unsafe-eval' 'wasm-unsafe-eval'"

# A page without scripts: that of an error, which quotes what a stranger has sent.
STATIC_PAGE = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(embedders: str = "'none'", forms: str = "'none'") -> str:
    """The pool's pages load from the pool alone; no inline script, so text in a page cannot run as code.

    `img-src` also permits pictures made in the page, `frame-src` the sandbox frame, `worker-src` the clock worker.
    `embedders` are the origins that may frame the page: any for the widget, none for the others (clickjacking); `forms`
    are those to which its forms are sent without a script.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        f"frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {embedders}"
    )


def sandbox_frame(script: str) -> str:
    """The sandbox frame runs its one inline `script`, known by hash, and workers from `data:` URIs, which inherit this.

    `sandbox` without `allow-same-origin` makes the origin opaque, also for a page that is not framed: no cookies and no
    storage of the pool. The evals compile functions of jobs; no directive permits a connection.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"sandbox allow-scripts; default-src 'none'; script-src 'sha256-{digest}' 'unsafe-eval' 'wasm-unsafe-eval'; "
        "worker-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
