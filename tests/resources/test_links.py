"""URIs: how they are built below the mount prefix, and which of a request's are URIs of this pool."""

from __future__ import annotations

import falcon
import pytest
from falcon.testing import create_environ

from resources.links import LinkBuilder, Template

PREFIX = "/my%20pool/%C3%BC"


def builder(mount: str = "", host: str = "localhost", port: int = 80) -> LinkBuilder:
    """A builder for a request below this mount prefix, as WSGI passes it."""
    environ = create_environ(host=host, port=port)
    return LinkBuilder(falcon.Request({**environ, "SCRIPT_NAME": mount.encode().decode("latin-1")}))


# Building


@pytest.mark.parametrize(
    ("segments", "uri"),
    [
        ((), "/"),
        (("jobs", "index"), "/jobs/index"),
        (("jobs", "a.b_c-d~"), "/jobs/a.b_c-d~"),
        (("jobs", "../x"), "/jobs/..%2Fx"),
        (("a b", "ü?#"), "/a%20b/%C3%BC%3F%23"),
    ],
)
def test_segments_are_quoted(segments: tuple[str, ...], uri: str) -> None:
    assert builder().uri(*segments) == uri


def test_a_query_has_the_given_parameters_alone() -> None:
    assert builder().uri("jobs", limit=2, cursor=None) == "/jobs?limit=2"
    assert builder().uri("jobs", lease="a.b-c_d", order="x y&z") == "/jobs?lease=a.b-c_d&order=x+y%26z"
    assert builder().uri("jobs", cursor=None) == "/jobs"


@pytest.mark.parametrize(
    ("mount", "uri"),
    [
        ("", "/jobs"),
        ("/", "/jobs"),
        ("/pool", "/pool/jobs"),
        ("/pool/", "/pool/jobs"),
        ("//evil.example", "/evil.example/jobs"),
        ("/my pool/ü", f"{PREFIX}/jobs"),
    ],
)
def test_uris_begin_with_the_mount_prefix_after_one_slash(mount: str, uri: str) -> None:
    assert builder(mount).uri("jobs") == uri


def test_a_page_links_to_itself_and_to_the_next_one() -> None:
    links = builder().page("jobs", "index", cursor="a", next_cursor="b", limit="2")
    assert links == {
        "self": "/jobs/index?cursor=a&limit=2",
        "next": "/jobs/index?cursor=b&limit=2",
    }
    assert set(builder().page("jobs", "index", cursor=None, next_cursor=None)) == {"self"}


@pytest.mark.parametrize(
    ("token", "flow", "names"),
    [
        (None, None, set()),
        ("t", None, {"lease", "post_report"}),
        (None, "f", {"get_flow"}),
        ("t", "f", {"lease", "post_report", "get_flow"}),
    ],
)
def test_a_variable_links_to_its_lease_and_flow_if_it_has_them(
    token: str | None, flow: str | None, names: set[str]
) -> None:
    links = builder().variable("job", "one", token, flow)
    assert set(links) == {"self", "post_result", "results", "get_job", *names}
    assert links["post_result"].endswith("/results?lease=t" if token else "/results")


@pytest.mark.parametrize("is_running", [True, False])
def test_only_a_running_flow_can_be_cancelled(is_running: bool) -> None:
    assert ("cancel" in builder().flow("f", is_running)) is is_running


def test_links_with_placeholders_are_templates() -> None:
    links = {**builder().root(), **builder().job("job")}
    assert all(isinstance(link, Template) == ("{" in link) for link in links.values())
    assert {name for name, link in links.items() if isinstance(link, Template)} == {
        "job",
        "scheduled",
        "flow",
        "put_variable",
        "lease_variables",
        "follow_results",
        "latest_results",
    }


# Parsing


@pytest.mark.parametrize(
    ("uri", "segments"),
    [
        ("/jobs/alpha", ("jobs", "alpha")),
        ("/jobs/%61lpha", ("jobs", "alpha")),
        ("/jobs/a%2Fb", ("jobs", "a/b")),
        ("/jobs/alpha/", ("jobs", "alpha", "")),
        ("/./jobs/alpha", (".", "jobs", "alpha")),
        ("/", ("",)),
        ("http://localhost/jobs/alpha", ("jobs", "alpha")),
        ("HTTP://localhost/jobs/alpha", ("jobs", "alpha")),
    ],
)
def test_a_uri_of_this_pool_has_segments(uri: str, segments: tuple[str, ...]) -> None:
    assert builder().segments(uri) == segments


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "alpha",
        "jobs/alpha",
        "//jobs/alpha",
        "/jobs/alpha?x=1",
        "/jobs/alpha#x",
        "//localhost/jobs/alpha",
        "http:/jobs/alpha",
        "https://localhost/jobs/alpha",
        "http://localhost:81/jobs/alpha",
        "http://localhost@elsewhere.example/jobs/alpha",
        "http://elsewhere.example/jobs/alpha",
        "http://[/jobs/alpha",
        "http://]/jobs/alpha",
        "//[::1/jobs/alpha",
        "http://localhost:x/jobs/alpha",
        "file:///jobs/alpha",
        "javascript:alert(1)",
        "/jobs/alpha\n",
        " /jobs/alpha",
        "/jobs/al\tpha",
        "\x00",
        "x" * 5000,
    ],
)
def test_any_other_uri_is_none_of_this_pool(uri: str) -> None:
    assert builder().segments(uri) is None


def test_the_host_of_a_uri_is_that_of_the_request() -> None:
    assert builder(host="pool.example").segments("http://pool.example/jobs/alpha") == ("jobs", "alpha")
    assert builder(host="pool.example", port=8080).segments("http://pool.example:8080/jobs") == ("jobs",)
    assert builder(host="pool.example").segments("http://localhost/jobs/alpha") is None


@pytest.mark.parametrize("host", ["", "http://localhost"])
def test_uris_of_a_mounted_pool_have_its_prefix(host: str) -> None:
    mounted = builder("/my pool/ü")
    assert mounted.segments(f"{host}{PREFIX}/jobs/alpha") == ("jobs", "alpha")
    assert mounted.segments(f"{host}/jobs/alpha") is None
    assert mounted.segments(f"{host}{PREFIX}x/jobs/alpha") is None
