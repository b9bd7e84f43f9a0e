"""`/client/{file}`: exactly the files for browsers are served, unchanged."""

from __future__ import annotations

import gzip
import posixpath
import re
from collections.abc import Iterator

import pytest
from falcon import testing

import client
from resources.assets import table
from tests.conftest import PoolApp
from tests.resources.helpers import problem

FILES = table()
MODULES = [name for name in FILES if name.endswith(".js")]
MODULE = "/client/js/index.js"

HOSTILE = [
    "../app.py",
    "../../app.py",
    "%2e%2e/app.py",
    "%2e%2e%2fapp.py",
    "js/../../app.py",
    "js/..%2f..%2fapp.py",
    "js/../js/index.js",
    "./js/index.js",
    "..%5capp.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "%00",
    "js/index.js%00",
    "js/index.js%00.css",
    "js/index.js%0d%0aX-Injected:%20yes",
    "js/index%ff.js",
    "js/%ED%A0%80",
    "JS/INDEX.JS",
    "js%5cindex.js",
    "js//index.js",
    "js/index.js/x",
    "js/" + "x" * 5000,
    "js",
    "web",
    "~",
]
PRIVATE = [
    "__init__.py",
    "python/comp_pool/cli.py",
    "js/package.json",
    "js/package-lock.json",
    "js/tsconfig.json",
    "js/.npmrc",
    "js/README.md",
    "js/LICENSE",
    "js/index.cjs",
    "web/index.html",
    "web/widget.html",
]
NOT_SERVED = ("js/node/", "js/test/", "js/node_modules/", "python/")


def test_each_asset_is_served_unchanged(module_pool: PoolApp) -> None:
    served = {name: module_pool.get(f"/client/{name}", status=200).body for name in FILES}
    assert [name for name, body in served.items() if body != (client.JS.parent / name).read_bytes()] == []


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.8, *;q=0.1", "deflate,GZIP"])
def test_an_asset_is_compressed_for_whom_accepts_it(module_pool: PoolApp, accepted: str) -> None:
    plain = module_pool.get(MODULE)
    # WebTest would decompress it.
    response = testing.TestClient(module_pool.app).simulate_get(
        MODULE, host="localhost", headers={"Accept-Encoding": accepted}
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == plain.body
    assert response.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, br", "x-gzip"])
def test_an_asset_is_not_compressed_for_others(module_pool: PoolApp, accepted: str) -> None:
    response = module_pool.get(MODULE, headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]


def test_the_client_link_of_the_root_is_an_asset(module_pool: PoolApp) -> None:
    assert module_pool.get("/").json["_links"]["client"] == MODULE
    assert MODULE.removeprefix("/client/") in FILES


def test_all_files_of_the_pages_are_assets() -> None:
    on_disk = {f"web/{path.relative_to(client.WEB).as_posix()}" for path in client.WEB.rglob("*") if path.is_file()}
    assert {name for name in on_disk if not name.endswith(".html")} == {
        name for name in FILES if name.startswith("web/")
    }


@pytest.mark.parametrize(
    ("suffix", "content_type"), [(".js", "text/javascript; charset=utf-8"), (".css", "text/css; charset=utf-8")]
)
def test_the_content_type_fits_the_suffix(module_pool: PoolApp, suffix: str, content_type: str) -> None:
    for name in (name for name in FILES if name.endswith(suffix)):
        assert module_pool.get(f"/client/{name}").headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Cache-Control", "no-cache"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Content-Type-Options", "nosniff"),
        # A worker loaded from the file gets this policy.
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ],
)
@pytest.mark.parametrize("path", [MODULE, "/widget.js"])
def test_assets_load_cross_origin_and_are_revalidated(module_pool: PoolApp, path: str, header: str, value: str) -> None:
    assert module_pool.get(path).headers[header] == value


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [MODULE, "/widget.js"])
def test_a_matching_etag_is_304(module_pool: PoolApp, method: str, path: str) -> None:
    tag = module_pool.get(path).headers["ETag"]
    response = module_pool.request(path, method=method, headers={"If-None-Match": tag}, status=304)
    assert response.body == b""
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_weak_etag_matches_too(module_pool: PoolApp) -> None:
    weak = f"W/{module_pool.get(MODULE).headers['ETag']}"
    module_pool.get(MODULE, headers={"If-None-Match": weak}, status=304)


