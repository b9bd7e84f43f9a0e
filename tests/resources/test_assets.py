"""`/client/{file}`: what browsers load is served as it lies in the tree, and nothing else is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import pytest

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
UNPACKED = ("js/node/", "js/test/", "js/node_modules/", "python/")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_served_as_it_is(lasting_pool: PoolApp, name: str) -> None:
    response = lasting_pool.get(f"/client/{name}", status=200)
    assert response.body == (client.JS.parent / name).read_bytes()


def test_what_the_root_leads_to_is_the_client(lasting_pool: PoolApp) -> None:
    assert lasting_pool.get("/").json["_links"]["client"] == MODULE
    assert MODULE.removeprefix("/client/") in FILES


def test_no_file_of_the_pages_is_forgotten() -> None:
    lying = {f"web/{path.relative_to(client.WEB).as_posix()}" for path in client.WEB.rglob("*") if path.is_file()}
    assert {name for name in lying if not name.endswith(".html")} == {name for name in FILES if name.startswith("web/")}


@pytest.mark.parametrize(
    ("suffix", "content_type"), [(".js", "text/javascript; charset=utf-8"), (".css", "text/css; charset=utf-8")]
)
def test_browsers_are_told_what_it_is(lasting_pool: PoolApp, suffix: str, content_type: str) -> None:
    for name in (name for name in FILES if name.endswith(suffix)):
        assert lasting_pool.get(f"/client/{name}").headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Cache-Control", "no-cache"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Content-Type-Options", "nosniff"),
        # It is the policy of a worker that is made of the file.
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ],
)
@pytest.mark.parametrize("path", [MODULE, "/widget.js"])
def test_any_site_may_load_it_and_no_cache_keeps_it_unasked(
    lasting_pool: PoolApp, path: str, header: str, value: str
) -> None:
    assert lasting_pool.get(path).headers[header] == value


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [MODULE, "/widget.js"])
def test_who_has_it_is_told_so(lasting_pool: PoolApp, method: str, path: str) -> None:
    tag = lasting_pool.get(path).headers["ETag"]
    response = lasting_pool.request(path, method=method, headers={"If-None-Match": tag}, status=304)
    assert response.body == b""
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "no-cache"


def test_so_is_who_has_it_compressed_by_a_proxy(lasting_pool: PoolApp) -> None:
    weak = f"W/{lasting_pool.get(MODULE).headers['ETag']}"
    lasting_pool.get(MODULE, headers={"If-None-Match": weak}, status=304)


def test_who_has_an_older_one_gets_the_newer(lasting_pool: PoolApp) -> None:
    lasting_pool.get(MODULE, headers={"If-None-Match": '"older", W/"oldest"'}, status=200)


def test_every_file_has_a_tag_of_its_own() -> None:
    assert len({asset.etag for asset in FILES.values()}) == len({asset.content for asset in FILES.values()})


def test_head_tells_the_length(lasting_pool: PoolApp) -> None:
    head, get = lasting_pool.head(MODULE, status=200), lasting_pool.get(MODULE)
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_path_that_is_none_of_them_is_404(lasting_pool: PoolApp, name: str, method: str) -> None:
    response = lasting_pool.request(f"/client/{name}", method=method, expect_errors=True)
    assert response.status_int == 404
    assert "X-Injected" not in response.headers
    if method == "GET":
        problem(response, 404)


@pytest.mark.parametrize("name", PRIVATE)
def test_what_lies_beside_them_is_404(lasting_pool: PoolApp, name: str) -> None:
    problem(lasting_pool.get(f"/client/{name}", status=404), 404, f"/client/{name}")


def test_what_is_for_node_or_for_tests_is_not_served() -> None:
    assert [name for name in FILES if name.startswith(UNPACKED)] == []


@pytest.mark.parametrize(("path", "status"), [(MODULE, 200), ("/client/__init__.py", 404), ("/client/../app.py", 404)])
def test_no_request_opens_a_file(
    lasting_pool: PoolApp, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    opened: list[object] = []
    with monkeypatch.context() as patch:
        for opener in ("builtins.open", "io.open", "os.open"):
            patch.setattr(opener, lambda *arguments, **_: opened.append(arguments))
        lasting_pool.get(path, status="*")
    assert opened == []
    lasting_pool.get(path, status=status)


# Modules find each other


def code(name: str) -> str:
    """A module without its JSDoc, whose types may be imported from anywhere."""
    return re.sub(r"/\*\*.*?\*/", "", FILES[name].content.decode(), flags=re.DOTALL)


def static_imports(name: str) -> Iterator[str]:
    for found in re.finditer(r'^(?:import|export)\b(?:[^;"]*?\bfrom)?\s*"([^"]+)"', code(name), re.MULTILINE):
        yield found[1]


def later_imports(name: str) -> Iterator[str]:
    """What is loaded when it is needed, workers included."""
    for found in re.finditer(r'\b(?:import\(|new URL\()\s*"(\.[^"]+)"', code(name)):
        yield found[1]


def address(importer: str, specifier: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_is_served(name: str) -> None:
    wanted = list(static_imports(name))
    assert all(specifier.startswith(("./", "../")) for specifier in wanted)
    assert [specifier for specifier in wanted if address(name, specifier) not in FILES] == []


@pytest.mark.parametrize("name", MODULES)
def test_what_it_loads_later_is_served_or_for_node(name: str) -> None:
    wanted = [address(name, specifier) for specifier in later_imports(name)]
    assert [path for path in wanted if path not in FILES and not path.startswith("js/node/")] == []


def test_imports_are_found_at_all() -> None:
    assert "./sandbox-frame.js" in static_imports("js/browser/platform.js")
    assert "./clock-worker.js" in later_imports("js/browser/clock.js")
