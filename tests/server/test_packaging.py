"""What is packed with the pool: everything that it serves to browsers, and nothing else of the client."""

from __future__ import annotations

import configparser
from pathlib import Path
from zipfile import ZipFile

import pytest

import client
from resources.assets import table
from tests.serving import ROOT

FOLDER = client.JS.parent
SERVED = {*table(), *(path.relative_to(FOLDER).as_posix() for path in client.WEB.rglob("*.html"))}


def declared() -> set[str]:
    """The files of the package that setup.cfg names, beside its modules."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = settings["options.package_data"]["client"].split()
    found = (path for pattern in patterns for path in FOLDER.glob(pattern) if path.is_file())
    return {path.relative_to(FOLDER).as_posix() for path in found}


def test_what_is_served_is_packed_and_no_more() -> None:
    assert declared() == SERVED


@pytest.mark.dist
def test_it_is_in_the_single_file_and_no_more() -> None:
    with ZipFile(ROOT / "dist" / "comp-pool.pyz") as archive:
        packed = {Path(name).relative_to("site-packages/client").as_posix() for name in _of_client(archive)}
    assert packed == {"__init__.py", *SERVED}


def _of_client(archive: ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.startswith("site-packages/client/"))
    return [name for name in names if not name.endswith(("/", ".pyc"))]
