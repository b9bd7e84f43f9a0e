"""The JavaScript package's own tests: one test here for each file of them."""

from __future__ import annotations

import pytest
from node_process import PACKAGE, run_node

FILES = sorted(path.name for path in PACKAGE.glob("test/*.test.js"))


@pytest.mark.parametrize("file", FILES)
def test_the_package_s_own_tests_pass(file: str) -> None:
    run_node("--test-reporter=spec", f"test/{file}")


def test_the_package_has_tests() -> None:
    assert "volunteer-loop.test.js" in FILES


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (PACKAGE / "package-lock.json").read_text()
