"""What a page of any site can make a browser do: no job stored and nothing leased by a form, an image or a link."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from app import Pool, create_app
from config import Config
from pool.peers import Networks, Peers
from pool.sandbox import Sandbox
from resources.browsers import Hosts
from tests.conftest import EXECUTE, MakePool, PoolApp

JOB = json.dumps({"name": "Tricked", "execute_function": EXECUTE}).encode()
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


# Bodies


@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, CROSS_SITE])
def test_a_browser_posts_nothing_without_a_json_type(make_pool: MakePool, header: dict[str, str]) -> None:
    pool = make_pool(open=True)
    refused = pool.post("/jobs", JOB, headers={**header, "Content-Type": ""}, status=415)
    assert "Content-Type" in refused.json["detail"]
    assert pool.get("/jobs/index").json["count"] == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_types_of_forms_are_415(make_pool: MakePool, media_type: str) -> None:
    make_pool(open=True).post("/jobs", JOB, headers={"Content-Type": media_type}, status=415)


def test_a_browser_posts_with_a_json_type(make_pool: MakePool) -> None:
    headers = {"Origin": "https://elsewhere.example", "Content-Type": "application/json"}
    make_pool(open=True).post("/jobs", JOB, headers=headers, status=201)


def test_a_script_may_leave_the_type_out(make_pool: MakePool) -> None:
    make_pool(open=True).post("/jobs", JOB, headers={"Content-Type": ""}, status=201)


# Leases


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "no-cors", **CROSS_SITE},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "navigate", **CROSS_SITE},
    ],
    ids=["image of another site", "image", "link of another site"],
)
def test_images_and_links_lease_nothing(pool: PoolApp, headers: dict[str, str]) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    refused = pool.get(f"{job}/variables", headers=headers, status=403)
    assert "Sec-Fetch-Mode" in refused.json["detail"]
    pool.lease(job)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Mode": "cors", **CROSS_SITE},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=["script", "fetch of another site", "fetch", "address bar", "link"],
)
def test_fetch_and_the_visitor_lease(pool: PoolApp, headers: dict[str, str]) -> None:
    job = pool.post_job()
    pool.post_variable(job)
    pool.lease(job, **headers)


def test_an_image_of_another_site_is_served_elsewhere(pool: PoolApp) -> None:
    pool.get("/jobs/index", headers={"Sec-Fetch-Mode": "no-cors", **CROSS_SITE}, status=200)


# Host names


def known(name: str | None, bind: str = "127.0.0.1:7070", hosts: str = "", remote: str = "127.0.0.1") -> int:
    """The status of a request with this Host."""
    config = Config(data=Path("/nonexistent"), bind=bind, hosts=hosts, proxies="192.0.2.1, unix")
    peers = Peers(lambda: "", Networks(config.proxies), Networks())
    return 200 if Hosts(hosts, bind, peers).is_accepted(name, remote) else 421


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "127.0.0.1",
        "127.0.0.1:7070",
        "[::1]:7070",
        "[fe80::1]",
        "203.0.113.9:80",
        "localhost",
        "LOCALHOST:7070",
        "app.localhost",
        "raspberry.local:7070",
        "pool.example",
        "POOL.example.:80",
        socket.gethostname(),
    ],
)
def test_names_that_are_accepted(name: str | None) -> None:
    assert known(name, hosts="other, Pool.example") == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:7070", "127.0.0.1.evil.example", "local", "a:b:c", "a b\xff"]
)
@pytest.mark.parametrize("bind", ["127.0.0.1:7070", "[::1]:7070", "localhost:7070", "192.168.1.5:80", "10.0.0.1:80"])
def test_other_names_are_421_on_a_loopback_or_private_address(name: str, bind: str) -> None:
    assert known(name, bind) == 421


@pytest.mark.parametrize("bind", ["0.0.0.0:7070", "[::]:7070", "9.9.9.9:80", "unix:/run/pool.sock"])
def test_any_name_is_accepted_elsewhere(bind: str) -> None:
    assert known("pool.example", bind) == 200


@pytest.mark.parametrize("remote", ["192.0.2.1", ""], ids=["address", "unix"])
def test_what_a_trusted_proxy_passes_on_is_accepted(remote: str) -> None:
    assert known("pool.example", remote=remote) == 200


def test_the_detail_names_the_setting(pool: PoolApp) -> None:
    for path in ("/", "/jobs/index", "/client/js/index.js"):
        detail = pool.get(path, headers={"Host": "evil.example"}, status=421).json["detail"]
        assert "'evil.example'" in detail
        assert "COMP_POOL_HOSTS" in detail


def test_making_the_app_needs_no_name_server(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: 1 / 0)
    create_app(pool=Pool(Config(data=tmp_path), sandbox))


# The look-up comes first

NO_JSON = b"[" * 100_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/none/variables"),
        ("PUT", "/jobs/none/variables/a"),
        ("PATCH", "/jobs/none/variables/a"),
        ("POST", "/jobs/none/variables/a/results"),
        ("POST", "/jobs/none/variables/a/reports?lease=x"),
        ("POST", "/jobs/none/results"),
        ("PATCH", "/jobs/none"),
    ],
)
def test_a_body_for_a_job_that_does_not_exist_is_not_parsed(pool: PoolApp, method: str, path: str) -> None:
    headers = {**pool.owner, "Content-Type": "application/json"}
    pool.request(path, method=method, body=NO_JSON, headers=headers, status=404)
