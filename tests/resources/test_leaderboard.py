"""`/leaderboard`: places by units, by period, job and team; the page; and what it costs those who watch."""

from __future__ import annotations

import pytest

from pool.credit import DAY
from pool.sandbox import Sandbox
from tests.conftest import PoolApp
from tests.resources.helpers import problem
from tests.resources.volunteering import ANNA, BEN, CARLA, HTML, board, change, compute, names, wait_for_noon

SECONDS_OF_DAY = DAY / 1000
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> PoolApp:
    """Anna has 3 units, two of them of yesterday; Ben has 2 of another job; Carla, who is not shown, has 1."""
    pool = PoolApp(tmp_path_factory.mktemp("ranked") / "pool", sandbox, name=f"Pool {HOSTILE}")
    wait_for_noon(pool)
    compute(pool, ANNA, 2, seconds=5)
    pool.clock.advance(SECONDS_OF_DAY)
    compute(pool, ANNA, 1)
    compute(pool, BEN, 2, job="/jobs/other-job")
    compute(pool, CARLA, 1)
    change(pool, ANNA, name="Anna", team="Blue", shown=True)
    change(pool, BEN, team="blue", shown=True)
    change(pool, CARLA, name="Carla", team="Blue")
    pool.clock.advance(11)
    return pool


def test_volunteers_are_ranked_by_units(ranked: PoolApp) -> None:
    anna, ben = board(ranked)
    assert (anna["place"], anna["name"], anna["units"], anna["run_seconds"]) == (1, "Anna", 3, 12)
    assert (ben["place"], ben["name"], ben["units"]) == (2, None, 2)


def test_who_has_not_chosen_to_be_shown_is_counted_without_a_name(ranked: PoolApp) -> None:
    document = ranked.get("/leaderboard").json
    assert document["hidden"] == {"volunteers": 1, "units": 1, "run_seconds": 2}
    assert "Carla" not in str(document)


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("period=day", [2, 1]),
        ("period=week", [3, 2]),
        ("period=all", [3, 2]),
        ("job=other-job", [2]),
        ("job=example-job&period=day", [1]),
        ("team=BLUE", [3, 2]),
        ("team=red", []),
        ("by=teams", [5]),
        ("by=teams&job=other-job", [2]),
    ],
)
def test_a_period_a_job_and_a_team_can_be_chosen(ranked: PoolApp, query: str, units: list[int]) -> None:
    assert [row["units"] for row in board(ranked, query)] == units


def test_a_team_is_the_sum_of_those_of_its_members_who_are_shown(ranked: PoolApp) -> None:
    [team] = board(ranked, "by=teams")
    assert team == {"place": 1, "team": "Blue", "volunteers": 2, "units": 5, "run_seconds": 16}


def test_equal_units_are_an_equal_place(pool: PoolApp) -> None:
    for who in (ANNA, BEN):
        compute(pool, who, 2)
        change(pool, who, shown=True)
    compute(pool, CARLA)
    change(pool, CARLA, shown=True)
    assert [row["place"] for row in board(pool)] == [1, 1, 3]


def test_a_week_is_seven_days(pool: PoolApp) -> None:
    wait_for_noon(pool)
    compute(pool, ANNA)
    change(pool, ANNA, name="Anna", shown=True)
    pool.clock.advance(6 * SECONDS_OF_DAY)
    assert (names(pool, "period=week"), names(pool, "period=day")) == (["Anna"], [])
    pool.clock.advance(SECONDS_OF_DAY)
    assert (names(pool, "period=week"), names(pool, "period=all")) == ([], ["Anna"])


def test_only_results_that_count_are_credited(pool: PoolApp, no_auditor_thread: None) -> None:
    job = pool.post_job(settings={"trust": {"policy": "quorum"}})
    pool.post_variable(job)
    change(pool, ANNA, shown=True)
    pool.post_json(pool.lease(job, **ANNA)["post_result"], 2, headers=ANNA, status=201)
    assert board(pool) == []


def test_units_of_a_job_posted_without_a_key_earn_nothing(make_pool: pytest.FixtureRequest) -> None:
    pool = make_pool(open="1")  # type: ignore[operator]
    pool.post_json("/jobs", {"name": "Example job", "execute_function": "() => ({result: 1})"}, status=201)
    compute(pool, ANNA)
    change(pool, ANNA, shown=True)
    assert board(pool) == []


def test_pages_follow_each_other(ranked: PoolApp) -> None:
    first = ranked.get("/leaderboard?limit=1").json
    second = ranked.get(first["_links"]["next"]).json
    assert [page["_embedded"]["items"][0]["place"] for page in (first, second)] == [1, 2]
    assert "next" not in second["_links"]


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("period=year", 400, "period"),
        ("by=money", 400, "by"),
        ("by=teams&team=x", 400, "team"),
        (f"team={'x' * 201}", 400, "team"),
        ("cursor=x", 400, "cursor"),
        ("job=nothing", 404, "nothing"),
    ],
)
def test_another_query_is_refused(ranked: PoolApp, query: str, status: int, named: str) -> None:
    problem(ranked.get(f"/leaderboard?{query}", status=status), status, named)


