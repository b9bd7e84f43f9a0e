"""`/badge.svg`, and the page of `/status`: figures for people, and hostile names as text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.conftest import MakePool, PoolApp
from tests.resources.helpers import problem
from tests.resources.volunteering import ANNA, HTML, JOB, compute

HOSTILE = "</text><script>alert(1)</script>&\u0000\u202e" + "x" * 60
NAMESPACE = "{http://www.w3.org/2000/svg}"


def badge(pool: PoolApp, query: str = "", language: str = "en") -> list[str | None]:
    """The texts of the badge, which is well-formed XML."""
    response = pool.get(f"/badge.svg?{query}", headers={"Accept-Language": language}, status=200)
    assert response.content_type == "image/svg+xml"
    picture = ElementTree.fromstring(response.body)
    assert {element.tag.removeprefix(NAMESPACE) for element in picture.iter()} == {
        "svg",
        "title",
        "clipPath",
        "rect",
        "text",
    }
    return [element.text for element in picture.iter(f"{NAMESPACE}text")]


def test_the_badge_counts_the_units_of_the_pool_or_of_a_job(make_pool: MakePool) -> None:
    pool = make_pool(name="Our pool")
    compute(pool, ANNA, 2)
    compute(pool, ANNA, 1, job="/jobs/other-job")
    pool.clock.advance(60)
    assert badge(pool) == ["Our pool", "3 units"]
    assert badge(pool, "job=other-job", "de") == ["other-job", "1 Einheiten"]
    problem(pool.get("/badge.svg?job=nobody", status=404), 404, "nobody")


@pytest.mark.parametrize("query", ["", "job=hostile"])
def test_a_hostile_name_is_text(make_pool: MakePool, query: str) -> None:
    pool = make_pool(name=HOSTILE)
    pool.post_json("/jobs", {"name": "Hostile", "execute_function": "() => 1"}, headers=pool.owner, status=201)
    label = badge(pool, query)[0] or ""
    assert len(label) <= 40
    assert label.isprintable()


def test_the_badge_may_be_cached(pool: PoolApp) -> None:
    response = pool.get("/badge.svg")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    pool.get("/badge.svg", headers={"If-None-Match": response.headers["ETag"]}, status=304)


def test_the_status_page_shows_what_the_pool_does(pool: PoolApp) -> None:
    pool.post_job("Example job")
    compute(pool, ANNA, 3)
    pool.clock.advance(60)
    text = pool.get("/status", headers={**HTML, "Accept-Language": "es"}).text
    assert "<dt>unidades en total</dt><dd>3</dd>" in text
    assert f'<a href="{JOB}"><bdi>Example job</bdi></a>' in text
    assert "3 de 3" in text


def test_the_page_of_an_empty_pool_says_so(pool: PoolApp) -> None:
    assert "There are no jobs at present." in pool.get("/status", headers=HTML).text
