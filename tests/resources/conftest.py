"""A pool for tests that change nothing."""

from __future__ import annotations

import pytest

from pool.sandbox import Sandbox
from tests.conftest import PoolApp


@pytest.fixture(scope="module")
def module_pool(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """One pool for all tests of a module, which must not change its documents."""
    return PoolApp(tmp_path_factory.mktemp("module") / "pool", sandbox)


@pytest.fixture(autouse=True)
def _alone(no_auditor_thread: None) -> None:
    pass