def test_neither_an_id_nor_the_name_in_results_is_shown(ranked: PoolApp) -> None:
    known = [ANNA["Volunteer"], ranked.get("/volunteer", headers=ANNA).json["id"]]
    for headers in ({}, HTML):
        text = ranked.get("/leaderboard", headers=headers).text
        assert not any(name in text for name in known)


def test_a_volunteer_knows_its_own_mark(ranked: PoolApp) -> None:
    assert ranked.get("/volunteer", headers=ANNA).json["mark"] == board(ranked)[0]["mark"]
    assert ranked.get("/volunteer").json["mark"] is None


def test_unchanged_it_is_not_sent_again(ranked: PoolApp) -> None:
    for headers in ({}, HTML):
        etag = ranked.get("/leaderboard", headers=headers).headers["ETag"]
        ranked.get("/leaderboard", headers={**headers, "If-None-Match": etag}, status=304)


@pytest.fixture
def made(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has an item for each time that sums were made."""
    made: list[int] = []
    count = pool.pool.standing.credit
    monkeypatch.setattr(pool.pool.standing, "credit", lambda *args: made.append(1) or count(*args))
    return made


def test_it_is_made_once_for_all_who_watch(pool: PoolApp, made: list[int]) -> None:
    for _ in range(5):
        pool.get("/leaderboard")
    assert len(made) == 1


def test_names_that_change_again_and_again_have_it_made_anew_once_a_second(pool: PoolApp, made: list[int]) -> None:
    pool.get("/volunteer", headers=ANNA)
    before = len(made)
    for name in ("Anna", "Anne", "Anja"):
        change(pool, ANNA, name=name, shown=True)
        pool.get("/leaderboard")
    assert len(made) == before
    pool.clock.advance(1)
    pool.get("/leaderboard")
    assert len(made) == before + 1


def test_ids_of_nobody_that_are_forgotten_do_not(pool: PoolApp, made: list[int]) -> None:
    pool.get("/leaderboard")
    for number in range(5):
        pool.delete("/volunteer", headers={"Volunteer": f"an-id-of-nobody-{number}"}, status=204)
        pool.get("/leaderboard")
    assert len(made) == 1


def test_rankings_of_many_jobs_take_a_tenth_of_the_time_at_most(
    pool: PoolApp, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        pool.post_job(f"job-{number}")
    queries = [f"/leaderboard?job=job-{one}&period={period}" for one in range(12) for period in ("day", "week", "all")]
    count = pool.pool.standing.credit
    # Each is made in half a second.
    monkeypatch.setattr(pool.pool.standing, "credit", lambda *args: pool.clock.advance(0.5) or count(*args))
    for query in queries:
        pool.get(query)
    made.clear()
    began = pool.clock.monotonic()
    while pool.clock.monotonic() - began < 1000:
        for query in queries:
            pool.get(query)
        pool.clock.advance(5)
    assert 0 < 0.5 * len(made) < 110


# The page


def page(pool: PoolApp, query: str = "", language: str = "en") -> str:
    return str(pool.get(f"/leaderboard?{query}", headers={**HTML, "Accept-Language": language}).text)


@pytest.mark.parametrize(
    ("language", "tag", "text"),
    [
        ("en", "en", "Leaderboard"),
        ("de-AT,en;q=0.5", "de", "Rangliste"),
        ("fr;q=0.3, es;q=0.8", "es", "Clasificación"),
        ("fr", "fr", "Classement"),
        ("tlh, ;q=x,,", "en", "Leaderboard"),
    ],
)
def test_the_page_is_in_the_language_of_the_browser(ranked: PoolApp, language: str, tag: str, text: str) -> None:
    html = page(ranked, language=language)
    assert f'<html lang="{tag}"' in html
    assert text in html


def test_the_page_has_a_table_without_a_script(ranked: PoolApp) -> None:
    html = page(ranked)
    assert "<bdi>Anna</bdi>" in html
    assert f'data-mark="{board(ranked)[0]["mark"]}"' in html
    assert 'aria-current="page"' in html


def test_a_job_is_chosen_without_a_script_and_the_period_stays(ranked: PoolApp) -> None:
    response = ranked.get("/leaderboard?period=week", headers=HTML)
    response.form["job"] = "other-job"
    chosen = response.form.submit(headers=HTML)
    assert chosen.request.params == {"period": "week", "job": "other-job"}
    assert chosen.text.count("data-mark=") == 1
    assert "<bdi>Anna</bdi>" not in chosen.text
    assert chosen.form["job"].value == "other-job"
    assert "form-action 'self'" in chosen.headers["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["", f"team={HOSTILE}", "by=teams", "job=example-job"])
def test_text_is_never_markup(ranked: PoolApp, query: str) -> None:
    html = page(ranked, query)
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
