"""The demo jobs, as a parameter of tests."""

import pytest

from tests.data.demo import SLUGS, Job, grouped, job_of


@pytest.fixture(params=grouped(*SLUGS))
def job(request: pytest.FixtureRequest) -> Job:
    return job_of(request.param)
