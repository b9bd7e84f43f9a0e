from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.engines import Engines


@pytest.fixture(scope="package")
def engines() -> Iterator[Engines]:
    """One process of each, for all tests of this package."""
    engines = Engines()
    yield engines
    engines.close()
