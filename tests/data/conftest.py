"""The demo jobs, as a parameter of tests."""

import pytest

from tests.data.demo import SLUGS, Job, job_of


@pytest.fixture(params=SLUGS)
def job(request: pytest.FixtureRequest) -> Job:
    return job_of(request.param)