def test_other_etags_do_not_match(module_pool: PoolApp) -> None:
    module_pool.get(MODULE, headers={"If-None-Match": '"older", W/"oldest"'}, status=200)


def test_different_contents_have_different_etags() -> None:
    assert len({asset.etag for asset in FILES.values()}) == len({asset.content for asset in FILES.values()})


def test_head_has_the_content_length(module_pool: PoolApp) -> None:
    head, get = module_pool.head(MODULE, status=200), module_pool.get(MODULE)
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", HOSTILE)
def test_any_other_path_is_404(module_pool: PoolApp, name: str, method: str) -> None:
    response = module_pool.request(f"/client/{name}", method=method, expect_errors=True)
    assert response.status_int == 404
    assert "X-Injected" not in response.headers
    if method == "GET":
        problem(response, 404)


@pytest.mark.parametrize("name", PRIVATE)
def test_other_files_of_the_client_are_404(module_pool: PoolApp, name: str) -> None:
    problem(module_pool.get(f"/client/{name}", status=404), 404, f"/client/{name}")


def test_files_for_node_and_tests_are_no_assets() -> None:
    assert [name for name in FILES if name.startswith(NOT_SERVED)] == []


@pytest.mark.parametrize(("path", "status"), [(MODULE, 200), ("/client/__init__.py", 404), ("/client/../app.py", 404)])
def test_no_request_opens_a_file(module_pool: PoolApp, monkeypatch: pytest.MonkeyPatch, path: str, status: int) -> None:
    opened: list[object] = []
    with monkeypatch.context() as patch:
        for opener in ("builtins.open", "io.open", "os.open"):
            patch.setattr(opener, lambda *arguments, **_: opened.append(arguments))
        module_pool.get(path, status="*")
    assert opened == []
    module_pool.get(path, status=status)


# Imports between modules


def code(name: str) -> str:
    """A module without JSDoc, where types may be imported from files that are not served."""
    return re.sub(r"/\*\*.*?\*/", "", FILES[name].content.decode(), flags=re.DOTALL)


def static_imports(name: str) -> Iterator[str]:
    for found in re.finditer(r'^(?:import|export)\b(?:[^;"]*?\bfrom)?\s*"([^"]+)"', code(name), re.MULTILINE):
        yield found[1]


def dynamic_imports(name: str) -> Iterator[str]:
    """Modules loaded at runtime, workers included."""
    for found in re.finditer(r'\b(?:import\(|new URL\()\s*"(\.[^"]+)"', code(name)):
        yield found[1]


def resolved(importer: str, specifier: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))


def test_static_imports_are_relative() -> None:
    imports = [(name, specifier) for name in MODULES for specifier in static_imports(name)]
    assert [one for one in imports if not one[1].startswith(("./", "../"))] == []


def test_static_imports_are_assets() -> None:
    imports = [(name, resolved(name, specifier)) for name in MODULES for specifier in static_imports(name)]
    assert [one for one in imports if one[1] not in FILES] == []


def test_dynamic_imports_are_assets_or_for_node() -> None:
    imports = [(name, resolved(name, specifier)) for name in MODULES for specifier in dynamic_imports(name)]
    assert [one for one in imports if one[1] not in FILES and not one[1].startswith("js/node/")] == []


def test_the_patterns_find_imports() -> None:
    assert "./sandbox-frame.js" in static_imports("js/browser/platform.js")
    assert "./clock-worker.js" in dynamic_imports("js/browser/clock-worker-address.js")
