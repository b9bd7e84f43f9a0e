"""Representations: the media type, links in both, encoding, and matching of entity tags."""

from __future__ import annotations

import falcon
import pytest
from falcon.testing import create_environ

from resources.links import Template
from resources.representation import HAL, JSON, encoded, matches, media_type_of, with_links

LINKS = {"self": "/jobs", "job": Template("/jobs/{job}")}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (HAL, HAL),
        (f"{HAL};q=0.9, {JSON};q=0.1", HAL),
        (f"{HAL};q=0.1, {JSON}", JSON),
        ("text/html", JSON),
        ("application/xml", JSON),
        ("garbage", JSON),
        ("a/b;q=nan, c/d;q=99999999999999999999", JSON),
        ("\x00", JSON),
    ],
)
def test_json_is_the_media_type_unless_hal_is_preferred(accept: str | None, media_type: str) -> None:
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    environ = {name: value for name, value in create_environ().items() if name != "HTTP_ACCEPT"}
    assert media_type_of(falcon.Request({**environ, **headers})) == media_type


def test_links_are_paths_in_json() -> None:
    assert with_links(LINKS, {"x": 1}, JSON) == {"_links": {"self": "/jobs", "job": "/jobs/{job}"}, "x": 1}


def test_links_are_objects_in_hal() -> None:
    links = {"self": {"href": "/jobs"}, "job": {"href": "/jobs/{job}", "templated": True}}
    assert with_links(LINKS, {"x": 1}, HAL) == {"_links": links, "x": 1}


def test_the_items_of_a_collection_have_links_of_their_own() -> None:
    item = ({"self": "/jobs/a"}, {"id": "a"})
    document = with_links({}, {"count": 1}, JSON, [item])
    assert document["_embedded"] == {"items": [{"_links": {"self": "/jobs/a"}, "id": "a"}]}


def test_documents_are_compact_utf8() -> None:
    assert encoded({"ü": ["🏊", 1.0, None]}) == '{"ü":["🏊",1.0,null]}'.encode()


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [(None, False), ([], False), (["a"], True), (["b", "a"], True), (["*"], True), (["b"], False), ([""], False)],
)
def test_a_tag_matches_itself_and_a_star(conditions: list[str] | None, expected: bool) -> None:
    assert matches(conditions, "a") is expected
