"""The link `post_result` in a line of a batch: as the pool made it, or in another form of the same URI."""

from __future__ import annotations

import falcon
import falcon.testing
import pytest

from resources.links import LinkBuilder

OF_UNIT = ("job", "v.1", "a.1.2..b_c-")


def posted_to(uri: str) -> tuple[str, str, str | None] | None:
    environ = falcon.testing.create_environ(root_path="/pool", host="pool.example")
    return LinkBuilder(falcon.Request(environ)).posted_to(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "/pool/jobs/job/variables/v.1/results?lease=a.1.2..b_c-",
        "http://pool.example/pool/jobs/job/variables/v.1/results?lease=a.1.2..b_c-",
        "/pool/jobs/job/variables/v%2E1/results?lease=a.1.2..b_c-",
    ],
)
def test_it_names_job_variable_and_lease(uri: str) -> None:
    assert posted_to(uri) == OF_UNIT


@pytest.mark.parametrize(
    "uri",
    [
        "/jobs/job/variables/v.1/results?lease=a",
        "/other/jobs/job/variables/v.1/results?lease=a",
        "http://elsewhere.example/pool/jobs/job/variables/v.1/results?lease=a",
        "/pool/pool/jobs/job/variables/v.1/results?lease=a",
        "/pool/jobs/job/variables/v.1/results/r?lease=a",
    ],
)
def test_another_uri_is_none(uri: str) -> None:
    assert posted_to(uri) is None
