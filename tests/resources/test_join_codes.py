"""Codes by which a second device joins: valid once and for minutes, few guesses, and nothing on the disk."""

from __future__ import annotations

import pytest

from pool import join_codes
from pool.join_codes import BURST, SECONDS
from tests.conftest import PoolApp, address
from tests.resources.helpers import problem
from tests.resources.volunteering import ANNA, BEN, board, change, compute

HERE = address(1)


def code_of(pool: PoolApp, at: int = 1) -> str:
    made = pool.post("/volunteer/codes", headers=ANNA, extra_environ=address(at), status=201).json
    assert made["seconds"] == SECONDS
    return str(made["code"])


def join(pool: PoolApp, code: str, status: int = 200, at: int = 1) -> dict[str, str]:
    return dict(pool.post_json("/volunteer/join", {"code": code}, extra_environ=address(at), status=status).json)


def test_a_second_device_gets_the_same_id(pool: PoolApp) -> None:
    assert join(pool, code_of(pool), at=2)["volunteer"] == ANNA["Volunteer"]


def test_what_the_second_device_has_computed_is_added(pool: PoolApp) -> None:
    compute(pool, ANNA, 2)
    compute(pool, BEN, 3)
    change(pool, ANNA, name="Anna", shown=True)
    change(pool, BEN, name="Ben", shown=True)
    pool.post_json("/volunteer/join", {"code": code_of(pool)}, headers=BEN, status=200)
    assert [(row["name"], row["units"]) for row in board(pool)] == [("Anna", 5)]
    assert pool.get("/volunteer", headers=BEN).json["credit"]["all"]["units"] == 0
    compute(pool, BEN)
    assert [row["units"] for row in board(pool)] == [5]


def test_joining_oneself_loses_nothing(pool: PoolApp) -> None:
    compute(pool, ANNA)
    change(pool, ANNA, name="Anna", shown=True)
    pool.post_json("/volunteer/join", {"code": code_of(pool)}, headers=ANNA, status=200)
    assert [(row["name"], row["units"]) for row in board(pool)] == [("Anna", 1)]


def test_a_code_may_be_typed_in_small_letters_and_with_spaces(pool: PoolApp) -> None:
    assert join(pool, f" {code_of(pool).lower().replace('-', ' ')} ")["volunteer"] == ANNA["Volunteer"]


def test_a_code_is_valid_once(pool: PoolApp) -> None:
    code = code_of(pool)
    join(pool, code)
    assert "was used" in join(pool, code, 404)["detail"]


def test_a_code_is_valid_for_minutes(pool: PoolApp) -> None:
    code = code_of(pool)
    pool.clock.advance(SECONDS + 1)
    join(pool, code, 404)


def test_a_clock_that_was_set_back_makes_no_code_last_longer(pool: PoolApp) -> None:
    code = code_of(pool)
    pool.clock.advance(-3600)
    join(pool, code, 404)


def test_guesses_of_an_address_are_limited(pool: PoolApp) -> None:
    code = code_of(pool)
    for _ in range(BURST - 1):
        join(pool, "22222-22222", 404)
    assert "too many" in join(pool, code, 429)["detail"]
    join(pool, code, at=2)


def test_codes_are_limited(pool: PoolApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_codes, "MAX_CODES", 2)
    for _ in range(2):
        code_of(pool)
    problem(pool.post("/volunteer/codes", headers=ANNA, extra_environ=HERE, status=429), 429, "2 codes")
    pool.clock.advance(SECONDS + 1)
    code_of(pool)
    assert len(list((pool.data / "codes").iterdir())) == 1


def test_neither_code_nor_id_is_on_the_disk(pool: PoolApp) -> None:
    code = code_of(pool).replace("-", "")
    [path] = (pool.data / "codes").iterdir()
    for secret in (code, ANNA["Volunteer"], ANNA["Volunteer"].encode().hex()):
        assert secret not in path.name + path.read_text()
    assert (pool.data / "codes").stat().st_mode & 0o077 == 0


def test_who_gives_no_id_gets_no_code(pool: PoolApp) -> None:
    problem(pool.post("/volunteer/codes", status=400), 400, "Volunteer")


@pytest.mark.parametrize("body", [{}, {"code": 5}, [], {"code": "\u0000" * 5}])
def test_what_is_no_code_is_refused(pool: PoolApp, body: object) -> None:
    assert pool.post_json("/volunteer/join", body, status="*").status_int in (404, 422)
