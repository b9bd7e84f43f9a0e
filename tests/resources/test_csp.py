"""Content-Security-Policies: what each permits."""

from __future__ import annotations

import base64
import hashlib

import pytest

from resources import csp


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (directive.split() for directive in policy.split(";"))}


def test_a_document_loads_nothing_and_is_never_framed() -> None:
    assert directives(csp.DOCUMENT) == {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}


def test_a_page_runs_the_pools_files_alone() -> None:
    page = directives(csp.page())
    assert page["default-src"] == page["base-uri"] == page["form-action"] == ["'none'"]
    assert page["script-src"] == page["style-src"] == page["connect-src"] == ["'self'"]
    assert "unsafe" not in csp.page()


def test_the_forms_of_a_page_go_where_it_says() -> None:
    assert directives(csp.page(forms="'self'"))["form-action"] == ["'self'"]


@pytest.mark.parametrize(("policy", "embedders"), [(csp.page(), ["'none'"]), (csp.page("*"), ["*"])])
def test_the_embedders_of_a_page(policy: str, embedders: list[str]) -> None:
    assert directives(policy)["frame-ancestors"] == embedders


def test_the_sandbox_frame_runs_its_one_script_without_origin_and_network() -> None:
    script = "(() => 'ü')();"
    frame = directives(csp.sandbox_frame(script))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert frame["sandbox"] == ["allow-scripts"]
    assert frame["script-src"] == [f"'sha256-{digest}'", "'unsafe-eval'", "'wasm-unsafe-eval'"]
    assert frame["default-src"] == frame["connect-src"] == frame["form-action"] == ["'none'"]
    assert frame["worker-src"] == ["data:"]


def test_a_worker_script_opens_no_connection() -> None:
    worker = directives(csp.WORKER_SCRIPT)
    assert worker == {"default-src": ["'none'"], "script-src": ["'unsafe-eval'", "'wasm-unsafe-eval'"]}
