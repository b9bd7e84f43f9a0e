"""Packaging: the package `client` contains the files that the pool serves to browsers, and no others."""

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
    """The data files of the package, as declared in setup.cfg."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = settings["options.package_data"]["client"].split()
    found = (path for pattern in patterns for path in FOLDER.glob(pattern) if path.is_file())
    return {path.relative_to(FOLDER).as_posix() for path in found}


def test_the_package_contains_exactly_the_served_files() -> None:
    assert declared() == SERVED


def test_all_packages_of_the_server_are_declared() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = [ROOT / name.split(".")[0] for name in settings["options"]["packages"].split()]
    packages = {path.parent.relative_to(ROOT) for folder in folders for path in folder.rglob("__init__.py")}
    # The client's package has a setup.cfg of its own.
    expected = {".".join(path.parts) for path in packages if path.parts[:2] != ("client", "python")}
    assert set(settings["options"]["packages"].split()) == expected


@pytest.mark.dist
def test_the_single_file_contains_exactly_the_served_files() -> None:
    with ZipFile(ROOT / "dist" / "comp-pool.pyz") as archive:
        packed = {Path(name).relative_to("site-packages/client").as_posix() for name in _of_client(archive)}
    assert packed == {"__init__.py", *SERVED}


def _of_client(archive: ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.startswith("site-packages/client/"))
    return [name for name in names if not name.endswith(("/", ".pyc"))]
